"""What a feature is to the statistics: a number or a category."""

from __future__ import annotations

import pyarrow as pa

from watchkeeper.sources.base import ColumnMap
from watchkeeper.sources.naming import keys_of

NUMERIC, CATEGORY = "numeric", "category"


def role(type_: pa.DataType) -> str:
    """``numeric`` for numbers, whole or not; ``category`` for texts and booleans.

    >>> role(pa.float64()), role(pa.bool_())
    ('numeric', 'category')
    """
    return NUMERIC if pa.types.is_floating(type_) or pa.types.is_integer(type_) else CATEGORY


def roles(inputs: pa.StructType) -> dict[str, str]:
    """The role of each kept feature by column name."""
    return {each.name: role(each.type) for each in inputs}


def watched(inputs: pa.StructType, columns: ColumnMap) -> tuple[str, ...]:
    """The kept features that a monitor watches; ``columns.features`` may name them as the log or the column does."""
    names = {column: key[0] for key, column in keys_of(each.name for each in inputs).items()}
    return tuple(each.name for each in inputs if _watches(columns, each.name, names[each.name]))


def _watches(columns: ColumnMap, column: str, name: str) -> bool:
    only, without = columns.features.only, columns.features.without
    wanted = only is None or column in only or name in only
    return wanted and column not in without and name not in without
