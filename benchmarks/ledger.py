"""How long a ledger of a million entries takes to verify, in the product and in the stand-alone verifier.

The entries are appended by the product's own ``append``, 5,000 to a transaction, in the mix of a project in daily use:
of ten entries one opens an incident, one updates it with more findings, one says that it recovered, three are
notifications that went out, four are acts of people (acknowledge, assign, comment, resolve). Then two processes of
their own verify the database, so that their memory is theirs alone.

Run: python -m benchmarks.ledger [ENTRIES]
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from watchkeeper.incidents.json import finding_json
from watchkeeper.store import ledger
from watchkeeper.store.database import open_database
from watchkeeper.store.verification import verify
from watchkeeper.terms import Finding, PointKey, Segment, Window

ENTRIES, AT_ONCE = 1_000_000, 5_000
START, DAY = datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=1)
METRICS = ("psi@1", "mean@1", "null_share@1", "quantile@1(p=0.95)")
INCIDENT = ("incident.opened", "incident.updated", "incident.recovered")
ACTS = ("incident.acknowledged", "incident.assigned", "incident.commented", "incident.resolved")


@dataclass(frozen=True)
class Draft:
    """One entry to come."""

    kind: str
    subject: str
    key: str
    body: dict[str, Any]


def drafts(count: int) -> Iterator[Draft]:
    """Entries in the mix of the module's text."""
    rng = Random(7)
    for n in range(count):
        episode, turn = divmod(n, 10)
        kind, body = _said(turn, episode, rng)
        yield Draft(kind, f"{episode:010x}-1", f"{episode:010x}-1/{kind}/{turn}", body)


def _said(turn: int, episode: int, rng: Random) -> tuple[str, dict[str, Any]]:
    if turn < len(INCIDENT):
        return INCIDENT[turn], _incident(episode, turn, rng)
    if turn < 6:
        receipt = f"{rng.getrandbits(64):016x}"
        return "notification.sent", {"channel": "credit-slack", "entry": turn, "receipt": receipt, "attempts": 1}
    text = f"income of batch {episode} came in cents: see the change of the loader, rolled back at noon"
    return ACTS[turn - 6], {"note": text, "owner": "credit-models@bank.example"}


def _incident(episode: int, turn: int, rng: Random) -> dict[str, Any]:
    window = Window(START + episode % 300 * DAY, START + (episode % 300 + 1) * DAY)
    findings = [finding_json(_finding(episode, n, window, turn + 1, rng)) for n in range(1 + turn)]
    title = f"feature_{episode % 40} moved: its share of rows above the 95 % quantile rose from 5 % to 9 %"
    said = {"title": title, "sentence": title, "severity": "warning", "findings": findings, "suspects": []}
    return {**said, "cause": f"column:feature_{episode % 40}", "monitor": "credit_score", "episode": 1}


def _finding(episode: int, n: int, window: Window, windows: int, rng: Random) -> Finding:
    metric, column = METRICS[n % len(METRICS)], f"feature_{episode % 40}"
    key = PointKey("credit_score", metric, column, "*", Segment(), window, "fixed")
    value, before, effect = rng.random(), rng.random(), 1 + rng.random()
    evidence = (window,) * windows
    return Finding("change@1", key, window, window, value, before, before * 1.2, effect=effect, evidence=evidence)


def write(path: Path, count: int) -> float:
    """Append the entries; CPU seconds."""
    database = open_database(f"sqlite:///{path}")
    begun, coming = time.process_time(), drafts(count)
    for first in range(0, count, AT_ONCE):
        batch = [draft for draft, _ in zip(coming, range(min(AT_ONCE, count - first)), strict=False)]
        with database.writing() as connection:
            at = START + timedelta(seconds=first)
            ledger.append(connection, batch, at=at, actor="watchkeeper", actor_kind="watchkeeper")
    database.close()
    return time.process_time() - begun


VERIFY = """
import sys
from benchmarks.ledger import verified
print(verified(sys.argv[1]))
"""
ALONE = """
import json, resource, sys, time
from pathlib import Path
from watchkeeper.store import verify_ledger
wall, cpu = time.perf_counter(), time.process_time()
end = verify_ledger.verify(Path(sys.argv[1]))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
print(json.dumps({"entries": end.seq, "seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu,
    "peak_gb": peak}))
"""


def verified(path: str) -> str:
    """Verify in this process; what it took, as JSON."""
    database = open_database(f"sqlite:///{path}")
    wall, cpu = time.perf_counter(), time.process_time()
    with database.reading() as connection:
        found = verify(connection)
    assert found.intact, found.first_broken
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    took = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "peak_gb": peak}
    return json.dumps({"entries": found.entries, **took})


def _process(code: str, path: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(subprocess.check_output([sys.executable, "-c", code, str(path)]))
    return said


def _measured(name: str, code: str, path: Path) -> dict[str, Any]:
    one, size = _process(code, path), path.stat().st_size
    rates = f"{one['entries'] / one['seconds']:,.0f} | {size / 1e6 / one['seconds']:,.0f}"
    print(f"| {name} | {one['seconds']:.1f} | {one['cpu']:.1f} | {rates} | {one['peak_gb']:.2f} GB |", flush=True)
    return one


def main(count: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        written = write(path, count)
        size = path.stat().st_size
        print(f"{count:,} entries, {size / 1e9:.2f} GB, {size / count:,.0f} bytes an entry")
        print(f"{written:.0f} s CPU to append\n")
        print("| verifier | seconds | CPU seconds | entries a second | MB a second | peak memory |")
        print("|---|---|---|---|---|---|", flush=True)
        product = _measured("`watchkeeper ledger verify`", VERIFY, path)
        _measured("`verify_ledger.py`, stand-alone", ALONE, path)
    figures = {"seconds": round(product["seconds"], 2), "entries_per_s": round(count / product["seconds"])}
    extra = {"cpu_seconds": round(product["cpu"], 2), "append_cpu_seconds": round(written, 1), "bytes": size}
    print(json.dumps({**figures, "peak_gb": round(product["peak_gb"], 3), "entries": count, **extra}))
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES))
