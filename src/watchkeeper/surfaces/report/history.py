"""The timeline of one model: traffic, baseline, versions, labels and incidents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from watchkeeper.charts.timeline import Bar, Timeline, draw
from watchkeeper.surfaces.report.model import Watched
from watchkeeper.surfaces.report.panels import QUALITY
from watchkeeper.surfaces.report.series import Drawn, Key
from watchkeeper.terms import ANY_VERSION, Incident, IncidentState, Maturity, Window


def deployments(series: Mapping[Key, Drawn]) -> list[tuple[Window, str]]:
    """First window and short name of each version, but for the one that served from the start."""
    spans = _versions(series)
    first = min((span.start for span in spans.values()), default=None)
    return [(span, name[:8]) for name, span in spans.items() if span.start != first]


def timeline(watched: Watched, series: Mapping[Key, Drawn]) -> str:
    """The timeline as SVG text; empty where nothing was counted yet."""
    traffic = _rows(series)
    if not traffic:
        return ""
    span = Window(traffic[0][0].start, traffic[-1][0].end)
    bars = [*_learned(watched, span), *_served(series), *_ripened(series), *_incidents(watched, span)]
    sentence = f"{watched.model} from {span.start:%d %b} to {span.end:%d %b %Y}, {len(watched.incidents)} incidents"
    told = Timeline(f"Timeline of {watched.model}", sentence, span, traffic, bars, watched.now)
    return draw(told, styled=False)


def _rows(series: Mapping[Key, Drawn]) -> list[tuple[Window, float | None]]:
    counted = [s for k, s in series.items() if k.name == "row_count" and k.is_broad]
    if not counted:
        return []
    return [(dot.window, dot.value) for dot in min(counted, key=lambda s: s.key.length).dots]


def _versions(series: Mapping[Key, Drawn]) -> dict[str, Window]:
    """From the first to the last window in which each version served a row."""
    spans: dict[str, Window] = {}
    for key, one in series.items():
        if key.name == "row_count" and not key.segment_key and key.model_version not in (ANY_VERSION, ""):
            served = [dot.window for dot in one.dots if dot.value]
            if served:
                spans[key.model_version] = Window(served[0].start, served[-1].end)
    return dict(sorted(spans.items(), key=lambda item: (item[1].start, item[0])))


def _learned(watched: Watched, span: Window) -> list[Bar]:
    base = watched.baseline_span
    if base is None or base.end <= span.start:
        return []
    return [Bar("Baseline", base, "learning", "what later windows are compared with")]


def _served(series: Mapping[Key, Drawn]) -> list[Bar]:
    return [Bar(f"Version {name[:8]}", span, "version") for name, span in _versions(series).items()]


def _ripened(series: Mapping[Key, Drawn]) -> list[Bar]:
    labelled = [s for k, s in series.items() if k.name in QUALITY and k.is_broad]
    if not labelled:
        return []
    dots = min(labelled, key=lambda s: s.key.length).dots
    bars = []
    for maturity, tone in ((Maturity.MATURED, "matured"), (Maturity.DEVELOPING, "ripening")):
        own = [dot.window for dot in dots if dot.maturity is maturity]
        if own:
            bars.append(Bar("Labels", Window(own[0].start, own[-1].end), tone, maturity.value))
    return bars


def _oldest_first(watched: Watched) -> Sequence[Incident]:
    return sorted(watched.incidents, key=lambda i: (i.first_window, i.id))


def _incidents(watched: Watched, span: Window) -> list[Bar]:
    return [_incident(incident, span) for incident in _oldest_first(watched)]


def _incident(incident: Incident, axis: Window) -> Bar:
    resolved = incident.state is IncidentState.RESOLVED
    kind, _, place = incident.cause.partition(":")
    name = f"version {place[:8]}" if kind == "version" else place or kind
    span = Window(incident.first_window.start, incident.last_window.end if resolved else axis.end)
    return Bar(name, span, "settled" if resolved else "incident", incident.state.value, starts_with_mark=True)
