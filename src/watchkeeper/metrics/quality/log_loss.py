"""Log loss."""

from __future__ import annotations

from dataclasses import replace

from watchkeeper.metrics.base import Estimates, Metric
from watchkeeper.metrics.intervals import mean_of
from watchkeeper.statistics.moments import Moments


def log_loss(current: Moments) -> Estimates:
    """Mean of ``-ln`` of the probability given to what happened, in nats.

    0 for a perfect forecast, unbounded above; scores are clipped at machine epsilon, so one certain and wrong row
    adds 36. ``n`` are the labelled rows with a score, ``n_eff`` the effective number of them. Student's t interval.

    Args:
        current: moments of the loss of each labelled row.

    Source: Good (1952), Rational decisions.
    """
    loss = mean_of(current)
    return replace(loss, low=loss.low.clip(0))


METRIC = Metric(
    log_loss,
    reads=(Moments,),
    family="log_loss",
    unit="nats",
    bounds=(0, None),
    better="lower",
    column="log_loss",
    needs_labels=True,
    source="Good (1952), Rational decisions",
)
