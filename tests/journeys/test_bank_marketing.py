"""A bank calls its clients from May 2008 to November 2010 while the economy turns over: what is seen, and when.

The rows are in date order without dates; each gets a time by its place among the rows of its month. The model is a
logistic regression on what is known before the call, fitted on the 7,763 calls of May 2008; the 33,425 calls after
are replayed. Windows are weeks: 300 to 1,700 calls each in the summer of 2008, about 50 in 2010. The baseline are the
first 14 weeks, which end with August 2008; 14 are the fewest that the spread between weeks is learnt from, and then
come weeks without calls.

Written before the first run, from the averages of the months alone:

1. No calls were made in September 2008: ``source``, critical, first window the week of 1 September, in breach with the
   week after it.
2. In November 2008 euribor3m, nr.employed, emp.var.rate, month, poutcome and previous have left what the summer was;
   in breach by the week of 17 November, as incidents of their own or within one of the source (they are
   fewer than half of the columns, so they are not source-wide by themselves).
3. From March 2009 nearly everything differs: the five numbers of the economy, month, poutcome, previous, pdays,
   default, age and more, over half of the 18 columns. ``source``, with at least ten feature columns, among them
   euribor3m, nr.employed, emp.var.rate, cons.price.idx and month, by the week of 4 May 2009. Not contact: it went
   from telephone to cellular within the baseline, so its spread between weeks is as large as the change.
4. The model, which knows none of that, says a few percent where 9 to 60 % of the clients now buy: ``model``,
   critical, with the share of the label and the log loss, by the week of 4 May 2009; and it does not recover while
   there are calls.

Left out of the features are what is known only after the call (duration), and day_of_week: in thin months the spread
of the rows over the month puts a day's calls into another week, so its share would tell of our dates, not of the bank.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.journeys.logistic import Logistic
from tests.journeys.project import Project, of_metrics, told, utc

from watchkeeper.terms import Incident, Severity

FITTED_ON = 7_763
NUMBERS = ["age", "campaign", "previous"]
TEXTS = ["job", "education", "default", "contact", "poutcome"]
ECONOMY = {"euribor3m", "nr.employed", "emp.var.rate", "cons.price.idx"}
STEPS = (utc(2008, 12, 15), utc(2009, 6, 15), utc(2009, 12, 15))
LAST = utc(2010, 12, 7)
"""A week after the last call; three weeks later the model's incident is over, since nothing is judged any more."""
MONITOR = """\
source: {table: data/calls, since: 1000 days}
task: binary
columns:
  id: call
  time: at
  score: score
  decision: {threshold: 0.1}
  positive: "yes"
window: 1 week
baseline: {first: 14 weeks}
labels:
  table: data/bought
  join: call
  value: bought
  at: known
  matures_after: 1 week
"""


def dated(rows: pa.Table) -> pa.Table:
    """Each row with a time: those of a month are spread evenly over it, in their order."""
    month = rows["year_derived"].to_numpy() * 12 + rows["month_num"].to_numpy() - 1
    assert (np.diff(month) >= 0).all(), "the rows are in order of their months"
    _, first, place, size = np.unique(month, return_index=True, return_inverse=True, return_counts=True)
    within = (np.arange(len(month)) - first[place] + 0.5) / size[place]
    start = np.array([_start(m) for m in month])
    seconds = start + within * (np.array([_start(m + 1) for m in month]) - start)
    at = pa.array((seconds * 1e6).astype(np.int64)).cast(pa.timestamp("us", "UTC"))
    return rows.append_column("at", at)


def _start(month: int) -> float:
    return utc(int(month) // 12, int(month) % 12 + 1, 1).timestamp()


@pytest.fixture(scope="module")
def bank(real_data, tmp_path_factory) -> Project:
    project = Project(tmp_path_factory.mktemp("bank") / "project", "term_deposit", MONITOR)
    rows = dated(real_data("bank_marketing/bank_additional_full.parquet"))
    past, calls = rows.slice(0, FITTED_ON), rows.slice(FITTED_ON)
    model = Logistic.fitted(past, pc.equal(past["y"], "yes").to_numpy().astype(float), NUMBERS, TEXTS)
    calls = calls.append_column("score", pa.array(model.scores(calls)))
    known = pc.add(calls["at"], timedelta(days=3))
    truth = pa.table({"call": calls["row_order"], "bought": calls["y"], "known": known})
    calls = calls.append_column("call", calls["row_order"])
    calls = calls.drop_columns(["row_order", "year_derived", "month_num", "day_of_week", "duration", "y"])
    for before, now in zip((utc(2000, 1, 1), *STEPS), (*STEPS, LAST), strict=True):
        for table, part, time in (("calls", calls, "at"), ("bought", truth, "known")):
            new = pc.and_(pc.greater_equal(part[time], before), pc.less(part[time], now))
            project.add(table, part.filter(new))
        project.run(now)
    return project


def of_cause(project: Project, cause: str) -> list[Incident]:
    return [one for one in project.incidents() if one.cause == cause]


def seen_by(incidents: list[Incident], metric: str = "") -> dict[str, datetime]:
    """The end of the second week beyond the limit, by column: when the earliest finding was in breach."""
    found: dict[str, datetime] = {}
    for finding in (f for one in incidents for f in one.findings if f.point.metric.startswith(metric)):
        breach = sorted(finding.evidence)[:2][-1]
        column = finding.point.column
        found[column] = min(found.get(column, breach.end), breach.end)
    return found


def test_a_month_without_calls_is_an_incident_of_the_source(bank):
    found = of_cause(bank, "source")
    assert found, told(bank.incidents())
    assert found[0].severity is Severity.CRITICAL
    assert found[0].first_window.start == utc(2008, 9, 1), told(found)
    assert seen_by(found[:1], "row_count")["parse_status"] <= utc(2008, 9, 15), told(found)
    assert found[0].opened_at == STEPS[0], "the first run after it finds it"


def test_the_turn_of_the_economy_is_seen_in_november_2008(bank):
    seen = seen_by(bank.incidents())
    for column in ("euribor3m", "nr.employed", "emp.var.rate", "month", "poutcome", "previous"):
        assert seen.get(column, LAST) <= utc(2008, 11, 24), told(bank.incidents())


def test_over_half_of_the_columns_at_once_are_one_incident_of_the_source(bank):
    """It came half a year before it was expected: 11 of 18 columns change with the first calls of November 2008."""
    source = of_cause(bank, "source")[0]
    autumn = features_of([source], utc(2008, 10, 27), utc(2008, 11, 17))
    assert len(autumn) >= 10 and autumn >= {*ECONOMY, "month"}, told(bank.incidents())
    spring = features_of([source], utc(2009, 3, 1), utc(2009, 5, 11))
    assert spring >= {*ECONOMY, "month"}, "it is the same incident, and has not recovered between"
    assert len(features_of(bank.incidents(), utc(2009, 3, 1), utc(2009, 5, 11))) >= 10, told(bank.incidents())


def features_of(incidents: list[Incident], start: datetime, end: datetime) -> set[str]:
    """The feature columns with a window beyond the limit in a span."""
    findings = [f for one in incidents for f in one.findings]
    there = {f.point.column for f in findings if any(start <= w.start and w.end <= end for w in f.evidence)}
    return there - {"", "score", "decision", "label", "log_loss", "event_time", "parse_status"}


def test_the_model_is_an_incident_of_its_own_by_may_2009_and_stays_one(bank):
    found = of_cause(bank, "model")
    assert found and max(one.severity.rank for one in found) == Severity.CRITICAL.rank, told(bank.incidents())
    seen = seen_by(found)
    assert seen["label"] <= utc(2009, 5, 11) and seen["log_loss"] <= utc(2009, 5, 11), told(found)
    assert found[-1].resolution is None, told(found)
    assert found[-1].id in of_cause(bank, "source")[0].consequences, "it follows from what the source brought"


def test_the_share_of_buyers_is_what_the_rows_say(bank, real_data):
    shares = of_metrics(bank.points(), ["category_share"])
    shares = shares.filter(pc.and_(pc.equal(shares["column"], "label"), pc.equal(shares["model_version"], "*")))
    weeks = [row for row in shares.to_pylist() if row["n"] and row["window_end"] - row["window_start"] == timedelta(7)]
    by_year = {year: [row for row in weeks if row["window_start"].year == year] for year in (2008, 2009, 2010)}
    rates = [sum(r["value"] * r["n"] for r in rows) / sum(r["n"] for r in rows) for rows in by_year.values()]
    assert rates == pytest.approx([0.054, 0.195, 0.521], abs=0.01)
    assert (
        sum(row["n"] for row in weeks) == real_data("bank_marketing/bank_additional_full.parquet").num_rows - FITTED_ON
    )
