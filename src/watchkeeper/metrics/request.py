"""One metric asked of one column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from watchkeeper.metrics.base import Metric


@dataclass(frozen=True, slots=True)
class Request:
    """One metric, its options and its column; the baselines it is compared with and how many windows are joined.

    Without a baseline the point's baseline is ``""``. Metrics that a baseline says nothing about (volumes, ages)
    have that whatever is asked.
    """

    metric: Metric
    options: Mapping[str, Any] = field(default_factory=dict)
    column: str = ""
    baselines: tuple[str, ...] = ()
    blocks: tuple[int, ...] = (1,)

    @property
    def identity(self) -> str:
        """The metric with its version and the options that differ from the defaults."""
        return self.metric.identity(self.options)

    @property
    def compared_with(self) -> tuple[str, ...]:
        """The baselines of its points, ``""`` standing for none."""
        return self.baselines if self.baselines and self.metric.compared_with_baseline else ("",)


def distinct(requests: Iterable[Request]) -> list[Request]:
    """The requests, those of one metric, options and column joined, so that no point is made twice."""
    joined: dict[tuple[str, str], Request] = {}
    for request in requests:
        one = joined.setdefault((request.identity, request.column), request)
        joined[request.identity, request.column] = replace(
            one,
            baselines=tuple(dict.fromkeys(one.baselines + request.baselines)),
            blocks=tuple(sorted({*one.blocks, *request.blocks})),
        )
    return list(joined.values())
