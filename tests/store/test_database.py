import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from watchkeeper.engines.base import TableRef, Txn
from watchkeeper.engines.local import Local
from watchkeeper.errors import Faulty
from watchkeeper.store import database as db
from watchkeeper.store.database import open_database


def test_a_database_is_made_on_first_use_below_the_project(tmp_path):
    opened = open_database("sqlite:///.watchkeeper/ledger.db", tmp_path)
    assert (tmp_path / ".watchkeeper" / "ledger.db").is_file()
    with opened.reading() as connection:
        assert connection.scalar(sa.select(db.schema_version.c.version)) == db.SCHEMA_VERSION
    opened.close()


def test_opening_it_again_keeps_what_is_there(tmp_path, now):
    url = "sqlite:///ledger.db"
    first = open_database(url, tmp_path)
    with first.writing() as connection:
        connection.execute(db.consumed_batches.insert().values(account="a", seq=1))
    first.close()
    again = open_database(url, tmp_path)
    with again.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(db.consumed_batches)) == 1
    again.close()


def test_a_database_of_another_release_is_refused(tmp_path):
    opened = open_database("sqlite:///ledger.db", tmp_path)
    with opened.writing() as connection:
        connection.execute(db.schema_version.update().values(version=99))
    opened.close()
    with pytest.raises(Faulty, match=r"E301.*has schema 99"):
        open_database("sqlite:///ledger.db", tmp_path)


def test_a_file_that_is_no_database_is_a_fault(tmp_path):
    (tmp_path / "ledger.db").write_text("this is not a database, it is a long enough text to be read as a header")
    with pytest.raises(Faulty, match=r"E301.*cannot be opened"):
        open_database("sqlite:///ledger.db", tmp_path)


def test_times_come_back_in_utc_to_the_microsecond(database):
    at = datetime(2026, 3, 1, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with database.writing() as connection:
        connection.execute(db.batches.insert().values(owner="o", manifest={}, started_at=at))
        found = connection.scalar(sa.select(db.batches.c.started_at))
    assert found == at and found.utcoffset() == timedelta(0)


def test_a_writer_waits_for_no_reader(database):
    with database.reading() as reader:
        reader.execute(sa.select(db.head)).all()
        with database.writing() as writer:
            writer.execute(db.head.update().values(seq=5))
        assert reader.scalar(sa.select(db.head.c.seq)) == 0
    with database.reading() as reader:
        assert reader.scalar(sa.select(db.head.c.seq)) == 5


def test_a_delivery_needs_its_entry(database, now):
    row = {"entry_seq": 1, "channel": "c", "key": "k", "state": "pending", "attempts": 0, "next_at": now}
    with pytest.raises(sa.exc.IntegrityError), database.writing() as connection:
        connection.execute(db.outbox.insert().values(**row))


def test_every_table_can_be_made_on_postgresql():
    dialect = postgresql.dialect()
    made = [str(CreateTable(table).compile(dialect=dialect)) for table in db.metadata.sorted_tables]
    made += [
        str(CreateIndex(index).compile(dialect=dialect))
        for table in db.metadata.sorted_tables
        for index in table.indexes
    ]
    assert any("WHERE state != 'resolved'" in text for text in made)
    assert any("manifest TEXT NOT NULL" in text for text in made)


READ_ONLY = """
import os, sys
from pathlib import Path
from watchkeeper.engines.base import TableRef, Txn
from watchkeeper.engines.local import Local
from watchkeeper.errors import Faulty
from watchkeeper.store.database import open_database
import pyarrow as pa
folder, ready = Path(sys.argv[1]), Path(sys.argv[2])
open_database("sqlite:///ledger.db", ready).close()  # everything is imported before the rights are given up
Local().write(TableRef("t", ready), pa.table({"n": [1]}), txn=Txn("a", 1))
if os.geteuid() == 0:
    os.setgid(65534); os.setuid(65534)
for step in (
    lambda: open_database("sqlite:///store/ledger.db", folder),
    lambda: Local().write(TableRef("points", folder / "store"), pa.table({"n": [1]}), txn=Txn("a", 1)),
    lambda: Local().write(TableRef("old", folder / "store"), pa.table({"n": [1]}), txn=Txn("a", 2)),
):
    try:
        step()
    except Faulty as fault:
        print(fault)
"""


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="needs users of a POSIX system")
def test_a_store_folder_that_may_only_be_read_is_told_clearly(tmp_path_factory, tmp_path):
    folder = tmp_path_factory.mktemp("read_only")
    store = folder / "store"
    Local().write(TableRef("old", store), pa.table({"n": [1]}), txn=Txn("a", 1))
    for path in (store, store / "old", store / "old" / "_delta_log"):
        path.chmod(0o555)
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(folder), str(tmp_path)], capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 3, done.stderr
    assert all("E301" in line and "Make" in line and "writable" in line for line in lines)
    assert "cannot be opened" in lines[0] and "cannot be written" in lines[1] and "cannot be written" in lines[2]
    for path in (store, store / "old", store / "old" / "_delta_log"):
        path.chmod(0o755)


def test_iso_sorts_as_time_does():
    assert db.iso(datetime(2026, 1, 1, tzinfo=UTC)) < db.iso(datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC))


def test_a_full_database_is_a_fault_that_says_what_to_do_and_keeps_what_was_there(tmp_path, now):
    opened = open_database("sqlite:///ledger.db", tmp_path)
    with opened.writing() as connection:
        pages = connection.scalar(sa.text("PRAGMA page_count"))
        connection.execute(sa.text(f"PRAGMA max_page_count = {pages}"))
    row = {"owner": "o", "manifest": {"text": "x" * 100_000}, "started_at": now}
    with (
        pytest.raises(Faulty, match=r"E301.*database or disk is full.*Free disk space"),
        opened.writing() as connection,
    ):
        connection.execute(db.batches.insert().values(**row))
    with opened.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(db.batches)) == 0
    opened.close()


def test_a_damaged_database_is_a_fault(tmp_path):
    opened = open_database("sqlite:///ledger.db", tmp_path)
    opened.close()
    whole = (tmp_path / "ledger.db").read_bytes()
    (tmp_path / "ledger.db").write_bytes(whole[:4096] + b"\x7f" * (len(whole) - 4096))
    with pytest.raises(Faulty, match="E301"):
        again = open_database("sqlite:///ledger.db", tmp_path)
        with again.writing() as connection:
            connection.execute(db.consumed_batches.insert().values(account="a", seq=1))
