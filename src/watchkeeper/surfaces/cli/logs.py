"""The log: on standard error, as text or as JSON lines."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import structlog


def logger(form: str | None, *, quiet: bool, verbose: bool) -> Any:
    """A logger that writes warnings; with ``verbose`` everything, with ``quiet`` errors only."""
    form = form or os.environ.get("WATCHKEEPER_LOG") or "text"
    level = logging.ERROR if quiet else logging.DEBUG if verbose else logging.WARNING
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _renderer(form),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    return structlog.get_logger()


def _renderer(form: str) -> Any:
    if form == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    return structlog.dev.ConsoleRenderer(colors=colour)
