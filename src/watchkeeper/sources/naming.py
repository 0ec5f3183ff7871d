"""The column a feature is kept under, which is its own name wherever that is free."""

from __future__ import annotations

import re
from collections.abc import Iterable

Key = tuple[str, int]
"""A feature as a log names it, and which of several of that name it is, from 1."""

RESERVED = frozenset(
    (
        "",
        *("event_id", "event_time", "model_version", "weight", "row_index", "status_code", "parse_status"),
        *("latency_ms", "score", "decision", "label", "misfits", "log_loss"),
    )
)
"""Names that mean something else among counted columns."""
_SUFFIX = re.compile(r"~\d+$")


def column_names(keys: Iterable[Key]) -> dict[Key, str]:
    """A column for each key, distinct also without regard to case.

    Equal names, names that differ only in case and reserved names get ``~2``, ``~3`` …; who keeps the plain name
    depends on the names alone, not on their order. A name that ends like a suffix always gets one, so that
    ``key_of`` finds the way back.

    >>> column_names([("age", 1), ("Age", 1), ("score", 1)])
    {('Age', 1): 'Age', ('age', 1): 'age~2', ('score', 1): 'score~2'}
    """
    names: dict[Key, str] = {}
    taken = set(RESERVED)
    for name, nth in sorted(set(keys)):
        suffixed = bool(_SUFFIX.search(name)) or name.startswith("segment:")
        names[name, nth] = column = _free(name, taken, suffixed)
        taken.add(column.casefold())
    return names


def _free(name: str, taken: set[str], suffixed: bool) -> str:
    if not suffixed and name.casefold() not in taken:
        return name
    n = 2
    while f"{name}~{n}".casefold() in taken:
        n += 1
    return f"{name}~{n}"


def keys_of(columns: Iterable[str]) -> dict[Key, str]:
    """The key that each kept column is read from: the inverse of ``column_names``.

    >>> keys_of(["Age", "age~2", "a", "a~2"])
    {('Age', 1): 'Age', ('a', 1): 'a', ('a', 2): 'a~2', ('age', 1): 'age~2'}
    """
    keys: dict[Key, str] = {}
    for column in sorted(columns, key=lambda c: (_SUFFIX.sub("", c), _rank(c))):
        name = _SUFFIX.sub("", column)
        nth = 1
        while (name, nth) in keys:
            nth += 1
        keys[name, nth] = column
    return keys


def _rank(column: str) -> int:
    suffix = _SUFFIX.search(column)
    return int(suffix[0][1:]) if suffix else 1
