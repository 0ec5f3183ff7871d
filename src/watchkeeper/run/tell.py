"""Verdicts → ledger: what follows for incidents, written with the end of the batch in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from watchkeeper.incidents import draft as kinds
from watchkeeper.incidents.cause import Context
from watchkeeper.incidents.draft import Draft
from watchkeeper.incidents.lifecycle import advance
from watchkeeper.incidents.spells import histories
from watchkeeper.run import carried
from watchkeeper.run.horizon import horizon, matter, running_since
from watchkeeper.run.judged import Verdicts
from watchkeeper.run.outlook import Memory, Outlook
from watchkeeper.run.remembered import to_carry
from watchkeeper.run.result import IncidentCounts
from watchkeeper.run.workplace import Workplace
from watchkeeper.spec.monitor import Monitor
from watchkeeper.spec.spelt import spelt
from watchkeeper.store import batches, ledger, outbox, versions
from watchkeeper.store import incidents as projection
from watchkeeper.store.batches import Batch
from watchkeeper.terms import Entry, Role, Severity

_SENT = (kinds.OPENED, kinds.UPDATED, kinds.REOPENED, kinds.RECOVERED, kinds.CORRECTED)
"""Entries that people are told of."""


def incidents(
    place: Workplace,
    seen: Outlook,
    version: str,
    batch: Batch,
    memory: Memory,
    log: Mapping[str, str],
    judged: Verdicts,
) -> IncidentCounts:
    """Append what the verdicts mean, ask for its delivery, and close the batch.

    Args:
        memory: what the monitor will remember of this run; the breaches that go on are added here.
        log: what is kept of the log for the time when that has gone.
        judged: the verdicts of this run, which are stored by now.
    """
    monitor = seen.monitor
    with place.database.reading() as connection:
        known = [one for one in projection.listed(connection) if one.model == monitor.model]
    start = None if judged.rests_on is None else horizon(judged.rests_on, seen.memory.running, known)
    known = known if start is None else matter(known, start)
    verdicts = place.tables.current_verdicts(monitor.name, since=start)
    points = place.tables.current_points(monitor.name, since=start)
    memory = replace(memory, running=_running(verdicts, place.now))
    with place.database.writing() as connection:
        told = ledger.keys(connection, [incident.id for incident in known])
        drafts = advance(
            verdicts,
            known,
            project=place.settings.project,
            model=monitor.model,
            monitor=monitor.name,
            context=Context(features=_features(seen)),
            now=place.now,
            told=told,
            points=points,
        )
        entries = _appended(connection, place, [draft for draft in drafts if draft.key not in told])
        projection.apply(connection, entries)
        _ask_for_deliveries(connection, monitor, drafts, entries)
        versions.put_version(connection, monitor.name, version, spelt(monitor), place.now)
        goes_on = {**log, **to_carry(place, monitor.name, memory)}
        versions.save_monitor(connection, monitor.name, version=version, judged_seq=batch.seq, cursors=goes_on)
        carried.keep(connection, monitor.name, batch.seq, judged.formed)
        batches.finish_in(connection, batch, {}, place.now)
    return _counts(entries)


def _running(verdicts: pa.Table, now: datetime) -> datetime | None:
    spells = (spell for history in histories(verdicts).values() for spell in history.spells)
    return running_since(spells, now)


def _features(seen: Outlook) -> tuple[str, ...]:
    return tuple(column.name for column in seen.resolved.columns if column.role is Role.FEATURE)


def _appended(connection: sa.Connection, place: Workplace, drafts: list[Draft]) -> list[Entry]:
    return ledger.append(
        connection,
        drafts,
        at=place.now,
        actor="watchkeeper",
        actor_kind="watchkeeper",
        clock_given=place.clock_given,
    )


def _ask_for_deliveries(connection: sa.Connection, monitor: Monitor, drafts: list[Draft], entries: list[Entry]) -> None:
    severity = {draft.key: draft.severity for draft in drafts}
    for entry in (entry for entry in entries if entry.kind in _SENT):
        for notify in monitor.notify:
            if severity[entry.key].rank >= Severity(notify.severity).rank:
                key = f"{entry.key}/{notify.to}"
                outbox.add(connection, entry_seq=entry.seq, channel=notify.to, key=key, at=entry.at)


def _counts(entries: list[Entry]) -> IncidentCounts:
    met = Counter(entry.kind for entry in entries)
    return IncidentCounts(
        opened=met[kinds.OPENED] + met[kinds.REOPENED],
        updated=met[kinds.UPDATED] + met[kinds.CONSEQUENCE],
        resolved=met[kinds.RECOVERED],
        corrected=met[kinds.CORRECTED],
    )
