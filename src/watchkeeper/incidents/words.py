"""One sentence per incident, for a page and a pager: what, where, since when, how much.

The sentence is built from the strongest finding; what else happened at the time is said behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.incidents.cause import MODEL, SOURCE, metric_name, tells_of_source
from watchkeeper.incidents.changes import QUALITY, Rival, change, subject, unit_factor, version_name
from watchkeeper.incidents.figures import percent, since
from watchkeeper.terms import ANY_VERSION, Finding, Segment, Window

TITLE_LENGTH = 120
_SHARES_OF = {"error_share": "requests", "parse_status_share": "logged rows"}


@dataclass(frozen=True, slots=True)
class Scene:
    """What was known around an incident when it was told; the empty scene only shortens the sentence.

    Args:
        watched: number of watched feature columns.
        changed: those in breach at the time, of the whole monitor.
        outputs: outputs in breach at the time (``score``, ``decision``).
        everywhere: segment keys and ``version``, where every judged value is in breach.
        sd: standard deviation of the baseline's rows by column.
        rival: for one version: the best other version that was judged, by metric.
        suspects: columns that changed with it and their shares of the effect, largest first.
    """

    watched: int = 0
    changed: int = 0
    outputs: tuple[str, ...] = ()
    everywhere: tuple[str, ...] = ()
    sd: Mapping[str, float] = field(default_factory=dict)
    rival: Mapping[str, Rival] = field(default_factory=dict)
    suspects: tuple[tuple[str, float], ...] = ()


def ranked(findings: Sequence[Finding]) -> list[Finding]:
    """Findings by effect, the strongest first; of equals the broadest, then the earliest, then by name."""
    return sorted(findings, key=_rank)


def title(cause: str, findings: Sequence[Finding], scene: Scene | None = None) -> str:
    """The head of the sentence in at most 120 characters: what, where and since when."""
    return _cut(_head(cause, findings, scene or Scene()))


def sentence(cause: str, findings: Sequence[Finding], scene: Scene | None = None) -> str:
    """The whole sentence."""
    scene = scene or Scene()
    parts = [_head(cause, findings, scene) + _where(cause, scene)]
    return "; ".join([*parts, *_beside(cause, findings, scene)]) + "."


def recovery(head: str, over: Window) -> str:
    """The sentence of an incident that ended; ``head`` is its title, ``over`` its last window beyond the limit."""
    return f"{head}; within its limits again after {since(over)}."


def _rank(finding: Finding) -> tuple[Any, ...]:
    point = finding.point
    narrow = point.segment != Segment(), point.model_version != ANY_VERSION
    where = point.metric, point.column, point.segment, point.model_version, point.baseline, finding.rule
    return (-finding.effect, *narrow, finding.first, *where, finding.last)


def _head(cause: str, findings: Sequence[Finding], scene: Scene) -> str:
    first = min(finding.first for finding in findings)
    return f"{_what(cause, _strongest(cause, findings), scene, findings)} since {since(first)}"


def _strongest(cause: str, findings: Sequence[Finding]) -> Finding:
    """The finding the sentence is built from: one that tells of the source or of a unit says more than others."""
    order = ranked(findings)
    telling = tells_of_source if cause == SOURCE else _tells_of_unit if cause.startswith("column:") else None
    named = [f for f in order if telling is not None and telling(f)]
    return (named or order)[0]


def _tells_of_unit(finding: Finding) -> bool:
    return metric_name(finding) == "mean" and unit_factor(finding.value, finding.baseline_value) is not None


def _what(cause: str, finding: Finding, scene: Scene, findings: Sequence[Finding]) -> str:
    kind, _, place = cause.partition(":")
    place = version_name(place) if kind == "version" else place
    said = change(finding, scene.sd.get(finding.point.column), _rival(kind, finding, scene))
    if kind == SOURCE:
        return _of_source(finding, said, findings, scene)
    if kind == "segment":
        return f"In {place}, {_subject(finding)} {said}"
    if kind == "version" and metric_name(finding) in scene.rival:
        return f"Version {place} {said}"
    if kind == "version":
        return f"In version {place}, {_subject(finding)} {said}"
    return _capital(_subject(finding), kind) + f" {said}"


def _rival(kind: str, finding: Finding, scene: Scene) -> Rival | None:
    return scene.rival.get(metric_name(finding)) if kind == "version" else None


def _subject(finding: Finding) -> str:
    name = metric_name(finding)
    if name in QUALITY:
        return "the model"
    if name in _SHARES_OF and finding.value is not None:
        return f"{percent(finding.value)} of {_SHARES_OF[name]}"
    return {"row_count": "traffic", "freshness_seconds": "data", **_SHARES_OF}.get(name) or subject(finding)


def _capital(text: str, kind: str) -> str:
    return text[:1].upper() + text[1:] if kind == MODEL else text


def _of_source(finding: Finding, said: str, findings: Sequence[Finding], scene: Scene) -> str:
    if tells_of_source(finding):
        return f"{_capital(_subject(finding), MODEL)} {said}"
    columns = len({f.point.column for f in findings})
    among = f"{columns} of {scene.watched} columns" if scene.watched else f"{columns} columns"
    return f"{among} changed at once, most of all {subject(finding)}, which {said}"


def _where(cause: str, scene: Scene) -> str:
    if not cause.startswith("column:") or not scene.everywhere:
        return ""
    named = [_plural(key) for key in scene.everywhere]
    return ", in all " + (" and ".join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else named[0])


def _plural(key: str) -> str:
    if not key.isidentifier():
        return f"values of {key}"
    if key.endswith("y") and key[-2:-1] not in "aeiou":
        return f"{key[:-1]}ies"
    return key if key.endswith("s") else f"{key}s"


def _beside(cause: str, findings: Sequence[Finding], scene: Scene) -> list[str]:
    kind = cause.partition(":")[0]
    if kind == "column":
        return [*_changed(scene), *_outputs(scene)]
    if kind in ("segment", "version"):
        columns = sorted({f.point.column for f in findings} - {ranked(findings)[0].point.column})
        return [f"{len(columns)} more changed there ({_listed(columns)})"] if columns else []
    if kind == MODEL and scene.suspects:
        name, share = scene.suspects[0]
        return [f"of the columns {name} changed most ({percent(share)} of the effect)"]
    return []


def _changed(scene: Scene) -> list[str]:
    return [f"{scene.changed} of {scene.watched} columns changed"] if scene.watched and scene.changed else []


def _outputs(scene: Scene) -> list[str]:
    return [f"the {' and the '.join(scene.outputs)} moved too"] if scene.outputs else []


def _listed(names: Sequence[str], shown: int = 3) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def _cut(text: str) -> str:
    return text if len(text) <= TITLE_LENGTH else text[: TITLE_LENGTH - 1].rstrip() + "…"
