"""The comparison with other tools: the DuckDB script finds what is planted in the table, and limits stop a process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.peers.environment import HERE, PEERS, Peer
from benchmarks.peers.measure import Limits, measured
from benchmarks.profile_data import DAYS, make

GENEROUS = Limits(cpu=60, memory_gb=4, wall=300)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("peers"), 10_000, "zstd")


def test_duckdb_gives_a_distance_of_every_column_and_day(table: Path) -> None:
    taken = measured([sys.executable, str(HERE / "scripts" / "duckdb_sql.py"), str(table)], os.environ, table, GENEROUS)
    assert taken.stopped == ""
    assert taken.said["windows"] == DAYS
    assert taken.said["distances"] == DAYS * 33
    assert 0 < taken.said["work_cpu"] <= taken.cpu


def test_duckdb_sees_the_two_columns_that_jump_a_thousandfold(table: Path) -> None:
    asked = (
        "import json; from pathlib import Path; from duckdb_sql import day_distances\n"
        f"found = day_distances(sorted(Path({str(table)!r}).glob('*.parquet')))\n"
        "print(json.dumps(sorted((ks, *key) for key, (_, _, ks) in found.items())[-2:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HERE / "scripts")},
    )
    assert {tuple(key) for _, *key in json.loads(done.stdout)} == {(DAYS - 3, "x03"), (DAYS - 3, "x13")}


def test_a_process_beyond_its_cpu_seconds_is_stopped(tmp_path: Path) -> None:
    endless = [sys.executable, "-c", "while True: pass"]
    taken = measured(endless, os.environ, tmp_path, Limits(cpu=0, memory_gb=4, wall=60))
    assert taken.stopped == "stopped at 0 CPU seconds"


def test_a_process_beyond_its_memory_is_stopped(tmp_path: Path) -> None:
    greedy = [sys.executable, "-c", "import time; held = bytearray(300_000_000); time.sleep(60)"]
    taken = measured(greedy, os.environ, tmp_path, Limits(cpu=60, memory_gb=0.2, wall=60))
    assert taken.stopped == "stopped at 0.2 GB"


def test_what_a_script_fails_with_is_kept(tmp_path: Path) -> None:
    taken = measured([sys.executable, "-c", "raise ValueError('no such table')"], os.environ, tmp_path, GENEROUS)
    assert taken.stopped == "failed: ValueError: no such table"


@pytest.mark.parametrize("peer", [peer for peer in PEERS if not peer.own], ids=lambda peer: peer.name)
def test_every_package_of_a_peer_is_pinned_and_hashed(peer: Peer) -> None:
    lines = peer.requirements.read_text().splitlines()
    pins = [n for n, line in enumerate(lines) if line and not line.startswith((" ", "#"))]
    assert pins
    assert all("==" in lines[n] and "--hash=sha256:" in lines[n + 1] for n in pins)
