"""The words every part shares. Standard library only; every time is UTC with microseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

ALL_ROWS = ""
"""Key and value of the segment that holds every row."""
ANY_VERSION = "*"
"""Model version of the merge of all versions."""
WHOLE_TABLE = ""
"""Column of a metric that speaks of the rows, not of one column."""
NULL_VALUE = "__null__"
OTHER_VALUE = "__other__"


class ParseStatus(StrEnum):
    """What reading one logged row gave. ``duplicate`` and ``future`` are counted when reading, never stored."""

    OK = "ok"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    UNKNOWN_SHAPE = "unknown_shape"
    FEEDBACK_ROW = "feedback_row"
    ERROR_PAYLOAD = "error_payload"
    GUARDRAIL_BLOCK = "guardrail_block"
    DUPLICATE = "duplicate"
    FUTURE = "future"


class Role(StrEnum):
    """What a column is to the model."""

    FEATURE = "feature"
    SCORE = "score"
    DECISION = "decision"
    LABEL = "label"
    SERVICE = "service"


class Status(StrEnum):
    """Status of a point: whether there is a number, and if not, why."""

    OK = "ok"
    APPROXIMATE = "approximate"
    NO_DATA = "no_data"
    INSUFFICIENT = "insufficient"
    UNDEFINED = "undefined"
    DEGENERATE = "degenerate"
    SUPPRESSED = "suppressed"
    NO_BASELINE = "no_baseline"


class Outcome(StrEnum):
    """Outcome of a verdict."""

    OK = "ok"
    WARNING = "warning"
    BREACH = "breach"
    NOT_JUDGED = "not_judged"


class Why(StrEnum):
    """The reason a verdict gives."""

    WITHIN_LIMITS = "within_limits"
    ABOVE_LIMIT = "above_limit"
    BELOW_LIMIT = "below_limit"
    BEYOND_NOISE = "beyond_noise"
    BUDGET_SPENT = "budget_spent"
    TOO_FEW_WINDOWS = "too_few_windows"
    WINDOW_OPEN = "window_open"
    NO_VALUE = "no_value"
    LABELS_IMMATURE = "labels_immature"
    RULE_EXPIRED = "rule_expired"


class Severity(StrEnum):
    """How much an incident matters, from least to most."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info, 1 for warning, 2 for critical."""
        return _RANKS[self.value]


_RANKS = {severity.value: rank for rank, severity in enumerate(Severity)}


class IncidentState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Resolution(StrEnum):
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    RECOVERED = "recovered"
    CORRECTED = "corrected"


class Maturity(StrEnum):
    """Whether the labels behind a quality number are complete."""

    DEVELOPING = "developing"
    MATURED = "matured"
    ESTIMATED = "estimated"


class Guarantee(StrEnum):
    """What may be promised about a number: exact, asymptotic, measured on history, or nothing."""

    G0 = "G0"
    G1 = "G1"
    G2 = "G2"
    G3 = "G3"


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """The span ``[start, end)``."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """Rows alike in one column; the empty segment holds all rows."""

    key: str = ALL_ROWS
    value: str = ALL_ROWS


@dataclass(frozen=True, slots=True)
class PointKey:
    """What one point is about.

    ``metric`` carries its version and the options that differ from the defaults: ``quantile@1(p=0.95)``.
    ``baseline`` is ``""``, ``fixed``, ``previous`` or ``rolling:28d``.
    """

    monitor: str
    metric: str
    column: str
    model_version: str
    segment: Segment
    window: Window
    baseline: str


@dataclass(frozen=True, slots=True)
class Point:
    """One number with its interval.

    ``n`` counts rows. ``n_eff`` is what minimum sizes and noise terms use, for a conditional share of the rows of
    the denominator, for a rank statistic of the smaller class: of weighted rows the number of unweighted ones that
    would tell a mean or share as exactly, for distances Kish's effective size. It may exceed ``n`` where rows were
    chosen well. ``baseline_n`` is the same of the baseline. ``compared`` is what the change rule compares where that
    is not the value (for a quantile: the share of rows above the baseline's quantile). ``seq`` is the batch that
    produced the point; the highest is current.
    """

    key: PointKey
    monitor_version: str
    value: float | None
    baseline_value: float | None
    status: Status
    reason: str
    n: int
    n_eff: float
    baseline_n: float | None
    se: float | None
    baseline_se: float | None
    low: float | None
    high: float | None
    level: float
    noise_floor: float | None
    compared: float | None
    method: str
    guarantee: Guarantee
    open: bool
    partial: bool
    maturity: Maturity | None
    seq: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of one point, given the series it stands in.

    ``rule`` is ``change@1`` or ``limit:`` and the hash of the limit. ``point`` is the key of the newest point judged.
    ``evidence`` names the windows beyond the limit that the outcome rests on.
    """

    rule: str
    point: PointKey
    monitor_version: str
    outcome: Outcome
    severity: Severity
    why: Why
    value: float | None
    limit: float | None
    guarantee: Guarantee
    evidence: tuple[Window, ...]
    seq: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One series that is, or was, beyond its rule, as an incident tells it.

    ``effect`` ranks findings of one incident: how many times beyond its limit the value lies, in the rule's scale.
    """

    rule: str
    point: PointKey
    first: Window
    last: Window
    value: float | None
    baseline_value: float | None
    limit: float | None
    severity: Severity = Severity.WARNING
    effect: float = 0.0
    evidence: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True)
class Incident:
    """One problem, worked by people. A projection of ledger entries, never the truth itself."""

    id: str
    fingerprint: str
    episode: int
    model: str
    monitor: str
    cause: str
    severity: Severity
    state: IncidentState
    resolution: Resolution | None
    title: str
    opened_at: datetime
    changed_at: datetime
    first_window: Window
    last_window: Window
    findings: tuple[Finding, ...]
    suspects: tuple[tuple[str, float], ...] = ()
    consequences: tuple[str, ...] = ()
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. ``key`` is the idempotency key and unique; ``hash`` chains to ``previous``."""

    seq: int
    at: datetime
    actor: str
    actor_kind: str
    kind: str
    subject: str
    key: str
    body: dict[str, Any] = field(default_factory=dict)
    previous: str = "0" * 64
    hash: str = ""


ABOUT: Mapping[type[StrEnum], Mapping[str, str]] = {
    ParseStatus: {
        "ok": "read in full",
        "empty": "a body is missing or holds no rows",
        "too_large": "a body is missing because it was larger than is logged",
        "not_json": "a body is not JSON",
        "unknown_shape": "JSON, but not of a form that is known",
        "feedback_row": "a rating sent to a model named feedback, no prediction",
        "error_payload": "a status of 400 or more, or a body that is an error",
        "guardrail_block": "a guardrail answered instead of the model",
        "duplicate": "an event id that came before; counted when reading, never stored",
        "future": "a time later than the run; counted when reading, never stored",
    },
    Status: {
        "ok": "there is a number",
        "approximate": "there is a number; the interval covers what the bins cannot tell",
        "no_data": "there are no rows",
        "insufficient": "there are fewer rows than the metric needs",
        "undefined": "the formula has no value here, such as 0 / 0",
        "degenerate": "the column has too little variety to be compared",
        "suppressed": "held back, so that nobody can be told apart",
        "no_baseline": "there is nothing to compare with yet",
    },
    Outcome: {
        "ok": "within the limit",
        "warning": "beyond the limit, in too few windows for a breach",
        "breach": "beyond the limit in as many windows as the rule asks for; opens an incident",
        "not_judged": "the rule could not judge; `why` says for what reason",
    },
    Why: {
        "within_limits": "the value is within the limit",
        "above_limit": "the value is above an owner's limit",
        "below_limit": "the value is below an owner's limit",
        "beyond_noise": "the change is larger than tolerance, chance and usual unrest",
        "budget_spent": "kept for a budget of false alarms; not given yet",
        "too_few_windows": "there is too little history",
        "window_open": "the window has not ended, or late rows are still awaited",
        "no_value": "the point has no number, or too few rows",
        "labels_immature": "the labels of the window are not complete",
        "rule_expired": "the limit has expired",
    },
    IncidentState: {
        "open": "nobody has said that they work on it",
        "acknowledged": "somebody works on it",
        "resolved": "closed; the resolution says how",
    },
    Resolution: {
        "confirmed": "a person says that it was a problem",
        "dismissed": "a person says that it was none",
        "recovered": "the numbers came back within their limits",
        "corrected": "late rows or labels changed the numbers, and the breach is gone",
    },
    Maturity: {
        "developing": "labels are still to come; shown, never judged",
        "matured": "`labels.matures_after` has passed",
        "estimated": "an estimate without complete labels; not given yet",
    },
    Guarantee: {
        "G0": "none: a number that a person chose or that had to be assumed",
        "G1": "exact for every sample size, under a stated assumption",
        "G2": "asymptotic: holds in large samples",
        "G3": "measured on the model's own history",
    },
}
"""What each word means."""
