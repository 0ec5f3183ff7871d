"""The one text by which a decision and a label name the same class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.sources.identity import key_texts
from watchkeeper.sources.values import clean

POSITIVE, NEGATIVE = "1", "0"
_TRUE, _FALSE = ("1", "true"), ("0", "false")


def class_texts(values: pa.Array, positive: str | int | float | bool = 1, *, binary: bool = True) -> pa.Array:
    """Classes as text, for decisions and labels alike; null for null and NaN.

    A binary class is ``"1"`` where it equals ``positive`` and ``"0"`` elsewhere. Numbers, booleans and texts are
    compared by what they say: ``1``, ``1.0``, ``true`` and ``"1"`` are the same class.

    >>> class_texts(pa.array([1.0, 0.0, None])).to_pylist()
    ['1', '0', None]
    >>> class_texts(pa.array(["good", "bad"]), "bad").to_pylist()
    ['0', '1']
    >>> class_texts(pa.array([1.0, 2.0]), binary=False).to_pylist()
    ['1', '2']
    """
    texts = key_texts(values)
    if not binary:
        return texts
    said = pa.array(_spellings(positive), pa.string())
    return pc.if_else(pc.is_null(texts), texts, pc.if_else(pc.is_in(texts, value_set=said), POSITIVE, NEGATIVE))


def _spellings(positive: str | int | float | bool) -> list[str]:
    text = str(key_texts(pa.array([positive]))[0].as_py())
    same = next((words for words in (_TRUE, _FALSE) if text.lower() in words), ())
    cased = [form for word in same for form in (word, word.capitalize(), word.upper())]
    return sorted({text, *cased})


def decided(score: pa.Array, threshold: float) -> pa.DictionaryArray:
    """``"1"`` where the score is at least the threshold, else ``"0"``; null where there is no score.

    >>> decided(pa.array([0.5, 0.2, None]), 0.5).to_pylist()
    ['1', '0', None]
    """
    values = score.to_numpy(zero_copy_only=False)  # which turns null into NaN
    code = (values >= threshold).view(np.int8)
    unknown = np.isnan(values)
    indices = pa.array(code, mask=unknown if unknown.any() else None)
    return pa.DictionaryArray.from_arrays(indices, pa.array([NEGATIVE, POSITIVE]))


def class_array(values: Sequence[Any]) -> pa.Array:
    """Classes as a log gives them, of any kinds at once, as texts that ``class_texts`` reads."""
    texts = [_text(value) for value in values]
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:
        return pa.array([None if text is None else clean(text) for text in texts], pa.string())


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return None if np.isnan(value) else str(int(value)) if value.is_integer() else repr(value)
    return str(value)
