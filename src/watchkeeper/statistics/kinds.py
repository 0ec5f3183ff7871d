"""The kinds of statistic by name."""

from __future__ import annotations

from typing import Any

from watchkeeper.statistics.categories import Categories
from watchkeeper.statistics.confusion import Confusion
from watchkeeper.statistics.distinct import Distinct
from watchkeeper.statistics.histogram import Histogram
from watchkeeper.statistics.moments import Moments
from watchkeeper.statistics.score_bins import ScoreBins

KINDS: dict[str, Any] = {kind.kind: kind for kind in (Moments, Histogram, Categories, Distinct, Confusion, ScoreBins)}
