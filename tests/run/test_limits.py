"""A limit that is added or edited is asked of windows from then on; what others said stays."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from tests.run.build import ROWS, assert_same, between, day, labels, predictions

MONITOR = """{rows}metrics: [row_count, {{accuracy: {{}}}}]
alarms:
  limits:
    - {{metric: {metric}, {bound}, for: 1 of 1, owner: risk, reason: {reason}}}
"""


def limited(bound: str, metric: str = "row_count", reason: str = "agreed") -> str:
    return MONITOR.format(rows=ROWS, metric=metric, bound=bound, reason=reason)


def days_judged(verdicts: pa.Table, rule: str) -> list[int]:
    own = verdicts.filter(pc.equal(verdicts["rule"], rule))
    judged = own.filter(pc.not_equal(own["outcome"], "not_judged"))
    return sorted((start - day(0)).days for start in judged["window_start"].to_pylist())


def rules(verdicts: pa.Table) -> set[str]:
    return {rule for rule in verdicts["rule"].to_pylist() if rule.startswith("limit:")}


def test_a_limit_there_from_the_first_run_on_judges_every_window(bank):
    bank.say(limited("below: 1000"))
    bank.deliver(between(predictions(), 0, 3))
    bank.run(day(3, 2))
    (rule,) = rules(bank.verdicts())
    assert days_judged(bank.verdicts(), rule) == [0, 1, 2]


def test_an_edited_limit_judges_only_what_was_not_final_at_the_last_run(bank):
    bank.say(limited("below: 1000"))
    bank.deliver(between(predictions(), 0, 4))
    bank.run(day(3, 2))
    (old,) = rules(bank.verdicts())
    former = bank.verdicts().filter(pc.field("rule") == old)
    bank.say(limited("below: 2000"))
    bank.run(day(4, 2))
    (new,) = rules(bank.verdicts()) - {old}
    assert days_judged(bank.verdicts(), new) == [3]
    still = bank.verdicts().filter(pc.field("rule") == old)
    assert_same(still, former)
    bank.deliver(between(predictions(), 4, 6))
    bank.run(day(6, 2))
    assert days_judged(bank.verdicts(), new) == [3, 4, 5]
    assert days_judged(bank.verdicts(), old) == [0, 1, 2]


def test_late_rows_of_a_window_before_the_edit_are_not_judged_by_the_new_limit(bank):
    bank.say(limited("below: 1000"))
    early = between(predictions(), 1, 2)
    bank.deliver(pa.concat_tables([between(predictions(), 0, 1), early.slice(9), between(predictions(), 2, 3)]))
    bank.run(day(3, 2))
    bank.say(limited("below: 55"))
    bank.deliver(early.slice(0, 9))
    bank.run(day(4, 2))
    (new,) = rules(bank.verdicts()) - {_oldest(bank)}
    assert days_judged(bank.verdicts(), new) == [3]


def _oldest(bank) -> str:
    verdicts = bank.place().tables.verdicts("credit")
    first = verdicts.filter(pc.and_(pc.starts_with(verdicts["rule"], "limit:"), pc.less_equal(verdicts["seq"], 2)))
    return first["rule"][0].as_py()


def test_a_limit_whose_owner_or_reason_changes_stays_the_same_limit(bank):
    bank.say(limited("below: 1000"))
    bank.deliver(between(predictions(), 0, 3))
    bank.run(day(3, 2))
    bank.say(limited("below: 1000", reason="reviewed"))
    bank.run(day(4, 2))
    (rule,) = rules(bank.verdicts())
    assert days_judged(bank.verdicts(), rule) == [0, 1, 2, 3]


def test_a_new_limit_on_quality_judges_the_windows_whose_labels_had_not_matured(bank):
    bank.say(limited("below: 0.99", metric="row_count"))
    bank.deliver(between(predictions(), 0, 4))
    bank.label(labels())
    bank.run(day(4, 2))
    old = rules(bank.verdicts())
    bank.say(limited("below: 0.99", metric="accuracy"))
    bank.run(day(5, 2))
    (new,) = rules(bank.verdicts()) - old
    assert days_judged(bank.verdicts(), new) == [2]
    bank.run(day(6, 2))
    assert days_judged(bank.verdicts(), new) == [2, 3]
