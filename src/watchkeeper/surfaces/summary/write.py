"""A summary into a file whose suffix says as what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from watchkeeper.surfaces.summary.junit import junit
from watchkeeper.surfaces.summary.markdown import markdown
from watchkeeper.surfaces.summary.model import Summary

WRITERS: Mapping[str, Callable[[Summary], str]] = {".xml": junit, ".md": markdown}


def write(summary: Summary, path: Path) -> None:
    """Write it; an older file of that name is replaced.

    Raises:
        KeyError: the suffix is neither ``.xml`` nor ``.md``.
        OSError: it cannot be written.
    """
    path.write_text(WRITERS[path.suffix.lower()](summary), encoding="utf-8", newline="\n")
