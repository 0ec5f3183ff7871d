from __future__ import annotations

import pyarrow as pa

from watchkeeper.sources.base import ColumnMap
from watchkeeper.sources.roles import roles, watched
from watchkeeper.spec.monitor import FeaturesSpec

INPUTS = pa.struct(
    [
        ("age", pa.float64()),
        ("count", pa.int64()),
        ("member", pa.bool_()),
        ("region", pa.string()),
        ("score~2", pa.dictionary(pa.int32(), pa.string())),
    ]
)


def test_numbers_are_numeric_and_texts_and_booleans_are_categories():
    assert roles(INPUTS) == {
        "age": "numeric",
        "count": "numeric",
        "member": "category",
        "region": "category",
        "score~2": "category",
    }


def test_features_are_watched_by_their_own_name_or_the_columns():
    def chosen(features: FeaturesSpec) -> tuple[str, ...]:
        return watched(INPUTS, ColumnMap(features=features))

    assert chosen(FeaturesSpec()) == ("age", "count", "member", "region", "score~2")
    assert chosen(FeaturesSpec(only=("age", "score"))) == ("age", "score~2")
    assert chosen(FeaturesSpec(without=("score~2", "age"))) == ("count", "member", "region")
