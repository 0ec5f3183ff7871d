"""What is proposed for real tables, held to what their authors say of them; see docs/explanation/propose.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.journeys.test_acs_employment import dated

import watchkeeper as wk
from watchkeeper.surfaces.propose import Proposed, Wanted


@dataclass(frozen=True)
class Fact:
    """A set and what is known of it; "" where there is nothing of the kind."""

    set: str
    time: str = ""
    id: str = ""
    label: str = ""
    score: str = ""
    task: str = "none"
    out: tuple[str, ...] = ()


TIMED = (
    Fact("air_quality/air_quality", "timestamp"),
    Fact("azure_llm_requests/conversation_2023_11_16", "TIMESTAMP"),
    Fact("bike_sharing/hour", "timestamp", "instant", "cnt", task="regression", out=("casual", "registered", "yr")),
    Fact("cfpb_complaints_2015q1/complaints", "Date received", "Complaint ID", "Consumer disputed?", task="binary"),
    Fact(
        "compas/compas_two_years",
        "compas_screening_date",
        "id",
        "two_year_recid",
        "decile_score",
        "binary",
        ("decile_score.1", "priors_count.1", "is_recid", "violent_recid"),
    ),
    Fact(
        "hotel_bookings/hotel_bookings", "booking_date", "", "is_canceled", task="binary", out=("reservation_status",)
    ),
    Fact("jailbreak_prompts/until_2023_06", "date", out=("prompt",)),
    Fact("ms_cloud_monitoring/series", "timestamp", "", "label", task="binary"),
    Fact("nab/series", "timestamp", task="binary"),
)
TIMELESS = (
    Fact("acs_income/acs_income_part", id="row_id"),
    Fact("adult_census/adult", label="class", task="binary"),
    Fact("bank_marketing/bank_additional_full", id="row_order", label="y", task="binary"),
    Fact("credit_default_taiwan/credit_default", label="default_payment_next_month", task="binary"),
    Fact("german_credit/german_credit", label="class-label", task="binary"),
    Fact("telco_churn/telco_churn", id="customerID", label="Churn", task="binary"),
)
RUN = ("azure_llm_requests", "cfpb_complaints_2015q1", "compas", "jailbreak_prompts")
"""Sets whose proposal is also run; the others take longer."""


def _named(name: str) -> str:
    return name.partition("/")[0]


def _proposed(real_data, folder: Path, name: str, preview: bool = False, **known: str) -> Proposed:
    real_data(f"{name}.parquet")
    data = Path(__file__).parents[2].parent / "shared" / "data"
    project = wk.Project(folder)
    return project.propose(Wanted(str(data / f"{name}.parquet"), **known), preview=preview)


@pytest.mark.parametrize("fact", [*TIMED, *TIMELESS], ids=lambda fact: _named(fact.set))
def test_the_roles_are_those_that_the_authors_name(real_data, tmp_path, fact):
    found = _proposed(real_data, tmp_path, fact.set).proposal
    assert (found.time.column or "", found.id.column or "", found.task) == (fact.time, fact.id, fact.task)
    if fact.label:
        assert found.truth.choice.column == fact.label
    assert (found.outputs.score.column or "") == fact.score
    assert set(fact.out) <= {one.column for one in found.left_out}


@pytest.mark.parametrize("fact", TIMED, ids=lambda fact: _named(fact.set))
def test_a_proposal_for_a_table_with_a_time_passes_check(real_data, tmp_path, fact):
    checked = _proposed(real_data, tmp_path, fact.set).checked
    assert checked.valid
    assert [fault.code for fault in checked.faults if not fault.is_warning] == []


@pytest.mark.parametrize("fact", TIMELESS, ids=lambda fact: _named(fact.set))
def test_of_a_table_without_a_time_it_says_that_one_is_missing(real_data, tmp_path, fact):
    found = _proposed(real_data, tmp_path, fact.set)
    assert [fault.code for fault in found.checked.faults] == ["E305"]
    assert "no column says when a prediction was made" in " ".join(found.text.split("\n  # "))


@pytest.mark.slow
@pytest.mark.parametrize("fact", [fact for fact in TIMED if _named(fact.set) in RUN], ids=lambda fact: _named(fact.set))
def test_a_proposal_runs(real_data, tmp_path, fact):
    found = _proposed(real_data, tmp_path, fact.set, preview=True)
    assert found.preview is not None
    assert found.preview.windows > 0
    assert found.preview.last
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_census_with_dates_is_joined_to_its_labels_and_compared_with_its_reference(real_data, tmp_path):
    rows = dated(real_data("acs_employment_ma/analysis.parquet"))
    pq.write_table(rows, tmp_path / "log.parquet")
    pq.write_table(real_data("acs_employment_ma/analysis_target.parquet"), tmp_path / "truth.parquet")
    pq.write_table(real_data("acs_employment_ma/reference.parquet"), tmp_path / "reference.parquet")
    wanted = Wanted(
        str(tmp_path / "log.parquet"),
        labels=str(tmp_path / "truth.parquet"),
        baseline=str(tmp_path / "reference.parquet"),
    )
    found = wk.Project(tmp_path).propose(wanted, preview=False)
    proposal = found.proposal
    assert (proposal.time.column, proposal.id.column) == ("at", "id")
    assert (proposal.outputs.score.column, proposal.outputs.decision.column) == ("predicted_probability", "prediction")
    assert (proposal.labels.join.column, proposal.labels.value.column) == ("id", "employed")
    assert "year" in {one.column for one in proposal.left_out}
    assert found.checked.valid
    assert not (tmp_path / ".watchkeeper").exists()


def test_bank_calls_with_a_time_of_their_own(real_data, tmp_path):
    """The months of the calls made into times, as a person would who was told that there is none."""
    rows = real_data("bank_marketing/bank_additional_full.parquet")
    months = zip(rows["year_derived"].to_pylist(), rows["month_num"].to_pylist(), strict=True)
    texts = [f"{year}-{month:02d}-01" for year, month in months]
    pq.write_table(rows.append_column("called", pa.array(texts)), tmp_path / "calls.parquet")
    found = wk.Project(tmp_path).propose(str(tmp_path / "calls.parquet"), preview=False)
    assert (found.proposal.time.column, found.proposal.labels.value.column) == ("called", "y")
    assert {"year_derived", "month_num", "month"} <= {one.column for one in found.left_out}
    assert str(found.proposal.rhythm.window) == "1 month"
    assert [(one.column, one.value) for one in found.proposal.sentinels] == [("pdays", "999")]
    assert found.checked.valid
