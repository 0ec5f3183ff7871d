"""The corpus, as code that makes it: texts and trees near what people write, and what damage does to them."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from ruamel.yaml import YAML

HOSTILE = (
    "",
    "\x00",
    "\ufeff",
    "\u202e",
    "é",
    "'; DROP TABLE events; --",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "{{ 7 * 7 }}",
    "${HOME}",
    "../../etc/passwd",
    "yes",
    "on",
    "1e999",
    "-0.0",
    ".nan",
    "0x10",
    "9" * 40,
    "2026-02-30",
    "!!python/object/apply:os.system [true]",
    "&a *a",
    "- - -",
    "? :",
    "\t",
)
"""Values that break readers which trust their input."""


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    """A text with one to four of its lines dropped, doubled, moved, cut, or with something hostile in them."""
    lines = text.splitlines()
    for _ in range(draw(st.integers(1, 4))):
        _damage(draw, lines)
    return "\n".join(lines)


def _damage(draw: st.DrawFn, lines: list[str]) -> None:
    at = draw(st.integers(0, max(len(lines) - 1, 0)))
    line = lines[at] if lines else ""
    cut = draw(st.integers(0, len(line)))
    key = line.partition(":")[0]
    hostile = draw(st.sampled_from(HOSTILE))
    choices = (
        [],
        [line, line],
        [line[:cut]],
        [line[:cut] + hostile + line[cut:]],
        [f"{key}: {hostile}"],
        ["  " + line],
    )
    lines[at : at + 1] = draw(st.sampled_from(choices))


def trees(words: Sequence[str]) -> st.SearchStrategy[Any]:
    """Mappings whose keys are mostly known words, over anything YAML can hold."""
    keys = st.sampled_from(words) | st.text(max_size=5)
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from((*words, *HOSTILE)) | st.text()
    values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5))
    return st.dictionaries(st.sampled_from(words), values, max_size=8)


def yaml_of(tree: Any) -> str:
    """The tree as YAML 1.2."""
    out = io.StringIO()
    YAML(typ="safe", pure=True).dump(tree, out)
    return out.getvalue()


def damaged(data: bytes) -> st.SearchStrategy[bytes]:
    """Bytes that were cut, emptied, overwritten in part or written twice."""
    ends = st.integers(0, max(len(data) - 1, 0))
    cut = ends.map(lambda end: data[:end])
    patches = st.tuples(ends, st.binary(min_size=1, max_size=16))
    patched = patches.map(lambda patch: data[: patch[0]] + patch[1] + data[patch[0] + len(patch[1]) :])
    return cut | patched | st.just(b"") | st.just(data + data)


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(HOSTILE)
_KEYS = st.sampled_from(["f", "g", *HOSTILE])
BODIES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=12
)
"""Whatever JSON can hold, NaN and infinities as Python writes them included."""


@st.composite
def requests(draw: st.DrawFn) -> str:
    """The body of a request as servers log it: mostly of a known shape, sometimes damaged."""
    rows = draw(st.integers(0, 3))
    records = [{"f": draw(BODIES), "g": draw(BODIES)} for _ in range(rows)]
    data = [list(record.values()) for record in records]
    shapes = (
        {"dataframe_records": records},
        {"dataframe_split": {"columns": draw(st.sampled_from([["f", "g"], ["f"], ["f", "f"], []])), "data": data}},
        {"instances": draw(BODIES)},
        {"inputs": draw(BODIES)},
        {"dataframe_records": draw(BODIES)},
        draw(BODIES),
    )
    text = json.dumps(draw(st.sampled_from(shapes)), allow_nan=True)
    return draw(st.just(text) | st.integers(0, len(text)).map(lambda end: text[:end]) | st.text(max_size=20))
