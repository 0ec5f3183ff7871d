import duckdb
import pyarrow as pa
import pytest

from watchkeeper.spec.load import load
from watchkeeper.spec.resolve import Column, SegmentSpec, cells_per_window, resolve, type_of
from watchkeeper.statistics.grid import Grid
from watchkeeper.terms import Role

from .conftest import INPUTS, LOG, NOW, TEXT


def faults_of(outcome):
    return [(fault.code, fault.path, fault.line) for fault in outcome[1]]


def asked(resolved, column):
    return [request.identity for request in resolved.requests if request.column == column]


def is_boolean(sql, schema):
    """The judgement of DuckDB's binder over an empty table."""
    with duckdb.connect() as connection:
        connection.register("rows", schema.empty_table())
        try:
            kind = connection.sql(f"SELECT ({sql}) AS it FROM rows").types[0]
        except duckdb.Error as error:
            return str(error).split("\n")[0]
    return None if str(kind) == "BOOLEAN" else f"it is {kind}"


def test_columns_get_their_role_and_type_and_the_rest_a_reason(resolved):
    found, faults = resolved()
    assert faults == []
    assert found.columns == (
        Column("age", Role.FEATURE, "numeric"),
        Column("income", Role.FEATURE, "numeric"),
        Column("member", Role.FEATURE, "category"),
        Column("region", Role.FEATURE, "category"),
        Column("score", Role.SCORE, "numeric"),
        Column("decision", Role.DECISION, "category"),
        Column("label", Role.LABEL, "category"),
        Column("event_time", Role.SERVICE, "numeric"),
        Column("parse_status", Role.SERVICE, "category"),
        Column("status_code", Role.SERVICE, "category"),
        Column("latency_ms", Role.SERVICE, "numeric"),
    )
    assert found.left_out == (("seen", "timestamp[us] is neither a number nor a category"),)


def test_a_segment_is_a_column_or_an_sql_boolean(resolved):
    found, _ = resolved(is_boolean=is_boolean)
    assert found.segments == (
        SegmentSpec("region", column="region"),
        SegmentSpec("income > 10000", sql="income > 10000"),
    )


def test_a_table_without_model_or_labels_is_watched_as_data(resolved):
    found, faults = resolved("source: X", available=["event_time"])
    assert faults == []
    assert {column.role for column in found.columns} == {Role.FEATURE, Role.SERVICE}
    assert asked(found, "parse_status") == ["parse_status_share@1", "row_count@1"]


def test_quality_is_asked_of_the_column_the_metric_reads(resolved):
    found, _ = resolved()
    assert asked(found, "decision") == ["accuracy@1", "category_share@1(category=1)", "precision@1", "recall@1"]
    assert asked(found, "log_loss") == ["log_loss@1"]
    assert "roc_auc@1" in asked(found, "score")


def test_the_baselines_compared_with_are_those_of_the_file(resolved):
    text = TEXT + "baseline: {compare: [fixed, rolling 2 weeks]}"
    found, _ = resolved(text)
    by_metric = {request.metric.name: request for request in found.requests}
    assert by_metric["mean"].baselines == ("fixed", "rolling:14d")
    assert by_metric["mean"].blocks == (1, 2, 7, 28)
    assert by_metric["row_count"].baselines == ()
    assert by_metric["row_count"].blocks == (1,)


def test_windows_under_a_day_are_not_joined(resolved):
    found, _ = resolved(TEXT + "window: 1 hour")
    assert {request.blocks for request in found.requests} == {(1,)}


def test_single_categories_are_followed_once_the_baseline_names_them(resolved):
    grid = Grid("region", "category", categories=("north", "south", "rare"))
    shares = {"region": {"north": 0.6, "south": 0.395, "rare": 0.005}}
    named = ["category_share@1(category=north,of=2)", "category_share@1(category=south,of=2)"]
    followed, _ = resolved(grids={"region": grid}, shares=shares)
    assert [name for name in asked(followed, "region") if name.startswith("category")] == named
    learning, _ = resolved()
    assert not [name for name in asked(learning, "region") if name.startswith("category")]


def test_at_most_ten_categories_are_followed(resolved):
    grid = Grid("region", "category", categories=tuple(f"r{i:02}" for i in range(60)))
    found, _ = resolved(grids={"region": grid})
    named = [name for name in asked(found, "region") if name.startswith("category")]
    assert named == [f"category_share@1(category=r{i:02},of=10)" for i in range(10)]


def test_a_metric_named_is_asked_of_every_column_it_applies_to(resolved):
    found, _ = resolved(TEXT + "metrics: [ks, {quantile: {columns: [latency_ms], p: 0.99}}]")
    assert [(request.identity, request.column) for request in found.requests] == [
        ("ks@1", "age"),
        ("ks@1", "income"),
        ("quantile@1(p=0.99)", "latency_ms"),
        ("ks@1", "score"),
    ]


def test_a_limit_has_its_metric_computed_with_one_form_of_its_numbers(resolved):
    limit = "{metric: share_above, column: latency_ms, options: {value: %s}, above: 0.05, owner: a, reason: b}"
    found = [resolved(TEXT + f"alarms: {{limits: [{limit % value}]}}")[0] for value in ("800", "800.0")]
    assert found[0].limits[0].identity == found[1].limits[0].identity
    assert "share_above@1(value=800)" in asked(found[0], "latency_ms")
    assert asked(found[0], "latency_ms") == asked(found[1], "latency_ms")


def test_a_limit_on_a_metric_of_one_column_needs_no_column(resolved):
    found, _ = resolved(TEXT + "alarms: {limits: [{metric: accuracy, below: 0.8, owner: a, reason: b}]}")
    assert [limit.column for limit in found.limits] == ["decision"]


@pytest.mark.parametrize(
    ("line", "code", "path"),
    [
        ("metrics: [{psi: {columns: [incom]}}]", "E302", "metrics[0].psi.columns[0]"),
        ("metrics: [{ks: {columns: [region]}}]", "E202", "metrics[0].ks.columns[0]"),
        ("metrics: [{accuracy: {columns: [age]}}]", "E202", "metrics[0].accuracy.columns"),
        ("alarms: {limits: [{metric: psi, above: 1, owner: a, reason: b}]}", "E103", "alarms.limits[0].column"),
        (
            "alarms: {limits: [{metric: accuracy, column: score, below: 0.5, owner: a, reason: b}]}",
            "E202",
            "alarms.limits[0].column",
        ),
        (
            "alarms: {limits: [{metric: accuracy, segment: {channel: web}, below: 0.5, owner: a, reason: b}]}",
            "E302",
            "alarms.limits[0].segment",
        ),
        ("caps: {cells_per_window: 10}", "E308", "segments"),
    ],
)
def test_what_cannot_be_computed_is_a_fault_with_its_line(resolved, line, code, path):
    assert faults_of(resolved(TEXT + line)) == [(code, path, 3 if code == "E308" else 5)]


@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        ("source: X\nmetrics: [accuracy]", "E202", "metrics[0]"),
        ("source: X\nsegments: [regoin]", "E302", "segments[0]"),
        ("source: X\nsegments: [income]", "E303", "segments[0]"),
        ("source: X\nsegments: ['income + 1']", "E307", "segments[0]"),
        ("source: X\nsegments: ['incom > 1']", "E307", "segments[0]"),
        ("source: {table: X, where: income}", "E307", "source.where"),
        ("source: X\ncolumns: {features: {only: [incom]}}", "E302", "columns.features.only[0]"),
        ("source: X\ncolumns: {features: {only: [seen]}}", "E303", "columns.features.only[0]"),
        ("source: X\ncolumns: {types: {incom: double}}", "E302", "columns.types.incom"),
        ("source: X\ncolumns: {score: prediction}", "E302", "columns.score"),
        ("source: X\nlabels: {table: T, join: loan, value: v, matures_after: 1 day}", "E305", "labels.join"),
    ],
)
def test_what_a_bare_table_lacks_is_a_fault(resolved, text, code, path):
    outcome = resolved(text, available=["event_time"], is_boolean=is_boolean)
    assert outcome[0] is None
    assert [(fault.code, fault.path) for fault in outcome[1]] == [(code, path)]


def test_a_missing_column_lists_those_there(resolved):
    _, faults = resolved("source: X\ncolumns: {score: prediction}", available=["event_time"])
    assert faults[0].fix == "There are: age, income, region, member, seen, event_time"


def test_without_a_time_nothing_can_be_watched(resolved):
    assert faults_of(resolved("source: X", available=[]))[0][:2] == ("E305", "columns.time")


def test_rows_without_an_id_are_a_warning(resolved):
    found, faults = resolved("source: {table: X, format: rows}", available=["event_time"])
    assert found is not None
    assert [fault.code for fault in faults] == ["W501"]


def test_too_many_cells_name_the_largest_contributors(resolved):
    _, faults = resolved(TEXT + "caps: {cells_per_window: 100}", versions=2, segment_values={"region": 40})
    assert "138 cells, more than 100; most come from 'region' with 42 values" in faults[0].message


def test_cells_are_versions_and_their_merge_times_all_rows_and_each_segment_value():
    assert cells_per_window({}, 1) == 2
    assert cells_per_window({"a": 5, "b": 4}, 3) == 40


def test_own_columns_of_a_table_are_no_features(resolved):
    inputs = pa.schema({"loan": pa.string(), "age": pa.int64(), "p": pa.float64(), "bad": pa.int64()})
    text = (
        "source: X\ncolumns: {id: loan, score: p}\n"
        "labels: {table: X, join: loan, value: bad, matures_after: 1 day}\nmetrics: [mean]"
    )
    found, faults = resolved(text, inputs=inputs, available=["event_time", "score"])
    assert faults == []
    assert [column.name for column in found.columns if column.role is Role.FEATURE] == ["age"]


def test_a_feature_whose_name_was_taken_is_found_by_its_own_name(resolved):
    inputs = pa.schema({"score~2": pa.float64()})
    found, faults = resolved(
        "source: X\ncolumns: {features: {only: [score]}}\nmetrics: [{mean: {columns: [score]}}]",
        inputs=inputs,
        available=["event_time"],
    )
    assert faults == []
    assert [request.column for request in found.requests] == ["score~2"]


@pytest.mark.parametrize(
    ("arrow", "kind"),
    [
        (pa.int8(), "numeric"),
        (pa.decimal128(10, 2), "numeric"),
        (pa.bool_(), "category"),
        (pa.dictionary(pa.int32(), pa.string()), "category"),
        (pa.large_string(), "category"),
        (pa.timestamp("us"), None),
        (pa.list_(pa.int64()), None),
        (pa.null(), None),
    ],
)
def test_the_type_of_a_column_follows_from_its_arrow_type(arrow, kind):
    assert type_of(arrow) == kind


def test_names_that_loading_did_not_check_are_checked_here(metrics):
    monitor, _ = load("source: X\nmetrics: [psii]", "m.yaml", NOW)
    found, faults = resolve(monitor, INPUTS, LOG, metrics)
    assert found is None
    assert [str(fault) for fault in faults] == ["m.yaml:2 metrics[0] [E201] no metric 'psii'. Did you mean 'psi'?"]
