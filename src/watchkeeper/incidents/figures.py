"""Numbers and times as a person reads them: 3 significant digits, a real minus sign, shares in per cent."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from watchkeeper.terms import Window

MINUS = "\u2212"


def figure(value: float) -> str:
    """A number with 3 significant digits; thousands are separated, tiny and huge ones in powers of ten.

    >>> figure(61234.5), figure(-0.80312), figure(0), figure(3.2e-7)
    ('61,200', '−0.803', '0', '3.2e−7')
    """
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if not -5 < exponent < 9:
        mantissa, _, power = f"{value:.2e}".partition("e")
        return f"{_trimmed(mantissa)}e{int(power)}".replace("-", MINUS)
    rounded = round(value, 2 - exponent)
    return _trimmed(f"{rounded:,.{max(0, 2 - exponent)}f}").replace("-", MINUS)


def percent(share: float) -> str:
    """A share in per cent, one decimal below 10 %.

    >>> percent(0.5), percent(0.0213), percent(0), percent(0.0004)
    ('50 %', '2.1 %', '0 %', '0.04 %')
    """
    hundred = 100 * share
    if abs(hundred) >= 9.95:
        return f"{hundred:.0f} %".replace("-", MINUS)
    if 0 < abs(hundred) < 0.1:
        return f"{figure(float(f'{hundred:.1g}'))} %"
    return f"{_trimmed(f'{hundred:.1f}')} %".replace("-", MINUS)


def factor(value: float) -> str:
    """How many times, with 3 significant digits and no separators.

    >>> factor(1000), factor(0.001), factor(2.512)
    ('1000×', '0.001×', '2.51×')
    """
    return figure(value).replace(",", "") + "×"


def span(length: timedelta) -> str:
    """A length of time in its largest fitting unit.

    >>> span(timedelta(minutes=90)), span(timedelta(days=3))
    ('1.5 h', '3 d')
    """
    seconds = length.total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= size:
            return f"{figure(seconds / size)} {unit}"
    return f"{figure(seconds)} s"


def since(window: Window) -> str:
    """The start of a window: its day, and the time in UTC where windows are shorter than a day."""
    return day(window.start) if window.end - window.start >= timedelta(hours=20) else moment(window.start)


def day(at: datetime) -> str:
    """The day without its year.

    >>> day(datetime(2026, 2, 3))
    '3 Feb'
    """
    return f"{at.day} {_MONTHS[at.month - 1]}"


def moment(at: datetime) -> str:
    """Day and time in UTC."""
    return f"{day(at)} {at:%H:%M} UTC"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
