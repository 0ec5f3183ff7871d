"""A batch is written down before it is read, and taken up until it is finished."""

import pytest
import sqlalchemy as sa

from watchkeeper.errors import LeaseHeld, StoreBehind
from watchkeeper.store import batches
from watchkeeper.store import database as db
from watchkeeper.store.batches import Standing

OWNER = "source:log"


def begin(database, now, owner=OWNER, **manifest):
    return batches.begin(database, owner, now, manifest)


def rows(database):
    with database.reading() as connection:
        return connection.execute(sa.select(db.batches).order_by(db.batches.c.seq)).all()


def test_numbers_rise_over_all_owners(database, now):
    seqs = [begin(database, now, owner).seq for owner in ("a", "b", "c")]
    assert seqs == [1, 2, 3]


def test_an_unfinished_batch_is_found_again_with_what_it_meant_to_read(database, now):
    first = begin(database, now, version=7)
    begin(database, now, "other", version=8)
    left = batches.unfinished(database, OWNER)
    assert left is not None
    assert (left.seq, left.manifest, left.resumed) == (first.seq, {"version": 7}, True)


def test_a_finished_batch_is_not_left_over(database, now):
    batches.finish(database, begin(database, now, version=7), {"table": "c7"}, now)
    assert batches.unfinished(database, OWNER) is None


def test_an_owner_stands_where_its_last_finished_batch_has_read_to(database, now):
    assert batches.standing(database, OWNER) == Standing(0, {})
    batches.finish(database, begin(database, now), {"table": "c1"}, now)
    batches.finish(database, begin(database, now, "other"), {"table": "x"}, now)
    begin(database, now)
    assert batches.standing(database, OWNER) == Standing(1, {"table": "c1"})


def test_after_a_batch_that_was_set_aside_nothing_counts_as_read(database, now):
    batches.finish(database, begin(database, now), {"table": "c1"}, now)
    batches.set_aside(database, begin(database, now), now)
    assert batches.standing(database, OWNER) == Standing(2, {})
    assert batches.unfinished(database, OWNER) is None


def test_a_batch_that_another_process_has_finished_is_not_finished_again(database, now):
    batch = begin(database, now)
    batches.finish(database, batch, {"table": "c1"}, now)
    with pytest.raises(LeaseHeld, match="batch 1 of source:log was finished by another process"):
        batches.finish(database, batch, {"table": "c0"}, now)
    assert batches.standing(database, OWNER).cursors == {"table": "c1"}


def test_of_former_batches_no_cursors_and_no_long_lists_are_kept(database, now):
    files = [f"part-{number:05}.parquet" for number in range(200)]
    for version in range(3):
        batches.finish(database, begin(database, now, version=version, files=files), {"table": "c"}, now)
    batches.finish(database, begin(database, now, version=3), {"table": "c"}, now)
    batches.finish(database, begin(database, now, version=4), {"table": "c"}, now)
    assert [row.manifest for row in rows(database)] == [{}, {}, {}, {"version": 3}, {"version": 4}]
    assert [row.cursors for row in rows(database)] == [None, None, None, None, {"table": "c"}]


def test_a_database_that_knows_less_than_the_tables_is_refused(database, now):
    begin(database, now)
    batches.refuse_if_behind(database, OWNER, 1)
    with pytest.raises(StoreBehind, match="hold batch 2, the database knows 1"):
        batches.refuse_if_behind(database, OWNER, 2)


def test_batches_that_others_took_since_do_not_hide_that_it_knows_less(database, now):
    begin(database, now)
    begin(database, now, "monitor:other")
    with pytest.raises(StoreBehind, match="hold batch 2, the database knows 1"):
        batches.refuse_if_behind(database, OWNER, 2)
    with pytest.raises(StoreBehind, match="the database knows none"):
        batches.refuse_if_behind(database, "monitor:third", 1)


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (
            "SELECT * FROM batches WHERE owner = 'o' AND finished_at IS NULL ORDER BY seq DESC LIMIT 1",
            "unfinished_batches",
        ),
        (
            "SELECT seq FROM batches WHERE owner = 'o' AND finished_at IS NOT NULL ORDER BY seq DESC LIMIT 1",
            "batches_of_an_owner",
        ),
        ("SELECT count(*) FROM outbox WHERE state = 'pending'", "deliveries_by_state"),
        ("SELECT * FROM outbox WHERE state = 'pending' AND next_at <= '2026'", "deliveries_by_state"),
        ("SELECT * FROM outbox WHERE entry_seq = 3", "deliveries_of_an_entry"),
    ],
)
def test_finished_rows_slow_no_question_down(question, index, database):
    with database.writing() as connection:
        connection.execute(sa.text("ANALYZE"))
        plan = connection.execute(sa.text(f"EXPLAIN QUERY PLAN {question}")).all()
    assert any(index in row[-1] for row in plan), plan
