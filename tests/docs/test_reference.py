"""The reference pages say what the declarations say, and the declarations say all there is."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from watchkeeper import terms
from watchkeeper.errors import CODES
from watchkeeper.settings import read_settings
from watchkeeper.spec.declarations import Known, monitor_shape
from watchkeeper.spec.load import load
from watchkeeper.surfaces.reference import environment, monitor_file
from watchkeeper.surfaces.reference.keys import lines
from watchkeeper.surfaces.reference.pages import pages

ROOT = Path(__file__).parents[2]
SOURCES = {path: path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py")}
FOLDER = ROOT / "docs" / "reference"
MADE = pages()
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", sorted(MADE))
def test_a_committed_page_is_what_the_declarations_make(name):
    assert (FOLDER / name).read_text("utf-8") == MADE[name], "run `make docs`"


def test_no_other_page_lies_among_them():
    assert {path.name for path in FOLDER.iterdir()} == set(MADE)


def test_every_fault_code_in_the_code_is_explained_and_no_other():
    used = {code for path, text in SOURCES.items() for code in _codes(path, text)}
    assert used == set(CODES)


def _codes(path: Path, text: str) -> set[str]:
    return set() if path.name == "errors.py" else set(re.findall(r'"([EW]\d{3})"', text))


def test_every_variable_that_the_code_names_is_listed():
    named = {name for text in SOURCES.values() for name in re.findall(r"\bWATCHKEEPER_[A-Z]+\b", text)}
    assert named <= set(environment.VARIABLES)


@pytest.mark.parametrize(
    ("name", "value"),
    [("project", "other"), ("store", "/elsewhere"), ("database", "sqlite:////elsewhere/l.db"), ("actor", "ana")],
)
def test_a_listed_variable_is_read(tmp_path, name, value):
    assert getattr(read_settings(tmp_path, environment={f"WATCHKEEPER_{name.upper()}": value}), name) == value


def test_the_other_listed_variables_are_read(tmp_path):
    told = {"WATCHKEEPER_NOW": "2026-02-03", "WATCHKEEPER_LOG": "json", "WATCHKEEPER_PLUGINS": "builtin"}
    found = read_settings(tmp_path, environment={**told, "WATCHKEEPER_ENGINE": "spark"})
    assert (found.now.isoformat(), found.log) == ("2026-02-03T00:00:00+00:00", "json")
    assert (found.third_party, found.engine) == (False, "spark")


def test_every_word_of_every_kind_is_explained():
    for kind, about in terms.ABOUT.items():
        assert set(about) == {word.value for word in kind}, kind.__name__


def test_the_example_of_a_monitor_file_is_valid():
    monitor, faults = load(monitor_file.EXAMPLE, "monitors/credit_score.yaml", NOW)
    assert monitor is not None
    assert faults == []


def test_every_example_of_a_key_is_valid_in_its_place():
    for path, example in monitor_file.EXAMPLES.items():
        _, faults = load(_file(path, example), "monitors/m.yaml", NOW)
        wrong = [fault for fault in faults if fault.path and fault.path.replace("[0]", "[]").startswith(path)]
        assert [fault for fault in wrong if not fault.is_warning] == [], path


def test_examples_are_of_keys_that_exist():
    assert set(monitor_file.EXAMPLES) <= {line.path for line in lines(monitor_shape(Known()))}


def _file(path: str, example: str) -> str:
    """A monitor file in which one key stands as the example has it; ``[]`` makes a list of one."""
    value = f"{path.rpartition('.')[2]}: {example}"
    for section in reversed(path.split(".")[:-1]):
        name, listed = section.removesuffix("[]"), section.endswith("[]")
        value = f"{name}: [{{{value}}}]" if listed else f"{name}: {{{value}}}"
    return value if path.startswith("source") else f"source: log.csv\n{value}"
