"""What other tools take for the profile and the drift that watchkeeper makes of the same table.

Each tool runs alone, one after the other, in an environment of its own with pinned packages (made on the first run, in
a folder outside the tree), over the table of ``benchmarks.profile_data``: 34 columns, 30 daily files. It computes per
column and day what it has of counts, moments, quantiles and distinct values, and a distance of every day from the
first week; what each leaves out is said in ``docs/explanation/peers.md``. CPU seconds are those of the work, without
imports; memory is the process's. A larger table is tried only where the time of the smaller one allows it.

``make bench NAME=peers``. Environment: ``PEERS_ROWS`` (1000000,3000000,10000000), ``PEERS_NAMES`` (all of them),
``PEERS_CPU`` (120 CPU seconds a run), ``PEERS_GB`` (8), ``PEERS_WALL`` (900 s), ``PEERS_FOLDER`` (environments and
tables; else below the folder of temporary files). Usage reports of the tools are switched off (``environment.SILENT``).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.peers.environment import PEERS, NotInstalled, Peer
from benchmarks.peers.measure import Limits, Taken, measured
from benchmarks.profile_data import make

ROWS = [int(rows) for rows in os.environ.get("PEERS_ROWS", "1000000,3000000,10000000").split(",")]
NAMES = os.environ.get("PEERS_NAMES", ",".join(peer.name for peer in PEERS)).split(",")
FOLDER = Path(os.environ.get("PEERS_FOLDER", Path(tempfile.gettempdir()) / "watchkeeper-peers"))
LIMITS = Limits(
    int(os.environ.get("PEERS_CPU", "120")),
    float(os.environ.get("PEERS_GB", "8")),
    int(os.environ.get("PEERS_WALL", "900")),
)


def main() -> int:
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print("| tool | rows | CPU s | CPU s with imports | wall s | peak GB | windows | distances |")
    print("|---|---|---|---|---|---|---|---|")
    found: dict[str, dict[int, Taken]] = {name: {} for name in NAMES}
    for rows, peer in _turns():
        found[peer.name][rows] = taken = _tried(peer, rows, found[peer.name])
        print(_line(peer, rows, taken), flush=True)
    print(json.dumps(_told(found)))
    return 0


def _turns() -> Iterator[tuple[int, Peer]]:
    """Size by size, so that all tools are measured in the same hour."""
    return ((rows, peer) for rows in ROWS for peer in PEERS if peer.name in NAMES)


def _tried(peer: Peer, rows: int, before: dict[int, Taken]) -> Taken:
    last = max(before, default=0)
    if last and before[last].stopped:
        return Taken(stopped=f"not tried: {before[last].stopped.removeprefix('not tried: ')}")
    if last and (expected := before[last].cpu * rows / last) > 1.5 * LIMITS.cpu:
        return Taken(stopped=f"not tried: about {expected:.0f} CPU seconds to come by those of {last:,} rows")
    try:
        command = peer.command(make(FOLDER / "tables", rows, "zstd"), FOLDER)
    except NotInstalled as why:
        return Taken(stopped=str(why))
    return measured(command, peer.environment(FOLDER), FOLDER, LIMITS)


def _line(peer: Peer, rows: int, taken: Taken) -> str:
    if taken.stopped:
        return f"| {peer.title} | {rows:,} | {taken.stopped} | | | {taken.peak_gb:.2f} | | |"
    said = taken.said
    times = f"{said['work_cpu']:.1f} | {taken.cpu:.1f} | {taken.wall:.1f} | {taken.peak_gb:.2f}"
    made = f"{said['windows']} | {said.get('distances', said.get('points')):,}"
    return f"| {peer.title} {said['version']} | {rows:,} | {times} | {made} |"


def _told(found: dict[str, dict[int, Taken]]) -> dict[str, object]:
    """CPU seconds of the work over watchkeeper's, at the smallest size; the largest size done; why there is none."""
    rows, ours = ROWS[0], found.get("watchkeeper", {}).get(ROWS[0], Taken())
    base = ours.said.get("work_cpu")
    firsts = {name: sizes[rows] for name, sizes in found.items() if name != "watchkeeper"}
    ratios = {
        name: round(taken.said["work_cpu"] / base, 2) if taken.said and base else None for name, taken in firsts.items()
    }
    return {
        **ratios,
        "rows": rows,
        "watchkeeper_cpu": base,
        "largest": {name: max((n for n in sizes if sizes[n].said), default=0) for name, sizes in found.items()},
        "stopped": {name: sizes[n].stopped for name, sizes in found.items() for n in sizes if sizes[n].stopped},
    }


if __name__ == "__main__":
    sys.exit(main())
