"""From a table to points: how long it takes, against decoding the same files alone.

Counts every statistic of 34 columns in 30 daily windows, with weights, and computes drift against the first week and
the day before, and quality. The table is read in place as a run reads it (engine, rows, kernel, shelf, statistics
table, points); only the commits are left out. The limit is ``pyarrow.parquet.read_table``, file by file, two threads,
plain strings. Limit and product alternate, each in a process of its own; prints medians and as its last line one JSON
object.

``make bench NAME=profile``. Environment: ``PROFILE_ROWS`` (10,000,000), ``PROFILE_REPEATS`` (3), ``PROFILE_CASES``
(all of them), ``PROFILE_DATA`` (a folder that is kept; else below the folder of temporary files).
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from statistics import median

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.profile_data import DAYS, SEGMENTS, START, make
from watchkeeper.engines.local import Local
from watchkeeper.metrics.evaluate import evaluate
from watchkeeper.run.baseline import Baseline, versions_merged
from watchkeeper.run.count import Scan
from watchkeeper.run.events import Events
from watchkeeper.run.fit import fit
from watchkeeper.run.log import Log, find, read_as_of
from watchkeeper.run.measure import measure
from watchkeeper.run.outlook import resolved
from watchkeeper.run.workplace import Workplace
from watchkeeper.settings import read_settings
from watchkeeper.spec.load import load
from watchkeeper.spec.monitor import Monitor
from watchkeeper.statistics.grid import Grid
from watchkeeper.statistics.kernel import to_table
from watchkeeper.terms import Window
from watchkeeper.windows import Duration, micros

ROWS = int(os.environ.get("PROFILE_ROWS", "10_000_000"))
REPEATS = int(os.environ.get("PROFILE_REPEATS", "3"))
DATA = Path(os.environ.get("PROFILE_DATA", Path(tempfile.gettempdir()) / "watchkeeper-profile"))
MONITOR = """\
source: {{table: {table}, since: 400 days}}
task: binary
columns: {{time: at, version: version, score: score, weight: weight, decision: {{threshold: 0.5}}}}
segments: [{segments}]
baseline: {{first: 7 days, compare: [fixed, previous]}}
labels: {{table: {table}, join: x00, value: label, matures_after: 2 days}}
"""
WINDOWS = [Window(START + timedelta(days=i), START + timedelta(days=i + 1)) for i in range(DAYS)]
NOW = START + timedelta(days=DAYS + 10)
BASELINE_DAYS, FITTED_ON = 7, 1


@dataclass(frozen=True)
class Case:
    """What is measured: ``kind`` is how the table is stored."""

    name: str
    title: str
    kind: str
    segments: Sequence[str] = ()


CASES = (
    Case("plain", "zstd Parquet, no segments", "zstd"),
    Case("segments", "zstd Parquet, segments of 5 and 8 values", "zstd", SEGMENTS),
    Case("snappy", "snappy Parquet", "snappy"),
    Case("scan", "Delta through `DeltaTable.scan` (no deletion vectors in it)", "delta"),
)


@dataclass(frozen=True)
class Taken:
    """Seconds on the clock and of the processors, the most memory in GB, and how many points came out."""

    wall: float
    cpu: float
    peak_gb: float
    points: int = 0


def decode(folder: Path) -> int:
    """The limit: every column of every file, as plain strings."""
    pa.set_cpu_count(2)
    return sum(pq.read_table(file, use_threads=True).num_rows for file in sorted(folder.glob("*.parquet")))


@dataclass(frozen=True)
class Profiled:
    """A monitor of the table, its grids fitted on the first day."""

    place: Workplace
    monitor: Monitor
    log: Log
    events: Events
    grids: dict[str, Grid]

    @classmethod
    def of(cls, project: Path, table: Path, segments: Sequence[str]) -> Profiled:
        (project / "watchkeeper.yaml").write_text("project: profile\n")
        text = MONITOR.format(table=table, segments=", ".join(segments))
        monitor, faults = load(text, "profile.yaml", NOW)
        assert monitor is not None, faults
        place = Workplace(read_settings(project, {}, {}), Local(), NOW, True)
        log = find(place, monitor)
        changes = place.engine.changed(log.table, None)
        options = log.options(place, 1, changes.cursor)
        beside = replace(options.columns, join=(), label="label")
        events = read_as_of(place, log, replace(options, columns=beside, identities=False), changes, 1)
        made = cls(place, monitor, log, events, {})
        scan = made.scan()
        return replace(made, grids=fit(scan.of_windows(events, WINDOWS[:FITTED_ON]), scan.resolved, scan.measure).grids)

    def scan(self) -> Scan:
        seen = resolved(self.place, self.log, self.events.inputs(), Baseline("", None, self.grids))
        return Scan(self.place.engine, seen, measure(seen, self.grids), None, NOW)

    def points(self) -> int:
        """What a run does between reading and writing."""
        scan, calendar = self.scan(), self.monitor.calendar
        shelf = scan.count(scan.of_windows(self.events, WINDOWS))
        to_table(shelf, monitor="profile", measure_digest="", calendar=calendar, batch_seq=1)
        first, end = micros(WINDOWS[0].start), micros(WINDOWS[BASELINE_DAYS].start)
        made = evaluate(
            scan.resolved.requests,
            shelf,
            versions_merged(shelf.within(first, end)).total(),
            monitor="profile",
            monitor_version="",
            calendar=calendar,
            windows=[micros(window.start) for window in WINDOWS],
            now=NOW,
            grace=Duration(1, "hour"),
            seq=1,
        )
        return made.num_rows


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def alone(what: str, case: Case) -> Taken:
    """Measure one thing in this process."""
    table = make(DATA, ROWS, case.kind)
    with tempfile.TemporaryDirectory() as project:
        profiled = Profiled.of(Path(project), table, case.segments) if what == "product" else None
        began, cpu = time.perf_counter(), _cpu()
        points = profiled.points() if profiled is not None else 0 * decode(table)
        wall, cpu = time.perf_counter() - began, _cpu() - cpu
    return Taken(wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, points)


def _measured(what: str, case: Case) -> Taken:
    command = [sys.executable, "-m", "benchmarks.profile", what, case.name]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Taken(**json.loads(done.stdout.splitlines()[-1]))


def _case(case: Case) -> dict[str, float]:
    """Medians of the ratios, limit and product measured in turn."""
    limit_of = CASES[0] if case.kind == "delta" else case
    pairs = [(_measured("limit", limit_of), _measured("product", case)) for _ in range(REPEATS)]
    return {
        "limit_wall": median(limit.wall for limit, _ in pairs),
        "limit_cpu": median(limit.cpu for limit, _ in pairs),
        "wall": median(product.wall for _, product in pairs),
        "cpu": median(product.cpu for _, product in pairs),
        "ratio": median(product.wall / limit.wall for limit, product in pairs),
        "ratio_cpu": median(product.cpu / limit.cpu for limit, product in pairs),
        "peak_gb": max(product.peak_gb for _, product in pairs),
        "points": pairs[0][1].points,
    }


def main() -> int:
    asked = os.environ.get("PROFILE_CASES", ",".join(case.name for case in CASES)).split(",")
    for kind in {case.kind for case in CASES if case.name in asked} | {"zstd"}:
        make(DATA, ROWS, kind)
    print(
        f"{ROWS:,} rows, medians of {REPEATS}; load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n"
    )
    print("| table | limit s (CPU s) | product s (CPU s) | wall ÷ limit | CPU ÷ limit's | peak GB | points |")
    print("|---|---|---|---|---|---|---|")
    found = {}
    for case in CASES:
        if case.name in asked:
            found[case.name] = one = _case(case)
            times = f"{one['limit_wall']:.1f} ({one['limit_cpu']:.1f}) | {one['wall']:.1f} ({one['cpu']:.1f})"
            ratios = f"{one['ratio']:.2f} | {one['ratio_cpu']:.2f} | {one['peak_gb']:.2f} | {one['points']:,}"
            print(f"| {case.title} | {times} | {ratios} |", flush=True)
    print(json.dumps(_told(found)))
    return 0


def _told(found: dict[str, dict[str, float]]) -> dict[str, float | None]:
    ratios = {"ratio_to_decode": "plain", "ratio_segments": "segments", "ratio_scan": "scan", "ratio_snappy": "snappy"}
    told = {name: found[case]["ratio"] if case in found else None for name, case in ratios.items()}
    told |= {f"{name}_cpu": found[case]["ratio_cpu"] if case in found else None for name, case in ratios.items()}
    told["ratio_cpu"] = told.pop("ratio_to_decode_cpu")
    told["peak_gb"] = max((one["peak_gb"] for one in found.values()), default=None)
    return told | {"rows": ROWS, "repeats": REPEATS}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(asdict(alone(sys.argv[1], next(case for case in CASES if case.name == sys.argv[2])))))
        sys.exit(0)
    sys.exit(main())
