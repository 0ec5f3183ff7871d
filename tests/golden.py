"""Golden vectors: expected values of published formulas, kept outside the repository beside the real data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "reference" / "golden"
_SPECIAL = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


@dataclass(frozen=True)
class Case:
    """One golden vector; in ``inputs`` None is a missing value, in ``expected`` it means there is no value."""

    id: str
    inputs: dict[str, Any]
    params: dict[str, Any]
    expected: dict[str, Any]
    absolute: float
    relative: float
    tags: tuple[str, ...]


def cases(topic: str, function: str) -> list[Any]:
    """Parameters for ``pytest.mark.parametrize``: every case of a function, or one skipped where none are at hand."""
    if not FOLDER.is_dir():
        return [
            pytest.param(
                None, id="absent", marks=pytest.mark.skip(reason="the golden vectors are not beside this checkout")
            )
        ]
    found = [case for case in _topic(topic) if case["function"] == function]
    assert found, f"no golden vectors of {function} in {topic}"
    return [pytest.param(_case(case), id=case["id"]) for case in found]


def check(case: Case, got: Mapping[str, Any]) -> None:
    """Compare every expected key; keys beyond those are free."""
    for key, expected in case.expected.items():
        assert key in got, f"{case.id}: {key} is missing"
        _compare(case, key, got[key], expected)


def _compare(case: Case, place: str, got: Any, expected: Any) -> None:
    if isinstance(expected, Mapping):
        for key, value in expected.items():
            _compare(case, f"{place}.{key}", got[key], value)
    elif isinstance(expected, Sequence) and not isinstance(expected, str):
        assert len(got) == len(expected), f"{case.id}: {place} has {len(got)} values, expected {len(expected)}"
        for i, value in enumerate(expected):
            _compare(case, f"{place}[{i}]", got[i], value)
    else:
        _compare_scalar(case, place, got, expected)


def _compare_scalar(case: Case, place: str, got: Any, expected: Any) -> None:
    where = f"{case.id}: {place} is {got}, expected {expected}"
    if expected is None:
        assert got is None or (isinstance(got, float | np.floating) and np.isnan(got)), where
    elif isinstance(expected, bool | str):
        assert got == expected, where
    else:
        assert got is not None and np.isclose(got, expected, rtol=case.relative, atol=case.absolute, equal_nan=True), (
            where
        )


@lru_cache(maxsize=16)
def _topic(topic: str) -> list[dict[str, Any]]:
    content = json.loads((FOLDER / f"{topic}.json").read_text(encoding="utf-8"))
    assert content["format"] == "golden/1"
    return list(content["cases"])


def _case(raw: dict[str, Any]) -> Case:
    tolerance = raw["tolerance"]
    return Case(
        id=raw["id"],
        inputs=_numbers(raw["inputs"]),
        params=_numbers(raw["params"]),
        expected=_numbers(raw["expected"]),
        absolute=tolerance["abs"],
        relative=tolerance["rel"],
        tags=tuple(raw.get("tags") or ()),
    )


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_numbers(part) for part in value]
    return _SPECIAL.get(value, value) if isinstance(value, str) else value
