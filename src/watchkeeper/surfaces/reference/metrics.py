"""The page of the metrics."""

from __future__ import annotations

from collections.abc import Mapping

from watchkeeper.catalog import Catalog
from watchkeeper.metrics.base import Metric
from watchkeeper.surfaces.reference.markdown import code, prose, summary, table

_HEAD = """\
A metric is a function of [statistics](../explanation/architecture.md) that were counted once, so a new metric needs no
second look at the log. Every value comes with an interval, a [status](tables.md#status), the rows it speaks of, and the
mean it would have if nothing had changed (noise floor). `watchkeeper metrics show NAME` shows the same.

*Smallest n* is the effective number of rows below which there is no value. The *family* decides how the
[change rule](rules.md) judges it. A metric of your own: [write a metric](../how-to/write-a-metric.md)."""


def page() -> str:
    found: Mapping[str, Metric] = Catalog(third_party=False).all("metrics")
    rows = [
        (f"[`{name}`](#{name})", metric.unit or "of the column", span(metric), _needs(metric), summary(metric.compute))
        for name, metric in sorted(found.items())
    ]
    listed = table(["metric", "unit", "range", "needs", "what it says"], rows)
    return "\n\n".join([_HEAD, listed, *(_section(metric) for _, metric in sorted(found.items()))])


def span(metric: Metric) -> str:
    """The range of its values."""
    low, high = ("any" if end is None else f"{end:g}" for end in metric.bounds)
    return "any" if low == high == "any" else f"{low} to {high}"


def _needs(metric: Metric) -> str:
    needs = [("a baseline", metric.needs_baseline), ("labels", metric.needs_labels)]
    return ", ".join(name for name, needed in needs if needed)


def _section(metric: Metric) -> str:
    options = ", ".join(f"`{name}` = `{value!r}`" for name, value in metric.options.items())
    facts = [
        ("identity", code(metric.identity())),
        ("family", code(metric.family) or "not judged by the change rule"),
        ("better", metric.better or "neither way"),
        ("computed for", code(metric.column or "") or ", ".join(role.value for role in metric.roles)),
        ("reads", ", ".join(code(kind.kind) for kind in metric.reads)),
        ("options", options or "none"),
        ("smallest n", str(metric.minimum_n)),
        ("guarantee", f"[{metric.guarantee.value}](tables.md#guarantee)"),
    ]
    return f"## {metric.name}\n\n{prose(metric.compute)}\n\n{table(['', ''], facts)}"
