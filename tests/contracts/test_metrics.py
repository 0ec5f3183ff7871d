"""What holds of every file in ``watchkeeper/metrics`` that exports METRIC."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.metrics import stacks

from watchkeeper import metrics
from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.statistics.categories import Categories
from watchkeeper.statistics.confusion import Confusion
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.statistics.moments import Moments
from watchkeeper.statistics.score_bins import ScoreBins
from watchkeeper.terms import Status

FAMILIES = {
    *("data_share", "service_share", "share", "quantile", "mean", "quality_share"),
    *("roc_auc", "log_loss", "distance", "row_count", "freshness"),
}
CATALOGUE = {
    *("row_count", "freshness_seconds", "null_share", "unseen_share", "misfit_share", "parse_status_share"),
    *("category_share", "mean", "quantile", "share_above", "psi", "js_distance", "ks"),
    *("accuracy", "precision", "recall", "roc_auc", "log_loss", "error_share"),
}
KNOWN = (Status.OK, Status.APPROXIMATE, Status.DEGENERATE)
CELLS = 4


def modules() -> dict[str, Any]:
    found = (info.name for info in pkgutil.walk_packages(metrics.__path__, "watchkeeper.metrics."))
    loaded = ((name.rpartition(".")[2], importlib.import_module(name)) for name in found)
    return {name: module for name, module in loaded if hasattr(module, "METRIC")}


MODULES = modules()
CASES = [(name, kind) for name, module in sorted(MODULES.items()) for kind in module.METRIC.reads]


@pytest.fixture(params=sorted(MODULES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def metric(name: str) -> Metric:
    found: Metric = MODULES[name].METRIC
    return found


def read(metric: Metric, kind: type[Any], rows: int, weighted: bool = False) -> Any:
    """A stack of four cells of the metric's column with so many rows each."""
    rng = np.random.default_rng(rows)
    weight = rng.choice([1.0, 5.0], CELLS * rows) if weighted else None
    make: dict[type[Any], Callable[[], Any]] = {
        Histogram: lambda: stacks.histogram(*rng.normal(size=(CELLS, rows)), weight=weight),
        Moments: lambda: stacks.moments(*numbers(metric, rng, rows), weight=weight),
        Categories: lambda: stacks.categories(*words(metric, rng, rows), grid=listed(metric), weight=weight),
        Confusion: lambda: stacks.confusion(
            *(rng.multinomial(rows, [0.3, 0.1, 0.1, 0.5]) for _ in range(CELLS)), weight=weight
        ),
        ScoreBins: lambda: stacks.score_bins(*(scored(rng, rows) for _ in range(CELLS)), weight=weight),
    }
    return make[kind]()


def numbers(metric: Metric, rng: np.random.Generator, rows: int) -> Any:
    if metric.column == "event_time":
        return stacks.START + rng.integers(0, stacks.DAY, (CELLS, rows)).astype(float)
    return np.abs(rng.normal(1, 1, (CELLS, rows)))


def words(metric: Metric, rng: np.random.Generator, rows: int) -> Any:
    values = {"parse_status": ["ok", "not_json"], "status_code": ["200", "500"]}.get(
        metric.column or "", ["a", "b", "c"]
    )
    return rng.choice(values, (CELLS, rows))


def listed(metric: Metric) -> Any:
    return None if metric.column else stacks.listing("a", "b")


def scored(rng: np.random.Generator, rows: int) -> tuple[Any, Any]:
    labels = rng.integers(0, 2, rows)
    return np.clip(rng.normal(0.3 + 0.2 * labels, 0.1), 0, 1), labels


def computed(metric: Metric, current: Any, baseline: Any = None, **options: Any) -> Estimates:
    if metric.needs_window:
        start = np.full(len(current.rows), stacks.START)
        options |= {"window_start": start, "window_end": start + stacks.DAY}
    if metric.needs_baseline or metric.uses_baseline:
        return metric.compute(current, current if baseline is None else baseline, **options)
    return metric.compute(current, **options)


def arrays(estimates: Estimates) -> dict[str, Any]:
    return {
        name: getattr(estimates, name) for name in Estimates.__dataclass_fields__ if name not in ("level", "method")
    }


def test_the_first_catalogue_is_complete() -> None:
    assert set(MODULES) >= CATALOGUE


def test_a_metric_has_the_name_of_its_file(name: str, metric: Metric) -> None:
    assert metric.name == name


def test_a_metric_says_what_it_is_in_one_sentence_and_names_its_source(metric: Metric) -> None:
    text = metric.compute.__doc__ or ""
    assert 20 < len(metric.summary) <= 120 and metric.summary[0].isupper()
    assert "Source:" in text and metric.source


def test_a_metric_says_its_unit_and_in_its_docstring_its_sizes(metric: Metric) -> None:
    text = metric.compute.__doc__ or ""
    assert metric.unit or "unit of the column" in text
    assert "``n`` " in text or "``n_eff``" in text


def test_a_metric_belongs_to_a_family_of_the_change_rule(metric: Metric) -> None:
    assert metric.family in FAMILIES


def test_a_metric_reads_one_column_or_columns_of_some_role(metric: Metric) -> None:
    assert (metric.column is None) == bool(metric.roles)


def test_default_options_give_a_bare_identity_and_are_those_of_the_function(metric: Metric) -> None:
    assert metric.identity(metric.options) == f"{metric.name}@{metric.version}"
    given = metric.compute.__kwdefaults__ or {}
    assert given == dict(metric.options)


@pytest.mark.parametrize(("name", "kind"), CASES)
@pytest.mark.parametrize("weighted", [False, True])
def test_values_and_limits_are_numbers_within_bounds(name: str, kind: type[Any], weighted: bool) -> None:
    metric = MODULES[name].METRIC
    got = computed(metric, read(metric, kind, 400, weighted), read(metric, kind, 2_000))
    lowest, highest = (
        np.inf * sign if bound is None else bound for sign, bound in zip((-1, 1), metric.bounds, strict=True)
    )
    assert np.isin(got.status, KNOWN).all()
    assert np.isfinite(got.value).all() and (lowest <= got.value).all() and (got.value <= highest).all()
    limited = np.isfinite(got.low) & np.isfinite(got.high)
    assert (got.low <= got.value)[limited].all() and (got.value <= got.high)[limited].all()
    assert (lowest <= got.low)[limited].all() and (got.high <= highest)[limited].all()
    assert (got.n > 0).all() and (got.n_eff > 0).all() and (got.n_eff <= got.n + 1e-9).all()


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_every_array_has_one_entry_a_cell(name: str, kind: type[Any]) -> None:
    metric = MODULES[name].METRIC
    got = computed(metric, read(metric, kind, 100))
    assert {array.shape for array in arrays(got).values()} == {(CELLS,)}


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_cell_without_rows_has_no_data_or_counts_none(name: str, kind: type[Any]) -> None:
    metric = MODULES[name].METRIC
    filled = read(metric, kind, 200)
    empty = filled.merged(np.full(CELLS, -1), CELLS)
    got = computed(metric, empty, filled)
    if metric.unit == "rows":
        assert (got.value == 0).all() and (got.status == Status.OK).all()
    else:
        assert (got.status == Status.NO_DATA).all()
        assert np.isnan([got.value, got.se, got.low, got.high, got.noise_floor]).all()
    assert (got.n == 0).all()


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_stack_of_no_cells_gives_no_estimates(name: str, kind: type[Any]) -> None:
    metric = MODULES[name].METRIC
    none = read(metric, kind, 50).take(np.zeros(0, np.int64))
    assert computed(metric, none).value.shape == (0,)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_each_cell_is_computed_as_if_it_stood_alone(name: str, kind: type[Any]) -> None:
    metric = MODULES[name].METRIC
    stack, base = read(metric, kind, 300), read(metric, kind, 900)
    together = arrays(computed(metric, stack, base))
    for i in range(CELLS):
        one = np.array([i])
        alone = arrays(computed(metric, stack.take(one), base.take(one)))
        for part, values in alone.items():
            if values.dtype.kind == "U":
                assert values[0] == together[part][i]
            else:
                assert values[0] == pytest.approx(together[part][i], rel=1e-9, nan_ok=True), part


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_merged_cells_give_what_their_rows_together_give(name: str, kind: type[Any]) -> None:
    metric = MODULES[name].METRIC
    stack, base = read(metric, kind, 300), read(metric, kind, 900).take(np.array([0]))
    at_once = computed(metric, stack.merged(np.zeros(CELLS, int), 1), base)
    in_steps = stack.merged(np.array([0, 0, 1, 1]), 2).merged(np.zeros(2, int), 1)
    assert computed(metric, in_steps, base).value[0] == pytest.approx(at_once.value[0], rel=1e-9)
    assert at_once.n[0] == computed(metric, stack, base).n.sum()


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_metric_that_needs_a_baseline_has_no_value_without_one(name: str, kind: type[Any]) -> None:
    metric = MODULES[name].METRIC
    stack = read(metric, kind, 300)
    got = computed(metric, stack, stack.merged(np.full(CELLS, -1), CELLS))
    if metric.needs_baseline:
        assert (got.status == Status.NO_BASELINE).all() and np.isnan(got.value).all()
        assert (got.n > 0).all()
    else:
        assert np.isfinite(got.value).all()
