from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.surfaces.golden import agrees

from watchkeeper.surfaces.cli.main import COMMANDS, cli

HERE = Path(__file__).parent
BELOW = {
    "incidents": ("list", "show", "acknowledge", "resolve", "assign", "comment", "reopen"),
    "metrics": ("list", "show"),
    "ledger": ("list", "verify", "anchor", "export", "verifier"),
    "plugins": ("list",),
}
WORDS = [(name, *below) for name in COMMANDS for below in ([()] + [(word,) for word in BELOW.get(name, ())])]


def test_the_help_of_every_command_reads_as_it_was_agreed(ask):
    texts = [ask(*words, "--help").out for words in [(), *WORDS]]
    agrees("\n\n".join(texts), "help.txt", HERE)


@pytest.mark.parametrize("words", [words for words in WORDS if words[0] not in BELOW or len(words) > 1], ids=" ".join)
def test_help_says_what_will_happen_whether_twice_is_safe_and_gives_an_example(ask, words):
    text = " ".join(ask(*words, "--help").out.split())
    assert text.count(f"watchkeeper {' '.join(words)}") >= 2, "in the usage, and in an example"
    safe = ("Safe to repeat", "Changes nothing", "Writes nothing", "writes nothing", "one entry", "is replaced", "anew")
    assert any(said in text for said in safe)


def test_every_command_of_the_list_is_a_file_of_its_own():
    context = cli.make_context("watchkeeper", [], resilient_parsing=True)
    assert [cli.get_command(context, name).name for name in COMMANDS] == list(COMMANDS)


def test_help_comes_at_once():
    times = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "watchkeeper", "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    assert min(times) < 1.0, "heavy parts are imported inside commands"


def test_help_imports_nothing_heavy():
    code = "import sys; from watchkeeper.surfaces.cli.main import invoke; invoke(['run', '--help']); "
    code += "print([m for m in ('pyarrow', 'numpy', 'duckdb', 'sqlalchemy', 'pydantic') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said.splitlines()[-1] == "[]"
