"""Whether one incident only follows from another, so that it is listed there and does not count as a problem."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from watchkeeper.incidents.cause import AT_ONCE_WINDOWS, MODEL, SOURCE, began_at_once, length, tells_of_model
from watchkeeper.terms import Finding


def may_follow(cause: str, findings: Sequence[Finding], features: Collection[str]) -> bool:
    """Whether an incident is of a kind that can follow from another at all.

    A single version that went bad has its own reason, whatever columns changed at the time.
    """
    whole_model = cause == MODEL and all(tells_of_model(finding, features) for finding in findings)
    return cause.startswith("column:") or whole_model


def follows(
    cause: str,
    findings: Sequence[Finding],
    parent_cause: str,
    parent_findings: Sequence[Finding],
    features: Collection[str],
) -> bool:
    """Whether an incident follows from another unresolved one.

    A breach of outputs or quality follows from a column, segment, version or source whose evidence it began within
    two windows of. A single column follows from a source that broke with many columns at once, if it was only the
    first of them. For causes that ``may_follow`` allows.
    """
    if not cause.startswith("column:"):
        narrower = not all(tells_of_model(finding, features) for finding in parent_findings)
        return narrower and any(_near(finding, other) for finding in findings for other in parent_findings)
    if parent_cause != SOURCE:
        return False
    many = [finding for finding in parent_findings if finding.point.column in features]
    return any(began_at_once(finding, other) for finding in findings for other in many)


def _near(child: Finding, parent: Finding) -> bool:
    reach = AT_ONCE_WINDOWS * max(length(child), length(parent))
    return parent.first.start - reach <= child.first.start <= parent.last.start + reach
