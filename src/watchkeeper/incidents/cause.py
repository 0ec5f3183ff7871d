"""The cause of what is in breach: where to look, said so that one root cause gives one incident.

Findings are taken column by column, and the first of these that holds names the cause:

1. ``segment:<key>=<value>``: the column is in breach in one value of a segment key, and other values of that key
   were judged and lie well inside their limits. All rows may be in breach too, since the one value is among them.
   Where several keys explain, the one with the strongest effect does.
2. ``version:<v>``: in breach for one model version, while another version was judged and lies well inside.
3. ``source``: a source-wide metric (row count, freshness, parse status, errors), or a feature column that changed
   within two windows of more than half of the watched feature columns; those explained by 1 or 2 do not count.
4. ``column:<name>``: any other feature column.
5. ``model``: outputs, quality and latency, with nothing narrower.

The segment comes before the column, because it says where: a column that broke in one region only is that region's
incident, together with every other column that broke there. It comes before the version, because versions share the
traffic of a region. It comes before the source, so that a region that stopped sending is that region.

"Well inside" is below half of the limit. A value between half of its limit and the limit may be changed as well, too
weakly for its few rows to show it: it neither confirms a narrower cause nor counts against it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from watchkeeper.terms import ANY_VERSION, Finding, PointKey, Segment

SOURCE = "source"
MODEL = "model"
SOURCE_METRICS = frozenset({"row_count", "freshness_seconds", "parse_status_share", "error_share"})
WELL_INSIDE = 0.5
"""Effect below which a judged value counts as unchanged; 1 is the limit."""
AT_ONCE_WINDOWS = 2
"""Two changes that begin within so many windows of each other began at once."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A column, for one model version, in one segment."""

    column: str
    model_version: str
    segment: Segment

    @classmethod
    def of(cls, point: PointKey) -> Place:
        return cls(point.column, point.model_version, point.segment)


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the findings.

    ``features`` are the watched feature columns. ``quiet`` are the places that were judged in the windows of the
    findings, by the same metrics, and lay well inside their limits.
    """

    features: tuple[str, ...] = ()
    quiet: frozenset[Place] = field(default_factory=frozenset)


def cause(findings: Sequence[Finding], context: Context) -> dict[str, tuple[Finding, ...]]:
    """Group findings that are active in overlapping windows by their cause; no finding is lost.

    Returns:
        from each cause to its findings, in the order they were given.
    """
    columns: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        columns[finding.point.column].append(finding)
    narrow = {column: narrower(found, context) for column, found in columns.items()}
    broad = [f for f in findings if narrow[f.point.column] is None and f.point.column in context.features]
    grouping: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        grouping[narrow[finding.point.column] or _broad_cause(finding, broad, context)].append(finding)
    return {name: tuple(found) for name, found in grouping.items()}


def narrower(findings: Sequence[Finding], context: Context) -> str | None:
    """The segment value or model version that alone explains the findings of one column, if there is one."""
    quiet = context.quiet - {Place.of(f.point) for f in findings}
    column = [place for place in quiet if place.column == findings[0].point.column]
    return _one_segment(findings, column) or _one_version(findings, column)


def metric_name(finding: Finding) -> str:
    """Name of the metric without version and options."""
    return finding.point.metric.partition("@")[0]


def tells_of_source(finding: Finding) -> bool:
    """Whether the finding is of a metric that speaks of the whole source."""
    return metric_name(finding) in SOURCE_METRICS


def tells_of_model(finding: Finding, features: Iterable[str]) -> bool:
    """Whether the finding is of what the model gave (outputs, quality, latency), not of what it was given."""
    return finding.point.column not in features and not tells_of_source(finding)


def began_at_once(one: Finding, other: Finding) -> bool:
    """Whether two findings began within two windows of each other, counted in the longer of their windows."""
    longer = max(length(one), length(other))
    return abs(one.first.start - other.first.start) <= AT_ONCE_WINDOWS * longer


def length(finding: Finding) -> timedelta:
    """Length of the finding's windows."""
    return finding.first.end - finding.first.start


def _broad_cause(finding: Finding, broad: Sequence[Finding], context: Context) -> str:
    if tells_of_source(finding):
        return SOURCE
    if finding.point.column not in context.features:
        return MODEL
    together = {other.point.column for other in broad if began_at_once(finding, other)}
    if len(together) > 1 and len(together) > len(set(context.features)) / 2:
        return SOURCE
    return f"column:{finding.point.column}"


def _one_segment(findings: Sequence[Finding], quiet: Sequence[Place]) -> str | None:
    found: list[tuple[float, str]] = []
    for version in _versions_to_compare(findings):
        loud = [f for f in findings if f.point.model_version == version]
        calm = [place.segment for place in quiet if place.model_version == version]
        found += _alone(loud, calm)
    return max(found)[1] if found else None


def _versions_to_compare(findings: Sequence[Finding]) -> list[str]:
    """All versions merged where they show the change, else each version that shows it by itself."""
    versions = {f.point.model_version for f in findings}
    return [ANY_VERSION] if ANY_VERSION in versions else sorted(versions)


def _alone(loud: Sequence[Finding], calm: Sequence[Segment]) -> Iterator[tuple[float, str]]:
    for key in {f.point.segment.key for f in loud} - {""}:
        there = [f for f in loud if f.point.segment.key == key]
        values = {f.point.segment.value for f in there}
        if len(values) == 1 and any(segment.key == key for segment in calm):
            yield max(f.effect for f in there), f"segment:{key}={values.pop()}"


def _one_version(findings: Sequence[Finding], quiet: Sequence[Place]) -> str | None:
    versions = {f.point.model_version for f in findings} - {ANY_VERSION}
    others = {place.model_version for place in quiet if place.segment == Segment()} - {ANY_VERSION} - versions
    return f"version:{versions.pop()}" if len(versions) == 1 and others else None
