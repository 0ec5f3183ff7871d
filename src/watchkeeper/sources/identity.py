"""What makes an event, a row and a join key the same one: hashes and canonical texts."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_EXACT = 2.0**53
_HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint16)
"""The two hex digits of each byte."""
_NEEDS_ESCAPE = r'[\x00-\x1f"\\]'


def event_ids(source_id: str, request_ids: pa.Array, row_index: pa.Array) -> pa.StringArray:
    """First 32 hex digits of SHA-256 of source, request and row, joined by NUL; ``""`` where there is no request id.

    >>> event_ids("credit", pa.array(["r1", ""]), pa.array([0, 0])).to_pylist()
    ['006c2a1ad45f2388cd6f2f7b3a070d83', '']
    """
    source = source_id.encode("utf-8", "backslashreplace").decode()
    ids = _hexes(pc.binary_join_element_wise(source, request_ids, row_index.cast(pa.string()), "\0"), digits=32)
    unnamed = pc.equal(request_ids, "")
    return pc.if_else(unnamed, "", ids) if unnamed.true_count else ids


def _hexes(texts: pa.Array, digits: int = 64) -> pa.StringArray:
    """The first hex digits of the SHA-256 of each text."""
    digest, size = hashlib.sha256, len(texts)
    whole = b"".join([digest(text).digest() for text in texts.view(pa.binary()).to_pylist()])
    kept = np.frombuffer(whole, np.uint8).reshape(size, digest().digest_size)[:, : digits // 2]
    offsets = np.arange(size + 1, dtype=np.int32) * np.int32(digits)
    return pa.Array.from_buffers(pa.string(), size, [None, pa.py_buffer(offsets), pa.py_buffer(_HEX[kept])])


def keyed_hash(key: bytes, text: str | None) -> str | None:
    """The first 16 hex digits of HMAC-SHA-256: stands for a person without naming one; None and ``""`` give None."""
    if not text:
        return None
    return hmac.digest(key, text.encode("utf-8", "surrogateescape"), "sha256").hex()[:16]


def keyed_hashes(key: bytes, texts: pa.Array) -> pa.Array:
    """The keyed hash of each text."""
    encoded = texts.dictionary_encode()
    hashes = [keyed_hash(key, text) for text in encoded.dictionary.to_pylist()]
    return pa.array(hashes, pa.string()).take(encoded.indices)


def row_hashes(columns: Sequence[pa.Array]) -> pa.Array:
    """SHA-256, in hex, of what each row says: its numbers and the lengths of its texts, then the texts.

    Args:
        columns: texts, which need not be UTF-8, and numbers and times, of which the bits are hashed.
    """
    texts = [column.view(pa.binary()) for column in columns if pa.types.is_string(column.type)]
    numbers = [column for column in columns if not pa.types.is_string(column.type)]
    facts = _block([*numbers, *(pc.binary_length(text) for text in texts)])
    rows = pc.binary_join_element_wise(facts, *texts, b"", null_handling="replace", null_replacement=b"")
    return _hexes(rows)


def _block(numbers: Sequence[pa.Array]) -> pa.Array:
    """The bits of the numbers of each row, and whether each is there, as bytes of one length."""
    size = len(numbers[0])
    bits = np.zeros((size, 2 * len(numbers)), "<i8")
    for place, column in enumerate(numbers):
        whole = column.view(pa.int64()) if column.type.bit_width == np.int64(0).nbytes * 8 else column.cast(pa.int64())
        bits[:, 2 * place] = pc.fill_null(whole, 0).to_numpy(zero_copy_only=False)
        bits[:, 2 * place + 1] = column.is_valid().to_numpy(zero_copy_only=False)
    offsets = (np.arange(size + 1) * bits.shape[1] * bits.itemsize).astype(np.int32)
    return pa.Array.from_buffers(pa.binary(), size, [None, pa.py_buffer(offsets), pa.py_buffer(bits)])


def content_hashes(columns: Sequence[pa.Array], size: int) -> list[str]:
    """16 hex digits per row that stand for what its columns say, whatever types, dictionaries or order they come in.

    Not meant to withstand an attacker: rows of one id are told apart by it.
    """
    total = np.full(size, _SEEDS[0], np.uint64)
    for place, column in enumerate(columns):
        total = _mixed(total ^ _mixed(_bits(column) + np.uint64(place)))
    return [f"{value:016x}" for value in total.tolist()]


_SEEDS = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Steele, Lea and Flood (2014), the finaliser of SplitMix64."""
    bits = bits + np.uint64(_SEEDS[0])
    bits = (bits ^ (bits >> _SHIFTS[0])) * np.uint64(_SEEDS[1])
    bits = (bits ^ (bits >> _SHIFTS[1])) * np.uint64(_SEEDS[2])
    return bits ^ (bits >> _SHIFTS[2])


def _bits(column: pa.Array) -> NDArray[np.uint64]:
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        values = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False) + 0.0
        return np.where(np.isnan(values), np.nan, values).view(np.uint64) ^ column.is_null().to_numpy(
            zero_copy_only=False
        )
    texts = key_texts(column).dictionary_encode()
    distinct = texts.dictionary.cast(pa.binary()).to_pylist()
    digests = [hashlib.blake2b(text, digest_size=8).digest() for text in distinct]
    known = np.frombuffer(b"".join([*digests, b"\0" * 8]), np.uint64)
    return known[pc.fill_null(texts.indices, len(digests)).to_numpy(zero_copy_only=False)]


def join_keys(columns: Sequence[pa.Array]) -> pa.Array:
    """Canonical JSON of the join values of each row: a list of texts; null where any value is.

    Values that are equal in different types give equal keys: ``41``, ``41.0`` and ``"41"`` are one key, so an id that
    is text in the log and a number in the table of labels still meets itself.

    >>> join_keys([pa.array(["app-1", None]), pa.array([0, 1])]).to_pylist()
    ['["app-1","0"]', None]
    """
    texts = [_quoted(key_texts(column)) for column in columns]
    inside = texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, ",")
    return pc.binary_join_element_wise("[", inside, "]", "")


def key_texts(column: pa.Array) -> pa.Array:
    """Values as the texts that identify them; null for null and NaN, JSON for nested values."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return key_texts(column.dictionary).take(column.indices)
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return column.cast(pa.string())
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _number_texts(column.cast(pa.float64(), safe=False))
    if pa.types.is_timestamp(kind):
        return pc.strftime(_utc(column), "%Y-%m-%dT%H:%M:%SZ")
    return _other_texts(column)


def encoded(column: pa.Array) -> pa.DictionaryArray:
    """The distinct values of a column and the place of each row's among them; of nested values their texts."""
    if pa.types.is_dictionary(column.type):
        return column
    return (key_texts(column) if pa.types.is_nested(column.type) else column).dictionary_encode()


def _utc(column: pa.Array) -> pa.Array:
    return column.cast(pa.timestamp("us"), safe=False).cast(pa.timestamp("us", "UTC"))


def _number_texts(column: pa.Array) -> pa.Array:
    values = column.to_numpy(zero_copy_only=False)
    whole = (np.trunc(values) == values) & (np.abs(values) <= _EXACT)
    integers = pa.array(np.where(whole, values, 0).astype(np.int64))
    texts = pc.if_else(pa.array(whole), integers.cast(pa.string()), column.cast(pa.string()))
    return pc.if_else(pa.array(np.isnan(values)), pa.scalar(None, pa.string()), texts)


def _other_texts(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string())
    texts = [_json(value) if isinstance(value, list | dict) else value for value in column.to_pylist()]
    return pa.array([value if value is None else str(value) for value in texts], pa.string())


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _quoted(texts: pa.Array) -> pa.Array:
    if pc.any(pc.match_substring_regex(texts, _NEEDS_ESCAPE)).as_py():
        escaped = [None if text is None else json.dumps(text, ensure_ascii=False) for text in texts.to_pylist()]
        return pa.array(escaped, pa.string())
    return pc.binary_join_element_wise('"', texts, '"', "")
