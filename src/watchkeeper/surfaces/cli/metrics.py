"""``watchkeeper metrics list`` and ``metrics show``, made from the declarations."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import click

from watchkeeper.surfaces.cli.base import Session, declare_below, declare_group
from watchkeeper.surfaces.cli.out import Answer, items
from watchkeeper.surfaces.cli.screen import Column, Screen, table

if TYPE_CHECKING:
    from watchkeeper.metrics.base import Metric


@declare_group("metrics")
def command() -> None:
    """Show the metrics there are and what each one means."""


@declare_below(command, "list")
@click.option("--family", metavar="F", help="Only metrics of one family, such as distance.")
def listed(session: Session, family: str | None) -> Answer:
    """List the metrics. Changes nothing.

    watchkeeper metrics list
    watchkeeper metrics list --family distance
    watchkeeper metrics show psi                 one metric in full
    """
    found = _metrics(session)
    families = {metric.family for metric in found.values()}
    if family is not None and family not in families:
        raise click.BadParameter(
            f"no family {family!r}; there are: {', '.join(sorted(families))}", param_hint="--family"
        )
    chosen = [metric for _, metric in sorted(found.items()) if family in (None, metric.family)]
    return Answer(items(metric_json(metric) for metric in chosen), lambda screen: _table(screen, chosen))


@declare_below(command, "show")
@click.argument("name")
def shown(session: Session, name: str) -> Answer:
    """Show one metric: formula, unit, range, options, what it needs. Changes nothing.

    watchkeeper metrics show psi
    """
    from watchkeeper.errors import Fault, Faulty
    from watchkeeper.spec.report import nearest

    found = _metrics(session)
    if name not in found:
        fix = f"{nearest(name, found)} `watchkeeper metrics list` shows all {len(found)}."
        raise Faulty([Fault("E201", f"no metric '{name}'.", fix[:1].upper() + fix[1:])])
    metric = found[name]
    return Answer(metric_json(metric), lambda screen: _page(screen, metric))


def _metrics(session: Session) -> dict[str, Metric]:
    return dict(session.project().metrics())


def metric_json(metric: Metric) -> dict[str, Any]:
    """A metric's declaration as the contract has it."""
    low, high = metric.bounds
    return {
        "name": metric.name,
        "version": metric.version,
        "summary": metric.summary,
        "family": metric.family,
        "unit": metric.unit,
        "low": low,
        "high": high,
        "better": metric.better or None,
        "reads": [statistic.kind for statistic in metric.reads],
        "roles": [role.value for role in metric.roles],
        "column": metric.column,
        "needs_baseline": metric.needs_baseline,
        "needs_labels": metric.needs_labels,
        "options": dict(metric.options),
        "minimum_n": metric.minimum_n,
        "guarantee": metric.guarantee.value,
        "source": metric.source,
    }


def _table(screen: Screen, metrics: list[Metric]) -> str:
    columns = [Column("METRIC"), Column("FAMILY"), Column("UNIT"), Column("RANGE"), Column("WHAT IT SAYS", flex=True)]
    rows = [[m.name, m.family, m.unit, _range(m), m.summary] for m in metrics]
    return table(screen, columns, rows)


def _range(metric: Metric) -> str:
    low, high = metric.bounds
    if low is None and high is None:
        return "any"
    return f"{'any' if low is None else f'{low:g}'} to {'any' if high is None else f'{high:g}'}"


def _page(screen: Screen, metric: Metric) -> str:
    facts = [
        ("unit", f"{metric.unit}, {_range(metric)}" + (f"; {metric.better} is better" if metric.better else "")),
        ("family", metric.family or "not judged by the change rule"),
        ("reads", ", ".join(statistic.kind for statistic in metric.reads)),
        ("computed for", metric.column or ", ".join(role.value for role in metric.roles) or "the whole table"),
        ("needs", " and ".join(_needs(metric)) or "nothing else"),
        ("options", ", ".join(f"{name}={value!r}" for name, value in metric.options.items()) or "none"),
        ("guarantee", metric.guarantee.value),
        ("source", metric.source or "the statistic's own definition"),
    ]
    body = inspect.cleandoc(metric.compute.__doc__ or "").partition("\n\nArgs:")[0].partition("\n\nSource:")[0]
    lines = [screen.wrapped(f"{name:14}{value}", indent=" " * 14, first="") for name, value in facts]
    return "\n".join([screen.paint(metric.identity(), "strong"), "", body.replace("``", "`"), "", *lines])


def _needs(metric: Metric) -> list[str]:
    needs = [f"at least {metric.minimum_n} rows"] if metric.minimum_n > 1 else []
    return needs + (["a baseline"] if metric.needs_baseline else []) + (["labels"] if metric.needs_labels else [])
