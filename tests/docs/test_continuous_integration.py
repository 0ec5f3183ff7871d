"""The workflow that the how-to hands out: it is one, and its commands do what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from tests.surfaces import bank

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"


def workflow():
    return YAML(typ="safe").load((HOW_TO / "github-actions.yml").read_text())


def steps():
    return workflow()["jobs"]["watch"]["steps"]


def commands(always=False):
    chosen = [step for step in steps() if "run" in step and step["name"] != "Install"]
    return [step["run"] for step in chosen if ("if" in step) == always]


def run(folder, tmp_path, *lines):
    told = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "step_summary"),
        "WATCHKEEPER_NOW": bank.NOW,
    }
    return subprocess.run(["bash", "-e", "-c", "\n".join(lines)], cwd=folder, env=told, capture_output=True, text=True)


def test_every_step_either_uses_an_action_or_runs_a_command():
    assert workflow()["jobs"]["watch"]["runs-on"] == "ubuntu-latest"
    assert all(("uses" in step) != ("run" in step) for step in steps())
    assert {step["if"] for step in steps() if "if" in step} == {"always()"}


@pytest.mark.slow
def test_its_commands_run_and_leave_what_it_keeps(bank_folder, tmp_path):
    said = run(bank_folder, tmp_path, *commands(), *commands(always=True))
    assert said.returncode == 0, said.stderr
    assert "income looks like a change of unit" in (tmp_path / "step_summary").read_text()
    kept = steps()[-1]["with"]["path"].split()
    assert kept == ["watchkeeper.xml", "report.html"]
    assert all((bank_folder / name).stat().st_size > 1000 for name in kept)


@pytest.mark.slow
def test_an_incident_as_severe_as_asked_turns_the_job_red_and_the_summary_is_there_all_the_same(bank_folder, tmp_path):
    failing = [command.replace("--fail-on critical", "--fail-on warning") for command in commands()]
    assert run(bank_folder, tmp_path, *failing).returncode == 3
    assert run(bank_folder, tmp_path, *commands(always=True)).returncode == 0
    assert "1 warning" in (tmp_path / "step_summary").read_text()


def test_the_exit_codes_of_the_page_are_those_of_the_program():
    from watchkeeper.surfaces.cli.out import EXIT_CODES

    page = (HOW_TO / "continuous-integration.md").read_text()
    assert set(map(int, re.findall(r"^\| (\d) \|", page, re.MULTILINE))) == set(EXIT_CODES) - {130}
