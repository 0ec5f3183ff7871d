"""The page of the rules."""

from __future__ import annotations

from collections.abc import Mapping

from watchkeeper.catalog import Catalog
from watchkeeper.metrics.base import Metric
from watchkeeper.rules import distance, volume
from watchkeeper.rules.families import DISTANCE, FAMILIES, FRESHNESS, QUALITY, ROW_COUNT, Family, Side, family_of
from watchkeeper.rules.spread import ALPHA, Z
from watchkeeper.surfaces.reference.markdown import code, prose, summary, table

_SIDES = {Side.DOWN: "down", Side.BOTH: "both ways", Side.UP: "up"}
_HEAD = f"""\
Two rules judge points. `change@1` compares every point that has a baseline with what was usual; a *limit* is a number
that a person has set. Both look at the newest windows: with `2 of 3`, two of the three newest must be beyond for a
breach, and one alone is a warning. A breach opens an incident, or joins the one of the same cause.

## change@1

A window is beyond if the change exceeds

```
tolerance + {Z:.2f} · sqrt(v + v0 + c · tau²)
```

on the scale of its family: v and v0 are the sampling variances of the window's and of the baseline's number, tau² the
spread between windows that sampling does not explain, c a factor near 1 for how well tau is known. Where too few
windows tell tau, it is assumed, and the verdict's guarantee is G0. The constant {Z:.2f} belongs to a false alarm
probability of {ALPHA:g} a window on each side. What the rule costs in false alarms and what it can see:
[false alarms](../explanation/false-alarms.md).

Against `previous` nothing breaches: a lasting step shows there in one window only. Windows of the baseline itself are
not judged against it. *Smallest n* is the effective number of rows, of the window and of the baseline, below which
nothing is judged. Where a window has fewer than *rows aimed at*, windows are merged until they have that many; quality
is judged on [weeks](../adr/0004-quality-is-judged-on-weeks.md) at least."""


def page() -> str:
    found: Mapping[str, Metric] = Catalog(third_party=False).all("metrics")
    rows = [_row(name, family, found) for name, family in FAMILIES.items()]
    head = ["family", "metrics", "scale", "tolerance", "direction", "severity", "smallest n", "rows aimed at"]
    others = [
        (code(DISTANCE), _metrics(DISTANCE, found), prose(distance.distance)),
        (code(ROW_COUNT), _metrics(ROW_COUNT, found), prose(volume.row_count)),
        (code(FRESHNESS), _metrics(FRESHNESS, found), prose(volume.freshness)),
    ]
    return "\n\n".join(
        [
            _HEAD,
            table(head, rows),
            "Three families have limits of their own:",
            table(["family", "metrics", "beyond"], others),
            _LIMITS,
        ]
    )


_LIMITS = """\
## limit

A number that an owner has set, with a reason, under [`alarms.limits`](monitor-file.md#alarmslimits) of the monitor
file; [how to add one](../how-to/add-a-limit.md). A limit that is added or changed later is asked of
windows that end after that. After `expires` its verdicts are `not_judged`."""


def _row(name: str, family: Family, found: Mapping[str, Metric]) -> tuple[object, ...]:
    aimed = family.target_n if name in QUALITY else ""
    facts = (f"{family.tolerance:g}", _SIDES[family.side], family.severity.value, family.minimum_n, aimed)
    return (code(name), _metrics(name, found), summary(family.scaled), *facts)


def _metrics(family: str, found: Mapping[str, Metric]) -> str:
    """The metrics that a family judges, some only of one column."""
    names = []
    for name, metric in sorted(found.items()):
        places = {column: family_of(metric.family, name, column) for column in ("", "score", "latency_ms")}
        if places[""] == family:
            names.append(code(name))
        else:
            names += [f"{code(name)} of {column}" for column, judged in places.items() if judged == family]
    return ", ".join(names)
