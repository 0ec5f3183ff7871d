"""whylogs: a profile (sketches) a day, the baseline merged from those of its days, then its own drift scores.

Numbers are compared by Kolmogorov-Smirnov on the quantiles of the KLL sketches, categories by chi-squared on the
frequent items, as ``calculate_drift_scores`` chooses.
"""

from functools import reduce
from pathlib import Path

import pandas as pd
import whylogs as why
from common import BASELINE_DAYS, NUMBERS, WORDS, run
from whylogs.core import DatasetProfileView
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores


def work(days: list[Path]) -> dict[str, int]:
    views = [_profile(day) for day in days]
    before = reduce(DatasetProfileView.merge, views[:BASELINE_DAYS])
    profiles = sum(len(view.to_pandas()) for view in views)
    scores = [calculate_drift_scores(view, before) for view in views]
    found = sum(score is not None for day in scores for score in day.values())
    return {"windows": len(days), "profiles": profiles, "distances": found}


def _profile(day: Path) -> DatasetProfileView:
    rows = pd.read_parquet(day, columns=[*NUMBERS, *WORDS])
    return why.log(pandas=rows.astype({"label": "str"})).view()


if __name__ == "__main__":
    run("whylogs", work)
