"""From the text of a monitor file to a monitor, or to all of its faults at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime

from watchkeeper.errors import Fault
from watchkeeper.metrics.base import Metric
from watchkeeper.spec.declarations import Known, monitor_shape
from watchkeeper.spec.monitor import Monitor
from watchkeeper.spec.report import Report
from watchkeeper.spec.shapes import BAD
from watchkeeper.spec.yaml_text import Node, NotYaml, parse
from watchkeeper.terms import Window

_VARIABLE = re.compile(r"\$\{[^}\s]*\}")


def load(
    text: str,
    file: str,
    now: datetime,
    *,
    metrics: Mapping[str, Metric] | None = None,
    channels: Collection[str] | None = None,
    scorers: Collection[str] | None = None,
) -> tuple[Monitor | None, list[Fault]]:
    """Read one monitor file.

    Args:
        text: YAML 1.2.
        file: what faults call it; its stem is the monitor's name where none is given.
        now: for limits that have expired and baselines that overlap the monitored time.
        metrics: the metrics there are; names, options and ranges stay unchecked where None.
        channels: the channels of the project, likewise.
        scorers: the scorers there are, likewise.

    Returns:
        The monitor, None where a fault stops it, and all faults and warnings in the order of their lines.

    >>> from datetime import UTC
    >>> monitor, faults = load("source: main.serving.log", "monitors/credit.yaml", datetime(2026, 1, 1, tzinfo=UTC))
    >>> monitor.name, str(monitor.window), faults
    ('credit', '1 day', [])
    """
    report = Report(file)
    root = _root(text, report)
    if root is None:
        return None, report.ordered()
    _refuse_variables(root, report)
    monitor = monitor_shape(Known(metrics, channels, scorers)).read(root, "", report)
    if monitor is not BAD and not report.failed:
        _look_at_windows(monitor, report)
        _warn(monitor, now, report)
    return (None if monitor is BAD or report.failed else monitor), report.ordered()


def _root(text: str, report: Report) -> Node | None:
    report.lines[""] = 1
    try:
        root = parse(text)
    except NotYaml as error:
        report.add(error.code, "", error.message, error.fix, error.line)
        return None
    if root is None or root.value is None:
        report.add("E103", "source", "the file is empty", "begin with 'source: ' and the name of the serving log")
        return None
    return root


def _refuse_variables(root: Node, report: Report) -> None:
    for node in _scalars(root):
        match = _VARIABLE.search(node.value) if isinstance(node.value, str) else None
        if match:
            fix = "variables are allowed in channels, endpoints and database of watchkeeper.yaml"
            report.add("E402", "", f"'{match[0][:80]}' is not filled in here", fix, node.line)


def _scalars(root: Node) -> Iterator[Node]:
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            waiting += _children(node)
            if node.kind == "scalar":
                yield node


def _children(node: Node) -> list[Node]:
    if node.kind == "list":
        return list(node.value)
    return [part for pair in node.value for part in pair] if node.kind == "mapping" else []


def _look_at_windows(monitor: Monitor, report: Report) -> None:
    """What can be wrong of a baseline only beside the size of a window."""
    if monitor.baseline.span is not None and _baseline_span(monitor) is None:
        report.add("E102", "baseline.to", f"the span holds no whole window of {monitor.window}", "name a longer span")
    rolling = monitor.baseline.rolling
    if rolling is not None and rolling.about < monitor.window.about:
        problem = f"{rolling} hold no whole window of {monitor.window}"
        report.add("E102", "baseline.compare", problem, "name a longer rolling baseline")


def _baseline_span(monitor: Monitor) -> Window | None:
    """Its whole windows; None where there are none, or where they would lie beyond the end of the calendar."""
    try:
        return monitor.baseline_span
    except (OverflowError, ValueError):
        return None


def _warn(monitor: Monitor, now: datetime, report: Report) -> None:
    if monitor.labels is not None and monitor.labels.matures_after is None:
        problem = "labels count as complete once a window is final, so quality is judged on those there and restated"
        report.add("W503", "labels.matures_after", problem, "add 'matures_after', for instance 90 days")
    for index, limit in enumerate(monitor.alarms.limits):
        if limit.expires is not None and limit.expires <= now.astimezone(UTC).date():
            path = f"alarms.limits[{index}].expires"
            report.add("W506", path, f"this limit expired on {limit.expires}", "its verdicts are not_judged; renew it")
    _warn_of_overlap(monitor, now, report)


def _warn_of_overlap(monitor: Monitor, now: datetime, report: Report) -> None:
    span = _baseline_span(monitor)
    if span is None:
        return
    try:
        start = monitor.source.since.before(now)
    except (OverflowError, ValueError):
        return
    if start < span.end:
        message = f"the baseline reaches into the monitored time, which begins {start.date()}"
        report.add("W504", "baseline.to", message, "end it earlier or shorten source.since")
