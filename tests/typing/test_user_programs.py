"""Programs of users pass a strict type checker against the package, and their mistakes do not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import watchkeeper

SAMPLES = Path(__file__).parent / "samples"
GOOD = [SAMPLES / "watch.py", SAMPLES / "ledger.py"]
WRONG = SAMPLES / "wrong.py"
SOURCE = Path(watchkeeper.__file__).parents[1]


def marked():
    return {number for number, line in enumerate(WRONG.read_text().splitlines(), start=1) if line.endswith("# wrong")}


def mypy(folder, *files):
    """What mypy says where nothing but the package's own types is known."""
    config = folder / "mypy.ini"
    config.write_text("[mypy]\nstrict = True\n[mypy-pyarrow.*]\nignore_missing_imports = True\n")
    command = [sys.executable, "-m", "mypy", "--config-file", config, "--cache-dir", folder / "cache", *files]
    told = {**os.environ, "MYPYPATH": str(SOURCE)}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=told).stdout


def basedpyright(folder, *files):
    """The files and lines of its errors, in its standard mode, which is pyright's strict or looser for libraries."""
    config = folder / "pyrightconfig.json"
    checked = {"include": [str(file) for file in files], "typeCheckingMode": "strict"}
    quiet = {"reportMissingTypeStubs": False, "reportUnknownMemberType": False, "reportUnknownVariableType": False}
    quiet |= {"reportUnknownArgumentType": False}
    extra = {"extraPaths": [str(SOURCE)], "pythonVersion": "3.11"}
    config.write_text(json.dumps({**checked, **quiet, **extra}))
    command = [
        sys.executable,
        "-m",
        "basedpyright",
        "--outputjson",
        "--project",
        config,
        "--pythonpath",
        sys.executable,
    ]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout
    return [
        (Path(one["file"]).name, one["range"]["start"]["line"] + 1, one["message"])
        for one in json.loads(said)["generalDiagnostics"]
        if one["severity"] == "error"
    ]


def test_the_package_says_that_it_is_typed():
    assert (SOURCE / "watchkeeper" / "py.typed").is_file()


@pytest.mark.slow
def test_mypy_accepts_what_is_right_and_finds_what_is_wrong(tmp_path):
    assert "Success: no issues found in 2 source files" in mypy(tmp_path, *GOOD)
    said = mypy(tmp_path, WRONG)
    assert {int(line.split(":")[1]) for line in said.splitlines() if ": error:" in line} == marked(), said


@pytest.mark.slow
def test_pyright_accepts_what_is_right_and_finds_what_is_wrong(tmp_path):
    pytest.importorskip("basedpyright", reason="basedpyright is not installed")
    assert basedpyright(tmp_path, *GOOD) == []
    assert {line for _, line, _ in basedpyright(tmp_path, WRONG)} == marked()
