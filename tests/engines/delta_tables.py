"""Delta tables for tests, also what delta-rs itself does not write: deletion vectors, newer features."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

TIME = pa.timestamp("us", "UTC")
START = datetime(2026, 1, 1, tzinfo=UTC)
SCHEMA = pa.schema([("at", TIME), ("n", pa.int64()), ("x", pa.float64()), ("word", pa.string())])
_RFC1924 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_Z85 = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def hourly(count: int, first: int = 0) -> pa.Table:
    """``count`` rows, one an hour, numbered from ``first``; every fifth word is null."""
    numbers = range(first, first + count)
    return pa.table(
        {
            "at": [START + timedelta(hours=n) for n in numbers],
            "n": list(numbers),
            "x": [n / 4 for n in numbers],
            "word": [None if n % 5 == 0 else f"w{n % 3}" for n in numbers],
        },
        schema=SCHEMA,
    )


def delta(folder: Path, *tables: pa.Table, **configuration: str) -> DeltaTable:
    """A Delta table with one commit per table."""
    names = {f"delta.{name}": value for name, value in configuration.items()}
    handle = DeltaTable.create(str(folder), tables[0].schema, configuration=names)
    for rows in tables:
        write_deltalake(handle, rows, mode="append")
    return handle


def commit(folder: Path, *actions: dict[str, object]) -> None:
    """Write one commit by hand."""
    log = folder / "_delta_log"
    version = len(list(log.glob("*.json")))
    lines = "\n".join(json.dumps(action) for action in actions)
    (log / f"{version:020d}.json").write_text(lines + "\n", encoding="utf-8")


def delete_by_vector(folder: Path, rows: Sequence[int]) -> None:
    """Delete rows (by their position in the only file) through a deletion vector, as Spark does."""
    add = next(
        action["add"]
        for path in sorted((folder / "_delta_log").glob("*.json"))
        for action in map(json.loads, path.read_text(encoding="utf-8").splitlines())
        if "add" in action
    )
    bits = _bitmap(rows)
    vector = {
        "storageType": "i",
        "pathOrInlineDv": _z85(bits),
        "sizeInBytes": len(bits),
        "cardinality": len(rows),
    }
    removed = {"path": add["path"], "deletionTimestamp": 0, "dataChange": True, "extendedFileMetadata": False}
    commit(folder, {"remove": removed}, {"add": {**add, "deletionVector": vector}})


def _bitmap(rows: Sequence[int]) -> bytes:
    """A 64-bit roaring bitmap of one array container, in the portable form that Delta uses."""
    values = sorted(rows)
    container = struct.pack("<II", 12346, 1) + struct.pack("<HH", 0, len(values) - 1) + struct.pack("<I", 16)
    bits = struct.pack("<Iqi", 1681511377, 1, 0) + container + struct.pack(f"<{len(values)}H", *values)
    return bits + b"\0" * (-len(bits) % 4)


def _z85(data: bytes) -> str:
    return base64.b85encode(data).translate(bytes.maketrans(_RFC1924, _Z85)).decode()
