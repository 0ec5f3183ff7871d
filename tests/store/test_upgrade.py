"""A database of an earlier release is brought up to this one when it is opened."""

import json

import sqlalchemy as sa

from watchkeeper.store import database as db
from watchkeeper.store import versions
from watchkeeper.store.database import open_database

FIRST = """
CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY) STRICT;
CREATE TABLE batches (seq INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, manifest TEXT NOT NULL,
    started_at TEXT NOT NULL, finished_at TEXT, cursors TEXT) STRICT;
CREATE INDEX ix_batches_owner ON batches (owner);
CREATE TABLE monitors (name TEXT NOT NULL PRIMARY KEY, version TEXT, judged_seq INTEGER NOT NULL DEFAULT 0,
    cursors TEXT NOT NULL, last_run TEXT) STRICT;
CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, entry_seq INTEGER NOT NULL, channel TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, next_at TEXT NOT NULL,
    receipt TEXT) STRICT;
INSERT INTO schema_version VALUES (1);
INSERT INTO monitors VALUES ('credit', 'v', 1, '{"format": "rows"}', NULL), ('fresh', NULL, 0, '{}', NULL);
"""
MEMORY = {"events": "7", "last": "2026-03-01T00:00:00+00:00"}


def first_schema(path) -> None:
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        for statement in filter(str.strip, FIRST.split(";\n")):
            connection.execute(sa.text(statement))
        batch = sa.text("INSERT INTO batches VALUES (1, 'monitor:credit', '{}', '2026', '2026', :cursors)")
        connection.execute(batch, {"cursors": json.dumps({"memory": json.dumps(MEMORY)})})
    engine.dispose()


def test_the_first_schema_keeps_what_its_monitors_remember_and_gets_the_indexes(tmp_path):
    first_schema(tmp_path / "ledger.db")
    opened = open_database("sqlite:///ledger.db", tmp_path)
    with opened.reading() as connection:
        assert connection.scalar(sa.select(db.schema_version.c.version)) == db.SCHEMA_VERSION
        known = {row.name: row.cursors for row in versions.monitors(connection)}
        indexes = {index["name"] for index in sa.inspect(connection).get_indexes("batches")}
    opened.close()
    assert known == {"credit": {"format": "rows", "memory": MEMORY}, "fresh": {}}
    assert indexes == {index.name for index in db.batches.indexes}


def test_it_is_brought_up_once(tmp_path):
    first_schema(tmp_path / "ledger.db")
    open_database("sqlite:///ledger.db", tmp_path).close()
    again = open_database("sqlite:///ledger.db", tmp_path)
    with again.writing() as connection:
        versions.save_monitor(connection, "credit", cursors={"memory": {"events": "8"}})
    again.close()
    last = open_database("sqlite:///ledger.db", tmp_path)
    with last.reading() as connection:
        assert versions.monitor(connection, "credit").cursors == {"memory": {"events": "8"}}
    last.close()
