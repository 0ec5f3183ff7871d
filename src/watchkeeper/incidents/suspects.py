"""Which columns may explain a problem of the model: those that changed with it, by their share of the effect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from watchkeeper.terms import Finding

MOST = 5


def suspects(findings: Iterable[Finding], features: Collection[str], most: int = MOST) -> tuple[tuple[str, float], ...]:
    """Feature columns and their shares of the summed effect, largest first; the shares of all columns sum to 1.

    A column counts once, with its strongest finding. Changing together is not causing: these are places to look.
    """
    effects: dict[str, float] = defaultdict(float)
    for finding in findings:
        if finding.point.column in features:
            effects[finding.point.column] = max(effects[finding.point.column], finding.effect)
    total = sum(effects.values())
    order = sorted(effects.items(), key=lambda item: (-item[1], item[0]))
    return tuple((name, effect / total) for name, effect in order[:most] if effect > 0)
