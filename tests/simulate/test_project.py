import json
from pathlib import Path

import pytest
from deltalake import DeltaTable

from watchkeeper.errors import Faulty
from watchkeeper.simulate.project import write_project
from watchkeeper.simulate.story import Story

GOLDEN = Path(__file__).parent / "golden"
STORY = Story(seed=3)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "bank"
    write_project(folder, STORY, requests=2_000)
    return folder


def text(path):
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("file", ["watchkeeper.yaml", "monitors/credit_score.yaml", "truth.json"])
def test_files_read_well(project, file):
    assert text(project / file) == text(GOLDEN / Path(file).name)


def test_the_tables_stand_where_the_monitor_says(project):
    monitor = text(project / "monitors" / "credit_score.yaml")
    for table in ("data/credit_score_payload", "data/repayments"):
        assert f"table: {table}" in monitor
        assert DeltaTable(project / table).version() > 40


def test_the_truth_is_told_outside_of_what_a_run_reads(project):
    told = json.loads(text(project / "truth.json"))
    assert told["planted"] == [one.to_json() for one in STORY.planted]
    for file in ("watchkeeper.yaml", "monitors/credit_score.yaml"):
        values = [line.split("#")[0] for line in text(project / file).splitlines()]
        assert not any("truth" in value for value in values)


def test_a_folder_that_holds_something_is_left_alone(project):
    before = text(project / "truth.json")
    with pytest.raises(Faulty, match="not empty"):
        write_project(project, Story(seed=4), requests=500)
    assert text(project / "truth.json") == before


def test_the_rest_can_be_delivered_later(tmp_path):
    delivery = write_project(tmp_path, STORY, requests=500, until=STORY.at(7))
    first = DeltaTable(delivery.requests).version()
    assert delivery.write_until(STORY.at(14)) > 0
    assert DeltaTable(delivery.requests).version() > first
