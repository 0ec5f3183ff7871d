#!/usr/bin/env python3
"""Verify a watchkeeper ledger without watchkeeper: this one file, Python 3.11 or newer, nothing else.

    python verify_ledger.py ledger.jsonl                       what `watchkeeper ledger export -o ledger.jsonl` wrote
    python verify_ledger.py .watchkeeper/ledger.db             the SQLite database itself, opened to read only
    python verify_ledger.py ledger.jsonl --anchor anchor.json  what `watchkeeper ledger anchor -o anchor.json` wrote

Exit 0: intact. Exit 4: broken; the first record that does not hold is named. Exit 2: nothing could be verified.

What is verified. Entry n, an object of ten fields, carries `previous`, the hash of entry n - 1 (64 zeros before the
first), and `hash`, the SHA-256 in hex of `previous` followed by the JSON of its other eight fields, spelt as RFC 8785
says. So the last hash fixes every byte of every entry. Entries are numbered from 1 without a gap, and no two have the
same `key`. In a database the table `head` names the last entry; an export has no such row, so only an anchor tells that
its end was cut off. Whoever can rewrite everything can compute all hashes anew: only an anchor kept elsewhere tells.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

FIELDS = ("seq", "at", "actor", "actor_kind", "kind", "subject", "key", "body", "previous", "hash")
GENESIS = "0" * 64
SQLITE = b"SQLite format 3\x00"
QUOTED = json.JSONEncoder(ensure_ascii=False).encode
Fields = dict[str, Any]
Parts = dict[str, str]


class End(NamedTuple):
    """The last entry of a chain."""

    seq: int
    hash: str


class Broken(Exception):
    """The first record that does not hold: its number, and why."""


# --- Canonical JSON, RFC 8785 ---------------------------------------------------------------------------------------


def canonical(value: Any) -> str:
    """The one spelling of a JSON value; all numbers are doubles."""
    if isinstance(value, str):
        value.encode("utf-8")  # a lone surrogate is an error here
        return QUOTED(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return number(float(value))
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    ordered = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in ordered) + "}"


def number(value: float) -> str:
    """A double as ECMAScript's Number::toString writes it: its shortest digits, placed by the power of ten."""
    if value in (float("inf"), float("-inf")) or value != value:
        raise ValueError("not a number of JSON")
    if value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    text = repr(value)  # the shortest digits that read back as the same double
    if "e" not in text and not text.endswith(".0"):
        return text  # between 0.0001 and 1e16 Python places the point as ECMAScript does
    sign, figures, exponent = Decimal(text).normalize().as_tuple()
    digits, k = "".join(map(str, figures)), len(figures)
    n = k + int(exponent)  # the value is 0.d1d2...dk x 10^n
    if k <= n <= 21:
        text = digits + "0" * (n - k)
    elif 0 < n <= 21:
        text = digits[:n] + "." + digits[n:]
    elif -6 < n <= 0:
        text = "0." + "0" * -n + digits
    else:
        text = digits[0] + ("." + digits[1:] if k > 1 else "") + f"e{n - 1:+d}"
    return "-" * sign + text


def joined(parts: Parts, left_out: tuple[str, ...] = ()) -> str:
    """An object from the spelling of each field; the names are plain ASCII, so they sort as they are."""
    return "{" + ",".join(f'"{name}":{parts[name]}' for name in sorted(parts) if name not in left_out) + "}"


# --- Where the entries come from ------------------------------------------------------------------------------------


def from_export(path: Path) -> Iterator[tuple[Fields, Parts]]:
    """Each line of an export as an entry; a line must be the canonical spelling of itself."""
    with path.open("rb") as file:
        for seq, raw in enumerate(file, start=1):
            try:
                text = raw.decode("utf-8").rstrip("\r\n")
                entry = json.loads(text)
                parts = {name: canonical(entry[name]) for name in FIELDS}
                sound = len(entry) == len(FIELDS) and joined(parts) == text
            except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
                sound = False
            if not sound:
                raise Broken(seq, f"line {seq} is not one entry in canonical JSON")
            yield entry, parts


def from_database(database: sqlite3.Connection) -> Iterator[tuple[Fields, Parts]]:
    """Each row of the table of entries; its body must be the canonical spelling of itself."""
    seq = 0
    try:
        for row in database.execute(f"SELECT {', '.join(FIELDS)} FROM entries ORDER BY seq"):
            entry = dict(zip(FIELDS, row, strict=True))
            try:
                body = json.loads(entry["body"])
                parts = {name: canonical(entry[name]) for name in FIELDS if name != "body"}
                parts["body"] = canonical(body)
                sound = parts["body"] == entry["body"]
            except (ValueError, TypeError, OverflowError, RecursionError):
                sound = False
            if not sound:
                raise Broken(*_placed(seq, row[0], "has a body that was changed after it was written"))
            seq = row[0]
            yield {**entry, "body": body}, parts
    except sqlite3.Error as error:
        raise Broken(seq + 1, f"entry {seq + 1} cannot be read: {error}") from error


def _placed(end: int, seq: int, fault: str) -> tuple[int, str]:
    """A fault of a row; where rows before it are missing, those are named instead."""
    return (seq, f"entry {seq} {fault}") if seq == end + 1 else _misnumbered(end, seq)


def _misnumbered(end: int, seq: Any) -> tuple[int, str]:
    if isinstance(seq, int) and seq <= end:
        return seq, f"entry {seq} has a number that no entry can have"
    return end + 1, f"entry {end + 1} is missing: after {end} comes {seq}"


# --- The chain ------------------------------------------------------------------------------------------------------


def walk(entries: Iterator[tuple[Fields, Parts]], anchor: End | None) -> End:
    """Follow the chain to its end; raises Broken at the first entry that does not hold."""
    end = End(0, GENESIS)
    keys: set[bytes] = set()
    for entry, parts in entries:
        check(end, entry, parts)
        if anchor is not None and anchor.seq == entry["seq"] and anchor.hash != entry["hash"]:
            raise Broken(anchor.seq, f"entry {anchor.seq} is not the one that was anchored")
        key = hashlib.sha256(entry["key"].encode()).digest()[:16]
        if key in keys:
            raise Broken(entry["seq"], f"entry {entry['seq']} has the key of an earlier one")
        keys.add(key)
        end = End(entry["seq"], entry["hash"])
    if anchor is not None and anchor.seq > end.seq:
        raise Broken(end.seq + 1, f"entries {end.seq + 1} to {anchor.seq} are missing: the anchor knows them")
    return end


def check(end: End, entry: Fields, parts: Parts) -> None:
    """Whether an entry is the one after `end`."""
    seq = entry["seq"]
    if seq != end.seq + 1 or type(seq) is not int:
        raise Broken(*_misnumbered(end.seq, seq))
    if not all(isinstance(entry[name], dict if name == "body" else str) for name in FIELDS[1:]):
        raise Broken(seq, f"entry {seq} holds a value of another type")
    if entry["previous"] != end.hash:
        raise Broken(seq, f"entry {seq} does not follow from the entry before it")
    said = joined(parts, left_out=("previous", "hash"))
    if hashlib.sha256((end.hash + said).encode()).hexdigest() != entry["hash"]:
        raise Broken(seq, f"entry {seq} was changed after it was written")


def check_head(database: sqlite3.Connection, end: End) -> None:
    """Whether the chain ends where the head of the database says."""
    try:
        heads = database.execute("SELECT seq, hash FROM head").fetchall()
    except sqlite3.Error as error:
        raise Broken(max(end.seq, 1), f"the head cannot be read: {error}") from error
    if len(heads) != 1 or not isinstance(heads[0][0], int):
        raise Broken(max(end.seq, 1), "the head is not one row with a number and a hash")
    seq, text = heads[0]
    if seq > end.seq:
        raise Broken(end.seq + 1, f"entries {end.seq + 1} to {seq} are missing from the end")
    if seq < end.seq:
        raise Broken(max(seq, 0) + 1, f"entry {max(seq, 0) + 1} lies beyond the end: the head says {seq}")
    if text != end.hash:
        raise Broken(max(end.seq, 1), f"the head names another hash than entry {end.seq}")


# --- The command ----------------------------------------------------------------------------------------------------


def verify(path: Path, anchor: End | None = None) -> End:
    """Verify an export or a database; the end of the chain, or Broken."""
    with path.open("rb") as file:
        is_database = file.read(len(SQLITE)) == SQLITE
    if not is_database:
        return walk(from_export(path), anchor)
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        database.execute("BEGIN")  # entries and head are of one moment
        end = walk(from_database(database), anchor)
        check_head(database, end)
    finally:
        database.close()
    return end


def read_anchor(path: Path) -> End:
    """The end of the chain as it was known earlier."""
    said = json.loads(path.read_text("utf-8"))
    told = said["data"]["head"] if "data" in said else said
    if not isinstance(told["seq"], int) or not isinstance(told["hash"], str) or told["seq"] < 0:
        raise ValueError("it names no seq and hash")
    return End(told["seq"], told["hash"])


def main() -> int:
    """Verify what the command line names."""
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    parser = argparse.ArgumentParser(description="Verify a watchkeeper ledger: an export or an SQLite database.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--anchor", type=Path, help="where the chain ended earlier, kept in another place")
    asked = parser.parse_args()
    try:
        anchor = None if asked.anchor is None else read_anchor(asked.anchor)
        end = verify(asked.file, anchor)
    except Broken as broken:
        sys.stdout.write(f"broken at {broken.args[0]}: {broken.args[1]}\n")
        return 4
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"nothing was verified: {error}\n")
        return 2
    through = "" if anchor is None else f", passes through the anchor at {anchor.seq}"
    sys.stdout.write(f"intact: {end.seq} entries, head {end.hash}{through}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
