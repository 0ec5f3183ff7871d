"""Points in the words of the command line."""

from __future__ import annotations


def quantity(metric: str, column: str) -> str:
    """What a point measures, such as ``psi of income``.

    >>> quantity("quantile@1(p=0.95)", "latency_ms"), quantity("row_count@1", "")
    ('quantile(p=0.95) of latency_ms', 'row_count')
    """
    name, _, rest = metric.partition("@")
    options = rest.partition("(")[2]
    words = name + (f"({options}" if options else "")
    return f"{words} of {column}" if column else words


def place(version: str, key: str, value: str) -> str:
    """Where a point was taken: segment and version, or all rows.

    >>> place("*", "", ""), place("9f3a77aa01", "region", "south")
    ('all rows', 'region=south, version 9f3a77aa')
    """
    parts = [f"{key}={value}"] if key else []
    parts += [f"version {version[:8]}"] if version not in ("*", "") else []
    return ", ".join(parts) or "all rows"
