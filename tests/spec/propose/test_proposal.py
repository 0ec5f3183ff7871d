from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.spec.propose.tables import DAYS, NOW, ROWS, START, TIME, log, look, proposal, reasons, rng, times

from watchkeeper.spec.load import load
from watchkeeper.spec.propose.proposal import propose
from watchkeeper.spec.propose.text import file_text


def roles(found):
    return {one.role: one.column for one in found.roles if one.role not in ("feature", "segment")}


def test_a_log_of_decisions_is_understood():
    found = proposal(log())
    assert roles(found) == {
        "time": "made",
        "id": "loan",
        "score": "risk",
        "decision": "declined",
        "label": "defaulted",
    }
    assert [one.column for one in found.features] == ["income", "age", "region"]
    assert found.task == "binary"


def test_every_column_is_accounted_for_with_a_reason():
    table = log(note=["a long text that nobody would call a class, number " + str(i) for i in range(ROWS)])
    found = proposal(table)
    named = {one.column for one in [*found.roles, *found.left_out]}
    assert named == set(table.schema.names)
    assert all(one.reason for one in [*found.roles, *found.left_out])


def test_names_are_hints_only_a_score_is_told_by_its_numbers():
    table = log().rename_columns(["a", "b", "c", "d", "e", "f", "g", "defaulted"])
    found = proposal(table)
    assert (found.outputs.score.column, found.outputs.decision.column) == ("f", "g")
    assert "exactly" in found.outputs.decision.taken.reason
    assert (found.time.column, found.id.column) == ("b", "a") or found.id.column is None


@pytest.mark.parametrize(
    ("name", "values", "word"),
    [
        ("empty", pa.nulls(ROWS, pa.float64()), "no row has a value"),
        ("fixed", pa.array(["eur"] * ROWS), "always 'eur'"),
        ("second", pa.array([f"x{i}" for i in range(ROWS)]), "like an id"),
        ("street", pa.array([f"street {i % 3_000}" for i in range(ROWS)]), "too many values"),
        (
            "note",
            pa.array([f"the client called {i} times about the loan and was told no" for i in range(ROWS)]),
            "free",
        ),
        ("after", pc.if_else(pc.equal(log()["defaulted"], 1), "lost", "repaid"), "tells 'defaulted' by itself"),
        ("income_again", log()["income"], "equal to 'income'"),
        ("year_month", pc.month(times()), "the month of 'made'"),
        ("weekday", pc.add(pc.day_of_week(times()), 1), "the day of the week of 'made'"),
        ("month_name", pc.strftime(times(), "%B"), ""),
        ("opened_at", pc.subtract(times(), pa.scalar(timedelta(days=900))), "a time is watched only as a number"),
        ("parts", pa.array([[1]] * ROWS), "neither a number nor a category"),
        ("elapsed", pa.array(np.arange(ROWS) * 3.5), "it rises with 'made'"),
    ],
)
def test_what_is_no_feature_is_left_out_and_why(name, values, word):
    found = proposal(log(**{name: values}))
    assert word in reasons(found).get(name, "")


def test_a_strong_feature_that_does_not_tell_all_is_kept():
    told = log()["defaulted"].to_numpy() + rng().normal(0, 1.0, ROWS)
    assert "hint" not in reasons(proposal(log(hint=told)))


def test_ids_of_a_code_are_categories_and_texts_of_numbers_are_numbers():
    branch = rng().integers(1, 60, ROWS)
    spelt = pa.array([f"{value:.2f}" if i % 50 else " " for i, value in enumerate(rng().normal(5, 2, ROWS))])
    found = proposal(log(branch_code=branch, charges=spelt))
    assert {one.column: one.role for one in found.types} == {"branch_code": "string", "charges": "double"}


def test_a_number_far_from_all_others_is_pointed_out():
    days = np.where(rng().random(ROWS) < 0.3, 999, rng().integers(0, 28, ROWS))
    found = proposal(log(pdays=days))
    [sentinel] = found.sentinels
    assert (sentinel.column, sentinel.value) == ("pdays", "999")
    assert "999 lies apart" in file_text(found)


def test_the_time_of_the_prediction_is_the_one_before_the_others():
    later = pc.add(times(), pa.scalar(timedelta(days=20)))
    found = proposal(log(status_at=later))
    assert found.time.column == "made"


def test_without_an_id_a_label_in_the_row_cannot_be_used():
    found = proposal(log().drop_columns("loan"))
    assert found.labels is None
    assert "without an id" in found.no_labels
    assert "- defaulted" in file_text(found)


def test_labels_of_another_table_join_by_the_id_and_tell_how_long_they_take():
    rows = log()
    known = pc.add(rows["made"], pa.scalar(timedelta(days=9)))
    truth = pa.table({"loan": rows["loan"], "bad": rows["defaulted"], "known": known})
    other = look(truth)
    found = propose(look(rows.drop_columns("defaulted")), "log", NOW, labels=other)
    assert (found.labels.join.column, found.labels.value.column, found.labels.at.column) == ("loan", "bad", "known")
    assert str(found.labels.matures) == "9 days"


def test_a_label_of_the_baseline_that_the_log_lacks_is_recognised_in_the_labels():
    rows = log()
    truth = look(pa.table({"loan": rows["loan"], "note": rows["age"], "flag9": rows["defaulted"]}))
    base = look(rows.rename_columns([*rows.schema.names[:-1], "flag9"]))
    found = propose(look(rows.drop_columns("defaulted")), "log", NOW, labels=truth, baseline=base)
    assert found.truth.choice.column == "flag9"


@pytest.mark.parametrize(
    ("a_day", "window", "baseline"),
    [(2_000, "1 day", "4 weeks"), (250, "1 day", "4 weeks"), (30, "1 week", "14 weeks"), (1, "1 month", "12 months")],
)
def test_windows_hold_enough_rows_and_baselines_are_whole(a_day, window, baseline):
    rows = max(a_day * 70, 1_200) if a_day > 100 else a_day * 365 * (1 if a_day > 10 else 3)
    table = pa.table({"at": times(rows, a_day), "x": rng().normal(size=rows)})
    found = proposal(table, START + timedelta(days=rows / a_day, hours=3))
    assert (str(found.rhythm.window), str(found.rhythm.baseline)) == (window, baseline)


def test_the_grace_is_what_late_rows_need():
    stamps = times().cast(pa.int64()).to_numpy().copy()
    late = rng().random(ROWS) < 0.02
    stamps[late] -= rng().integers(0, 5 * 3_600_000_000, int(late.sum()))
    found = proposal(log(made=pa.array(stamps).cast(TIME)))
    assert str(found.rhythm.grace) == "6 hours"
    assert "by the order of the rows" in found.rhythm.grace_reason


def test_an_arrival_time_tells_how_late_rows_come():
    arrived = pc.add(times(), pa.scalar(timedelta(hours=20)))
    found = proposal(log(ingested_at=arrived))
    assert str(found.rhythm.grace) == "1 day"
    assert "ingested_at" in found.rhythm.grace_reason


def test_a_log_that_has_ended_is_watched_as_of_its_end_unless_a_moment_is_given():
    late = NOW + timedelta(days=400)
    assert proposal(log(), late).rhythm.now < START + timedelta(days=DAYS + 1)
    assert proposal(log(), late, given_now=True).rhythm.now == late


def test_a_sparse_start_is_not_reached_back_to():
    stamps = times().cast(pa.int64()).to_numpy().copy()
    stamps[:10] -= np.arange(10, 0, -1) * 30 * 86_400_000_000
    found = proposal(log(made=pa.array(stamps).cast(TIME)))
    assert found.rhythm.since.about < timedelta(days=DAYS + 3)
    assert "few rows before" in found.rhythm.since_reason


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12).filter(str.strip)


@settings(max_examples=60, deadline=None)
@given(st.lists(NAMES, min_size=3, max_size=3, unique_by=str.lower), st.sampled_from(["yes", "1", "ß: #x", "\x1b[1m"]))
def test_whatever_columns_and_values_are_called_the_file_loads(names, word):
    rows = 400
    table = pa.table(
        {
            names[0]: times(rows),
            names[1]: pa.array([word, "other"] * (rows // 2)),
            names[2]: [f"k{i}" for i in range(rows)],
        }
    )
    text = file_text(proposal(table))
    monitor, faults = load(text, "monitors/log.yaml", NOW)
    assert [fault for fault in faults if not fault.is_warning] == []
    assert monitor.columns.time == names[0]
    assert "\x1b" not in text
