"""A program that keeps an anchor and checks the ledger against it."""

from __future__ import annotations

import json
from pathlib import Path

import watchkeeper as wk
from watchkeeper.errors import Faulty, LedgerBroken
from watchkeeper.store.anchor import read_anchor

ledger = wk.Project().ledger()
try:
    Path("anchor.json").write_text(json.dumps(ledger.anchor().json()))
except LedgerBroken as error:
    raise SystemExit(str(error)) from error
except Faulty as error:
    raise SystemExit("; ".join(fault.message for fault in error.faults)) from error

found = ledger.verify(read_anchor(Path("anchor.json").read_text()))
broken: str | None = None if found.first_broken is None else found.first_broken.reason
count: int = ledger.export("ledger.jsonl")
print(found.intact, found.matches, broken, count, [entry.kind for entry in ledger.entries(kind="incident.*")])
