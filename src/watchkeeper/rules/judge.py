"""From points to verdicts: every rule over every series, one verdict for each window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from watchkeeper import schemas
from watchkeeper.metrics.base import Metric
from watchkeeper.rules.base import Judgement
from watchkeeper.rules.change import applies, change
from watchkeeper.rules.families import family_of
from watchkeeper.rules.limit import Limit, limit
from watchkeeper.rules.outcome import TWO_OF_THREE, KofN, evidence, outcomes
from watchkeeper.rules.series import SeriesBlock, blocks
from watchkeeper.statistics.counts import Floats
from watchkeeper.terms import Window
from watchkeeper.windows import Calendar, micros

Blocks = Mapping[tuple[str, int], SeriesBlock]


def judge(
    points: pa.Table,
    *,
    metrics: Mapping[str, Metric],
    calendar: Calendar,
    now: datetime,
    monitor_version: str,
    seq: int,
    limits: Sequence[Limit] = (),
    change_needs: KofN = TWO_OF_THREE,
    baseline_span: Window | None = None,
) -> pa.Table:
    """Judge all points of one monitor.

    Every window of every judged series gets a verdict, so history can be derived again at any time: the same points
    give the same verdicts in whatever order they come, and later windows never change earlier verdicts.

    Args:
        points: current rows of ``schemas.POINTS``, merged windows among them.
        metrics: the declarations by name; a point of a metric that is not among them is not judged.
        now: a window that has not ended by then is not judged.
        limits: limits set by owners.
        change_needs: how many windows make a breach of the change rule.
        baseline_span: the time of a baseline taken from the monitored windows; None for one from elsewhere.

    Returns:
        ``schemas.VERDICTS``, in an order that depends on the points alone.
    """
    found = laid_out(points, metrics, calendar, now)
    judgements = [
        *((verdict, change_needs) for verdict in _changes(found, metrics, calendar, baseline_span)),
        *((verdict, kept.needs) for kept in _distinct(limits) for verdict in _limited(found, metrics, kept)),
    ]
    monitor = points["monitor"][0].as_py() if points.num_rows else ""
    made = [_rows(verdict, needs, monitor, monitor_version, seq) for verdict, needs in judgements]
    return pa.concat_tables([schemas.VERDICTS.empty_table(), *made]).combine_chunks()


def laid_out(points: pa.Table, metrics: Mapping[str, Metric], calendar: Calendar, now: datetime) -> Blocks:
    """The points of declared metrics as series; a window that has not ended by ``now`` is open."""
    running = micros(now)
    return {
        (name, span): replace(block, open=block.open | (block.ends > running), defaults=metrics[name].options)
        for (name, span), block in blocks(points, calendar).items()
        if name in metrics
    }


def judged_blocks(
    found: Blocks, metrics: Mapping[str, Metric], calendar: Calendar
) -> Iterator[tuple[str, SeriesBlock, SeriesBlock]]:
    """The parts of the blocks that the change rule judges: family, series, and their single windows."""
    for (name, _), block in sorted(found.items(), key=lambda item: item[0]):
        base = found.get((name, 1))
        if base is None:
            continue
        rows = np.asarray([family_of(metrics[name].family, name, column) or "" for column in block.columns])
        for family in sorted(set(rows) - {""}):
            part = block.where((rows == family) & applies(block, family, calendar))
            if part.shape[0]:
                yield family, part, base.where(np.isin(base.columns, part.columns))


def _changes(
    found: Blocks, metrics: Mapping[str, Metric], calendar: Calendar, span: Window | None
) -> Iterator[Judgement]:
    for family, block, base in judged_blocks(found, metrics, calendar):
        yield change(block, base, family=family, span=span, calendar=calendar)


def _limited(found: Blocks, metrics: Mapping[str, Metric], wanted: Limit) -> Iterator[Judgement]:
    block = found.get((wanted.metric, 1))
    if block is not None:
        yield limit(block, wanted, metrics[wanted.metric])


def _distinct(limits: Sequence[Limit]) -> list[Limit]:
    return [kept for _, kept in sorted({given.identity: given for given in limits}.items())]


def _rows(judgement: Judgement, needs: KofN, monitor: str, monitor_version: str, seq: int) -> pa.Table:
    block = judgement.block
    series, window = np.nonzero(judgement.said)
    found = outcomes(judgement, needs)
    starts, offsets = evidence(found, block.starts, series, window)
    keys = block.keys.take(pa.array(series))
    rows = len(series)
    columns = {
        **{name: keys[name] for name in schemas.SERIES_KEY},
        "rule": _same(judgement.rule, rows),
        "monitor": _same(monitor, rows),
        "monitor_version": _same(monitor_version, rows),
        "window_start": _times(block.starts[window]),
        "window_end": _times(block.ends[window]),
        "outcome": pa.array(found.outcome[series, window]),
        "severity": _same(judgement.severity, rows),
        "why": pa.array(found.why[series, window]),
        "value": _numbers(block.value[series, window]),
        "limit": _numbers(judgement.limit[series, window]),
        "effect": _numbers(judgement.effect[series, window]),
        "guarantee": pa.array(judgement.guarantee[series, window]),
        "evidence": pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), _times(starts)),
        "seq": pa.array(np.full(rows, seq, np.int64)),
    }
    return pa.table([_cast(columns[field.name], field.type) for field in schemas.VERDICTS], schema=schemas.VERDICTS)


def _cast(column: Any, type_: pa.DataType) -> Any:
    return column if column.type == type_ else column.cast(type_)


def _same(word: str, rows: int) -> pa.Array:
    return pa.repeat(word, rows)


def _times(values: Any) -> pa.Array:
    return pa.array(values, pa.int64()).cast(schemas.TIME)


def _numbers(values: Floats) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))
