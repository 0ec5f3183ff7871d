"""One process, alone, within limits: its CPU seconds, wall seconds and the most memory it held. Linux only."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Limits:
    """CPU seconds, memory in GB, and seconds on the clock for a machine that is busy with other things."""

    cpu: int
    memory_gb: float
    wall: int


@dataclass(frozen=True)
class Taken:
    """What the whole process took, imports among it; ``said`` is what the script itself printed.

    ``stopped`` says why there is no result: a limit, or the last line of what went wrong.
    """

    cpu: float = 0.0
    wall: float = 0.0
    peak_gb: float = 0.0
    stopped: str = ""
    said: Mapping[str, Any] = field(default_factory=dict)


def measured(command: Sequence[str], environment: Mapping[str, str], folder: Path, limits: Limits) -> Taken:
    """Run a command to its end or to the first limit."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(command, env=dict(environment), cwd=folder, stdout=out, stderr=err)
        status, used, stopped = _watched(process.pid, began, limits)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - began
        failed = stopped or (process.returncode and f"failed: {_last(err)}") or ""
        said = {} if failed else json.loads(_last(out))
    return Taken(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1e6, failed, said)


def _watched(pid: int, began: float, limits: Limits) -> tuple[int, resource.struct_rusage, str]:
    stopped = ""
    while True:
        done, status, used = os.wait4(pid, os.WNOHANG)
        if done:
            return status, used, stopped
        if not stopped and (stopped := _beyond(pid, began, limits)):
            os.kill(pid, 9)
        time.sleep(0.1)


def _beyond(pid: int, began: float, limits: Limits) -> str:
    """The first limit that a living process is beyond, or nothing."""
    times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    cpu = sum(int(ticks) for ticks in times[11:15]) / os.sysconf("SC_CLK_TCK")
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e9
    if cpu > limits.cpu:
        return f"stopped at {limits.cpu} CPU seconds"
    if resident > limits.memory_gb:
        return f"stopped at {limits.memory_gb:g} GB"
    return f"stopped after {limits.wall} s" if time.perf_counter() - began > limits.wall else ""


def _last(file: Any) -> str:
    file.seek(0)
    return (file.read().decode(errors="replace").strip().splitlines() or [""])[-1]
