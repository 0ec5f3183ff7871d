"""Requests that are alike, read together: a column for each name, and no Python value for each scalar.

Of each shape one request is read as any other; its outline says where the scalars of all the others stand. What fits
no outline, or holds a scalar that is doubtful, is left to the reading of each body. Both readings agree to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.sources import assembly, casts
from watchkeeper.sources.base import UnpackOptions
from watchkeeper.sources.classes import class_array
from watchkeeper.sources.contents import Contents
from watchkeeper.sources.cut import Bodies, Bools, Ints, Matched, match
from watchkeeper.sources.frames import Misfits
from watchkeeper.sources.logged import Logged
from watchkeeper.sources.naming import keys_of
from watchkeeper.sources.outline import Alike, alike, keys
from watchkeeper.sources.predictions import scores_alone
from watchkeeper.sources.scalars import Column, Scalars
from watchkeeper.terms import ParseStatus

FEWEST = 32
"""Fewer requests than this are not worth an outline."""
MOST_SHAPES = 16
"""Shapes that one batch is searched for."""
UNLIKELY = 16
"""Where a request has no outline, so many are passed over before another is looked at."""
_ANSWERED = 400
_WHOLE = 2.0**53


def read_alike(logged: Logged, options: UnpackOptions, shapes: list[Alike]) -> tuple[list[Contents], Ints]:
    """Read the requests that are alike.

    Args:
        logged: the logged rows.
        options: how they are read; without kept types nothing is read here.
        shapes: those known from other rows; the shapes found here are added.

    Returns:
        What was read, by shape, and the logged rows that were not.
    """
    every = np.arange(len(logged))
    if options.inputs is None or options.outputs is None:
        return [], every
    search = _Search.of(logged, options, shapes)
    contents = [part for part in search.found() if part.at.size]
    read = np.zeros(every.size, bool)
    for part in contents:
        read[part.at] = True
    return contents, every[~read]


@dataclass
class _Search:
    """The requests that may be alike. ``rows`` are their logged rows, ``pending`` those of no known shape."""

    options: UnpackOptions
    shapes: list[Alike]
    rows: Ints
    texts: tuple[pa.Array, pa.Array]
    requests: Bodies
    responses: Bodies
    pending: Ints

    @classmethod
    def of(cls, logged: Logged, options: UnpackOptions, shapes: list[Alike]) -> _Search:
        possible = _answered(logged)
        rows = np.flatnonzero(possible)
        texts = tuple(body if possible.all() else body.filter(pa.array(possible)) for body in _bodies(logged))
        requests, responses = (Bodies.of(text) for text in texts)
        pending = np.flatnonzero(requests.plain() & responses.plain())
        return cls(options, shapes, rows, (texts[0], texts[1]), requests, responses, pending)

    def found(self) -> Iterator[Contents]:
        """The shapes, first with every comma as a cut, then with those outside strings alone."""
        yield from self._of_shapes()
        if self.pending.size >= FEWEST:
            self.requests, self.responses = self.requests.outside_strings(), self.responses.outside_strings()
            yield from self._of_shapes()

    def _of_shapes(self) -> Iterator[Contents]:
        for shape in self.shapes:
            yield from self._fitting(shape)
        untried = self.pending
        while untried.size >= FEWEST and len(self.shapes) < MOST_SHAPES:
            found = self._shape(int(untried[0]))
            untried = untried[1 if found else UNLIKELY :]
            if found is not None:
                yield from self._fitting(found)
                untried = np.intersect1d(untried, self.pending, assume_unique=True)

    def _shape(self, model: int) -> Alike | None:
        shape = alike(*(text[model].as_buffer().to_pybytes() for text in self.texts))
        if shape is not None and shape not in self.shapes:
            self.shapes.append(shape)
        return shape

    def _fitting(self, shape: Alike) -> Iterator[Contents]:
        if not self.pending.size:
            return
        fits = _Fitting.of(self, shape)
        if fits.asked.body.size:
            self.pending = np.setdiff1d(self.pending, fits.asked.body, assume_unique=True)
            yield fits.contents()


def _bodies(logged: Logged) -> tuple[pa.Array, pa.Array]:
    return logged.request, logged.response


def _answered(logged: Logged) -> Bools:
    """Requests that were answered, with both bodies in UTF-8."""
    answered = pc.fill_null(pc.less(logged.status_code, _ANSWERED), True)
    there = pc.and_(pc.is_valid(logged.request), pc.is_valid(logged.response))
    possible: Bools = pc.and_(answered, there).to_numpy(zero_copy_only=False)
    for body in _bodies(logged):
        if not casts.is_valid(body):
            possible = possible & np.array([isinstance(text, str) for text in casts.texts(body)], bool)
    return possible


@dataclass(frozen=True)
class _Fitting:
    """The requests of one shape; ``asked`` and ``answered`` hold the same bodies with the same numbers of rows."""

    search: _Search
    shape: Alike
    asked: Matched
    answered: Matched

    @classmethod
    def of(cls, search: _Search, shape: Alike) -> _Fitting:
        asked = match(search.requests, shape.request, search.pending)
        answered = match(search.responses, shape.response, asked.body)
        among = np.isin(asked.body, answered.body, assume_unique=True)
        among[among] = asked.count[among] == answered.count
        asked = asked.of(among)
        return cls(search, shape, asked, answered.of(np.isin(answered.body, asked.body, assume_unique=True)))

    def contents(self) -> Contents:
        options, size = self.search.options, int(self.asked.count.sum())
        columns, doubtful, unwatched = self._columns(size)
        score = Scalars.of(self.search.responses, self.answered.row.start[0], self.answered.row.end[0])
        scores = score.doubles()
        values = scores.array.to_numpy(zero_copy_only=False)
        doubtful |= scores.doubtful | ~(score.number | score.null) | (np.abs(values) > _WHOLE)
        client, odd = self._client_id()
        kept = ~np.logical_or.reduceat(doubtful, np.cumsum(self.asked.count) - self.asked.count) & ~odd
        read = _Read(self.search.rows[self.asked.body], self.asked.count, client, columns, scores.array, unwatched)
        return read.of(kept).contents(options)

    def _columns(self, size: int) -> tuple[list[Column], Bools, set[str]]:
        """The inputs in their kept types, the rows that are doubtful, and the names that are not kept."""
        options, types = self.search.options, self.search.options.inputs or pa.struct([])
        places, kept = (
            keys(self.shape.names),
            {column: key for key, column in keys_of(each.name for each in types).items()},
        )
        doubtful, columns = np.zeros(size, bool), []
        any_text = {*options.columns.types}
        for each in types:
            key = kept[each.name]
            if key not in places:
                columns.append(Column(pa.nulls(size, each.type), np.zeros(size, bool)))
                continue
            scalars = self._scalars(places[key])
            column = scalars.typed(each.type)
            if each.type == pa.string() and ({key[0], each.name} & any_text):
                column.doubtful = column.doubtful | ~(scalars.quoted | scalars.null)
            columns.append(column)
            doubtful |= column.doubtful
        unwatched = {key: place for key, place in places.items() if key not in {*kept.values()}}
        for place in unwatched.values():
            doubtful |= self._scalars(place).any_kind()
        return columns, doubtful, {name for name, _ in unwatched}

    def _scalars(self, place: int) -> Scalars:
        return Scalars.of(self.search.requests, self.asked.row.start[place], self.asked.row.end[place])

    def _client_id(self) -> tuple[pa.Array, Bools]:
        """The client's id in each request, and where it is no text."""
        size = self.asked.body.size
        if not len(self.asked.named.start):
            same = class_array([self.shape.client_id if not isinstance(self.shape.client_id, list | dict) else None])
            return pa.repeat(same[0], size), np.zeros(size, bool)
        scalars = Scalars.of(self.search.requests, self.asked.named.start[0], self.asked.named.end[0])
        texts = scalars.strings()
        return texts.array, texts.doubtful | ~(scalars.quoted | scalars.null)


@dataclass(frozen=True)
class _Read:
    """Requests read: their logged rows, number of events, clients' ids, and what is said of each event."""

    at: Ints
    count: Ints
    client_id: pa.Array
    columns: list[Column]
    score: pa.Array
    unwatched: set[str]

    def of(self, kept: Bools) -> _Read:
        """Some of the requests."""
        if kept.all():
            return self
        rows = np.repeat(kept, self.count)
        among, place = pa.array(rows), np.cumsum(rows) - 1
        columns = [
            Column(
                each.array.filter(among),
                each.doubtful[rows],
                [(int(place[at]), text) for at, text in each.misfits if rows[at]],
            )
            for each in self.columns
        ]
        client_id = self.client_id.filter(pa.array(kept))
        return _Read(self.at[kept], self.count[kept], client_id, columns, self.score.filter(among), self.unwatched)

    def contents(self, options: UnpackOptions) -> Contents:
        size, types = len(self.score), options.inputs or pa.struct([])
        misfits: Misfits = {}
        for each, column in zip(types, self.columns, strict=True):
            for at, text in column.misfits:
                misfits.setdefault(at, []).append((each.name, text))
        outputs = options.outputs or pa.struct([])
        score, decision = scores_alone(self.score, options.columns, options.binary)
        return Contents(
            at=self.at,
            count=self.count,
            status=assembly.constant(ParseStatus.OK.value, pa.string(), self.at.size),
            client_id=self.client_id,
            inputs=assembly.struct([column.array for column in self.columns], types, size),
            outputs=assembly.struct([pa.nulls(size, each.type) for each in outputs], outputs, size),
            score=score,
            decision=decision,
            class_scores=pa.nulls(size, pa.map_(pa.string(), pa.float64())),
            misfits=misfits,
            unwatched=self.unwatched,
        )
