"""What one finding says in words: how a number stands against its baseline, as the end of a sentence."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from watchkeeper.incidents.cause import metric_name
from watchkeeper.incidents.figures import factor, figure, percent, span
from watchkeeper.terms import Finding

UNIT_FACTORS = (60.0, 12.0, *(10.0**power for power in range(1, 10)))
"""Multiples, and their inverses, that a change of unit makes: hours, months, thousands, cents."""
UNIT_TOLERANCE = 0.1
"""How far, in logarithms, a ratio may lie from such a multiple."""

QUALITY = ("roc_auc", "log_loss", "accuracy", "precision", "recall")
"""Metrics that compare what the model said with what happened."""

_NAMES = {"roc_auc": "ROC AUC", "log_loss": "log loss", "psi": "PSI", "js_distance": "JS distance", "ks": "KS distance"}
_OUTPUTS = {
    "score": "the score",
    "decision": "the decision",
    "label": "the label",
    "latency_ms": "latency",
    "": "the table",
}


@dataclass(frozen=True, slots=True)
class Rival:
    """The other model version that was judged in the same windows, and its value."""

    version: str
    value: float


def subject(finding: Finding) -> str:
    """The column in a sentence; outputs by their role."""
    return _OUTPUTS.get(finding.point.column, finding.point.column)


def change(finding: Finding, sd: float | None = None, rival: Rival | None = None) -> str:
    """Verb and numbers of one finding, to stand behind its subject.

    Args:
        finding: what is told.
        sd: standard deviation of the baseline's rows, where it is known: a mean then moves by so many sd.
        rival: compare with this version instead of with the baseline.
    """
    name = metric_name(finding)
    if finding.value is None:
        return "has no value"
    if name == "mean":
        return _moved("mean", finding, sd)
    if name in QUALITY:
        return _quality(finding, rival)
    return _SAYINGS.get(name, _beyond)(finding)


def unit_factor(value: float | None, before: float | None) -> float | None:
    """The multiple that a change of unit would explain, or None.

    >>> unit_factor(61_300_000, 61_200), unit_factor(5.1, 61.0), unit_factor(3.0, 2.0)
    (1000.0, 0.08333333333333333, None)
    """
    if not value or not before or value / before <= 0:
        return None
    ratio = math.log(value / before)
    signed = [sign * math.log(multiple) for multiple in UNIT_FACTORS for sign in (1, -1)]
    nearest = min(signed, key=lambda candidate: abs(candidate - ratio))
    if abs(nearest - ratio) > UNIT_TOLERANCE:
        return None
    multiple = min(UNIT_FACTORS, key=lambda candidate: abs(math.log(candidate) - abs(nearest)))
    return multiple if nearest > 0 else 1 / multiple


def version_name(version: str) -> str:
    """A version as it is spoken of: long identifiers by their first eight characters.

    >>> version_name("160277bab556676a97db4c05b2dfc78b"), version_name("2026-03")
    ('160277ba', '2026-03')
    """
    return version[:8] if len(version) > 20 else version


def option(finding: Finding, name: str) -> str | None:
    """The text of an option that the metric's identity names."""
    match = re.search(rf"[(,]{name}=([^,)]*)", finding.point.metric)
    return match[1] if match else None


def _moved(what: str, finding: Finding, sd: float | None) -> str:
    value, before = finding.value or 0.0, finding.baseline_value
    multiple = unit_factor(value, before)
    if multiple is not None:
        return f"looks like a change of unit: {what} {factor(multiple)} the baseline"
    if before is None:
        return f"moved: {what} {figure(value)}{_limit(finding, figure)}"
    if sd:
        return f"moved {'up' if value > before else 'down'} by {figure(abs(value - before) / sd)} sd"
    return f"moved {'up' if value > before else 'down'}: {what} {figure(value)} ({figure(before)} in the baseline)"


def _quantile(finding: Finding) -> str:
    p = float(option(finding, "p") or 0.5)
    return _moved("median" if p == 0.5 else f"p{figure(100 * p)}", finding, None)


def _share(verb: str) -> Callable[[Finding], str]:
    def say(finding: Finding) -> str:
        return f"{verb} in {_against_baseline(finding)}"

    return say


def _whole(verb: str) -> Callable[[Finding], str]:
    """For subjects that are a share themselves: ``9 % of requests``."""

    def say(finding: Finding) -> str:
        before = finding.baseline_value
        return verb + (_limit(finding, percent) if before is None else f" ({percent(before)} in the baseline)")

    return say


def _parse_status(finding: Finding) -> str:
    status = option(finding, "status")
    return _whole("cannot be read" if status is None else f"are {status}")(finding)


def _category(finding: Finding) -> str:
    category = option(finding, "category") or option(finding, "value")
    named = f"the share of {category}" if category is not None else "the mix of its values"
    return f"changed: {named} is {_against_baseline(finding, of='')}"


def _share_above(finding: Finding) -> str:
    return f"is above {option(finding, 'value') or 'its threshold'} in {_against_baseline(finding)}"


def _distance(finding: Finding) -> str:
    return f"has another distribution: {_measured(finding)}"


def _row_count(finding: Finding) -> str:
    value, before = finding.value or 0.0, finding.baseline_value
    if value == 0:
        return "stopped"
    if not before:
        fell = finding.limit is not None and value < finding.limit
        return f"{'fell' if fell else 'changed'} to {figure(value)} rows{_limit(finding, figure)}"
    ratio = value / before
    if 0.45 <= ratio <= 0.55:
        return f"halved: {figure(value)} rows ({figure(before)} expected)"
    if 1.8 <= ratio <= 2.2:
        return f"doubled: {figure(value)} rows ({figure(before)} expected)"
    return f"{'rose' if ratio > 1 else 'fell'} to {percent(ratio)} of what is expected: {figure(value)} rows"


def _freshness(finding: Finding) -> str:
    return f"arrives late: the newest event is {_age(finding.value or 0.0)} old{_limit(finding, _age)}"


def _age(seconds: float) -> str:
    return span(timedelta(seconds=seconds))


def _quality(finding: Finding, rival: Rival | None) -> str:
    name, value = metric_name(finding), finding.value or 0.0
    shown = percent if name in ("accuracy", "precision", "recall") else figure
    verb = "ranks worse" if name == "roc_auc" else "predicts worse"
    if rival is not None:
        other = version_name(rival.version)
        return f"{verb} than version {other}: {_named(name)} {shown(value)} against {shown(rival.value)}"
    before = finding.baseline_value
    against = _limit(finding, shown) if before is None else f" ({shown(before)} in the baseline)"
    return f"{verb}: {_named(name)} {shown(value)}{against}"


def _beyond(finding: Finding) -> str:
    return f"is beyond its limit: {_measured(finding)}"


def _measured(finding: Finding) -> str:
    return f"{_named(metric_name(finding))} {figure(finding.value or 0.0)}{_limit(finding, figure)}"


def _against_baseline(finding: Finding, of: str = " of rows") -> str:
    value, before = finding.value or 0.0, finding.baseline_value
    if before is None:
        return f"{percent(value)}{of}{_limit(finding, percent)}"
    return f"{percent(value)}{of} ({percent(before)} in the baseline)"


def _limit(finding: Finding, shown: Callable[[float], str]) -> str:
    return "" if finding.limit is None else f" (limit {shown(finding.limit)})"


def _named(metric: str) -> str:
    return _NAMES.get(metric, metric.replace("_", " "))


_SAYINGS: dict[str, Callable[[Finding], str]] = {
    "quantile": _quantile,
    "null_share": _share("is missing"),
    "unseen_share": _share("has unseen values"),
    "misfit_share": _share("does not fit its type"),
    "error_share": _whole("fail"),
    "parse_status_share": _parse_status,
    "category_share": _category,
    "share_above": _share_above,
    "psi": _distance,
    "js_distance": _distance,
    "ks": _distance,
    "row_count": _row_count,
    "freshness_seconds": _freshness,
}
