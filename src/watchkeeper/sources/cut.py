"""Bodies cut at their commas, and held against an outline: whole columns of bytes at a time, no byte by byte."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from watchkeeper.sources.outline import Outline, Piece

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_WORD = 8
_PAD = 4096
"""Zeros after the last body, so that every literal can be looked for anywhere; longer literals fit nothing."""
_COMMA, _QUOTE, _ESCAPE, _SPACE = b',"\\ '


@dataclass(frozen=True)
class Bodies:
    """The bytes of all bodies, where each starts and ends, and where their commas are.

    ``first`` and ``after`` bound the commas of each body. ``words`` holds eight bytes from each place on.
    """

    data: NDArray[np.uint8]
    words: NDArray[np.uint64]
    start: Ints
    end: Ints
    commas: Ints
    first: Ints
    after: Ints

    @classmethod
    def of(cls, texts: pa.StringArray) -> Bodies:
        offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
        data = texts.buffers()[2]
        whole = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
        held = whole[offsets[0] : offsets[-1]]
        padded = np.zeros(held.size + _PAD + _WORD, np.uint8)
        padded[: held.size] = held
        words: NDArray[np.uint64] = np.ndarray((held.size + _PAD,), np.uint64, padded, strides=(1,))
        offsets = offsets.astype(np.int64) - offsets[0]
        return cls._cut(padded, words, offsets[:-1], offsets[1:], np.flatnonzero(padded == _COMMA))

    @classmethod
    def _cut(cls, held: NDArray[np.uint8], words: NDArray[np.uint64], start: Ints, end: Ints, commas: Ints) -> Bodies:
        return cls(held, words, start, end, commas, np.searchsorted(commas, start), np.searchsorted(commas, end))

    def plain(self) -> Bools:
        """Which bodies hold neither escapes nor control characters."""
        held = self.data[: int(self.end[-1]) if self.end.size else 0]
        if not held.size or (held.min() >= _SPACE and not (held == _ESCAPE).any()):
            return np.ones(self.start.size, bool)
        found = np.flatnonzero((held < _SPACE) | (held == _ESCAPE))
        return np.searchsorted(found, self.start) == np.searchsorted(found, self.end)

    def outside_strings(self) -> Bodies:
        """The same without the commas that stand in strings; true of plain bodies alone."""
        quotes = np.flatnonzero(self.data == _QUOTE)
        of_body = np.repeat(np.searchsorted(quotes, self.start), self.after - self.first)
        owned = np.repeat(np.arange(self.start.size), self.after - self.first)
        inside = (np.searchsorted(quotes, self.commas[: owned.size]) - of_body) % 2 == 1
        return self._cut(self.data, self.words, self.start, self.end, self.commas[: owned.size][~inside])

    def starts_with(self, at: Ints, literal: bytes) -> Bools:
        """Where the literal stands at these places."""
        if len(literal) > _PAD - _WORD:
            return np.zeros(at.size, bool)
        fits = np.ones(at.size, bool)
        for offset in range(0, len(literal), _WORD):
            part = literal[offset : offset + _WORD]
            if len(part) < _WORD <= len(literal):
                offset, part = len(literal) - _WORD, literal[-_WORD:]
            fits &= self._word(at + offset, part)
        return fits

    def _word(self, at: Ints, part: bytes) -> Bools:
        word = np.uint64(int.from_bytes(part, "little"))
        if len(part) == _WORD:
            return self.words[at] == word
        return (self.words[at] & np.uint64(2 ** (8 * len(part)) - 1)) == word


@dataclass(frozen=True)
class Spans:
    """Where scalars stand: ``start`` and ``end``, shape (scalars of a row, rows)."""

    start: Ints
    end: Ints

    def of(self, kept: Bools) -> Spans:
        """Those of some rows."""
        return self if kept.all() else Spans(self.start[:, kept], self.end[:, kept])


@dataclass(frozen=True)
class Matched:
    """The bodies that an outline fits.

    Attributes:
        body: which they are, in order.
        count: the rows of each.
        row: the scalars of all rows, in order.
        named: those of the pieces of head and tail that have one, in their order.
    """

    body: Ints
    count: Ints
    row: Spans
    named: Spans

    def of(self, kept: Bools) -> Matched:
        """Some of the bodies."""
        if kept.all():
            return self
        return Matched(self.body[kept], self.count[kept], self.row.of(np.repeat(kept, self.count)), self.named.of(kept))


def match(bodies: Bodies, outline: Outline, among: Ints) -> Matched:
    """Hold bodies against an outline.

    Args:
        bodies: all of them.
        outline: of one of them.
        among: the bodies to look at, in order.
    """
    pieces = bodies.after[among] - bodies.first[among] + 1
    width = len(outline.row)
    count, rest = np.divmod(pieces - len(outline.head) - len(outline.tail), width)
    possible = (rest == 0) & (count >= 1) & ((count == 1) | (outline.again is not None))
    return _Match(bodies, outline, among[possible], count[possible]).matched()


@dataclass(frozen=True)
class _Match:
    bodies: Bodies
    outline: Outline
    body: Ints
    count: Ints

    def matched(self) -> Matched:
        of, row, fits_row = self._rows()
        fits_fixed, named = self._fixed()
        fits = np.logical_and.reduceat(fits_row, np.cumsum(self.count) - self.count) if self.body.size else fits_row
        fits = fits & fits_fixed
        return Matched(self.body[fits], self.count[fits], row.of(fits[of]), named.of(fits))

    def _rows(self) -> tuple[Ints, Spans, Bools]:
        """For every row: its body, its scalars, whether all of its pieces fit."""
        of = np.repeat(np.arange(self.body.size), self.count)
        nth = np.arange(of.size) - np.repeat(np.cumsum(self.count) - self.count, self.count)
        width, single = len(self.outline.row), bool((self.count == 1).all())
        place = len(self.outline.head) + nth * width
        follows, followed = nth > 0, nth < self.count[of] - 1
        fits, starts, ends = np.ones(of.size, bool), [], []
        cuts = self._cuts(of, place, width)
        for at, piece in enumerate(self.outline.row):
            start, end = cuts[at] + 1, cuts[at + 1]
            before: list[tuple[Bools | None, bytes]] = [(None, piece.before)]
            after: list[tuple[Bools | None, bytes]] = [(None, piece.after or b"")]
            if at == 0 and not single:
                before = [(~follows, piece.before), (follows, self.outline.again or b"")]
            if at == width - 1 and not single:
                after = [(~followed, piece.after or b""), (followed, self.outline.between or b"")]
            start, end = self._inside(start, end, before, after, fits)
            starts.append(start)
            ends.append(end)
        return of, Spans(np.stack(starts), np.stack(ends)), fits

    def _inside(
        self,
        start: Ints,
        end: Ints,
        before: list[tuple[Bools | None, bytes]],
        after: list[tuple[Bools | None, bytes]],
        fits: Bools,
    ) -> tuple[Ints, Ints]:
        """What lies between the literals of a piece; clears ``fits`` where they are not there."""
        inner = start + _choose(before, len)
        outer = end - _choose(after, len)
        fits &= inner < outer
        fits &= _either(before, lambda literal: self.bodies.starts_with(start, literal))
        fits &= _either(after, lambda literal: self.bodies.starts_with(np.maximum(end - len(literal), 0), literal))
        return inner, outer

    def _cuts(self, of: Ints, place: Ints, width: int) -> Ints:
        """The commas before, between and after the pieces from a place on; the body's own ends count as commas."""
        bodies, body = self.bodies, self.body[of]
        first = bodies.first[body]
        index = first + place - 1 + np.arange(width + 1)[:, None]
        inside = np.clip(index, 0, max(bodies.commas.size - 1, 0))
        cuts = bodies.commas[inside] if bodies.commas.size else np.zeros_like(index)
        cuts[0] = np.where(index[0] < first, bodies.start[body] - 1, cuts[0])
        cuts[-1] = np.where(index[-1] >= bodies.after[body], bodies.end[body], cuts[-1])
        return cuts

    def _fixed(self) -> tuple[Bools, Spans]:
        """Whether head and tail fit each body, and the scalars cut out of them."""
        size = self.body.size
        every, fits, starts, ends = np.arange(size), np.ones(size, bool), [], []
        head, tail = self.outline.head, self.outline.tail
        after_rows = len(head) + self.count * len(self.outline.row)
        for pieces, place in ((head, np.zeros(size, np.int64)), (tail, after_rows)):
            cuts = self._cuts(every, place, len(pieces)) if pieces else np.zeros((1, size), np.int64)
            for at, piece in enumerate(pieces):
                start, end = cuts[at] + 1, cuts[at + 1]
                if piece.after is None:
                    fits &= self._is(start, end, piece)
                else:
                    start, end = self._inside(start, end, [(None, piece.before)], [(None, piece.after)], fits)
                    starts.append(start)
                    ends.append(end)
        none = np.zeros((0, size), np.int64)
        return fits, Spans(np.stack(starts), np.stack(ends)) if starts else Spans(none, none)

    def _is(self, start: Ints, end: Ints, piece: Piece) -> Bools:
        return (end - start == len(piece.before)) & self.bodies.starts_with(start, piece.before)


def _choose(literals: list[tuple[Bools | None, bytes]], measure: Callable[[bytes], int]) -> Ints | int:
    if len(literals) == 1:
        return measure(literals[0][1])
    (_, other), (where, one) = literals
    assert where is not None
    return np.where(where, measure(one), measure(other))


def _either(literals: Iterable[tuple[Bools | None, bytes]], test: Callable[[bytes], Bools]) -> Bools:
    """Whether at each place the literal stands that belongs there."""
    found: Bools | None = None
    for where, literal in literals:
        fits = test(literal) if where is None else test(literal) & where
        found = fits if found is None else found | fits
    assert found is not None
    return found
