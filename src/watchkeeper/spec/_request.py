"""One metric asked of one column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.metrics.base import Metric


@dataclass(frozen=True, slots=True)
class Request:
    """One metric, its options and its column; the baselines it is compared with and how many windows are joined."""

    metric: Metric
    options: Mapping[str, Any] = field(default_factory=dict)
    column: str = ""
    baselines: tuple[str, ...] = ()
    blocks: tuple[int, ...] = (1,)
