from __future__ import annotations

from pathlib import Path

from tests.surfaces.golden import agrees

HERE = Path(__file__).parent

FAULTY = """\
source: {table: data/predictions}
task: binary
columns: {id: id, time: at, score: skore}
metrics:
  - default
  - psii
segments: [regoin, "age +"]
alarms:
  limits:
    - {metric: psi, column: income, above: high}
"""


def test_a_good_file_says_what_is_watched(ask, bank_folder):
    said = ask("-C", bank_folder, "check")
    assert said.code == 0
    assert said.out == "monitors/credit.yaml: good, watches 3 features, the score, the decision\n"


def test_all_faults_of_a_file_come_at_once(ask, bank_folder):
    (bank_folder / "monitors" / "credit.yaml").write_text(FAULTY)
    said = ask("-C", bank_folder, "check")
    assert said.code == 2
    agrees(said.err, "check_file.txt", HERE)


def test_faults_of_the_tables_name_the_line_of_the_file(ask, bank_folder):
    text = FAULTY.replace("  - psii\n", "").partition("alarms:")[0]
    (bank_folder / "monitors" / "credit.yaml").write_text(text)
    said = ask("-C", bank_folder, "check")
    assert said.code == 2
    agrees(said.err, "check_tables.txt", HERE)


def test_a_run_with_a_faulty_file_runs_nothing_not_even_the_good_ones(ask, bank_folder):
    (bank_folder / "monitors" / "other.yaml").write_text("source: data/predictions\nmetrics: [psii]\n")
    said = ask("-C", bank_folder, "run", "--now", "2026-10-13")
    assert said.code == 2
    assert "monitors/other.yaml: 1 fault, nothing was run" in said.err
    assert not (bank_folder / ".watchkeeper" / "points").exists()


def test_offline_looks_at_no_table(ask, bank_folder):
    text = "source: data/not_there\n"
    (bank_folder / "monitors" / "credit.yaml").write_text(text)
    assert ask("-C", bank_folder, "check", "--offline").code == 0
    said = ask("-C", bank_folder, "check")
    assert said.code == 2
    assert "no table 'data/not_there'" in said.err


def test_a_table_of_labels_is_looked_at_too(ask, bank_folder):
    with (bank_folder / "monitors" / "credit.yaml").open("a") as file:
        file.write("labels: {table: data/repaid, join: id, value: repaid, matures_after: 7 days}\n")
    said = ask("-C", bank_folder, "check")
    assert said.code == 2
    assert "labels.table" in said.err


def test_json_gives_every_default_and_the_faults(ask, bank_folder):
    (monitor,) = ask("-C", bank_folder, "check", "--json").data["monitors"]
    assert {"name", "file", "valid", "version", "resolved"} <= set(monitor)
    assert (monitor["name"], monitor["file"], monitor["valid"]) == ("credit", "monitors/credit.yaml", True)
    assert monitor["resolved"]["window"] == "1 day"
    assert len(monitor["version"]) == 64


def test_the_version_is_the_one_that_a_run_judges_by(ask, watched):
    (monitor,) = ask("-C", watched, "check", "--json").data["monitors"]
    (run,) = ask("-C", watched, "run", "--json", "--now", "2026-10-13T02:00:00Z").data["items"]
    assert monitor["version"] == run["monitor_version"]


def test_two_monitors_of_one_name_are_refused(ask, bank_folder):
    (bank_folder / "monitors" / "twin.yaml").write_text("name: credit\nsource: data/predictions\n")
    said = ask("-C", bank_folder, "run")
    assert said.code == 2
    assert "'credit' is also the name of monitors/credit.yaml" in said.err


def test_an_unknown_monitor_names_the_nearest(ask, bank_folder):
    said = ask("-C", bank_folder, "check", "credti")
    assert (said.code, said.err) == (2, "no monitor 'credti'. Did you mean 'credit'?  [E301]\n")


def test_a_project_without_monitors_is_told_how_to_begin(ask, tmp_path):
    said = ask("-C", tmp_path, "run")
    assert said.code == 2
    assert "watchkeeper demo" in said.err
