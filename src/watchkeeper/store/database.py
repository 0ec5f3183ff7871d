"""The operational database: what must change together, and what several processes must agree on.

Embedded it is SQLite, for a team PostgreSQL; the statements are SQLAlchemy Core and run on both. Times are ISO 8601
text in UTC with six digits, so they sort as they read; JSON is text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from watchkeeper.errors import Fault, Faulty
from watchkeeper.store.upgrade import upgrade

SCHEMA_VERSION = 2
"""Rises when the tables below change; an earlier one is brought up to it by ``store.upgrade``, a later one refused."""
_BUSY_SECONDS = 30


class Moment(TypeDecorator[datetime]):
    """A time in UTC, stored as ``2026-11-24T08:00:00.000000Z``."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else iso(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """A JSON value, stored as text with sorted keys."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:  # noqa: ARG002
        return None if value is None else json.loads(value)


def iso(at: datetime) -> str:
    """A moment as text that sorts.

    >>> iso(datetime(2026, 11, 24, 8, tzinfo=UTC))
    '2026-11-24T08:00:00.000000Z'
    """
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


_WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
metadata = sa.MetaData()


def _table(name: str, *parts: Any, **options: Any) -> sa.Table:
    return sa.Table(name, metadata, *parts, sqlite_strict=True, **options)


def _needed(name: str, type_: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=False, **options)


def _some(name: str, column: sa.Column[Any], *, where: sa.ColumnElement[bool], unique: bool = False) -> sa.Index:
    """An index over those rows only that are asked for again and again."""
    return sa.Index(name, column, unique=unique, sqlite_where=where, postgresql_where=where)


schema_version = _table("schema_version", sa.Column("version", sa.Integer, primary_key=True))

batches = _table(
    "batches",
    sa.Column("seq", _WHOLE, primary_key=True, autoincrement=True),
    _needed("owner", sa.Text),
    _needed("manifest", Json),
    _needed("started_at", Moment),
    sa.Column("finished_at", Moment),
    sa.Column("cursors", Json),
    sqlite_autoincrement=True,
)
sa.Index("batches_of_an_owner", batches.c.owner, batches.c.seq)
_some("unfinished_batches", batches.c.owner, where=batches.c.finished_at.is_(None))
leases = _table(
    "leases",
    sa.Column("owner", sa.Text, primary_key=True),
    _needed("host", sa.Text),
    _needed("pid", sa.Integer),
    _needed("pid_started", sa.Text),
    _needed("renewed_at", Moment),
)
monitors = _table(
    "monitors",
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("version", sa.Text),
    _needed("judged_seq", _WHOLE, server_default="0"),
    _needed("cursors", Json),
    sa.Column("last_run", Json),
)
monitor_versions = _table(
    "monitor_versions",
    sa.Column("monitor", sa.Text, primary_key=True),
    sa.Column("version", sa.Text, primary_key=True),
    _needed("content", Json),
    _needed("first_used_at", Moment),
)
rule_state = _table(
    "rule_state",
    sa.Column("monitor", sa.Text, primary_key=True),
    sa.Column("rule", sa.Text, primary_key=True),
    _needed("seq", _WHOLE),
    _needed("state", sa.LargeBinary),
)
entries = _table(
    "entries",
    sa.Column("seq", _WHOLE, primary_key=True, autoincrement=False),
    _needed("at", Moment, index=True),
    _needed("actor", sa.Text),
    _needed("actor_kind", sa.Text),
    _needed("kind", sa.Text, index=True),
    _needed("subject", sa.Text, index=True),
    _needed("key", sa.Text, unique=True),
    _needed("body", sa.Text),
    _needed("previous", sa.Text),
    _needed("hash", sa.Text),
)
head = _table(
    "head",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    _needed("seq", _WHOLE),
    _needed("hash", sa.Text),
)
outbox = _table(
    "outbox",
    sa.Column("id", _WHOLE, primary_key=True, autoincrement=True),
    _needed("entry_seq", _WHOLE),
    _needed("channel", sa.Text),
    _needed("key", sa.Text, unique=True),
    _needed("state", sa.Text),
    _needed("attempts", sa.Integer, server_default="0"),
    _needed("next_at", Moment),
    sa.Column("receipt", sa.Text),
    sa.ForeignKeyConstraint(["entry_seq"], ["entries.seq"]),
)
sa.Index("deliveries_of_an_entry", outbox.c.entry_seq)
sa.Index("deliveries_by_state", outbox.c.state, outbox.c.next_at)
incidents = _table(
    "incidents",
    sa.Column("id", sa.Text, primary_key=True),
    _needed("fingerprint", sa.Text),
    _needed("episode", sa.Integer),
    _needed("model", sa.Text),
    _needed("monitor", sa.Text, index=True),
    _needed("cause", sa.Text),
    _needed("severity", sa.Text),
    _needed("state", sa.Text),
    sa.Column("resolution", sa.Text),
    _needed("opened_at", Moment),
    _needed("changed_at", Moment),
    sa.Column("owner", sa.Text),
    _needed("content", Json),
    _needed("entry_seq", _WHOLE),
)
_some(
    "one_unresolved_incident_per_fingerprint",
    incidents.c.fingerprint,
    where=incidents.c.state != "resolved",
    unique=True,
)
consumed_batches = _table(
    "consumed_batches",
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("seq", _WHOLE, primary_key=True, autoincrement=False),
)


@dataclass(frozen=True, slots=True)
class Database:
    """Connections to the operational database, one transaction each."""

    engine: sa.Engine

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that only reads: it sees one state and holds up no writer."""
        with self._clear_faults(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that writes, committed at the end, rolled back on an error; in SQLite one at a time."""
        with (
            self._clear_faults(),
            self.engine.connect() as connection,
            connection.execution_options(writes=True).begin(),
        ):
            yield connection

    @contextmanager
    def _clear_faults(self) -> Iterator[None]:
        """A full disk, a folder that may only be read, a lock that is never freed, a damaged file: said as such."""
        try:
            yield
        except sa.exc.DatabaseError as error:
            if not isinstance(error, sa.exc.OperationalError) and type(error) is not sa.exc.DatabaseError:
                raise
            raise Faulty([_unusable(self.engine.url, error)]) from error

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def open_database(url: str, root: Path = Path()) -> Database:
    """Open the database and create what is missing.

    Args:
        url: an SQLAlchemy URL; the path of ``sqlite:///.watchkeeper/ledger.db`` is meant from ``root``.
        root: the project's folder.

    Raises:
        Faulty: E301 the place cannot be opened or written, or a later release has written it.
    """
    place = sa.make_url(url)
    try:
        engine = _sqlite(place, root) if place.get_backend_name() == "sqlite" else sa.create_engine(place)
        _create(engine)
    except (sa.exc.SQLAlchemyError, OSError) as error:
        raise Faulty([_unopened(place, error)]) from error
    return Database(engine)


def _sqlite(place: sa.URL, root: Path) -> sa.Engine:
    if place.database and place.database != ":memory:":
        path = root / place.database
        path.parent.mkdir(parents=True, exist_ok=True)
        place = place.set(database=str(path))
    engine = sa.create_engine(place, connect_args={"timeout": _BUSY_SECONDS})
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver would otherwise begin transactions late, and as readers
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", f"busy_timeout={_BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _create(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        if sa.inspect(connection).has_table(schema_version.name):
            found = connection.scalar(sa.select(schema_version.c.version))
            if found == SCHEMA_VERSION:
                return
    with Database(engine).writing() as connection:
        metadata.create_all(connection)
        found = connection.scalar(sa.select(schema_version.c.version))
        if found is None:
            connection.execute(schema_version.insert().values(version=SCHEMA_VERSION))
            connection.execute(head.insert().values(id=1, seq=0, hash="0" * 64))
        elif found > SCHEMA_VERSION:
            raise Faulty([_other_version(engine.url, found)])
        elif found < SCHEMA_VERSION:
            upgrade(connection, found, metadata)
            connection.execute(schema_version.update().values(version=SCHEMA_VERSION))


def _unopened(place: sa.URL, error: Exception) -> Fault:
    reason = str(getattr(error, "orig", None) or error)
    shown = place.render_as_string(hide_password=True)
    message = f"the database {shown} cannot be opened: {reason}"
    return Fault(
        "E301",
        message,
        "Make its folder writable and see that its disk has free space, or name another with --database.",
    )


_FIXES = {
    "full": "Free disk space and run again: what was begun is taken up where it stopped.",
    "readonly": "Make its folder writable, or name another with --database.",
    "locked": f"Another process has been writing for more than {_BUSY_SECONDS} seconds; try again when it has ended.",
    "malformed": "Restore it from a backup together with the store folder.",
}
"""What to do, by a word of the database's own message."""


def _unusable(place: sa.URL, error: sa.exc.DatabaseError) -> Fault:
    reason = str(error.orig)
    fix = next((fix for word, fix in _FIXES.items() if word in reason), "Look at its folder, or at its server.")
    return Fault("E301", f"the database {place.render_as_string(hide_password=True)} failed: {reason}", fix)


def _other_version(place: sa.URL, found: int) -> Fault:
    shown = place.render_as_string(hide_password=True)
    message = f"the database {shown} has schema {found}, this release knows {SCHEMA_VERSION}"
    return Fault("E301", message, "Use the release that wrote it, or name another database.")
