"""The metrics that ``metrics: [default]`` stands for, by role and type of column and by task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.terms import Role

NUMERIC, CATEGORY = "numeric", "category"
"""The two types of watched columns."""

MOST_CATEGORIES = 10
"""How many categories of a column get a share of their own."""
LEAST_SHARE = 0.01
"""Rarer categories of the baseline get no share of their own."""


@dataclass(frozen=True, slots=True)
class Default:
    """One line of the table: this metric, for such columns, in these tasks (all where none is named).

    ``column`` names the one column a line is for; "" leaves it to role and type. ``type`` "" is any type.
    """

    role: Role
    metric: str
    type: str = ""
    column: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    tasks: tuple[str, ...] = ()

    def applies(self, task: str, role: Role, type_: str, column: str) -> bool:
        """Whether the line is for this column in this task."""
        of_task = not self.tasks or task in self.tasks
        return of_task and self.role is role and self.type in ("", type_) and self.column in ("", column)


_CLASSES = ("binary", "multiclass")
_BINARY = ("binary",)

DEFAULTS: tuple[Default, ...] = (
    Default(Role.FEATURE, "null_share"),
    Default(Role.FEATURE, "misfit_share"),
    Default(Role.FEATURE, "mean", NUMERIC),
    Default(Role.FEATURE, "quantile", NUMERIC, options={"p": 0.05}),
    Default(Role.FEATURE, "quantile", NUMERIC, options={"p": 0.5}),
    Default(Role.FEATURE, "quantile", NUMERIC, options={"p": 0.95}),
    Default(Role.FEATURE, "unseen_share", CATEGORY),
    Default(Role.FEATURE, "category_share", CATEGORY),
    Default(Role.FEATURE, "js_distance"),
    Default(Role.SCORE, "null_share"),
    Default(Role.SCORE, "mean"),
    Default(Role.SCORE, "quantile", options={"p": 0.05}),
    Default(Role.SCORE, "quantile", options={"p": 0.5}),
    Default(Role.SCORE, "quantile", options={"p": 0.95}),
    Default(Role.SCORE, "psi"),
    Default(Role.DECISION, "category_share"),
    Default(Role.LABEL, "category_share", tasks=_CLASSES),
    Default(Role.SERVICE, "row_count", column="parse_status"),
    Default(Role.SERVICE, "parse_status_share", column="parse_status"),
    Default(Role.SERVICE, "freshness_seconds", column="event_time"),
    Default(Role.SERVICE, "error_share", column="status_code"),
    Default(Role.SERVICE, "quantile", column="latency_ms", options={"p": 0.95}),
)
"""Computed for every column that a line is for."""

QUALITY: tuple[Default, ...] = (
    Default(Role.SCORE, "roc_auc", tasks=_BINARY),
    Default(Role.SCORE, "log_loss", tasks=_BINARY),
    Default(Role.DECISION, "accuracy", tasks=_CLASSES),
    Default(Role.DECISION, "precision", tasks=_BINARY),
    Default(Role.DECISION, "recall", tasks=_BINARY),
)
"""Computed where there are labels and a column of the line's role."""


def defaults_for(task: str, role: Role, type_: str, column: str, labelled: bool) -> Iterator[Default]:
    """The lines that apply to one column.

    >>> [line.metric for line in defaults_for("binary", Role.DECISION, CATEGORY, "decision", True)]
    ['category_share', 'accuracy', 'precision', 'recall']
    """
    lines = DEFAULTS + (QUALITY if labelled else ())
    return (line for line in lines if line.applies(task, role, type_, column))
