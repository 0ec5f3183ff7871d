from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from tests.surfaces import bank
from tests.surfaces.golden import agrees

HERE = Path(__file__).parent


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty working folder with the bank's predictions in it, and no project."""
    monkeypatch.chdir(tmp_path)
    pq.write_table(bank.predictions(), tmp_path / "predictions.parquet")
    return tmp_path


def _without_seconds(text: str) -> str:
    return re.sub(r" in \d+ s:", " in N s:", text)


def test_without_a_project_the_file_is_on_standard_output_and_the_rest_beside_it(ask, here):
    said = ask("--now", bank.NOW, "propose", "predictions.parquet")
    assert said.code == 0
    agrees(said.out, "propose_file.txt", HERE)
    agrees(_without_seconds(said.err), "propose_beside.txt", HERE)
    assert [path.name for path in here.iterdir()] == ["predictions.parquet"]


@pytest.mark.parametrize("width", [80, 120])
def test_what_is_said_fits_the_screen(ask, here, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    said = ask("--now", bank.NOW, "propose", "predictions.parquet", "-o", ".")
    assert max(map(len, said.out.splitlines())) <= width


def test_with_o_a_project_is_begun_that_checks_and_runs(ask, here):
    said = ask("--now", bank.NOW, "propose", "predictions.parquet", "-o", ".", "--name", "credit")
    assert said.code == 0
    assert "wrote monitors/credit.yaml" in said.out
    assert (here / "watchkeeper.yaml").is_file()
    assert not (here / ".watchkeeper").exists()
    assert ask("check").code == 0
    [ran] = ask("--now", bank.NOW, "run", "--json").data["items"]
    assert (ran["state"], ran["rows"]["new"]) == ("done", bank.DAYS * bank.ROWS_A_DAY)


def test_the_planted_change_shows_in_the_preview(ask, here):
    preview = ask("--now", bank.NOW, "propose", "predictions.parquet", "--json").data["preview"]
    assert any("income" in title for title in preview["incidents"])
    assert (preview["rows"], preview["of"]) == (bank.DAYS * bank.ROWS_A_DAY,) * 2
    assert len(preview["last"]) == 5


def test_json_holds_the_file_and_the_reason_of_every_column(ask, here):
    data = ask("--now", bank.NOW, "propose", "predictions.parquet", "--json").data
    assert data["file"] == "monitors/predictions.yaml"
    named = {one["column"] for one in [*data["roles"], *data["left_out"]]}
    assert named == set(bank.predictions().schema.names)
    assert {one["role"]: one["column"] for one in data["roles"] if one["role"] in ("time", "id", "score")} == {
        "time": "at",
        "id": "id",
        "score": "score",
    }


def test_a_file_that_is_there_is_left_alone(ask, here):
    (here / "monitors").mkdir()
    file = here / "monitors" / "predictions.yaml"
    file.write_text("mine\n")
    said = ask("propose", "predictions.parquet", "-o", ".")
    assert (said.code, file.read_text()) == (2, "mine\n")
    assert "is there already" in said.err


def test_a_table_that_is_not_there_is_a_fault(ask, here):
    said = ask("propose", "gone.parquet")
    assert said.code == 2
    assert "[E301]" in said.err


def test_without_a_time_it_says_what_is_missing_and_exits_1(ask, here):
    pq.write_table(bank.predictions().drop_columns("at"), here / "timeless.parquet")
    said = ask("propose", "timeless.parquet")
    assert said.code == 1
    assert "no column says when a prediction was made" in said.out
    assert "[E305]" in said.err


def _as_csv(table: pa.Table, folder: Path) -> str:
    pa.csv.write_csv(table, folder / "log.csv")
    return "log.csv"


def _as_delta(table: pa.Table, folder: Path) -> str:
    half = table.num_rows // 2
    write_deltalake(folder / "log", table.slice(0, half))
    write_deltalake(folder / "log", table.slice(half), mode="append")
    return "log"


@pytest.mark.parametrize("kept", [_as_csv, _as_delta])
def test_however_the_rows_are_kept_the_same_is_found(ask, here, kept):
    name = kept(bank.predictions(), here)
    data = ask("--now", bank.NOW, "propose", name, "--json").data
    assert data["valid"]
    found = {one["role"]: one["column"] for one in data["roles"]}
    assert (found["time"], found["id"], found["score"]) == ("at", "id", "score")


def test_labels_and_baseline_of_other_tables_are_named(ask, here):
    rows = bank.predictions()
    truth = pa.table({"id": rows["id"], "repaid": [i % 3 > 0 for i in range(rows.num_rows)], "known_at": rows["at"]})
    pq.write_table(truth, here / "truth.parquet")
    pq.write_table(rows.slice(0, 2_000), here / "training.parquet")
    words = ("propose", "predictions.parquet", "--labels", "truth.parquet", "--baseline", "training.parquet")
    said = ask("--now", bank.NOW, *words, "--json")
    assert said.code == 0
    text = said.data["text"]
    assert "table: truth.parquet" in text
    assert "join: id" in text
    assert "value: repaid" in text
    assert "table: training.parquet" in text
