from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from tests.surfaces import bank

import watchkeeper
from watchkeeper import Project, schemas
from watchkeeper.errors import Faulty
from watchkeeper.surfaces.api import moment
from watchkeeper.surfaces.replay import Replay
from watchkeeper.terms import Incident, IncidentState, Outcome


@pytest.fixture
def project(watched):
    project = Project(watched, now=bank.NOW, actor="ana")
    yield project
    project.close()


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, watchkeeper; print([m for m in ('pyarrow', 'numpy', 'click') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"
    with pytest.raises(AttributeError, match="Projekt"):
        watchkeeper.Projekt  # noqa: B018


def test_points_and_verdicts_are_arrow_tables_of_the_stored_schema(project):
    assert project.points("credit", metric="psi").schema.equals(schemas.POINTS)
    verdicts = project.verdicts("credit", outcome=Outcome.BREACH)
    assert verdicts.schema.equals(schemas.VERDICTS)
    assert isinstance(verdicts, pa.Table)
    assert verdicts.num_rows


def test_a_version_may_be_named_by_how_it_begins(project):
    assert set(project.points("credit", version="*")["model_version"].to_pylist()) == {"*"}
    assert project.points("credit", version="v9").num_rows == 0


def test_a_run_is_safe_to_repeat(project):
    (again,) = project.run()
    assert (again.state, again.points) == ("nothing_new", 0)


def test_a_failed_run_is_remembered_until_one_goes_well(bank_folder):
    table = bank_folder / "data" / "predictions"
    table.rename(bank_folder / "data" / "away")
    project = Project(bank_folder, now=bank.NOW)
    (failed,) = project.run()
    assert failed.state == "failed"
    assert "data/predictions" in failed.error
    assert [one.state for one in project.status()] == ["failed"]
    (bank_folder / "data" / "away").rename(table)
    project.run()
    assert [one.state for one in project.status()] == ["warning"]
    project.close()


def test_a_plan_writes_nothing(bank_folder):
    project = Project(bank_folder, now=bank.NOW)
    (planned,) = project.plan()
    assert planned.due == bank.DAYS + 1
    assert not (bank_folder / ".watchkeeper" / "statistics").exists()
    project.close()


def test_people_work_an_incident_through_the_ledger(project):
    (incident,) = project.incidents()
    assert isinstance(incident, Incident)
    assert project.acknowledge(incident.id, "on it").state is IncidentState.ACKNOWLEDGED
    entry = project.entries_of(incident.id)[-1]
    assert (entry.kind, entry.actor, entry.body["note"]) == ("incident.acknowledged", "ana", "on it")
    assert project.ledger().verify().intact


def test_an_id_is_enough_by_its_beginning_and_no_more(project):
    (incident,) = project.incidents()
    assert project.incident(incident.id[:3]) == incident
    with pytest.raises(Faulty, match="no incident ''"):
        project.incident("")


def test_a_report_is_one_page_that_tells_of_the_incident(project, tmp_path):
    page = project.report(tmp_path / "out" / "report.html").read_text("utf-8")
    assert "income looks like a change of unit" in page
    assert "small-bank" in page
    assert "entry 1 of the ledger" in page or "of the ledger" in page


def test_a_check_names_what_is_watched(project):
    (checked,) = project.check()
    assert checked.valid
    assert {name: role for name, role, _ in checked.columns}["income"] == "feature"


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-31",
        "2026-01-31T00:00:00Z",
        "2026-01-31T01:00:00+01:00",
        date(2026, 1, 31),
        datetime(2026, 1, 31, tzinfo=UTC),
    ],
)
def test_a_moment_is_a_time_a_date_or_their_text(value):
    assert moment(value) == datetime(2026, 1, 31, tzinfo=UTC)


def test_a_replay_leaves_a_folder_alone_that_holds_something_else(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(Faulty, match="no demo made"):
        Replay(tmp_path).prepare()
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_replay_leaves_an_earlier_one_alone_that_people_added_to(tmp_path):
    Replay(tmp_path, requests=2_000).prepare()
    (tmp_path / "monitors" / "mine.yaml").write_text("source: data/mine\n")
    with pytest.raises(Faulty, match="no demo made"):
        Replay(tmp_path, requests=2_000).prepare()


def test_a_replay_makes_an_earlier_one_anew(tmp_path):
    Replay(tmp_path, requests=2_000).prepare()
    (tmp_path / "data" / "old").mkdir()
    Replay(tmp_path, requests=2_000).prepare()
    assert not (tmp_path / "data" / "old").exists()
