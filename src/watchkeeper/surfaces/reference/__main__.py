"""Writes the reference pages into a folder."""

from __future__ import annotations

import sys
from pathlib import Path

from watchkeeper.surfaces.reference.pages import write

write(Path(sys.argv[1]))
