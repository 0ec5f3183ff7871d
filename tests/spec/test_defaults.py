import pytest

from watchkeeper.spec.defaults import DEFAULTS, QUALITY, defaults_for
from watchkeeper.spec.requests import fits
from watchkeeper.spec.watched import SYSTEM, Column
from watchkeeper.terms import Role


def said(task, role, type_, column, labelled=False):
    lines = defaults_for(task, role, type_, column, labelled)
    return [line.metric + "".join(f" {value}" for value in line.options.values()) for line in lines]


@pytest.mark.parametrize(
    ("role", "type_", "column", "metrics"),
    [
        (
            Role.FEATURE,
            "numeric",
            "age",
            ["null_share", "misfit_share", "mean", "quantile 0.05", "quantile 0.5", "quantile 0.95", "js_distance"],
        ),
        (
            Role.FEATURE,
            "category",
            "region",
            ["null_share", "misfit_share", "unseen_share", "category_share", "js_distance"],
        ),
        (
            Role.SCORE,
            "numeric",
            "score",
            ["null_share", "mean", "quantile 0.05", "quantile 0.5", "quantile 0.95", "psi"],
        ),
        (Role.DECISION, "category", "decision", ["category_share"]),
        (Role.LABEL, "category", "label", ["category_share"]),
        (Role.SERVICE, "category", "parse_status", ["row_count", "parse_status_share"]),
        (Role.SERVICE, "numeric", "event_time", ["freshness_seconds"]),
        (Role.SERVICE, "category", "status_code", ["error_share"]),
        (Role.SERVICE, "numeric", "latency_ms", ["quantile 0.95"]),
    ],
)
def test_the_default_metrics_of_a_column(role, type_, column, metrics):
    assert said("binary", role, type_, column) == metrics


@pytest.mark.parametrize(
    ("task", "scores", "decisions"),
    [
        ("binary", ["roc_auc", "log_loss"], ["accuracy", "precision", "recall"]),
        ("multiclass", [], ["accuracy"]),
        ("regression", [], []),
    ],
)
def test_quality_is_added_where_there_are_labels(task, scores, decisions):
    assert said(task, Role.SCORE, "numeric", "score", True)[6:] == scores
    assert said(task, Role.DECISION, "category", "decision", True)[1:] == decisions


def test_the_labels_of_a_regression_are_no_categories():
    assert said("regression", Role.LABEL, "category", "label") == []


def test_every_default_can_be_computed_for_the_columns_it_is_for(metrics):
    for line in DEFAULTS + QUALITY:
        metric = metrics[line.metric]
        assert set(line.options) <= set(metric.options)
        types = [line.type] if line.type else [SYSTEM[line.column][1]] if line.column else ["numeric", "category"]
        if metric.column is None and line.role is Role.FEATURE:
            assert all(fits(metric, Column("x", line.role, type_)) for type_ in types)
        elif metric.column is None:
            type_ = SYSTEM[line.column or line.role.value][1]
            assert fits(metric, Column("x", line.role, type_)), line
