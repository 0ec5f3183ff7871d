"""Scalars of JSON text as typed columns, without a Python value for each.

The same as ``values.typed`` of the parsed values, or else ``doubtful``: what cannot be decided here in bulk, such as
NaN, numbers beyond the doubles, minus zero or text that is no JSON, is left to the reading of each body.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from watchkeeper.sources.bodies import NotJson, UnknownShape, parse
from watchkeeper.sources.cut import Bodies, Bools, Ints
from watchkeeper.sources.values import Misfit, misfit_text, typed

_QUOTE, _MINUS, _ZERO, _NINE, _POINT = b'"-09.'
_NUMBER = r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$"
_WORDS = (b"null", b"true", b"false")


@dataclass
class Column:
    """A typed column with what did not fit; ``doubtful`` are the rows that must be read in another way."""

    array: pa.Array
    doubtful: Bools
    misfits: list[Misfit] = field(default_factory=list)


@dataclass(frozen=True)
class Scalars:
    """The scalars of one name in all rows, and of which kind each is by its first and last byte."""

    bodies: Bodies
    start: Ints
    end: Ints
    first: NDArray[np.uint8]
    quoted: Bools
    number: Bools
    null: Bools
    true: Bools
    false: Bools

    @classmethod
    def of(cls, bodies: Bodies, start: Ints, end: Ints) -> Scalars:
        first, last = bodies.data[start], bodies.data[end - 1]
        number = ((first - _ZERO < 10) | (first == _MINUS)) & (last - _ZERO < 10)
        if number.all():
            nothing = np.zeros(start.size, bool)
            return cls(bodies, start, end, first, nothing, number, nothing, nothing, nothing)
        quoted = (first == _QUOTE) & (last == _QUOTE) & (end - start >= 2)
        words = (_is_word(bodies, start, end, word, ~(number | quoted)) for word in _WORDS)
        return cls(bodies, start, end, first, quoted, number, *words)

    @property
    def unknown(self) -> Bools:
        return ~(self.quoted | self.number | self.null | self.true | self.false)

    def typed(self, type_: pa.DataType) -> Column:
        """The column in a type; see ``values.typed``."""
        if type_ == pa.float64():
            return self._told(self.doubles(), self.quoted | self.true | self.false)
        if type_ == pa.string():
            return self._told(self.strings(), self.number | self.true | self.false)
        if type_ == pa.bool_():
            truths = pa.array(self.true, mask=~(self.true | self.false))
            return self._told(Column(truths, self.unknown), self.quoted | self.number)
        return self._one_by_one(type_)

    def doubles(self) -> Column:
        """The numbers; null elsewhere."""
        texts = self._texts(0, self.number)
        try:
            array = texts.cast(pa.float64())
        except pa.ArrowInvalid:
            spelt = pc.match_substring_regex(texts, _NUMBER)
            array = pc.if_else(spelt, texts, pa.scalar(None, pa.string())).cast(pa.float64())
        values = array.to_numpy(zero_copy_only=False)
        odd = np.isinf(values) | self._misspelt(texts)
        if array.null_count > texts.null_count:
            odd |= array.is_null().to_numpy(zero_copy_only=False)
        minus = self.first == _MINUS
        if minus.any():
            odd |= minus & (values == 0)
        return Column(array, self.unknown | (odd & self.number))

    def _misspelt(self, texts: pa.Array) -> Bools:
        """Numbers that JSON spells otherwise: with leading zeros, or without digits before or after the point."""
        held = self.bodies.data
        signed = self.first == _MINUS
        start = self.start + signed
        lead = held[start] if signed.any() else self.first
        second = held[start + 1]
        zeros = (lead == _ZERO) & (self.end - start > 1) & (second != _POINT)
        odd = zeros | (signed & (lead - _ZERO >= 10))
        letters = _bytes_of(texts)
        if (letters > _NINE).any():
            odd |= pc.fill_null(pc.match_substring(texts, ".e", ignore_case=True), False).to_numpy(zero_copy_only=False)
        return odd

    def strings(self) -> Column:
        """The texts without their quotes; null elsewhere."""
        texts = self._texts(1, self.quoted)
        doubtful = self.unknown
        if (_bytes_of(texts) == _QUOTE).any():
            holds = pc.fill_null(pc.match_substring(texts, '"'), False).to_numpy(zero_copy_only=False)
            doubtful = doubtful | holds
        return Column(texts, doubtful)

    def any_kind(self) -> Bools:
        """The rows whose scalar is doubtful, whatever it is."""
        doubtful = self.unknown
        if self.quoted.any():
            doubtful = doubtful | self.strings().doubtful
        return doubtful | self.doubles().doubtful if self.number.any() else doubtful

    def _texts(self, inset: int, where: Bools) -> pa.Array:
        """The bytes of scalars less ``inset`` at both ends; null where they are of another kind."""
        size = self.start.size
        offsets = np.empty(2 * size + 1, np.int32)
        offsets[:-1:2] = self.start + np.where(where, inset, 0) if inset else self.start
        offsets[1:-1:2] = self.end - np.where(where, inset, 0) if inset else self.end
        offsets[-1] = offsets[-2] if size else 0
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(self.bodies.data)]
        between = pa.Array.from_buffers(pa.string(), 2 * size, buffers)
        every = np.arange(0, 2 * size, 2)
        return between.take(pa.array(every) if where.all() else pa.array(every, mask=~where))

    def _told(self, column: Column, unfit: Bools) -> Column:
        """The column with the values of other kinds as misfits."""
        for at in np.flatnonzero(unfit & ~column.doubtful).tolist():
            try:
                column.misfits.append((at, misfit_text(self._value(at))))
            except (NotJson, UnknownShape):
                column.doubtful[at] = True
        return column

    def _value(self, at: int) -> object:
        raw = self.bodies.data[self.start[at] : self.end[at]].tobytes()
        return parse(raw.decode(errors="surrogateescape"))

    def _one_by_one(self, type_: pa.DataType) -> Column:
        doubtful, values = self.unknown, []
        for at in range(self.start.size):
            try:
                values.append(self._value(at))
            except (NotJson, UnknownShape):
                values.append(None)
                doubtful[at] = True
        array, misfits = typed(values, type_)
        return Column(array, doubtful, misfits)


def _bytes_of(texts: pa.StringArray) -> NDArray[np.uint8]:
    """The bytes of all texts, one after the other."""
    held = texts.buffers()[2]
    return np.frombuffer(held, np.uint8) if held is not None else np.zeros(0, np.uint8)


def _is_word(bodies: Bodies, start: Ints, end: Ints, word: bytes, among: Bools) -> Bools:
    found = among & (end - start == len(word))
    at = np.flatnonzero(found)
    found[at] = bodies.starts_with(start[at], word)
    return found
