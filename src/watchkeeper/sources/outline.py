"""The outline of a body: its text with the scalars of its rows cut out.

Clients write the bodies of one model alike: the same names in the same order, with other values between them. What
lies between two commas that stand in no string is a *piece*; a piece holds at most one scalar. Bodies whose pieces
agree but for the cut-out scalars have the same shape, so the rules of ``standing`` are asked once, of one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from watchkeeper.sources.bodies import Json, Names
from watchkeeper.sources.standing import Standing, standing
from watchkeeper.terms import ParseStatus

_TOKEN = re.compile(rb'"[^"]*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_STAND_IN = 7_000_000_000_000
"""Numbers from here on stand in for the scalars while the shape is asked for."""
CLIENT_ID = "client_request_id"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece with its scalar cut out; ``after`` is None where none is, and ``before`` the whole text."""

    before: bytes
    after: bytes | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """Pieces before the rows, those of the first row, and those after the rows.

    The first piece of a row that follows another begins with ``again``, the last of a row that another follows ends
    with ``between``; both are None where the outline is that of a body of one row, and fits no body of more.
    """

    head: tuple[Piece, ...]
    row: tuple[Piece, ...]
    tail: tuple[Piece, ...]
    again: bytes | None = None
    between: bytes | None = None


@dataclass(frozen=True, slots=True)
class Alike:
    """What requests of one shape have in common.

    ``names`` are those of the row's scalars in their order; ``client_id`` is the one id that all of them give, and
    ``client_piece`` the place among head and tail of the piece that gives each its own.
    """

    request: Outline
    response: Outline
    names: Names
    client_id: Json
    client_piece: int | None


def alike(request: bytes, response: bytes) -> Alike | None:
    """The outlines of a request and its response; None where the scalars do not lie row by row in order.

    The response must give one scalar for each row. Bodies with escapes have no outline.
    """
    if b"\\" in request + response:
        return None
    asked, answered = _Scalars.of(request), _Scalars.of(response)
    told = standing(request.decode(), response.decode(), None)
    shape = standing(asked.stood_in(), answered.stood_in(), None)
    rows, answers = _rows(shape)
    if told.status is not ParseStatus.OK or rows is None or answers is None or shape.rows is None:
        return None
    client = _scalar(shape.client_request_id)
    client_id = told.client_request_id if client is None else None
    inside, outside = asked.outline(rows, client), answered.outline(answers, None)
    if inside is None or outside is None:
        return None
    named = [at for at, piece in enumerate((*inside.head, *inside.tail)) if piece.after is not None]
    return Alike(inside, outside, shape.rows.parts[0][0], client_id, named[0] if named else None)


def _rows(shape: Standing) -> tuple[list[list[int]] | None, list[list[int]] | None]:
    """The scalars of each row and of each answer; None where anything else stands there."""
    if shape.rows is None or shape.answer is None or shape.answer.values is None or len(shape.rows.parts) != 1:
        return None, None
    return _numbered(shape.rows.parts[0][2]), _numbered([value] for value in shape.answer.values)


def _numbered(rows: Iterable[Sequence[Json]]) -> list[list[int]] | None:
    """The numbers of the scalars; None unless each row holds as many, and all of them follow one another."""
    found = [[_scalar(value) for value in row] for row in rows]
    known = [[number for number in row if number is not None] for row in found]
    flat = [number for row in known for number in row]
    if known != found or not flat or flat != sorted(set(flat)) or len(set(map(len, known))) != 1:
        return None
    return known


def _scalar(value: Json) -> int | None:
    """The number of the scalar that a stand-in stands for."""
    return value - _STAND_IN if type(value) is int and value >= _STAND_IN else None


@dataclass(frozen=True, slots=True)
class _Scalars:
    """Where the scalars and the commas of a body stand; keys and column names are none."""

    text: bytes
    spans: Sequence[tuple[int, int]]
    commas: Sequence[int]

    @classmethod
    def of(cls, text: bytes) -> _Scalars:
        tokens = [(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text)]
        spans, commas, named = [], [], 0
        for at, (token, start, end) in enumerate(tokens):
            following = tokens[at + 1][0] if at + 1 < len(tokens) else b""
            if named:
                named += (token == b"[") - (token == b"]")
            elif token == b"[" and [each[0] for each in tokens[max(at - 2, 0) : at]] == [b'"columns"', b":"]:
                named = 1
            elif token not in b"{}[],:" and following != b":":
                spans.append((start, end))
            if token == b",":
                commas.append(start)
        return cls(text, spans, commas)

    def stood_in(self) -> str:
        """The text with numbers in place of the scalars."""
        parts, last = [], 0
        for number, (start, end) in enumerate(self.spans):
            parts += [self.text[last:start], str(_STAND_IN + number).encode()]
            last = end
        return b"".join([*parts, self.text[last:]]).decode()

    def outline(self, rows: list[list[int]], client: int | None) -> Outline | None:
        """Cut out the scalars of the rows, and the client's id where it is a scalar."""
        cut = {number for row in rows for number in row} | ({client} if client is not None else set())
        pieces, holes = self._pieces(cut)
        if any(len(held) > 1 for held in holes):
            return None
        at = {held[0]: place for place, held in enumerate(holes) if held}
        places = [[at[number] for number in row] for row in rows]
        first, width = places[0][0], len(places[0])
        if [place for row in places for place in row] != list(range(first, first + width * len(rows))):
            return None
        row = pieces[first : first + width]
        last = pieces[first + width * len(rows) - 1]
        outline = Outline(tuple(pieces[:first]), tuple(row), tuple(pieces[first + width * len(rows) :]))
        if len(rows) == 1:
            return outline
        again, between = pieces[first + width].before, row[-1].after
        return replace(outline, row=(*row[:-1], replace(row[-1], after=last.after)), again=again, between=between)

    def _pieces(self, cut: set[int]) -> tuple[list[Piece], list[list[int]]]:
        """The pieces, and for each the numbers of the scalars cut out of it."""
        pieces, holes = [], []
        numbered = [(number, span) for number, span in enumerate(self.spans) if number in cut]
        for start, end in self._between_commas():
            held = [(number, span) for number, span in numbered if start <= span[0] < end]
            holes.append([number for number, _ in held])
            before = self.text[start : held[0][1][0]] if held else self.text[start:end]
            pieces.append(Piece(before, self.text[held[0][1][1] : end] if held else None))
        return pieces, holes

    def _between_commas(self) -> Iterator[tuple[int, int]]:
        starts = [0, *(at + 1 for at in self.commas)]
        return zip(starts, [*self.commas, len(self.text)], strict=True)


def keys(names: Names) -> Mapping[tuple[str, int], int]:
    """The place in a row of each name, the second of equal names as the second."""
    places: dict[tuple[str, int], int] = {}
    for place, name in enumerate(names):
        nth = 1
        while (name, nth) in places:
            nth += 1
        places[name, nth] = place
    return places
