from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.surfaces.cli.screen import Column, Screen, table

CELLS = st.text(st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_categories=("Cc", "Mn")), max_size=60)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=6), st.integers(40, 160))
def test_a_table_never_runs_over_the_edge_unless_its_first_column_does(rows, width):
    columns = [Column("A", flex=True), Column("B", right=True, flex=True), Column("C", flex=True)]
    text = table(Screen(width), columns, rows)
    assert max(map(len, text.split("\n"))) <= max(width, *(len(row[0]) for row in rows))


@given(CELLS)
def test_a_screen_without_unicode_gets_ascii(text):
    assert Screen(unicode=False).letters(text + "−–—…→×●◆").isascii()


def test_a_pipe_is_not_coloured():
    assert Screen.of(io.StringIO()).colour is False
    assert Screen(colour=False).paint("breach", "breach") == "breach"


def test_a_column_that_does_not_fit_is_left_out_from_the_right():
    text = table(Screen(40), [Column("A"), Column("B"), Column("C")], [["a" * 20, "b" * 15, "c" * 15]])
    assert text.splitlines()[0].split() == ["A", "B"]


@pytest.mark.parametrize("name", ["NO_COLOR", "TERM"])
def test_the_environment_may_forbid_colours(monkeypatch, name):
    class Terminal(io.StringIO):
        encoding = "utf-8"

        def isatty(self):
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert Screen.of(Terminal()).colour is True
    monkeypatch.setenv(name, "dumb")
    assert Screen.of(Terminal()).colour is False
