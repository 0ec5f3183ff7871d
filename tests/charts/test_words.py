from __future__ import annotations

import pytest

from watchkeeper.charts.words import visible


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\u00ad", "\ufeff", "\x00", "\x1b", "\U000e0041", "\u2066"])
def test_hidden_characters_are_named(hidden):
    assert visible(f"a{hidden}b") == f"a‹U+{ord(hidden):04X}›b"


@pytest.mark.parametrize("text", ["", "income", "Größe", "収入", "a\tb\nc", "100 %", "−0.5"])
def test_what_can_be_seen_stays(text):
    assert visible(text) == text
