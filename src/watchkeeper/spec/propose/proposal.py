"""From a look at a table to a first monitor file with its reasons."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.spec.propose import features as looks
from watchkeeper.spec.propose import words
from watchkeeper.spec.propose.columns import Column, columns_of
from watchkeeper.spec.propose.features import Facts, Segments, Sentinel
from watchkeeper.spec.propose.found import Choice, Found
from watchkeeper.spec.propose.keys import id_of, version_of, weight_of
from watchkeeper.spec.propose.labels import Truth, as_truth, known_at, truth_of
from watchkeeper.spec.propose.moment import time_of
from watchkeeper.spec.propose.outputs import Labelled, Outputs, outputs_of
from watchkeeper.spec.propose.pace import Pace, Rhythm, disorder, matures, rhythm
from watchkeeper.windows import Duration

_DAY = 86_400_000_000


@dataclass(frozen=True)
class Look:
    """What was seen of a table: a bounded sample and what its metadata tell.

    Args:
        table: its name, as the monitor file will say it.
        sample: rows in the order of the table; of a payload log the features it holds.
        times: columns that can be read as moments, as such (``timestamp[us, UTC]``).
        total: rows of the table.
        even: the sample is spread evenly over the table.
        format: ``rows`` or the name of a log format that knows its own time, id and version.
        given: roles that the format knows; its time is among ``times``.
        keys: what labels may be joined on without being a feature, as text, by name.
    """

    table: str
    sample: pa.Table
    times: Mapping[str, pa.Array]
    total: int
    even: bool = True
    format: str = "rows"
    given: tuple[Found, ...] = ()
    keys: Mapping[str, pa.Array] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether the sample is the table."""
        return self.sample.num_rows == self.total


@dataclass(frozen=True, slots=True)
class LabelsFound:
    """The ``labels`` of a monitor: a table with a key of the log's, or a column of the log itself."""

    table: str
    join: Found
    value: Found
    at: Choice
    matures: Duration
    matures_reason: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for a table, before it is written down.

    Without a time there is no rhythm, and no monitor: such a table can be a baseline.
    """

    name: str
    look: Look
    time: Choice
    id: Choice
    version: Choice
    weight: Choice
    outputs: Outputs
    truth: Truth
    labels: LabelsFound | None
    no_labels: str
    segments: Segments
    types: tuple[Found, ...]
    sentinels: tuple[Sentinel, ...]
    features: tuple[Found, ...]
    left_out: tuple[Found, ...]
    rhythm: Rhythm | None
    baseline: str | None

    @property
    def task(self) -> str:
        """The task of the monitor file."""
        if self.truth.task != "none":
            return self.truth.task
        said = self.outputs.score.taken or self.outputs.decision.taken
        return "binary" if said is not None else "none"

    @property
    def roles(self) -> list[Found]:
        """Every column that has a role, with the reason."""
        choices = (self.time, self.id, self.outputs.score, self.outputs.decision, self.version, self.weight)
        named = [one.taken for one in choices if one.taken is not None]
        label = [self.truth.choice.taken] if self.truth.choice.taken is not None else []
        known = [self.labels.at.taken] if self.labels and self.labels.at.taken else []
        return [*named, *label, *known, *self.segments.taken, *self.features]


def propose(
    look: Look,
    name: str,
    now: datetime,
    *,
    given_now: bool = False,
    labels: Look | None = None,
    baseline: Look | None = None,
) -> Proposal:
    """Tell what each column of a table is, and make a monitor of it.

    Args:
        look: the log.
        name: of the monitor.
        now: the clock; where a person gave it (``given_now``) a log that has ended is not watched as of its end.
        labels: the table that labels arrive in, where it is another one.
        baseline: the table that windows are compared with, where it is another one.
    """
    columns = columns_of(look.sample, look.times)
    known = {one.role: Choice(one) for one in look.given}
    time = known.get("time") or time_of(columns)
    taken = _names(time)
    identity = known.get("id") or id_of(columns, taken)
    version = known.get("version") or version_of(columns, taken | _names(identity))
    taken |= _names(identity, version)
    truth = _truth(look, columns, taken, labels, baseline)
    own = columns.get(truth.choice.column or "") if labels is None else None
    labelled = looks.labelled(own, truth)
    weight = weight_of(columns, taken)
    taken |= _names(weight, truth.choice)
    outputs = _outputs(columns, taken, labelled, known)
    taken |= _names(outputs.score, outputs.decision)
    pace = _pace(look, time)
    beat = _rhythm(pace, columns, time, now, given_now) if pace is not None else None
    found, why_none = _labels(look, columns, time, identity, truth, labels)
    taken |= _names(found.at) if found is not None else frozenset()
    facts = Facts(columns, taken, time.column, truth, labelled, beat.rows if beat else 0.0)
    left = looks.left_out(facts)
    gone = {*taken, *(one.column for one in left)}
    watched = [one for one in columns.values() if one.name not in gone]
    return Proposal(
        name=name,
        look=look,
        time=time,
        id=identity,
        version=version,
        weight=weight,
        outputs=outputs,
        truth=truth,
        labels=found,
        no_labels=why_none,
        segments=looks.segments_of(watched, facts.rows),
        sentinels=tuple(looks.sentinels_of(watched)),
        types=tuple(looks.types_of(watched)),
        features=tuple(Found(one.name, "feature", _seen(one)) for one in watched),
        left_out=tuple(left),
        rhythm=beat,
        baseline=None if baseline is None else baseline.table,
    )


def _names(*choices: Choice) -> frozenset[str]:
    return frozenset(one.column for one in choices if one.column is not None)


def _truth(
    look: Look, columns: Mapping[str, Column], taken: frozenset[str], labels: Look | None, baseline: Look | None
) -> Truth:
    """The label, in the table of labels where there is one, else in the log."""
    there = columns_of(baseline.sample, baseline.times) if baseline is not None else {}
    elsewhere = [name for name in there if name not in columns]
    if labels is None:
        return truth_of(columns, taken, elsewhere)
    other = columns_of(labels.sample, labels.times)
    shared = {*taken, *columns, *look.keys}
    free = {name: one for name, one in other.items() if name not in shared and one.at is None}
    return truth_of(free, frozenset(), elsewhere) if len(free) != 1 else _only(next(iter(free.values())))


def _only(column: Column) -> Truth:
    said = "the one column of the table of labels that is neither key nor time"
    return as_truth(column, Choice(Found(column.name, "label", said)))


def _outputs(
    columns: Mapping[str, Column], taken: frozenset[str], labelled: Labelled | None, given: Mapping[str, Choice]
) -> Outputs:
    if "score" in given or "decision" in given:
        return Outputs(given.get("score", Choice()), given.get("decision", Choice()))
    return outputs_of(columns, taken, labelled)


def _pace(look: Look, time: Choice) -> Pace | None:
    if time.column is None:
        return None
    at = look.times[time.column]
    times = np.sort(np.asarray(at.drop_null().cast(pa.int64()).to_numpy(zero_copy_only=False), np.int64))
    return Pace(times, look.total, look.even) if times.size else None


def _rhythm(pace: Pace, columns: Mapping[str, Column], time: Choice, now: datetime, given: bool) -> Rhythm:
    late, by = _lateness(columns, time)
    return rhythm(pace, late, by, _by_date(pace), now, given=given)


def _lateness(columns: Mapping[str, Column], time: Choice) -> tuple[timedelta | None, str]:
    """How late rows come: by a column that says when they arrived, else by their order."""
    made = columns.get(time.column or "")
    if made is None or made.at is None:
        return None, ""
    for column in columns.values():
        if column.at is not None and column is not made and column.hints(words.ARRIVAL):
            waits = pc.subtract(column.at.cast(pa.int64()), made.at.cast(pa.int64())).drop_null()
            seconds = np.asarray(waits.to_numpy(zero_copy_only=False)) / 1e6
            if seconds.size and (seconds >= 0).mean() >= 0.99:
                return timedelta(seconds=float(np.quantile(seconds, 0.995))), f"by '{column.name}'"
    return disorder(made.micros), "by the order of the rows"


def _by_date(pace: Pace | None) -> bool:
    return pace is not None and bool((pace.times % _DAY == 0).all())


def _labels(
    look: Look, columns: Mapping[str, Column], time: Choice, identity: Choice, truth: Truth, labels: Look | None
) -> tuple[LabelsFound | None, str]:
    """The labels of the monitor, or why there are none."""
    value = truth.choice.taken
    if value is None:
        return None, "no column of the table looks like the truth" if labels is None else "no column looks like a label"
    if labels is not None:
        return _from_table(look, columns, time, identity, value, labels)
    if identity.taken is None:
        return None, f"'{value.column}' looks like the truth, but without an id no label finds its row"
    at = known_at(columns, time.column, value.column)
    length, why = _maturity(columns, time, at, columns[value.column])
    return LabelsFound(look.table, identity.taken, value, at, length, why), ""


def _maturity(columns: Mapping[str, Column], time: Choice, at: Choice, label: Column) -> tuple[Duration, str]:
    known, made = columns.get(at.column or ""), columns.get(time.column or "")
    if known is None or made is None or known.at is None or made.at is None:
        if label.nulls:
            return Duration(30, "day"), f"{label.nulls / label.rows:.0%} of the rows have no label yet; set it to fit"
        return Duration(1, "day"), "the label stands in the row, so it is known as soon as the row is"
    delays = pc.subtract(known.at.cast(pa.int64()), made.at.cast(pa.int64()))
    seconds = np.asarray(delays.filter(label.values.is_valid()).drop_null().to_numpy(zero_copy_only=False)) / 1e6
    length = matures(seconds)
    return length, f"nine of ten labels are known {length} after the prediction, by '{at.column}'"


def _from_table(
    look: Look, columns: Mapping[str, Column], time: Choice, identity: Choice, value: Found, labels: Look
) -> tuple[LabelsFound | None, str]:
    other = columns_of(labels.sample, labels.times)
    key = _key(look, columns, identity, other, value.column)
    if key is None:
        return None, f"no column of {labels.table} has the values of a column here, so labels find no row"
    others = [name for name, one in other.items() if one.at is not None and name not in (key.column, value.column)]
    at = Choice(Found(others[0], "label time", "the time in the table of labels")) if others else Choice()
    length, why = _delay(look, columns, time, key, other, at)
    return LabelsFound(labels.table, key, value, at, length, why), ""


def _key(
    look: Look, columns: Mapping[str, Column], identity: Choice, other: Mapping[str, Column], value: str
) -> Found | None:
    """A column of both tables by name: the id, else one that the format knows, else the one with most values."""
    shared = [name for name in other if name != value and (name in columns or name in look.keys)]
    if look.format == "rows":
        shared = [name for name in shared if name in columns and name in _with_shared_values(columns, other, shared)]
    if not shared:
        return None
    if identity.column in shared:
        return Found(str(identity.column), "join", "the id of the log, which the table of labels has too")
    named = [name for name in shared if name in look.keys]
    best = named[0] if named else max(shared, key=lambda name: other[name].distinct)
    return Found(best, "join", "a column of both tables")


def _with_shared_values(columns: Mapping[str, Column], other: Mapping[str, Column], names: Sequence[str]) -> list[str]:
    return [
        name
        for name in names
        if columns[name].values.type == other[name].values.type and _overlap(columns[name].values, other[name].values)
    ]


def _overlap(first: pa.Array, second: pa.Array) -> bool:
    return bool(pc.any(pc.is_in(second, value_set=pc.unique(first))).as_py())


def _delay(
    look: Look, columns: Mapping[str, Column], time: Choice, key: Found, other: Mapping[str, Column], at: Choice
) -> tuple[Duration, str]:
    """How long labels take, by the rows that both samples hold."""
    default = Duration(30, "day"), "a guess, since the table does not say when a label was known; set it to fit"
    if at.column is None or time.column is None:
        return default
    keys = look.keys[key.column] if key.column in look.keys else columns[key.column].values
    left = pa.table({"key": keys, "made": look.times[time.column]})
    right = pa.table({"key": other[key.column].values.cast(keys.type), "known": other[at.column].at})
    both = left.join(right, "key", join_type="inner")
    if not both.num_rows:
        return default
    delays = pc.subtract(both["known"].cast(pa.int64()), both["made"].cast(pa.int64())).drop_null()
    length = matures(delays.to_numpy() / 1e6)
    return length, f"nine of ten labels are known {length} after the prediction, by '{at.column}'"


def _seen(column: Column) -> str:
    empty = f", {column.nulls / column.rows:.1%} without a value" if column.nulls else ""
    if column.is_numeric:
        low, high = column.range
        return f"a {column.kind} from {low:.6g} to {high:.6g}{empty}"
    return f"{column.distinct:,} values, most often {column.counts[0][0][:40]!r}{empty}"


def name_for(table: str) -> str:
    """A name of a monitor from the name of a table.

    >>> name_for("data/Credit scores (v2).csv"), name_for("main.serving.loans"), name_for("data/*.parquet")
    ('credit_scores_v2', 'loans', 'data')
    """
    pieces = [piece for piece in table.replace("\\", "/").split("/") if piece and not set(piece) & set("*?[")]
    last = pieces[-1] if pieces else "monitor"
    for ending in (".gz", ".parquet", ".pq", ".csv", ".tsv"):
        last = last.removesuffix(ending)
    last = last.rsplit(".", 1)[-1] if last.count(".") == 2 else last
    return re.sub(r"[^a-z0-9]+", "_", last.lower()).strip("_")[:60] or "monitor"
