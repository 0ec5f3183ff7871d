from __future__ import annotations
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from watchkeeper.terms import Segment, Severity

@dataclass(frozen=True, slots=True)
class KofN:
    k: int
    n: int

@dataclass(frozen=True, slots=True)
class Limit:
    metric: str
    column: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    segment: Segment | None = None
    above: float | None = None
    below: float | None = None
    needs: KofN = KofN(2, 3)
    severity: Severity = Severity.WARNING
    owner: str = ""
    reason: str = ""
    expires: date | None = None
