"""The demo project on disk: monitor files, the tables as they stood at a moment, and the truth beside them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from watchkeeper.errors import Fault, Faulty
from watchkeeper.simulate.deliver import Delivery
from watchkeeper.simulate.story import BASELINE_DAYS, MATURES_AFTER_DAYS, Story
from watchkeeper.simulate.truth import truth
from watchkeeper.simulate.world import REQUESTS, world

DECLINED_ABOVE = 0.3
_SPARE_DAYS = 1

_PROJECT = """\
# A simulated bank, made by `watchkeeper demo`. What goes wrong in it is written in truth.json, which no run reads.
project: credit-demo
"""

_MONITOR = """\
# Watches the endpoint that scores applications for credit.
source:
  table: data/credit_score_payload     # the endpoint's inference table
  since: {since} days                       # the first run looks back to the first request
task: binary
columns:
  score: predictions                   # the endpoint answers {{"predictions": [0.137]}}, the probability of default
  decision: {{threshold: {threshold}}}           # a higher probability is declined
segments: [region]
baseline: {{first: {baseline} days}}
labels:
  table: data/repayments
  join: client_request_id              # applicants of batch requests share one id and have no label
  value: defaulted
  at: updated_at
  matures_after: {matures} days               # repayments are known 3 to 13 days after the request
"""


def write_project(
    directory: Path, story: Story, *, requests: int = REQUESTS, until: datetime | None = None
) -> Delivery:
    """Write ``watchkeeper.yaml``, ``monitors/credit_score.yaml``, ``truth.json`` and the tables under ``data/``.

    Args:
        directory: made if it is not there.
        requests: about how many requests are logged over the whole story.
        until: what arrives later is not written yet; the story's ``told_at`` by default.

    Returns:
        What can deliver the rest.

    Raises:
        Faulty: the directory holds something already.
    """
    if directory.exists() and any(directory.iterdir()):
        fix = "name another folder, or remove this one"
        raise Faulty([Fault("E102", "the folder is not empty", fix, file=str(directory))])
    for file, text in _files(story).items():
        path = directory / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    delivery = Delivery(world(story, requests), directory / "data")
    delivery.write_until(until or story.told_at)
    return delivery


def _files(story: Story) -> dict[str, str]:
    monitor = _MONITOR.format(
        since=story.days + _SPARE_DAYS, threshold=DECLINED_ABOVE, baseline=BASELINE_DAYS, matures=MATURES_AFTER_DAYS
    )
    told = {
        "seed": story.seed,
        "clean": story.clean,
        "weeks": story.weeks,
        "start": story.start.isoformat(),
        "told_at": story.told_at.isoformat(),
        "planted": [one.to_json() for one in truth(story)],
    }
    return {
        "watchkeeper.yaml": _PROJECT,
        "monitors/credit_score.yaml": monitor,
        "truth.json": json.dumps(told, indent=2) + "\n",
    }
