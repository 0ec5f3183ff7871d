"""From verdicts to the entries they add to the ledger: opened, updated, recovered, corrected, reopened.

The verdicts are read as a film: one moment after the other, each seen only with the windows that had ended by then.
So a run over all windows at once writes what runs over pieces of them would have written, and a second run over the
same windows writes nothing. What the film adds to is what the ledger tells already: a breach that an incident tells
of is never told again, and what people decided stays.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.incidents.cause import Context
from watchkeeper.incidents.desk import Desk
from watchkeeper.incidents.draft import Draft
from watchkeeper.incidents.matching import owners
from watchkeeper.incidents.spells import histories
from watchkeeper.incidents.surroundings import Surroundings
from watchkeeper.terms import Incident


def advance(
    verdicts: pa.Table,
    incidents: Sequence[Incident],
    *,
    project: str,
    model: str,
    monitor: str,
    context: Context,
    now: datetime,
    told: Container[str] = frozenset(),
    points: pa.Table | None = None,
) -> list[Draft]:
    """The entries that the current verdicts add to what is known.

    * Only a breach opens an incident; one incident per fingerprint is unresolved at a time.
    * ``updated``: a new finding, or a worse severity.
    * ``recovered``: every finding has had 3 final ok windows, or fell silent for 3 windows while another had them.
    * ``corrected``: the verdicts of all its evidence are no longer breaches. Breaches that return reopen it.
    * ``reopened``: a new breach within 7 days of the resolution; a later one opens the next episode.
    * ``consequence``: a breach of outputs or quality that began within two windows of an unresolved incident of a
      column, segment, version or source. It is an incident of its own, opened with ``consequence_of`` in its body,
      listed by the other one, and counts as a problem only when that one is resolved (``project.open_problems``).

    Args:
        verdicts: ``schemas.VERDICTS``, all current verdicts of the monitor, over all windows; verdicts of other
            monitors of the model may be among them, and are needed to resolve incidents that these share.
        incidents: all incidents of the model that the ledger tells of.
        context: the watched feature columns; ``quiet`` is found from the verdicts.
        now: time of the run; ``opened_at`` and ``changed_at`` of what it changes. Windows that end later say nothing
            yet.
        told: keys of the entries in the ledger; drafts with such a key are left out. Without it an incident that a
            person reopened is offered as recovered again, under the old key.
        points: ``schemas.POINTS``, to say what a value is compared with.

    Returns:
        in the order of the windows that brought them; applied to ``incidents`` they give the incidents of today.
    """
    past = histories(verdicts, (finding for incident in incidents for finding in incident.findings), points)
    desk = Desk(
        project=project,
        model=model,
        monitor=monitor,
        now=now,
        told=told,
        around=Surroundings.of(past, context.features),
        incidents={incident.id: incident for incident in incidents},
        owner=owners(incidents, past),
    )
    moments = sorted(end for end in pc.unique(verdicts["window_end"]).to_pylist() if end <= now)
    desk.restate(moments[-1] if moments else now)
    for at in moments:
        desk.play(at)
    return desk.drafts
