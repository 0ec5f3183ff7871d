"""An anchor: the end of the ledger as a small file, to be kept where who can write the database cannot write."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchkeeper.store.chain import GENESIS, Head

FORMAT = "watchkeeper-anchor/1"
_HASH = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a ledger ended at a moment; ``count`` is the number of its entries then."""

    project: str
    at: datetime
    head: Head
    count: int

    def json(self) -> dict[str, Any]:
        """The content of the file."""
        at = self.at.isoformat().replace("+00:00", "Z")
        end = {"seq": self.head.seq, "hash": self.head.hash, "count": self.count}
        return {"format": FORMAT, "project": self.project, "at": at, **end}


def read_anchor(text: str) -> Head:
    """The end of the chain that an anchor names; what ``ledger verify --json`` wrote is one too.

    Raises:
        ValueError: it is neither.

    >>> read_anchor('{"seq": 0, "hash": "' + "0" * 64 + '"}').seq
    0
    """
    said = json.loads(text)
    try:
        told = said["data"]["head"] if "data" in said else said
        head = Head(told["seq"], told["hash"])
        count = told.get("count", head.seq)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("it names no seq and hash") from error
    if not _is_head(head) or count != head.seq:
        raise ValueError("its seq, hash and count are not those of a ledger")
    return head


def _is_head(head: Head) -> bool:
    if type(head.seq) is not int or head.seq < 0 or not isinstance(head.hash, str):
        return False
    return _HASH.fullmatch(head.hash) is not None and (head.seq > 0 or head.hash == GENESIS)
