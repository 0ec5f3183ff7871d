"""Which process this is, and whether another one still lives: pids are used again, start times are not."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its host, its pid, and when it started (text of the operating system; "" where that is unknown)."""

    host: str
    pid: int
    started: str

    @classmethod
    def this(cls) -> Process:
        return cls(socket.gethostname(), os.getpid(), started(os.getpid()) or "")

    @property
    def is_here(self) -> bool:
        """Whether it runs, or ran, on this host."""
        return self.host == socket.gethostname()

    @property
    def lives(self) -> bool:
        """Whether that very process still runs on this host; a process that exited but was not reaped does not."""
        return self.is_here and started(self.pid) == self.started


def started(pid: int) -> str | None:
    """When a process of this host started, with the boot it belongs to; None where there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _without_proc(pid)
    state, *rest = text.rpartition(")")[2].split()
    return None if state in ("Z", "X") else f"{_boot()}:{rest[18]}"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _without_proc(pid: int) -> str | None:
    """Where there is no ``/proc`` only the pid can be asked for."""
    if Path("/proc/self").exists():
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return ""
    return ""
