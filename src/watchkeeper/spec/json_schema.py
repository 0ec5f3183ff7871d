"""JSON schema of the monitor file, for editors; made from the declarations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from watchkeeper.metrics.base import Metric
from watchkeeper.spec.declarations import Known, monitor_shape


def json_schema(metrics: Mapping[str, Metric], channels: Collection[str] | None = None) -> dict[str, Any]:
    """JSON schema (2020-12) of a monitor file.

    Args:
        metrics: the metrics there are; their names, options and defaults become part of the schema.
        channels: the channels of the project, where known.
    """
    known = Known(metrics, channels)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "watchkeeper monitor"}
    return head | monitor_shape(known).schema()
