"""Pictures that the tests look at."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from watchkeeper.charts.series import Dot
from watchkeeper.terms import Maturity, Outcome, Window

START = datetime(2026, 3, 2, tzinfo=UTC)


def day(index: int, days: int = 1) -> Window:
    return Window(START + timedelta(days=index), START + timedelta(days=index + days))


def dots() -> list[Dot]:
    """Twelve days: quiet, one without data, one restated, two beyond, two with labels to come, one still open."""
    values = [0.10, 0.12, 0.11, None, 0.10, 0.13, 0.11, 0.24, 0.26, 0.25, 0.24, 0.23]
    found = []
    for i, value in enumerate(values):
        low, high = (None, None) if value is None else (value - 0.03, value + 0.03)
        outcome = Outcome.WARNING if i == 7 else Outcome.BREACH if i == 8 else Outcome.OK
        late = Maturity.DEVELOPING if i >= 9 else None
        former = 0.17 if i == 5 else None
        found.append(Dot(day(i), value, low, high, 0.18, 0.02, outcome, i == 11, late, former))
    return found


def elements(text: str, tag: str, kind: str = "") -> list[ElementTree.Element]:
    """Elements of this tag, and of this class where one is named."""
    found = ElementTree.fromstring(text).iter(f"{{http://www.w3.org/2000/svg}}{tag}")
    return [e for e in found if not kind or e.get("class") == f"wk-{kind}"]


def places(element: ElementTree.Element) -> list[tuple[float, float]]:
    """The corners of a path of straight lines."""
    numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", element.get("d", ""))]
    return list(zip(numbers[::2], numbers[1::2], strict=True))
