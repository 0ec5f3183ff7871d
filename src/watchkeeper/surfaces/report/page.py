"""From what is stored to the page: view models, then HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files

import jinja2
from markupsafe import Markup

from watchkeeper.charts import numbers
from watchkeeper.charts.svg import STYLE
from watchkeeper.charts.tokens import DARK, LIGHT, css_variables
from watchkeeper.charts.words import visible
from watchkeeper.surfaces.report.history import deployments, timeline
from watchkeeper.surfaces.report.model import Model, Page, Watched
from watchkeeper.surfaces.report.panels import QUALITY, groups
from watchkeeper.surfaces.report.series import Drawn, Key, drawn
from watchkeeper.surfaces.report.stories import stories, told_points
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
    series = drawn(watched.points, watched.verdicts, watched.history, told_points(watched.incidents))
    rollouts = deployments(series)
    state, tone = _STATES.get(watched.state, (watched.state.capitalize(), "nodata"))
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
    if not series:
        return "Nothing was counted yet: the numbers appear after the first run that finds rows."
    if watched.state == "learning" and not watched.incidents:
        until = f" until {numbers.date(watched.baseline_span.end)}" if watched.baseline_span else ""
        return f"Learning what is normal{until}; nothing is judged before."
    return "; ".join([_unresolved(watched), *_changed(watched, series)]) + "."


def _unresolved(watched: Watched) -> str:
    left = [incident for incident in watched.incidents if incident.state is not IncidentState.RESOLVED]
    if not left:
        return "No incident unresolved"
    first = min(incident.first_window.start for incident in left)
    which = "the first " if len(left) > 1 else ""
    return f"{_counted(len(left), 'incident')} unresolved, {which}since {numbers.day(first)}"


def _changed(watched: Watched, series: dict[Key, Drawn]) -> list[str]:
    beyond = _beyond(watched, series)
    features = [name for name, role in watched.roles.items() if role is Role.FEATURE]
    outputs = [name for name, role in watched.roles.items() if role in (Role.SCORE, Role.DECISION)]
    changed, moved = ([name for name in names if name in beyond] for names in (features, outputs))
    parts = []
    if features:
        which = f" ({_named(changed)})" if changed else ""
        parts.append(f"{len(changed) or 'none'} of {_counted(len(features), 'column')} changed{which}")
    if outputs:
        parts.append(f"the {' and the '.join(moved)} moved" if moved else "the model's output did not move")
    return parts


def _beyond(watched: Watched, series: dict[Key, Drawn]) -> set[str]:
    """Columns that are beyond a limit now, over all rows or in an incident that is not resolved."""
    left = [incident for incident in watched.incidents if incident.state is not IncidentState.RESOLVED]
    told = {(f.point.metric, f.point.column) for incident in left for f in incident.findings}
    told |= {(key.metric, key.column) for key, one in series.items() if one.worst is Outcome.BREACH}
    return {column for metric, column in told if metric.partition("@")[0] not in QUALITY}


def _named(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("watchkeeper.surfaces.report", "."),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


def _shown(value: object) -> object:
    """Everything that is not markup of our own is text, and shows its hidden characters."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _style() -> str:
    text = files("watchkeeper.surfaces.report").joinpath("style.css").read_text("utf-8")
    return text.replace("@@LIGHT@@", css_variables(LIGHT)).replace("@@DARK@@", css_variables(DARK)) + STYLE
