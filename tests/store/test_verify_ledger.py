"""The verifier of one file: it runs where watchkeeper is not, and its canonical JSON is the same as ours."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.store import ledger, verify_ledger
from watchkeeper.store.anchor import Anchor
from watchkeeper.store.canonical import canonical

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
BODIES = [
    {},
    {"title": "ünï\u2028 € \U0001f600", "share": 1 / 3, "small": 1e-7, "large": 1e21, "null": None},
    {"\U0001f600": 1, "\ufb33": 2, "nested": [{"b": True, "a": [0.1, -0.0, 5e-324]}], "whole": 2**53},
    {"text": 'quote " backslash \\ newline \n and \x7f'},
]


@pytest.fixture
def place(tmp_path):
    """A folder with the verifier and nothing of watchkeeper."""
    shutil.copy(Path(verify_ledger.__file__), tmp_path / "verify_ledger.py")
    return tmp_path


@pytest.fixture
def written(database, place):
    """Four entries as export, as database and as anchor."""
    with database.writing() as connection:
        drafts = [SimpleNamespace(kind="a.b", subject="s", key=f"k{n}", body=body) for n, body in enumerate(BODIES)]
        ledger.append(connection, drafts, at=NOW, actor="ann", actor_kind="person")
        lines = list(ledger.export(connection))
        head = ledger.head(connection)
    (place / "ledger.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (place / "anchor.json").write_text(json.dumps(Anchor("bank", NOW, head, 4).json()))
    with (
        closing(sqlite3.connect(database.engine.url.database)) as source,
        closing(sqlite3.connect(place / "ledger.db")) as target,
    ):
        source.backup(target)
    return place


def run(place, *arguments):
    command = [sys.executable, "-I", "-S", "verify_ledger.py", *arguments]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=60)


def test_watchkeeper_cannot_be_imported_there(place):
    tried = subprocess.run([sys.executable, "-I", "-S", "-c", "import watchkeeper"], cwd=place, capture_output=True)
    assert b"ModuleNotFoundError" in tried.stderr


@pytest.mark.parametrize("file", ["ledger.jsonl", "ledger.db"])
def test_what_is_intact_is_said_to_be(written, file):
    said = run(written, file, "--anchor", "anchor.json")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("intact: 4 entries, head ")
    assert said.stdout.rstrip().endswith("passes through the anchor at 4")


def test_an_export_that_was_edited_is_broken_there(written):
    path = written / "ledger.jsonl"
    path.write_text(path.read_text("utf-8").replace('"small":1e-7', '"small":1e-8'), encoding="utf-8")
    said = run(written, "ledger.jsonl")
    assert (said.returncode, said.stdout) == (4, "broken at 2: entry 2 was changed after it was written\n")


def test_a_database_that_was_edited_is_broken_there(written):
    with closing(sqlite3.connect(written / "ledger.db")) as database:
        database.execute("UPDATE entries SET actor = 'bob' WHERE seq = 3")
        database.commit()
    said = run(written, "ledger.db")
    assert (said.returncode, said.stdout) == (4, "broken at 3: entry 3 was changed after it was written\n")


@pytest.mark.parametrize(
    ("edit", "seq"),
    [
        (lambda lines: [*lines[:1], *lines[2:]], 2),
        (lambda lines: lines[1:], 1),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], 2),
        (lambda lines: [lines[0], lines[0], *lines[1:]], 1),
        (lambda lines: [*lines[:2], "{}", *lines[2:]], 3),
        (lambda lines: [*lines[:2], "", *lines[2:]], 3),
        (lambda lines: [*lines[:3], lines[3][:-1] + ',"more":1}'], 4),
        (lambda lines: [*lines[:3], lines[3][:-1] + ',"subject":"t"}'], 4),
        (lambda lines: [lines[0], lines[1].replace('":', '": ', 1), *lines[2:]], 2),
        (lambda lines: ["[" * 100_000], 1),
        (lambda lines: [lines[0].replace('"seq":1', '"seq":true'), *lines[1:]], 1),
    ],
)
def test_the_first_line_that_does_not_hold_is_named(written, edit, seq):
    path = written / "ledger.jsonl"
    path.write_text("\n".join(edit(path.read_text("utf-8").split("\n")[:-1])) + "\n", encoding="utf-8")
    with pytest.raises(verify_ledger.Broken) as broken:
        verify_ledger.verify(path)
    assert broken.value.args[0] == seq


def test_only_the_anchor_tells_that_the_end_of_an_export_was_cut_off(written):
    path = written / "ledger.jsonl"
    path.write_text("\n".join(path.read_text("utf-8").split("\n")[:2]) + "\n", encoding="utf-8")
    assert run(written, "ledger.jsonl").returncode == 0
    said = run(written, "ledger.jsonl", "--anchor", "anchor.json")
    assert said.returncode == 4 and said.stdout.startswith("broken at 3: entries 3 to 4 are missing")


@pytest.mark.parametrize("arguments", [("absent.jsonl",), ("ledger.jsonl", "--anchor", "ledger.jsonl"), ()])
def test_where_nothing_can_be_verified_it_exits_2(written, arguments):
    assert run(written, *arguments).returncode == 2


def test_the_module_runs_where_watchkeeper_is_installed(written):
    command = [sys.executable, "-m", "watchkeeper.store.verify_ledger", "ledger.jsonl"]
    assert subprocess.run(command, cwd=written, capture_output=True, timeout=60).returncode == 0


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.text()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_both_spell_every_value_alike(value):
    assert verify_ledger.canonical(value) == canonical(value)
    assert verify_ledger.canonical(json.loads(canonical(value))) == canonical(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_both_spell_every_double_alike(value):
    assert verify_ledger.number(value) == canonical(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {"\ud800": 1}])
def test_what_is_not_json_is_refused(value):
    with pytest.raises(ValueError):
        verify_ledger.canonical(value)
