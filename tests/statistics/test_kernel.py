"""The scan against counting row by row in plain Python."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.statistics.laws import assert_same, split_at_random
from tests.statistics.random_rows import AMOUNT, CALENDAR, CATEGORIES, COLOUR, DAY, SCORE, measure, random_rows

from watchkeeper.schemas import TIME
from watchkeeper.statistics.cells import Cell
from watchkeeper.statistics.kernel import (
    Measure,
    MeasuredColumn,
    Population,
    by_single_keys,
    count,
    merged,
    with_marginals,
)
from watchkeeper.statistics.lattice import cells_of
from watchkeeper.statistics.shelf import Shelf
from watchkeeper.windows import Calendar, Duration

Row = dict[str, Any]


def rows_by_cell(batch: pa.RecordBatch, population: Callable[[Row], bool]) -> dict[Cell, list[Row]]:
    """Every cell with its rows, spelt out."""
    found: dict[Cell, list[Row]] = {}
    times = batch["event_time"].cast(pa.int64()).to_pylist()
    for row, time in zip(batch.to_pylist(), times, strict=True):
        if row["parse_status"] in ("duplicate", "future"):
            continue
        for cell in _cells(row, time // DAY * DAY):
            mine = found.setdefault(cell, [])
            if population(row):
                mine.append(row | {"event_time": time})
    return found


def _cells(row: Row, window: int) -> Iterator[Cell]:
    for version in (row["model_version"], "*"):
        yield Cell(window, version)
        for key in ("region", "plan"):
            value = row[f"segment:{key}"]
            yield Cell(window, version, key, "__null__" if value is None else value)


def is_ok(row: Row) -> bool:
    return row["parse_status"] == "ok"


def misfits(row: Row, column: str) -> bool:
    return column in dict(row["misfits"] or [])


@pytest.fixture(scope="module", params=[(1, True, 3), (2, False, 3), (3, True, 90)], ids=["weighted", "plain", "wide"])
def scanned(request: pytest.FixtureRequest) -> tuple[pa.RecordBatch, Shelf]:
    seed, weights, values = request.param
    batch = random_rows(seed, weights=weights, values=values)
    return batch, with_marginals(count(batch, measure()))


def each_cell(
    scanned: tuple[pa.RecordBatch, Shelf], column: str, kind: str, population: Callable[[Row], bool] = is_ok
) -> Iterator[tuple[list[Row], Any, int]]:
    batch, shelf = scanned
    stack = shelf.stack(column, kind)
    assert stack is not None
    cells, statistic = stack
    expected = rows_by_cell(batch, population)
    assert {cells[i] for i in range(len(cells))} == set(expected)
    for i in range(len(cells)):
        yield expected[cells[i]], statistic, i


def weight_of(rows: list[Row]) -> float:
    return sum(row["weight"] for row in rows)


def test_moments_are_those_of_the_finite_values(scanned: tuple[pa.RecordBatch, Shelf]) -> None:
    for rows, m, i in each_cell(scanned, "amount", "moments@1"):
        rows = [row for row in rows if not misfits(row, "amount")]
        finite = [(r["amount"], r["weight"]) for r in rows if r["amount"] is not None and math.isfinite(r["amount"])]
        x, w = (np.array(part) for part in zip(*finite, strict=True)) if finite else (np.zeros(0), np.zeros(0))
        nulls = sum(row["amount"] is None for row in rows)
        nans = sum(row["amount"] is not None and math.isnan(row["amount"]) for row in rows)
        assert (m.n[i], m.n_null[i], m.n_nan[i]) == (len(x), nulls, nans)
        assert (m.n_zero[i], m.n_negative[i]) == ((x == 0).sum(), (x < 0).sum())
        assert m.n_pos_inf[i] == sum(row["amount"] == math.inf for row in rows)
        assert m.n_neg_inf[i] == sum(row["amount"] == -math.inf for row in rows)
        if finite:
            mean = np.average(x, weights=w)
            assert (m.min[i], m.max[i]) == (x.min(), x.max())
            assert m.mean[i] == pytest.approx(mean, rel=1e-12)
            assert m.m2[i] == pytest.approx((w * (x - mean) ** 2).sum(), rel=1e-9, abs=1e-9)
            assert m.v2[i] == pytest.approx((w * w * (x - mean) ** 2).sum(), rel=1e-9, abs=1e-9)


def test_histograms_tell_null_nan_and_misfit_apart(scanned: tuple[pa.RecordBatch, Shelf]) -> None:
    for rows, h, i in each_cell(scanned, "amount", "histogram@1"):
        nulls = [row for row in rows if row["amount"] is None]
        wrong = [row for row in nulls if misfits(row, "amount")]
        values = [row for row in rows if row["amount"] is not None and not math.isnan(row["amount"])]
        nans = len(rows) - len(nulls) - len(values)
        assert h.missing.n[i].tolist() == [len(nulls) - len(wrong), nans, len(wrong)]
        at = cells_of(np.array([row["amount"] for row in values], np.float64), AMOUNT)
        weights = np.array([row["weight"] for row in values], np.float64)
        np.testing.assert_array_equal(h.counts.n[i], np.bincount(at, minlength=AMOUNT.cells))
        np.testing.assert_allclose(h.counts.weight[i], np.bincount(at, weights, minlength=AMOUNT.cells))
        np.testing.assert_allclose(h.counts.squared_weight[i], np.bincount(at, weights**2, minlength=AMOUNT.cells))


def test_categories_are_named_or_unseen(scanned: tuple[pa.RecordBatch, Shelf]) -> None:
    for rows, c, i in each_cell(scanned, "colour", "categories@1"):
        held = Counter(row["colour"] for row in rows)
        assert c.values == COLOUR.named
        assert c.counts.n[i].tolist() == [held["red"], held["blue"], 0, held["green"] + held["violet"]]
        unseen = [(value, held[value]) for value in ("green", "violet") if held[value]]
        assert list(c.unseen[i]) == sorted(unseen, key=lambda item: (-item[1], item[0]))
        wrong = sum(misfits(row, "colour") for row in rows)
        assert c.missing.n[i].tolist() == [held[None] - wrong, wrong]


def test_a_column_without_a_grid_has_all_its_values_and_no_histogram(scanned: tuple[pa.RecordBatch, Shelf]) -> None:
    for rows, c, i in each_cell(scanned, "vip", "categories@1"):
        held = Counter(row["vip"] for row in rows)
        assert c.values == ("false", "true")
        assert c.counts.n[i].tolist() == [held[False], held[True], 0, 0]
    assert scanned[1].stack("latency_ms", "histogram@1") is None


def test_decisions_are_counted_against_labels(scanned: tuple[pa.RecordBatch, Shelf]) -> None:
    for rows, c, i in each_cell(scanned, "decision", "confusion@1"):
        pairs = Counter((row["decision"], row["label"]) for row in rows)
        assert c.counts.n[i].tolist() == [pairs[d, y] for d in "01" for y in "01"]


def test_scores_are_counted_by_label(scanned: tuple[pa.RecordBatch, Shelf]) -> None:
    for rows, s, i in each_cell(scanned, "score", "score_bins@1"):
        for label, counts in (("0", s.negatives), ("1", s.positives)):
            scores = [row["score"] for row in rows if row["label"] == label and row["score"] is not None]
            at = cells_of(np.array(scores, np.float64), SCORE)
            np.testing.assert_array_equal(counts.n[i], np.bincount(at, minlength=SCORE.cells))


def test_log_loss_is_that_of_labelled_scores(scanned: tuple[pa.RecordBatch, Shelf]) -> None:
    for rows, m, i in each_cell(scanned, "log_loss", "moments@1"):
        judged = [row for row in rows if row["label"] is not None and row["score"] is not None]
        assert m.n[i] == m.rows[i] == len(judged)
        losses = [_loss(row["score"], row["label"]) * row["weight"] for row in judged]
        if judged:
            assert m.mean[i] == pytest.approx(sum(losses) / weight_of(judged), rel=1e-12)


def _loss(score: float, label: str) -> float:
    p = min(max(score, 2.0**-52), 1 - 2.0**-52)
    return -math.log(p if label == "1" else 1 - p)


def test_latency_is_that_of_served_requests(scanned: tuple[pa.RecordBatch, Shelf]) -> None:
    def served(row: Row) -> bool:
        return row["row_index"] == 0 and row["status_code"] in (200, None)

    for rows, m, i in each_cell(scanned, "latency_ms", "moments@1", served):
        assert m.n[i] == len(rows)
        assert m.w[i] == pytest.approx(weight_of(rows))


def test_status_codes_are_those_of_requests(scanned: tuple[pa.RecordBatch, Shelf]) -> None:
    for rows, c, i in each_cell(scanned, "status_code", "categories@1", lambda row: row["row_index"] == 0):
        held = Counter(row["status_code"] for row in rows)
        assert dict(zip(c.values, c.counts.n[i], strict=False)) == {"200": held[200], "500": held[500]}
        assert c.missing.n[i, 0] == held[None]


def test_parse_status_is_that_of_all_rows_but_duplicates_and_future_ones(
    scanned: tuple[pa.RecordBatch, Shelf],
) -> None:
    for rows, c, i in each_cell(scanned, "parse_status", "categories@1", lambda row: True):
        assert c.values == ("empty", "not_json", "ok")
        held = Counter(row["parse_status"] for row in rows)
        assert c.counts.n[i].tolist() == [held["empty"], held["not_json"], held["ok"], 0, 0]


def test_event_time_is_not_weighted(scanned: tuple[pa.RecordBatch, Shelf]) -> None:
    for rows, m, i in each_cell(scanned, "event_time", "moments@1", lambda row: True):
        assert m.w[i] == m.n[i] == len(rows)
        assert m.max[i] == max(row["event_time"] for row in rows)


@pytest.mark.parametrize("column", ["amount", "count", "colour", "vip"])
def test_distinct_values_are_counted_once_a_window(scanned: tuple[pa.RecordBatch, Shelf], column: str) -> None:
    batch, shelf = scanned
    stack = shelf.stack(column, "distinct@1")
    assert stack is not None
    cells, d = stack
    expected = rows_by_cell(batch, is_ok)
    assert [cells[i] for i in range(len(cells))] == sorted(
        c for c in expected if (c.version, c.segment_key) == ("*", "")
    )
    for i in range(len(cells)):
        values = [row[column] for row in expected[cells[i]]]
        values = [value for value in values if value is not None and value == value]
        assert d.estimate[i] == len(set(values))
        assert d.n[i] == len(values)


def same_shelves(left: Shelf, right: Shelf) -> None:
    assert left.stacks.keys() == right.stacks.keys()
    for key, (cells, statistic) in left.stacks.items():
        other_cells, other = right.stacks[key]
        at = other_cells.find(cells)
        assert len(cells) == len(other_cells)
        assert (at >= 0).all()
        assert_same(statistic, other.take(at))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), values=st.sampled_from([2, 90]))
def test_any_split_of_the_rows_gives_the_same(seed: int, values: int) -> None:
    batch = random_rows(seed, rows=300, values=values)
    parts = split_at_random(list(range(batch.num_rows)), seed)
    partials = [count(batch.take(pa.array(part, pa.int64())), measure()) for part in parts]
    same_shelves(with_marginals(merged(partials)), with_marginals(count(batch, measure())))


def test_many_partials_are_merged_as_they_come() -> None:
    batch = random_rows(5, rows=400)
    partials = (count(batch.slice(i, 10), measure()) for i in range(0, 400, 10))
    same_shelves(with_marginals(merged(partials)), with_marginals(count(batch, measure())))


def test_a_slice_of_a_batch_counts_its_own_rows_only() -> None:
    batch = random_rows(6, rows=200)
    part = batch.slice(50, 70)
    copied = pa.RecordBatch.from_pylist(part.to_pylist(), schema=batch.schema)
    same_shelves(with_marginals(count(part, measure())), with_marginals(count(copied, measure())))


def test_a_long_batch_is_counted_in_pieces_to_the_same_result() -> None:
    plain = Measure(CALENDAR, (MeasuredColumn("latency_ms", ("moments@1",)), MeasuredColumn("plan", (CATEGORIES,))))
    batch = random_rows(7, rows=150_000)
    batch = batch.append_column("plan", batch["segment:plan"])
    stack = with_marginals(count(batch, plain)).stack("plan", CATEGORIES)
    assert stack is not None
    cells, statistic = stack
    assert statistic.take(np.flatnonzero(cells.version == "*")).rows.sum() == sum(map(is_ok, batch.to_pylist()))


def test_no_rows_give_no_cells() -> None:
    empty = count(random_rows(8).slice(0, 0), measure())
    assert all(len(cells) == 0 for cells, _ in with_marginals(empty).stacks.values())
    batch = random_rows(8)
    same_shelves(
        with_marginals(merged([empty, count(batch, measure()), empty])), with_marginals(count(batch, measure()))
    )


def test_nothing_to_merge_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to merge"):
        merged([])


def test_values_that_are_not_named_share_one_segment() -> None:
    batch = random_rows(9)
    shelf = with_marginals(count(batch, measure()), {"region": ["r0", "__null__"]})
    stack = shelf.stack("parse_status", CATEGORIES)
    assert stack is not None
    cells, statistic = stack
    assert set(cells.segment_value[cells.segment_key == "region"]) == {"r0", "__null__", "__other__"}
    assert set(cells.segment_value[cells.segment_key == "plan"]) == {"a", "b"}
    region = statistic.take(np.flatnonzero((cells.segment_key == "region") & (cells.version == "*")))
    whole = statistic.take(np.flatnonzero((cells.segment_key == "") & (cells.version == "*")))
    assert region.rows.sum() == whole.rows.sum()


def test_without_segments_there_are_cells_by_window_and_version() -> None:
    shelf = with_marginals(count(random_rows(10), measure(segments=())))
    stack = shelf.stack("amount", "moments@1")
    assert stack is not None
    assert set(stack[0].segment_key) == {""}
    assert set(stack[0].version) == {"1", "2", "*"}


def test_a_time_far_from_the_others_costs_no_walk_through_the_windows_between() -> None:
    batch = random_rows(11, rows=50)
    times = batch["event_time"].cast(pa.int64()).to_numpy().copy()
    times[0] = 0
    index = batch.schema.get_field_index("event_time")
    batch = batch.set_column(index, "event_time", pa.array(times).cast(TIME))
    columns = (MeasuredColumn("parse_status", (CATEGORIES,), Population.ALL),)
    stack = with_marginals(count(batch, Measure(Calendar(Duration(1, "minute")), columns))).stack(
        "parse_status", CATEGORIES
    )
    assert stack is not None
    assert 0 <= stack[0].window_start.min() < 60_000_000 or batch["parse_status"][0].as_py() in ("duplicate", "future")


def test_a_misfit_may_be_named_otherwise_than_the_column() -> None:
    batch = random_rows(12)
    renamed = batch.rename_columns([f"{n}~2" if n == "amount" else n for n in batch.schema.names])
    column = MeasuredColumn("amount~2", ("histogram@1",), grid=AMOUNT, misfit_key="amount")
    stack = with_marginals(count(renamed, Measure(CALENDAR, (column,)))).stack("amount~2", "histogram@1")
    assert stack is not None
    assert stack[1].missing.n[:, 2].sum() > 0


def test_values_are_counted_exactly_for_fitting_a_grid() -> None:
    batch = random_rows(13, values=90)
    held = Counter(row["colour"] for row in batch.to_pylist() if is_ok(row) and row["colour"] is not None)
    assert count(batch, measure()).value_counts("colour") == held
    assert count(batch, measure()).value_counts("amount") == {}


@pytest.mark.parametrize("values", [3, 90])
def test_one_segment_key_at_a_time_gives_the_same_in_the_end(values: int) -> None:
    partial = count(random_rows(14, values=values), measure())
    alone = by_single_keys(partial)
    assert values == 90 or len(alone.combinations) < len(partial.combinations)
    same_shelves(with_marginals(alone), with_marginals(partial))
    same_shelves(with_marginals(merged([alone, partial])), with_marginals(merged([partial, partial])))
    assert alone.value_counts("colour") == partial.value_counts("colour")
