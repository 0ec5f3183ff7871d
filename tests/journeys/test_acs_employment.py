"""A healthy classifier of the census of Massachusetts, watched for three years: nothing may be reported.

The model's area under the ROC curve is 0.903 in 2015, 0.902 to 0.906 in 2016 to 2018. The baseline is the table of
2015. The census says only the year of a row, so its time is drawn within that year (seed 20161231).
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.journeys.project import Project, of_metrics, told, utc

SEED = 20161231
YEARS = (2016, 2017, 2018)
STEPS = (utc(2017, 1, 15), utc(2018, 1, 15), utc(2019, 3, 1))
MONITOR = """\
source: {table: data/predictions, since: 1500 days}
task: binary
columns:
  id: id
  time: at
  score: predicted_probability
  decision: prediction
  features: {except: [year]}
window: 1 month
segments: [SEX]
baseline: {table: data/reference}
labels:
  table: data/employed
  join: id
  value: employed
  at: known
  matures_after: 2 weeks
"""


def dated(rows: pa.Table) -> pa.Table:
    """The rows in order of a time drawn within their year."""
    years = rows["year"].to_numpy()
    rng, starts = np.random.default_rng(SEED), {year: utc(year, 1, 1).timestamp() for year in (*YEARS, YEARS[-1] + 1)}
    since = np.vectorize(starts.__getitem__)(years)
    length = np.vectorize(starts.__getitem__)(years + 1) - since
    seconds = since + rng.random(len(years)) * length
    at = pa.array((seconds * 1e6).astype(np.int64)).cast(pa.timestamp("us", "UTC"))
    return rows.append_column("at", at).sort_by("at")


@pytest.fixture(scope="module")
def census(real_data, tmp_path_factory) -> Project:
    project = Project(tmp_path_factory.mktemp("acs") / "project", "employment", MONITOR)
    rows = dated(real_data("acs_employment_ma/analysis.parquet"))
    truth = real_data("acs_employment_ma/analysis_target.parquet").join(rows.select(["id", "at"]), "id")
    truth = truth.append_column("known", pc.add(truth["at"], timedelta(days=7))).drop_columns("at").combine_chunks()
    project.add("reference", real_data("acs_employment_ma/reference.parquet"))
    for before, now in zip((utc(2000, 1, 1), *STEPS), STEPS, strict=False):
        for table, part, time in (("predictions", rows, "at"), ("employed", truth, "known")):
            new = pc.and_(pc.greater_equal(part[time], before), pc.less(part[time], now))
            project.add(table, part.filter(new))
        project.run(now)
    return project


def change_verdicts(project: Project) -> list[dict[str, Any]]:
    """What the default rule says of final windows against the baseline or, of traffic, against the past."""
    found = project.verdicts()
    found = found.filter(pc.and_(pc.equal(found["rule"], "change@1"), pc.not_equal(found["baseline"], "previous")))
    return found.filter(pc.not_equal(found["why"], "window_open")).to_pylist()


def test_no_incident_in_three_healthy_years(census):
    assert census.incidents() == [], told(census.incidents())


def test_nine_windows_in_ten_are_judged(census):
    verdicts = change_verdicts(census)
    judged = sum(verdict["outcome"] != "not_judged" for verdict in verdicts)
    reasons = Counter((v["metric"].partition("@")[0], v["why"]) for v in verdicts if v["outcome"] == "not_judged")
    assert judged >= 0.9 * len(verdicts) > 10_000, f"{judged} of {len(verdicts)}; {reasons.most_common(12)}"


def test_quality_is_judged_each_month_and_equals_what_the_rows_say(census, real_data):
    auc = of_metrics(census.points(), ["roc_auc"])
    whole = auc.filter(pc.and_(pc.equal(auc["segment_key"], ""), pc.equal(auc["status"], "ok"))).to_pylist()
    months = {row["window_start"]: row["value"] for row in whole if row["model_version"] == "*"}
    assert len(months) == 12 * len(YEARS)
    assert all(0.88 < value < 0.93 for value in months.values()), months
    assert {row["baseline_value"] for row in whole} == {pytest.approx(0.9034, abs=5e-4)}


def test_every_prediction_is_counted_once(census, real_data):
    counts = of_metrics(census.points(), ["row_count"])
    whole = counts.filter(pc.and_(pc.equal(counts["segment_key"], ""), pc.equal(counts["model_version"], "*")))
    assert pc.sum(whole["value"]).as_py() == real_data("acs_employment_ma/analysis.parquet").num_rows
