"""The digests that name what is counted and what is judged; the order and the comments of a file change neither."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from watchkeeper.spec.resolve import Resolved
from watchkeeper.spec.spelt import spelt

_NOT_JUDGED_BY = ("notify", "owner", "description")
_SETS = ("segments", "compare", "limits", "metrics", "only", "except", "scores", "remedies")
"""Keys whose lists are sets: their order means nothing."""
_LARGEST_PLAIN = 1e21
_SMALLEST_PLAIN = 1e-6


def canonical_json(value: Any) -> str:
    """JSON in the form of RFC 8785: keys by UTF-16 code units, no spaces, numbers as ECMAScript writes them.

    Whole numbers beyond 2^53 keep all their digits.

    Raises:
        ValueError: a number is NaN or infinite.

    >>> canonical_json({"b": 1.0, "a": [None, True, 1e-7, "é"]})
    '{"a":[null,true,1e-7,"é"],"b":1}'
    """
    if isinstance(value, Mapping):
        ordered = sorted(value.items(), key=lambda item: str(item[0]).encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{canonical_json(str(key))}:{canonical_json(item)}" for key, item in ordered) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(canonical_json(item) for item in value) + "]"
    return _number(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """The shortest decimal that reads back as the number, as ECMAScript writes it."""
    if not math.isfinite(value):
        raise ValueError(f"{value} has no form in JSON")
    if value == 0:
        return "0"
    if _SMALLEST_PLAIN <= abs(value) < _LARGEST_PLAIN:
        text = f"{Decimal(repr(value)):f}"
        return text.removesuffix(".0")
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa}e{int(exponent):+d}"


def measure_digest(resolved: Resolved, grid_ids: Iterable[str] = ()) -> str:
    """Names what is counted; statistics of another digest are not comparable.

    It holds the source, the columns, types, segments, window and time zone, where labels come from, the scorers and
    the grids. How far back the first run looks, where the log was before, metrics, limits and
    alarms do not change how anything is counted.
    """
    monitor = spelt(resolved.monitor)
    source = {key: value for key, value in monitor["source"].items() if key not in ("since", "former")}
    labels = monitor["labels"] and {key: v for key, v in monitor["labels"].items() if key != "matures_after"}
    content = {
        "source": source,
        "columns": monitor["columns"],
        "watched": _watched(resolved),
        "segments": monitor["segments"],
        "segment_values": monitor["caps"]["segment_values"],
        "window": monitor["window"],
        "timezone": monitor["timezone"],
        "task": monitor["task"],
        "labels": labels,
        "scores": monitor["scores"],
        "grids": sorted(grid_ids),
    }
    return _digest(content)


def monitor_version(resolved: Resolved, grid_ids: Iterable[str] = ()) -> str:
    """Names what is judged: the whole resolved file without notify, owner and description, and the grids."""
    monitor = {key: value for key, value in spelt(resolved.monitor).items() if key not in _NOT_JUDGED_BY}
    requests = [[r.identity, r.column, sorted(r.baselines), list(r.blocks)] for r in resolved.requests]
    content = {"monitor": monitor, "watched": _watched(resolved), "requests": sorted(requests)}
    return _digest(content | {"grids": sorted(grid_ids)})


def _watched(resolved: Resolved) -> list[list[str]]:
    return sorted([column.name, column.role.value, column.type] for column in resolved.columns)


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(_unordered(content)).encode("utf-8", "surrogatepass")).hexdigest()


def _unordered(value: Any, key: str = "") -> Any:
    """The value with every list that is a set put in one order."""
    if isinstance(value, Mapping):
        return {name: _unordered(item, str(name)) for name, item in value.items()}
    if isinstance(value, list):
        items = [_unordered(item) for item in value]
        return sorted(items, key=canonical_json) if key in _SETS else items
    return value
