"""The hash chain of the ledger: what one record says, the hash that binds it, and where a sequence of them breaks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from watchkeeper.store.canonical import is_canonical, spelt

GENESIS = "0" * 64
"""What the first record names as the hash before it."""


class Record(NamedTuple):
    """One entry as it lies in the database: nothing but its number is anything else than text."""

    seq: int
    at: str
    actor: str
    actor_kind: str
    kind: str
    subject: str
    key: str
    body: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain; ``seq`` is 0 and ``hash`` 64 zeros before the first entry. Kept elsewhere it is an anchor."""

    seq: int
    hash: str


START = Head(0, GENESIS)
"""The end of a chain without entries."""


@dataclass(frozen=True, slots=True)
class Break:
    """The first record that does not hold, and what is wrong with it."""

    seq: int
    reason: str


def digest(record: Record) -> str:
    """SHA-256 of the hash before and the canonical JSON of everything but the two hashes.

    Raises:
        ValueError: a field holds a lone surrogate, which has no bytes.
    """
    return hashlib.sha256((record.previous + _object(record, hashes=False)).encode()).hexdigest()


def line(record: Record) -> str:
    """The record as canonical JSON, its hashes too; the body stands as it is stored."""
    return _object(record, hashes=True)


def _object(record: Record, *, hashes: bool) -> str:
    """Keys in the order of RFC 8785; the body is canonical JSON already."""
    mine = f'"hash":{spelt(record.hash)},' if hashes else ""
    before = f'"previous":{spelt(record.previous)},' if hashes else ""
    return (
        f'{{"actor":{spelt(record.actor)},"actor_kind":{spelt(record.actor_kind)},"at":{spelt(record.at)},'
        f'"body":{record.body},{mine}"key":{spelt(record.key)},"kind":{spelt(record.kind)},{before}'
        f'"seq":{record.seq},"subject":{spelt(record.subject)}}}'
    )


def sealed(end: Head, record: Record) -> Record:
    """The record as the next one after ``end``: numbered and hashed."""
    placed = record._replace(seq=end.seq + 1, previous=end.hash)
    return placed._replace(hash=digest(placed))


@dataclass
class Walk:
    """A walk along records in the order of their numbers.

    Args:
        anchor: the end of the chain as it was known earlier.
    """

    anchor: Head | None = None
    end: Head = START
    broken: Break | None = None

    def follow(self, record: Record) -> Break | None:
        """Take in the next record, or say why it does not hold."""
        self.broken = _fault(self.end, record) or self._off_anchor(record)
        if self.broken is None:
            self.end = Head(record.seq, record.hash)
        return self.broken

    def _off_anchor(self, record: Record) -> Break | None:
        if self.anchor is None or self.anchor.seq != record.seq or self.anchor.hash == record.hash:
            return None
        reason = f"entry {record.seq} is not the one that was anchored: the chain was written anew there or before"
        return Break(record.seq, reason)

    @property
    def reached_anchor(self) -> bool | None:
        """Whether the walk came through the anchor with every record before it whole; None without an anchor."""
        return None if self.anchor is None else self.end.seq >= self.anchor.seq


def _fault(end: Head, record: Record) -> Break | None:
    if not _has_types(record):
        return Break(end.seq + 1, f"entry {end.seq + 1} holds a value of another type")
    if record.seq <= end.seq:
        return Break(record.seq, f"entry {record.seq} has a number that no entry can have")
    if record.seq != end.seq + 1:
        return Break(end.seq + 1, f"entry {end.seq + 1} is missing: after {end.seq} comes {record.seq}")
    if record.previous != end.hash:
        return Break(record.seq, f"entry {record.seq} does not follow from the entry before it")
    return None if _is_whole(record) else Break(record.seq, f"entry {record.seq} was changed after it was written")


_TYPES = (int, *(str,) * 9)


def _has_types(record: Record) -> bool:
    return tuple(map(type, record)) == _TYPES


def _is_whole(record: Record) -> bool:
    try:
        return digest(record) == record.hash and record.body.startswith("{") and is_canonical(record.body)
    except ValueError:
        return False
