"""The smallest change that a series can see, so that silence is not taken for health."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pyarrow as pa

from watchkeeper import schemas
from watchkeeper.metrics.base import Metric
from watchkeeper.rules.base import Comparison
from watchkeeper.rules.change import chosen, comparison, why_not
from watchkeeper.rules.judge import judged_blocks, laid_out
from watchkeeper.rules.series import SeriesBlock
from watchkeeper.statistics.counts import Floats
from watchkeeper.terms import Window
from watchkeeper.windows import Calendar

MARGIN = 0.15
"""Added to z: a lasting change so far beyond the limit is found by 2 of 3 in 5 windows four times in five."""

SEES = pa.schema(
    [
        *(schemas.POINTS.field(name) for name in schemas.SERIES_KEY),
        pa.field("windows", pa.int64(), nullable=False),
        pa.field("window_start", schemas.TIME, nullable=False),
        pa.field("baseline_value", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("learnt", pa.bool_(), nullable=False),
    ]
)
"""One row a series: on how many joined ``windows`` it is judged, the newest judged of them, the baseline's value, and
the values from which a lasting change is seen: ``low`` or below, ``high`` or above. Null where nothing on that side is
looked for, or where the value's scale is not the scale of comparison (quantiles). ``learnt``: the spread between
windows is known, not assumed."""


def sees(
    points: pa.Table,
    *,
    metrics: Mapping[str, Metric],
    calendar: Calendar,
    now: datetime,
    baseline_span: Window | None = None,
) -> pa.Table:
    """The smallest change each series can see, at its newest judged window; arguments as of ``judge``.

    It is ``tolerance + 3.24 sqrt(v + v0 + c tau^2)`` on the scale of comparison, mapped back. A series that is
    nowhere judged has no row: it sees nothing.

    Returns:
        A table of ``SEES``.
    """
    found = laid_out(points, metrics, calendar, now)
    parts = [
        _newest(
            block,
            comparison(block, base, family=family, span=baseline_span, calendar=calendar),
            family,
            base,
            baseline_span,
            calendar,
        )
        for family, block, base in judged_blocks(found, metrics, calendar)
    ]
    return pa.concat_tables([SEES.empty_table(), *parts]).combine_chunks()


@np.errstate(all="ignore")
def _newest(
    block: SeriesBlock, compared: Comparison, family: str, base: SeriesBlock, span: Window | None, calendar: Calendar
) -> pa.Table:
    judged = (why_not(block, compared, family, span) == "") & chosen(block, base, family, calendar)
    series = np.flatnonzero(judged.any(axis=1))
    window = judged.shape[1] - 1 - np.argmax(judged[series, ::-1], axis=1)
    low, high = (_side(compared, block, side)[series, window] for side in (-1, 1))
    keys = block.keys.take(pa.array(series, pa.int64()))
    columns = {
        **{name: keys[name] for name in schemas.SERIES_KEY},
        "windows": pa.array(np.full(len(series), block.span, np.int64)),
        "window_start": pa.array(block.starts[window], pa.int64()).cast(schemas.TIME),
        "baseline_value": pa.array(block.baseline_value[series, window], from_pandas=True),
        "low": pa.array(low, from_pandas=True),
        "high": pa.array(high, from_pandas=True),
        "learnt": pa.array(np.broadcast_to(compared.learnt, block.shape)[series, window]),
    }
    return pa.table([columns[name] for name in SEES.names], schema=SEES)


def _side(compared: Comparison, block: SeriesBlock, side: int) -> Floats:
    if compared.side == -side:
        return np.full(block.shape, np.nan)
    return np.broadcast_to(compared.limit(side, MARGIN), block.shape)
