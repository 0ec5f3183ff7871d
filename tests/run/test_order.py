"""Whatever order things arrive in, and however they are split into runs, the same is known in the end."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.run.build import PAYLOAD, ROWS, Bank, assert_same, between, day, label_rows, labels, predictions
from tests.run.conftest import late

END = day(11, 2)
GONE = "its rows have gone"


def _late_rows() -> pa.Table:
    early = between(predictions(), 0, 6)
    return early.filter(late()[: early.num_rows])


def _copies() -> pa.Table:
    """Rows that were delivered before, some of them with another answer."""
    again = predictions().take(list(range(90, 470, 37)))
    scores = [score if number % 2 else round(1 - score, 6) for number, score in enumerate(again["score"].to_pylist())]
    return again.set_column(again.schema.get_field_index("score"), "score", pa.array(scores))


def _corrections(later_by: timedelta) -> pa.Table:
    """The other label for some rows, observed later or earlier than the first one."""
    some = labels().take(list(range(5, 400, 29)))
    return label_rows(
        some["id"].to_pylist(),
        [1 - value for value in some["defaulted"].to_pylist()],
        [at + later_by for at in some["updated_at"].to_pylist()],
    )


@cache
def pieces() -> dict[str, list[tuple[str, pa.Table]]]:
    """What arrives after the baseline, by name: rows for the log, or labels."""
    return {
        "day 6": [("deliver", between(predictions(), 6, 7))],
        "day 7": [("deliver", between(predictions(), 7, 99))],
        "late rows": [("deliver", _late_rows())],
        "copies": [("deliver", _copies())],
        "labels": [("label", between(labels(), 6, 99, "updated_at"))],
        "corrections": [("label", _corrections(timedelta(hours=5)))],
        "stale corrections": [("label", _corrections(timedelta(hours=-5)))],
    }


def arrive(bank: Bank, name: str) -> None:
    for how, rows in pieces()[name]:
        getattr(bank, how)(rows)


@st.composite
def deliveries(draw: st.DrawFn) -> list[list[str]]:
    """All pieces in some order, in up to three parts of a run each."""
    order = draw(st.permutations(sorted(pieces())))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), min_size=2, max_size=2)))
    parts = [order[: cuts[0]], order[cuts[0] : cuts[1]], order[cuts[1] :]]
    return [part for part in parts if part]


def known(bank: Bank) -> dict[str, pa.Table]:
    points = bank.points()
    points = points.filter(pc.not_equal(points["reason"], GONE))
    verdicts = bank.verdicts()
    judged = verdicts.filter(pc.not_equal(verdicts["outcome"], "not_judged"))
    return {"points": points, "verdicts": judged, "statistics": bank.statistics()}


@pytest.mark.parametrize("log", [pytest.param(ROWS, id="rows in place"), pytest.param(PAYLOAD, id="an endpoint's log")])
def test_the_order_and_the_split_of_arrivals_do_not_matter(log, learned):
    at_once = learned(log)
    for name in pieces():
        arrive(at_once, name)
    at_once.run(END)
    expected = known(at_once)
    assert pc.sum(pc.equal(expected["verdicts"]["outcome"], "breach")).as_py() > 0

    @settings(
        max_examples=3,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(deliveries())
    def told_in_parts(parts: list[list[str]]) -> None:
        bank = learned(log)
        for number, part in enumerate(parts):
            for name in part:
                arrive(bank, name)
            bank.run(END if number == len(parts) - 1 else day(8 + number, 2))
        found = known(bank)
        assert_same(found["statistics"], expected["statistics"], but=("open",))
        assert_same(found["points"], expected["points"])
        assert_same(found["verdicts"], expected["verdicts"])

    told_in_parts()


def test_the_copies_and_late_rows_of_this_story_change_something(learned):
    bank = learned()
    before = bank.points()
    arrive(bank, "late rows")
    arrive(bank, "copies")
    result = bank.run(day(6, 3))
    assert result.rows.duplicate == 8
    assert not before.equals(bank.points())
