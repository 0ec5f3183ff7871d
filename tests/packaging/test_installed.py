"""As a user has it: the wheel and the hashed requirements in a fresh environment, away from the tree."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.packaging.build import ROOT, build
from tests.surfaces import bank

VERSIONS = ("3.11", "3.12", "3.13")
IMPORT_ALL = """
import importlib, pkgutil, sys, watchkeeper
names = [one.name for one in pkgutil.walk_packages(watchkeeper.__path__, "watchkeeper.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
assert "site-packages" in watchkeeper.__file__, watchkeeper.__file__
assert not any(name.partition(".")[0] in ("tests", "benchmarks", "pytest", "hypothesis") for name in sys.modules)
print(len(names))
"""


def interpreter(version):
    """A Python of that version on this machine: on the path, or one that pyenv keeps."""
    kept = sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{version}.*/bin/python"))
    found = [sys.executable] if f"{sys.version_info[0]}.{sys.version_info[1]}" == version else []
    return next(
        (name for name in [*found, shutil.which(f"python{version}"), *map(str, kept)] if name and works(name)), None
    )


def works(python):
    return subprocess.run([python, "-c", "import venv, ensurepip"], capture_output=True).returncode == 0


@pytest.fixture(scope="module", params=VERSIONS)
def installed(request, tmp_path_factory):
    """The folder of programs of an environment in which the wheel is installed."""
    python = interpreter(request.param)
    if python is None:
        pytest.skip(f"there is no Python {request.param} here")
    folder = tmp_path_factory.mktemp(f"python{request.param}")
    wheel, _ = build(folder / "dist")
    subprocess.run([python, "-m", "venv", folder / "env"], check=True)
    pip = [folder / "env" / "bin" / "python", "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--require-hashes", "-r", ROOT / "requirements" / "core.txt"], check=True)
    subprocess.run([*pip, "--no-deps", wheel], check=True)
    return folder / "env" / "bin"


def run(installed, folder, *arguments):
    told = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "WATCHKEEPER"))}
    return subprocess.run([*map(str, arguments)], cwd=folder, env=told, capture_output=True, text=True)


@pytest.mark.slow
def test_it_imports_runs_and_finds_what_is_planted(installed, tmp_path):
    program = installed / "watchkeeper"
    said = run(installed, tmp_path, installed / "python", "-I", "-c", IMPORT_ALL)
    assert said.returncode == 0, said.stderr
    assert int(said.stdout) > 200
    assert "Watch AI models" in run(installed, tmp_path, program, "--help").stdout
    assert run(installed, tmp_path, program, "version").stdout.startswith("watchkeeper ")
    folder = bank.build(tmp_path / "bank")
    assert run(installed, folder, program, "--now", bank.NOW, "check").returncode == 0
    ran = run(installed, folder, program, "--now", bank.NOW, "run", "--fail-on", "warning", "--summary", "s.xml")
    assert (ran.returncode, "income looks like a change of unit" in ran.stdout) == (3, True), ran.stderr
    assert run(installed, folder, program, "--now", bank.NOW, "report", "-o", "report.html").returncode == 0
    assert "<style" in (folder / "report.html").read_text()
    assert run(installed, folder, program, "ledger", "verify").returncode == 0


@pytest.mark.slow
def test_nothing_that_it_needs_is_missing_or_of_another_version(installed, tmp_path):
    said = run(installed, tmp_path, installed / "python", "-m", "pip", "check")
    assert said.returncode == 0, said.stdout
