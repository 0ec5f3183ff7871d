"""What makes two findings the same problem: project, model and cause, never a value, a window or a rule."""

from __future__ import annotations

import hashlib
import json

_SHOWN = 10


def fingerprint(project: str, model: str, cause: str) -> str:
    """Name of a problem, 64 hex digits.

    >>> fingerprint("bank", "credit", "source") == fingerprint("bank", "credit", "source")
    True
    """
    text = json.dumps([project, model, cause], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def incident_id(print_: str, episode: int) -> str:
    """Id of one episode of a problem.

    >>> incident_id("c1a9f20b7743aa", 2)
    'c1a9f20b77-2'
    """
    return f"{print_[:_SHOWN]}-{episode}"
