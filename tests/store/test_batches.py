"""A batch is written down before it is read, and given again until it is finished."""

import pytest

from watchkeeper.errors import StoreBehind
from watchkeeper.store import batches

OWNER = "source:log"


def begin(database, now, owner=OWNER, **manifest):
    return batches.begin(database, owner, now, lambda: manifest)


def test_numbers_rise_over_all_owners(database, now):
    seqs = [begin(database, now, owner).seq for owner in ("a", "b", "c")]
    assert seqs == [1, 2, 3]


def test_an_unfinished_batch_is_given_again_with_what_it_meant_to_read(database, now):
    first = begin(database, now, version=7)
    again = begin(database, now, version=8)
    assert (again.seq, again.manifest, again.resumed) == (first.seq, {"version": 7}, True)


def test_a_finished_batch_is_followed_by_a_new_one(database, now):
    first = begin(database, now, version=7)
    batches.finish(database, first, {"table": "c7"}, now)
    second = begin(database, now, version=8)
    assert (second.seq, second.manifest, second.resumed) == (2, {"version": 8}, False)


def test_the_manifest_is_made_only_for_a_new_batch(database, now):
    begin(database, now)
    batches.begin(database, OWNER, now, lambda: pytest.fail("the source was looked at again"))


def test_cursors_are_those_of_the_last_finished_batch_of_the_owner(database, now):
    assert batches.cursors(database, OWNER) == {}
    batches.finish(database, begin(database, now), {"table": "c1"}, now)
    batches.finish(database, begin(database, now, "other"), {"table": "x"}, now)
    begin(database, now)
    assert batches.cursors(database, OWNER) == {"table": "c1"}


def test_a_database_that_knows_less_than_the_tables_is_refused(database, now):
    begin(database, now)
    batches.refuse_if_behind(database, OWNER, 1)
    with pytest.raises(StoreBehind, match="hold batch 2, the database knows 1"):
        batches.refuse_if_behind(database, OWNER, 2)
