"""Which column identifies a row, which one the version of the model, which one a sampling weight."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from watchkeeper.spec.propose import words
from watchkeeper.spec.propose.columns import Column, Kind
from watchkeeper.spec.propose.found import Choice, Evidence, Found, chosen

UNIQUE = 0.99
"""From this share of different values on a column is like an id."""
_HEX = re.compile(r"^[0-9a-fA-F-]{12,}$")
_MOST_VERSIONS = 50
_LONGEST_ID = 64


def is_id_like(column: Column) -> bool:
    """Nearly every row has a value of its own, of a kind that ids have."""
    if column.kind not in (Kind.WHOLE, Kind.TEXT) or column.known < 20 or column.uniqueness < UNIQUE:
        return False
    return column.kind is Kind.WHOLE or not column.is_free_text


def id_of(columns: Mapping[str, Column], taken: frozenset[str]) -> Choice:
    """What identifies a row: a different value in every row."""
    candidates = [one for one in columns.values() if one.name not in taken and is_id_like(one)]
    return chosen([_identity(one) for one in candidates], "id", 4.0, close=0.5)


def _identity(column: Column) -> Evidence:
    first = column.counts[0][0] if column.counts else ""
    said = [
        (-4.0, "") if column.nulls else (2.0, ""),
        (1.0, "a different value in every row")
        if column.distinct == column.known
        else (0.5, f"{column.uniqueness:.2%} of its values are different"),
        (2.0, "its name says so") if column.hints(words.IDENTITY) else (0.0, ""),
        (1.0, "it looks like a generated key") if column.kind is Kind.TEXT and _HEX.match(first) else (0.0, ""),
        (1.0, "a short text")
        if column.kind is Kind.TEXT and len(first) <= _LONGEST_ID and " " not in first
        else (0, ""),
        (1.5, "it counts the rows") if _is_sequence(column) else (0.0, ""),
        (-2.0, "") if len(first) > _LONGEST_ID else (0.0, ""),
    ]
    return Evidence(column.name, tuple(said))


def _is_sequence(column: Column) -> bool:
    if column.kind is not Kind.WHOLE or column.nulls or column.distinct < column.known:
        return False
    steps = np.diff(column.numbers)
    return bool((steps > 0).all() or (steps < 0).all())


def version_of(columns: Mapping[str, Column], taken: frozenset[str]) -> Choice:
    """The version of the model: its name says so, and there are few."""
    found = [one for one in columns.values() if one.name not in taken and _is_version(one)]
    if not found:
        return Choice()
    best = found[0]
    said = f"its name says so; {best.distinct} different {'value' if best.distinct == 1 else 'values'}"
    return Choice(Found(best.name, "version", said))


def _is_version(column: Column) -> bool:
    few = column.kind in (Kind.TEXT, Kind.WHOLE) and 1 <= column.distinct <= _MOST_VERSIONS
    name = words.parts(column.name)
    model = "model" in name and bool({"id", "name"} & set(name))
    return few and (bool(column.hints(words.VERSION)) or model)


def weight_of(columns: Mapping[str, Column], taken: frozenset[str]) -> Choice:
    """How many rows a row stands for: positive numbers whose name speaks of sampling; a bare ``weight`` is doubtful."""
    found = [one for one in columns.values() if one.name not in taken and one.is_numeric and _is_weight(one)]
    sure = [one for one in found if one.hints(words.WEIGHT)]
    said = "positive numbers, and its name speaks of a weight of rows"
    if sure:
        return Choice(Found(sure[0].name, "weight", said))
    return Choice(None, tuple(Found(one.name, "weight", "its name says weight, of rows or of things") for one in found))


def _is_weight(column: Column) -> bool:
    name = words.parts(column.name)
    return not column.nulls and column.range[0] > 0 and bool({"weight", "weights", "wgt"} & set(name))
