"""From what is stored to the page: view models, then HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files

import jinja2

from watchkeeper.charts import numbers
from watchkeeper.charts.tokens import DARK, LIGHT, css_variables
from watchkeeper.surfaces.report.history import deployments, timeline
from watchkeeper.surfaces.report.model import Model, Page, Watched
from watchkeeper.surfaces.report.panels import groups
from watchkeeper.surfaces.report.series import Drawn, Key, drawn
from watchkeeper.surfaces.report.stories import stories
from watchkeeper.terms import IncidentState, Outcome, Role

_STATES = {
    "healthy": ("Healthy", "ok"),
    "learning": ("Learning", "learning"),
    "warning": ("Warning", "warning"),
    "breach": ("Breach", "breach"),
    "stale": ("Stale", "warning"),
    "failed": ("Failed", "breach"),
}


def render(project: str, watched: Sequence[Watched], provenance: str, now: datetime) -> str:
    """The whole page as HTML text, without anything outside it.

    Args:
        provenance: the closing line: which version made it, of which state of the ledger.
    """
    models = [model(one) for one in watched]
    page = Page(project, numbers.minute(now), numbers.date(now), models, provenance)
    return _template().render(page=page, style=_style())


def model(watched: Watched) -> Model:
    """One monitor's part of the page."""
    series = drawn(watched.points, watched.verdicts, watched.history)
    rollouts = deployments(series)
    state, tone = _STATES[watched.state]
    return Model(
        anchor=watched.monitor,
        name=watched.model,
        state=state,
        tone=tone,
        headline=_headline(watched, series),
        incidents=stories(watched, series, rollouts),
        timeline=timeline(watched, series),
        groups=groups(watched, series, rollouts),
    )


def _headline(watched: Watched, series: dict[Key, Drawn]) -> str:
    features = [name for name, role in watched.roles.items() if role is Role.FEATURE]
    changed = {k.column for k, s in series.items() if k.column in features and s.worst is Outcome.BREACH}
    unresolved = sum(incident.state is not IncidentState.RESOLVED for incident in watched.incidents)
    parts = [_counted(unresolved, "incident") + " unresolved"]
    parts.append(f"{len(changed)} of {_counted(len(features), 'column')} changed")
    outputs = [n for n, r in watched.roles.items() if r in (Role.SCORE, Role.DECISION)]
    moved = [n for n in outputs if any(k.column == n and s.worst is Outcome.BREACH for k, s in series.items())]
    parts.append(f"the {' and the '.join(moved)} moved with them" if moved else "the model's output did not move")
    return "; ".join(parts) + "."


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("watchkeeper.surfaces.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


def _style() -> str:
    text = files("watchkeeper.surfaces.report").joinpath("style.css").read_text("utf-8")
    return text.replace("@@LIGHT@@", css_variables(LIGHT)).replace("@@DARK@@", css_variables(DARK))
