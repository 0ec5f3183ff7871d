"""A log that receives thousands of small commits, and a run after every few: does a run grow with history?

``python -m benchmarks.soak [commits] [every]`` prints one line a run, then the medians early and late, and whether
everything that is known in the end equals what a single run over the whole log finds. Time is CPU time of this process
(user and system), memory its resident set.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from deltalake import write_deltalake

from watchkeeper.engines.local import Local
from watchkeeper.run.monitor import run_monitor
from watchkeeper.run.workplace import Workplace
from watchkeeper.settings import read_settings
from watchkeeper.spec.load import load
from watchkeeper.store import ledger
from watchkeeper.store.current import newest
from watchkeeper.store.tables import POINT_KEY, VERDICT_KEY

START = datetime(2025, 1, 6, tzinfo=UTC)
COMMITS, EVERY, A_DAY, ROWS = 2000, 20, 5, 24
CHANGES = ((60, 66, "income", 3.0), (200, 210, "age", 1.5), (330, 335, "income", 0.3))
"""Days from, days to, feature, factor: what goes wrong, and is over again."""
MONITOR = """\
source: {table: log, since: 5000 days}
task: binary
columns: {score: predictions, decision: {threshold: 0.5}}
segments: [region]
baseline: {first: 28 days}
"""


def commit(number: int) -> pa.Table:
    """What one commit of the endpoint's log holds."""
    rng = np.random.default_rng(number)
    at = START + timedelta(days=number / A_DAY)
    seconds = np.sort(rng.integers(0, 86_400 // A_DAY, ROWS))
    rows = {
        "income": np.round(rng.lognormal(10.5, 0.4, ROWS), 2),
        "age": rng.integers(18, 80, ROWS).astype(float),
        "debt": np.round(rng.gamma(2.0, 800.0, ROWS), 2),
        "region": rng.choice(["north", "south", "west"], ROWS, p=[0.6, 0.3, 0.1]),
    }
    for first, last, name, factor in CHANGES:
        if first <= number / A_DAY < last:
            rows[name] = rows[name] * factor
    asked = [json.dumps({"dataframe_records": [{k: v[i].item() for k, v in rows.items()}]}) for i in range(ROWS)]
    answered = [json.dumps({"predictions": [round(float(score), 6)]}) for score in rng.beta(2, 5, ROWS)]
    ids = [f"{number:05}-{i:02}" for i in range(ROWS)]
    times = [at + timedelta(seconds=int(second)) for second in seconds]
    return pa.table(
        {
            "databricks_request_id": ids,
            "request_date": pa.array([time.date() for time in times]),
            "client_request_id": ids,
            "request_time": pa.array(times, pa.timestamp("us", "UTC")),
            "status_code": pa.repeat(pa.scalar(200, pa.int32()), ROWS),
            "sampling_fraction": pa.repeat(1.0, ROWS),
            "execution_duration_ms": pa.array(rng.integers(30, 90, ROWS)),
            "request": asked,
            "response": answered,
            "logging_error_codes": pa.array([[]] * ROWS, pa.list_(pa.string())),
            "served_entity_id": pa.array(np.where(rng.random(ROWS) < 0.3, "v2", "v1")),
            "requester": pa.repeat("svc@bank.example", ROWS),
        }
    )


@dataclass(frozen=True)
class Run:
    """One run: CPU seconds, resident memory in MiB, and the files its tables have."""

    number: int
    seconds: float
    memory: float
    files: int


def prepared(folder: Path) -> Path:
    (folder / "monitors").mkdir(parents=True)
    (folder / "watchkeeper.yaml").write_text("project: soak\n")
    (folder / "monitors" / "credit.yaml").write_text(MONITOR)
    return folder


def opened(folder: Path, now: datetime) -> Workplace:
    return Workplace(read_settings(folder, {}, {}), Local(), now, True)


def run(folder: Path, now: datetime) -> None:
    file = folder / "monitors" / "credit.yaml"
    monitor, faults = load(file.read_text(), str(file), START)
    assert monitor is not None, faults
    run_monitor(opened(folder, now), monitor)


def soak(folder: Path, commits: int, every: int) -> Iterator[Run]:
    for number in range(commits):
        write_deltalake(folder / "log", commit(number), mode="append")
        if (number + 1) % every == 0:
            before = _cpu()
            run(folder, _clock(number + 1))
            yield Run((number + 1) // every, _cpu() - before, _resident(), _files(folder))


def _clock(commits: int) -> datetime:
    return START + timedelta(days=commits / A_DAY, hours=2)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _resident() -> float:
    """Resident memory in MiB; the largest so far where the system does not tell the present one."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _files(folder: Path) -> int:
    from deltalake import DeltaTable

    logs = (folder / ".watchkeeper").rglob("_delta_log")
    return sum(len(DeltaTable(str(log.parent)).file_uris()) for log in logs)


def known(folder: Path) -> dict[str, pa.Table]:
    """What is known in the end, without the batches that wrote it."""
    tables = opened(folder, START).tables
    return {
        "events": tables.engine.read(tables.events_table(_source(tables.folder))),
        "statistics": tables.statistics("credit"),
        "points": newest(tables.current_points("credit"), POINT_KEY),
        "verdicts": newest(tables.current_verdicts("credit"), VERDICT_KEY),
    }


def _source(folder: Path) -> str:
    return next((folder / "events").iterdir()).name


def told(folder: Path) -> list[tuple[str, str, str]]:
    with opened(folder, START).database.reading() as connection:
        return [(entry.kind, entry.subject, entry.key) for entry in ledger.entries(connection)]


def main(commits: int = COMMITS, every: int = EVERY) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, whole = prepared(Path(place) / "pieces"), prepared(Path(place) / "whole")
        runs = []
        for one in soak(folder, commits, every):
            runs.append(one)
            print(f"{one.number:4} {one.seconds:7.3f} s {one.memory:7.1f} MiB {one.files:5} files", flush=True)
        early, late = runs[10:30], runs[-20:]
        for number in range(commits):
            write_deltalake(whole / "log", commit(number), mode="append")
        run(whole, _clock(commits))
        here, there = known(folder), known(whole)
        print(
            json.dumps(
                {
                    "runs": len(runs),
                    "early_seconds": _median(early, "seconds"),
                    "late_seconds": _median(late, "seconds"),
                    "ratio": round(_median(late, "seconds") / _median(early, "seconds"), 3),
                    "early_memory": _median(early, "memory"),
                    "late_memory": _median(late, "memory"),
                    "rows": {name: [here[name].num_rows, there[name].num_rows] for name in here},
                    "told": [len(told(folder)), len(told(whole)), len(set(told(folder)) ^ set(told(whole)))],
                }
            )
        )


def _median(runs: list[Run], name: str) -> float:
    return round(statistics.median(getattr(one, name) for one in runs), 3)


if __name__ == "__main__":
    main(*(int(given) for given in sys.argv[1:]))
