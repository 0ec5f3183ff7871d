"""Two hotels want to know at booking which bookings will be cancelled; the truth comes 0 to 737 days later.

The model is a logistic regression fitted on the 13,271 bookings made from July 2015 to 4 October 2015; those made
after are replayed week by week with what was known at each clock: a booking from the day it was made, its outcome from
the day after its reservation status was set. 31,994 rows of the set equal another in every column. They are bookings
of their own, so each row gets a number, which is the id and what labels join by: by content, labels would be ambiguous.

Quality belongs to the week of the booking, and is developing for 26 weeks. By then 90 % of the outcomes are known; the
rest arrives later and restates weeks that were judged already. However often the monitor runs on the way, it must end
where a single run at the end does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.journeys.logistic import Logistic
from tests.journeys.project import QUALITY, Project, of_metrics, utc

FITTED_FROM, FIRST, LAST = utc(2015, 7, 1), utc(2015, 10, 5), utc(2018, 3, 12, 6)
"""The last clock is a Monday on which the outcomes of every week have had their 26 weeks."""
MATURES = timedelta(weeks=26)
NUMBERS = ["lead_time", "adr", "total_of_special_requests", "previous_cancellations"]
TEXTS = ["hotel", "market_segment", "deposit_type", "customer_type"]
MONITOR = f"""\
source: {{table: data/bookings, since: 2000 days}}
task: binary
columns:
  id: booking
  time: booked
  score: score
  decision: {{threshold: 0.5}}
  features: {{only: [{", ".join([*NUMBERS, *TEXTS])}]}}
window: 1 week
baseline: {{table: data/fitted_on}}
labels:
  table: data/outcomes
  join: booking
  value: is_canceled
  at: known
  matures_after: 26 weeks
"""
NUMERIC = ("value", "baseline_value", "se", "low", "high", "n_eff", "baseline_n")
SAID = ("status", "n", "maturity", "open", "partial")


class Hotels:
    """The bookings with their scores, and what of them is known at a moment."""

    def __init__(self, rows: pa.Table) -> None:
        rows = rows.append_column("booking", pa.array(np.arange(rows.num_rows)))
        rows = rows.append_column("booked", rows["booking_date"].cast(pa.timestamp("us", "UTC")))
        known = pc.add(rows["reservation_status_date"].cast(pa.timestamp("us", "UTC")), timedelta(days=1))
        rows = rows.append_column("known", known).sort_by([("booked", "ascending"), ("booking", "ascending")])
        past = _between(rows, "booked", FITTED_FROM, FIRST)
        model = Logistic.fitted(past, past["is_canceled"].to_numpy().astype(float), NUMBERS, TEXTS)
        scored = ["booking", "booked", *NUMBERS, *TEXTS]
        self.fitted_on = past.select([*scored, "is_canceled"]).append_column("score", pa.array(model.scores(past)))
        replayed = _between(rows, "booked", FIRST, LAST)
        self.all = replayed
        self.bookings = replayed.select(scored).append_column("score", pa.array(model.scores(replayed)))
        self.outcomes = replayed.select(["booking", "is_canceled", "known"])
        self.booked = replayed["booked"].cast(pa.int64()).to_numpy()
        self.known = replayed["known"].cast(pa.int64()).to_numpy()

    def labelled(self, start: datetime, end: datetime, now: datetime) -> int:
        """Bookings made in a span whose outcome is known."""
        first, last, clock = (int(at.timestamp() * 1e6) for at in (start, end, now))
        return int(((self.booked >= first) & (self.booked < last) & (self.known <= clock)).sum())

    def project(self, folder: Path) -> Project:
        project = Project(folder, "cancellations", MONITOR)
        project.add("fitted_on", self.fitted_on)
        return project

    def deliver(self, project: Project, now: datetime) -> None:
        """Add what has come since the last run."""
        since = project.now or utc(2000, 1, 1)
        project.add("bookings", _between(self.bookings, "booked", since, now))
        project.add("outcomes", _between(self.outcomes, "known", since, now))


def _between(rows: pa.Table, time: str, start: datetime, end: datetime) -> pa.Table:
    return rows.filter(pc.and_(pc.greater_equal(rows[time], start), pc.less(rows[time], end)))


@pytest.fixture(scope="module")
def hotels(real_data) -> Hotels:
    return Hotels(real_data("hotel_bookings/hotel_bookings.parquet"))


@pytest.fixture(scope="module")
def at_once(hotels, tmp_path_factory) -> Project:
    """One run at the end."""
    project = hotels.project(tmp_path_factory.mktemp("hotels") / "at-once")
    hotels.deliver(project, LAST)
    project.run(LAST)
    return project


def clocks(every: int) -> Iterator[datetime]:
    """Mondays at six, so many weeks apart, the last one included."""
    now = LAST
    while now > FIRST + timedelta(weeks=4):
        yield now
        now -= timedelta(weeks=every)


@pytest.mark.parametrize("every", [8, pytest.param(4, marks=pytest.mark.slow)])
def test_labels_that_arrive_along_the_way_end_where_one_run_at_the_end_does(every, hotels, at_once, tmp_path):
    project = hotels.project(tmp_path / "along")
    restated = 0
    for now in sorted(clocks(every)):
        hotels.deliver(project, now)
        restated += project.run(now).windows.restated
        assert_kept_apart(project, hotels, now)
    assert restated > 20, "late labels restate weeks that were final"
    assert_same(in_use(project.points()), in_use(at_once.points()), SAID, NUMERIC)
    said, limits = ("outcome", "why"), ("value", "limit", "effect")
    assert_same(verdicts_in_use(project), verdicts_in_use(at_once), said, limits)


def in_use(points: pa.Table) -> pa.Table:
    """Without joined weeks that say nothing any more: a week by itself has labels enough by now."""
    joined = pc.greater(length(points), timedelta(weeks=1))
    return points.filter(pc.invert(pc.and_(joined, pc.equal(points["status"], "no_data"))))


def verdicts_in_use(project: Project) -> pa.Table:
    """The verdicts whose point is in use."""
    points = {place(point) for point in in_use(project.points()).to_pylist()}
    verdicts = project.verdicts()
    return verdicts.filter(pa.array([place(verdict) in points for verdict in verdicts.to_pylist()]))


def length(table: pa.Table) -> pa.ChunkedArray:
    return pc.subtract(table["window_end"], table["window_start"])


def place(row: dict[str, Any]) -> tuple[Any, ...]:
    """What a point and its verdicts have in common."""
    return tuple(row[name] for name in _KEY)


def assert_kept_apart(project: Project, hotels: Hotels, now: datetime) -> None:
    """Quality is developing before its 26 weeks and matured after, counts what is known, and is judged matured only."""
    quality = in_use(of_metrics(project.points(), QUALITY)).to_pylist()
    assert quality
    for point in quality:
        assert point["open"] == (now < point["window_end"] + timedelta(hours=1)), point
        has_matured = point["window_end"] + MATURES <= now
        assert point["maturity"] == ("matured" if has_matured else "developing"), point
        if point["metric"] == "accuracy@1" and point["model_version"] == "*":
            assert point["n"] == hotels.labelled(point["window_start"], point["window_end"], now), point
    for verdict in of_metrics(verdicts_in_use(project), QUALITY).to_pylist():
        has_matured = verdict["window_end"] + MATURES <= now
        assert has_matured or verdict["outcome"] == "not_judged", verdict
        assert not has_matured or verdict["why"] not in ("labels_immature", "window_open"), verdict


def assert_same(found: pa.Table, wanted: pa.Table, said: tuple[str, ...], numbers: tuple[str, ...]) -> None:
    """The same keys, the same words, and numbers equal to 1e-9."""
    left, right = _by_key(found), _by_key(wanted)
    assert left.keys() == right.keys()
    for key, row in left.items():
        other = right[key]
        assert [row[name] for name in said] == [other[name] for name in said], (key, row, other)
        assert all(near(row[name], other[name]) for name in numbers), (key, row, other)


def near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(one) and math.isnan(other))


_KEY = ("metric", "column", "model_version", "segment_key", "segment_value", "baseline", "window_start", "window_end")


def _by_key(table: pa.Table) -> dict[tuple[Any, ...], dict[str, Any]]:
    key = (*_KEY, "rule") if "rule" in table.schema.names else _KEY
    return {tuple(row[name] for name in key): row for row in table.to_pylist()}


def test_equal_rows_stay_bookings_of_their_own(hotels, at_once):
    content = [name for name in hotels.all.schema.names if name != "booking"]
    groups = hotels.all.group_by(content).aggregate([([], "count_all")])
    assert groups.num_rows < hotels.all.num_rows - 20_000, "over 20,000 equal rows are replayed"
    counts = of_metrics(at_once.points(), ["row_count"])
    whole = counts.filter(pc.equal(counts["model_version"], "*"))
    assert pc.sum(whole["value"]).as_py() == hotels.all.num_rows
    assert at_once.results[0].rows.duplicate == 0


def test_quality_of_a_week_is_what_its_rows_say(hotels, at_once):
    week = utc(2016, 2, 1)
    rows = _between(hotels.all, "booked", week, week + timedelta(weeks=1))
    scored = _between(hotels.bookings, "booked", week, week + timedelta(weeks=1))
    score, truth = scored["score"].to_numpy(), rows["is_canceled"].to_numpy()
    pairs = score[truth == 1][:, None] - score[truth == 0][None, :]
    said = {
        row["metric"]: row["value"]
        for row in of_metrics(at_once.points(), ("accuracy", "roc_auc")).to_pylist()
        if row["window_start"] == week and row["window_end"] == week + timedelta(weeks=1)
    }
    assert said["accuracy@1"] == pytest.approx(((score >= 0.5) == truth).mean(), abs=1e-12)
    assert said["roc_auc@1"] == pytest.approx((pairs > 0).mean() + (pairs == 0).mean() / 2, abs=2e-3)
