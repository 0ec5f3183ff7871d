"""JSON with one spelling for one value (RFC 8785), so that a hash of it means something."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any

_EXACT = 2**53
_EXACT_DIGITS = 15
_PRINTED_WHOLE = 10**21
_SURROGATE = re.compile("[\ud800-\udfff]")
_LAST_OF_ONE_ORDER = "\ud7ff"
_written = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")).encode


def canonical(value: Any) -> str:
    """The canonical JSON of a value: keys by their UTF-16 code units, numbers as ECMAScript prints doubles.

    Raises:
        ValueError: not JSON: NaN, an infinity, a whole number that a double cannot hold, a lone surrogate, a key that
            is not text, or another type.

    >>> canonical({"b": [1.0, 1e21, 1e-7], "a": "€"})
    '{"a":"€","b":[1,1e+21,1e-7]}'
    """
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return spelt(value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    raise ValueError(f"{type(value).__name__} is not JSON")


def _object(value: Mapping[Any, Any]) -> str:
    wrong = [key for key in value if not isinstance(key, str)]
    if wrong:
        raise ValueError(f"the key {wrong[0]!r} is not text")
    ordered = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(f"{spelt(key)}:{canonical(value[key])}" for key in ordered) + "}"


def spelt(value: str) -> str:
    """Text as a JSON string.

    Raises:
        ValueError: it holds a lone surrogate.
    """
    if not value.isascii() and _SURROGATE.search(value):
        raise ValueError("a lone surrogate is not Unicode text")
    return encode_basestring(value)


def _number(value: int | float) -> str:
    if isinstance(value, int):
        return _whole(int(value))
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a JSON number")
    return _double(float(value))


def _whole(value: int) -> str:
    """Beyond 2**53 only a number that a double prints with the very same digits."""
    if abs(value) > _EXACT and (abs(value) >= _PRINTED_WHOLE or _double(float(value)) != str(value)):
        raise ValueError(f"{value} has more digits than a JSON number keeps: write it as text")
    return str(value)


def _double(value: float) -> str:
    """As ``Number.prototype.toString`` prints it: the shortest digits that read back as the same double."""
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    return sign + _placed(digits.rstrip("0"), len(whole) - leading + int(exponent or 0))


def _placed(digits: str, point: int) -> str:
    """Digits with the decimal point after ``point`` of them."""
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    power = f"{point - 1:+d}"
    return f"{digits[0]}{'.' if count > 1 else ''}{digits[1:]}e{power}"


def is_canonical(text: str) -> bool:
    """Whether a text is the canonical spelling of some value.

    >>> is_canonical('{"a":1,"b":0.5}'), is_canonical('{"a":1.0}'), is_canonical('{"b":1,"a":1}')
    (True, False, False)
    """
    try:
        return _is_written_so(text) or canonical(json.loads(text)) == text
    except (ValueError, RecursionError):
        return False


def _is_written_so(text: str) -> bool:
    """The quick way, for texts whose numbers and keys Python's own writer spells as RFC 8785 does."""
    if not text.isascii() and max(text) > _LAST_OF_ONE_ORDER:
        return False
    try:
        value, end = _read_plain(text)
    except _Unusual:
        return False
    return end == len(text) and _written(value) == text


class _Unusual(Exception):
    """A number that the two ways might spell differently."""


def _plain_float(text: str) -> float:
    value = float(text)
    if "e" in text or text.endswith(".0") or repr(value) != text:
        raise _Unusual
    return value


def _plain_int(text: str) -> int:
    if len(text) > _EXACT_DIGITS:
        raise _Unusual
    return int(text)


def _no_number(_: str) -> float:
    raise _Unusual


_read_plain = json.JSONDecoder(parse_float=_plain_float, parse_int=_plain_int, parse_constant=_no_number).raw_decode
