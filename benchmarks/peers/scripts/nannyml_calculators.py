"""NannyML: its univariate drift and summary calculators, fitted on the baseline, a chunk a day.

Jensen-Shannon distance of every column, and Kolmogorov-Smirnov of the numbers. Of a profile it gives row count, mean,
standard deviation, median and share of missing values, each a calculator of its own; no minimum, no maximum. Times are
given without a zone, and infinities as missing.
"""

from pathlib import Path

import nannyml as nml
import numpy as np
import pandas as pd
from common import BASELINE_DAYS, NUMBERS, WORDS, run

DAILY = {"timestamp_column_name": "at", "chunk_period": "D"}


def work(days: list[Path]) -> dict[str, int]:
    rows = [_read(day) for day in days]
    before, now = pd.concat(rows[:BASELINE_DAYS], ignore_index=True), pd.concat(rows, ignore_index=True)
    del rows
    drift = nml.UnivariateDriftCalculator(
        column_names=[*NUMBERS, *WORDS],
        treat_as_categorical=WORDS,
        continuous_methods=["jensen_shannon", "kolmogorov_smirnov"],
        categorical_methods=["jensen_shannon"],
        **DAILY,
    )
    windows = len(_calculated(drift, before, now))
    for summary in (nml.SummaryStatsAvgCalculator, nml.SummaryStatsStdCalculator, nml.SummaryStatsMedianCalculator):
        _calculated(summary(column_names=NUMBERS, **DAILY), before, now)
    _calculated(nml.MissingValuesCalculator(column_names=[*NUMBERS, *WORDS], **DAILY), before, now)
    _calculated(nml.SummaryStatsRowCountCalculator(**DAILY), before, now)
    results = windows * len([*NUMBERS, *WORDS])
    return {"windows": windows, "profiles": results, "distances": results}


def _calculated(calculator: nml.UnivariateDriftCalculator, before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    return calculator.fit(before).calculate(now).filter(period="analysis").to_df()


def _read(day: Path) -> pd.DataFrame:
    rows = pd.read_parquet(day, columns=[*NUMBERS, *WORDS, "at"])
    rows[NUMBERS] = rows[NUMBERS].replace([np.inf, -np.inf], np.nan)
    rows["label"] = rows["label"].astype("str")
    rows["at"] = rows["at"].dt.tz_localize(None)
    return rows


if __name__ == "__main__":
    run("nannyml", work)
