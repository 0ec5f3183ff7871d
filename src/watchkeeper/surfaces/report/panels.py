"""Small multiples: one panel a column, its most telling chart first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from watchkeeper.charts import numbers
from watchkeeper.charts.series import Series, draw
from watchkeeper.surfaces.report.model import Chart, Group, Panel, Watched
from watchkeeper.surfaces.report.series import Drawn, Key
from watchkeeper.surfaces.report.visible import words
from watchkeeper.terms import Incident, IncidentState, Outcome, Role, Window

TONES = {
    Outcome.BREACH: ("breach", "Breach"),
    Outcome.WARNING: ("warning", "Warning"),
    Outcome.OK: ("ok", "OK"),
    Outcome.NOT_JUDGED: ("nodata", "Not judged"),
}
QUALITY = ("roc_auc", "accuracy", "precision", "recall", "log_loss")
_OUTPUTS = (Role.SCORE, Role.DECISION, Role.LABEL)
_ORDER = ("mean", "category_share", "psi", "js_distance", "quantile", "null_share", "unseen_share", "misfit_share")
"""Which metric stands for a column where nothing is beyond: the level first, then the shape, then the gaps."""


def groups(watched: Watched, series: Mapping[Key, Drawn], deployments: Sequence[tuple[Window, str]]) -> list[Group]:
    """The groups of panels of one monitor, the worst panels first."""
    broad = [s for s in series.values() if s.key.is_broad and s.key.baseline in ("fixed", "") and s.has_values]
    sorted_in = defaultdict(list)
    for one in _longest(broad):
        sorted_in[_place(one.key, watched.roles)].append(one)
    found = []
    for name, note in _GROUPS.items():
        panels = [_panel(title, own, watched, deployments) for title, own in _titled(sorted_in[name]).items()]
        if panels:
            found.append(_group(name, note, sorted(panels, key=lambda p: _BY_TONE.index(p.tone))))
    return found


def _group(name: str, note: str, panels: list[Panel]) -> Group:
    quiet = [p for p in panels if name in _FOLDED and p.tone in ("ok", "nodata")]
    told = [p for p in panels if p not in quiet]
    thing = _FOLDED.get(name, "")
    summary = (
        f"{len(quiet)} {thing}{'' if len(quiet) == 1 or thing.endswith('s') else 's'} without change: {_listed(quiet)}"
        if quiet
        else ""
    )
    return Group(name, note, told, quiet, summary)


def _listed(panels: Sequence[Panel], most: int = 12) -> str:
    names = [_cut(panel.title, 40) for panel in panels]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


_FOLDED = {"Columns": "column", "Service": "series"}
"""Groups whose panels without change are folded away, and what one of them is called."""


_BY_TONE = ("breach", "warning", "ok", "nodata")
_GROUPS = {
    "Quality": "against labels, all versions together",
    "Score, decision and label": "what the model said",
    "Columns": "what the model was given",
    "Service": "how it was served",
}


def _longest(series: Iterable[Drawn]) -> list[Drawn]:
    """Of one key, the window length that was judged; single windows where none was."""
    best: dict[tuple[str, str, str], Drawn] = {}
    for one in sorted(series, key=lambda s: s.key.length):
        name = (one.key.metric, one.key.column, one.key.baseline)
        if name not in best or one.worst is not Outcome.NOT_JUDGED:
            best[name] = one
    return list(best.values())


def _place(key: Key, roles: Mapping[str, Role]) -> str:
    if key.name in QUALITY:
        return "Quality"
    role = roles.get(key.column)
    if role in _OUTPUTS:
        return "Score, decision and label"
    return "Columns" if role is Role.FEATURE else "Service"


def _titled(series: Sequence[Drawn]) -> dict[str, list[Drawn]]:
    found: dict[str, list[Drawn]] = defaultdict(list)
    for one in series:
        own = one.key.name in QUALITY or not one.key.column
        found[metric_words(one.key.metric) if own else one.key.column].append(one)
    return found


def _panel(title: str, own: list[Drawn], watched: Watched, deployments: Sequence[tuple[Window, str]]) -> Panel:
    ordered = sorted(own, key=lambda s: (-(s.effect if s.worst is Outcome.BREACH else 0.0), _rank(s.key), s.key.metric))
    worst = max((s.worst for s in own), key=lambda o: -_BY_TONE.index(TONES[o][0]))
    tone, state = TONES[worst]
    charts = [chart(one, watched, deployments, metric_words(one.key.metric)) for one in ordered]
    return Panel(title, tone, state, charts[0].sentence, charts[0].svg, charts[1:])


def _rank(key: Key) -> int:
    return _ORDER.index(key.name) if key.name in _ORDER else len(_ORDER)


def chart(one: Drawn, watched: Watched, deployments: Sequence[tuple[Window, str]], said: str = "") -> Chart:
    """One series with its incidents and the deployments, and the sentence that says it.

    Args:
        said: what the sentence calls the series, where its place on the page says the rest.
    """
    unit = watched.unit(one.key.metric, one.key.column)
    what = describe(one.key)
    sentence = _sentence(what, one, unit)
    seen = words(watched.visible.get(tuple(one.key[:-1])), unit)
    shown = (_sentence(said, one, unit) if said else sentence) + (f"; {seen}" if seen else "")
    told = Series(
        title=what,
        sentence=sentence,
        dots=one.dots,
        unit=unit,
        baseline=one.baseline,
        incidents=[_span(i, watched.now) for i in watched.incidents if _concerns(i.findings, one.key)],
        learned=watched.baseline_span,
        deployments=[(window.start, name) for window, name in deployments],
        from_zero=unit in ("share", "rows", "nats", "distance") and one.key.name not in QUALITY,
    )
    return Chart(shown, draw(told, styled=False))


def _span(incident: Incident, now: datetime) -> Window:
    """From the first window beyond to the last; to now where it is not resolved."""
    over = incident.state is IncidentState.RESOLVED
    return Window(incident.first_window.start, incident.last_window.end if over else max(now, incident.last_window.end))


def _concerns(findings: Iterable[object], key: Key) -> bool:
    points = [getattr(finding, "point", None) for finding in findings]
    return any(p is not None and p.column == key.column and p.metric == key.metric for p in points)


def _sentence(what: str, one: Drawn, unit: str) -> str:
    known = [dot for dot in one.dots if dot.value is not None]
    newest = next((dot for dot in reversed(known) if not dot.open), known[-1])
    band = numbers.interval(newest.low, newest.high, unit)
    text = f"{what[:1].upper()}{what[1:]} on {numbers.day(newest.window.start)}: {numbers.amount(newest.value, unit)}"
    text += f" ({band})" if band else ""
    return text + (f"; baseline {numbers.amount(one.baseline, unit)}" if one.baseline is not None else "")


def metric_words(metric: str) -> str:
    """A metric's identity in words: ``quantile@1(p=0.95)`` is "95th percentile".

    >>> metric_words("quantile@1(p=0.95)"), metric_words("roc_auc@1"), metric_words("category_share@1(category=web)")
    ('95th percentile', 'ROC AUC', 'share of web')
    """
    name, options = metric.partition("@")[0], metric.partition("(")[2].rstrip(")")
    given = dict(part.split("=", 1) for part in options.split(",") if "=" in part)
    if name == "quantile":
        return _percentile(float(given.get("p", 0.5)))
    if name == "category_share" and "category" in given:
        return f"share of {given['category']}"
    if name == "parse_status_share":
        return f"share of rows {given.get('status', 'not_ok').replace('_', ' ')}"
    return _NAMES.get(name, name.replace("_", " ")) + (f" ({options})" if options else "")


def _percentile(p: float) -> str:
    if p == 0.5:
        return "median"
    rank = f"{p * 100:g}"
    last = "" if rank.endswith(("11", "12", "13")) else rank[-1]
    return rank + {"1": "st", "2": "nd", "3": "rd"}.get(last, "th") + " percentile"


_NAMES = {
    "roc_auc": "ROC AUC",
    "js_distance": "JS distance",
    "psi": "PSI",
    "ks": "KS distance",
    "row_count": "rows",
    "null_share": "share missing",
    "unseen_share": "share of new values",
    "misfit_share": "share of misfits",
    "error_share": "share of errors",
    "freshness_seconds": "age of the newest row",
}


def describe(key: Key) -> str:
    """A series in words: what, of which column, where."""
    own = not key.column or key.name in QUALITY
    what = metric_words(key.metric) if own else of_column(key.metric, key.column)
    return what + where(key.model_version, key.segment_key, key.segment_value, prefix=" in ")


def of_column(metric: str, column: str) -> str:
    """A metric of a column in words.

    >>> of_column("mean@1", "age"), of_column("category_share@1(category=web)", "channel")
    ('mean of age', 'share of channel = web')
    """
    words = metric_words(metric)
    if metric.startswith("category_share@") and words.startswith("share of "):
        return f"share of {column} = {words.removeprefix('share of ')}"
    return f"{words} of {column}" if column else words


def where(version: str, segment_key: str, segment_value: str, prefix: str = "", everywhere: str = "") -> str:
    """The version and segment of a series in words; ``everywhere`` for all rows of all versions."""
    parts = [f"{segment_key}={segment_value}"] if segment_key else []
    parts += [f"version {version[:8]}"] if version not in ("*", "") else []
    return prefix + ", ".join(parts) if parts else everywhere
