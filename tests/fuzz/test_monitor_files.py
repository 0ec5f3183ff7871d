"""Any text is a monitor or a list of faults; nothing a person can type stops the reader."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.mutations import mutated, trees, yaml_of

from watchkeeper.catalog import Catalog
from watchkeeper.spec.load import load
from watchkeeper.spec.spelt import spelt

NOW = datetime(2026, 11, 24, tzinfo=UTC)
METRICS = Catalog(third_party=False).all("metrics")
EXAMPLE = (Path(__file__).parents[1] / "spec" / "example.yaml").read_text(encoding="utf-8")
WORDS = sorted(set(re.findall(r"[A-Za-z_]+", EXAMPLE)))


def read(text: str):
    monitor, faults = load(text, "monitors/fuzzed.yaml", NOW, metrics=METRICS)
    lines = text.count("\n") + 2
    for fault in faults:
        assert re.fullmatch(r"[EW]\d{3}", fault.code)
        assert fault.message
        assert fault.line is None or 1 <= fault.line <= lines
    stopped = [fault for fault in faults if not fault.is_warning]
    assert (monitor is None) == bool(stopped)
    return monitor


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text):
    read(text)


@given(mutated(EXAMPLE))
def test_a_damaged_file_is_read_or_refused(text):
    read(text)


@given(trees(WORDS))
def test_any_tree_of_known_words_is_read_or_refused(tree):
    read(yaml_of(tree))


@given(mutated(EXAMPLE))
def test_what_is_accepted_reads_the_same_when_spelt_out(text):
    monitor = read(text)
    if monitor is not None:
        again = read(yaml_of(spelt(monitor)))
        assert again is not None
        assert spelt(again) == spelt(monitor)


@pytest.mark.parametrize("depth", [50, 1000, 20_000])
def test_deep_nesting_is_refused(depth):
    assert read("source: " + "[" * depth + "]" * depth) is None


def test_an_alias_bomb_is_refused():
    rows = ["a0: &a0 [x, x]", *(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 40))]
    assert read("\n".join(rows)) is None
