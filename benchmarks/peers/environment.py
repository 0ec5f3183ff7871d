"""The environment of a peer: one folder per set of pins, outside the tree, made once."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PYTHON = "python3.11"
SILENT = {
    "DO_NOT_TRACK": "1",  # Evidently
    "WHYLOGS_NO_ANALYTICS": "True",
    "NML_DISABLE_USAGE_LOGGING": "1",  # NannyML
    "NML_DISABLE_USER_ANALYTICS": "1",  # NannyML, older
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


@dataclass(frozen=True)
class Peer:
    """A tool, its script below ``scripts``, and whether it runs in this project's own environment."""

    name: str
    title: str
    script: str
    own: bool = False

    @property
    def requirements(self) -> Path:
        return HERE / f"requirements-{self.name}.txt"

    def command(self, table: Path, cache: Path) -> list[str]:
        python = sys.executable if self.own else str(_python(self, cache))
        return [python, str(HERE / "scripts" / f"{self.script}.py"), str(table.resolve())]

    def environment(self, cache: Path) -> dict[str, str]:
        """Usage reports switched off, and a home of its own, so that no tool writes into the user's."""
        home = cache / "home"
        home.mkdir(parents=True, exist_ok=True)
        path = {"PYTHONPATH": str(HERE.parents[1])} if self.own else {}
        return {**os.environ, **SILENT, **path, "HOME": str(home)}


PEERS = (
    Peer("watchkeeper", "watchkeeper", "watchkeeper_points", own=True),
    Peer("duckdb", "DuckDB", "duckdb_sql"),
    Peer("polars", "Polars", "polars_lazy"),
    Peer("whylogs", "whylogs", "whylogs_profiles"),
    Peer("nannyml", "NannyML", "nannyml_calculators"),
    Peer("evidently", "Evidently", "evidently_report"),
    Peer("tfdv", "TFDV", "tfdv_statistics"),
)


class NotInstalled(Exception):
    """Why the environment of a peer could not be made."""


def _python(peer: Peer, cache: Path) -> Path:
    digest = hashlib.sha256(peer.requirements.read_bytes()).hexdigest()[:12]
    place = cache / f"{peer.name}-{digest}"
    if not (place / "done").exists():
        _install(peer, place)
        (place / "done").touch()
    return place / "bin" / "python"


def _install(peer: Peer, place: Path) -> None:
    """With ``uv`` where it is there, else with pip."""
    python = str(place / "bin" / "python")
    pins = ["--require-hashes", "--no-deps", "-r", str(peer.requirements)]
    if shutil.which("uv"):
        commands = [["uv", "venv", "-q", "-p", PYTHON, str(place)], ["uv", "pip", "install", "-q", "-p", python]]
    else:
        commands = [[PYTHON, "-m", "venv", str(place)], [python, "-m", "pip", "install", "-q"]]
    shutil.rmtree(place, ignore_errors=True)
    for command in (commands[0], commands[1] + pins):
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as why:
            said = (getattr(why, "stderr", None) or str(why)).strip()
            raise NotInstalled(f"not installed: {said.splitlines()[-1]}") from why
