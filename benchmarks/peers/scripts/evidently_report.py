"""Evidently: one report of two presets, the rows after the baseline against those of the baseline.

It knows no windows: a report compares two tables, both in memory. PSI is asked of every column, where Evidently itself
would take Wasserstein distance for numbers. Infinities are given as missing.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from common import BASELINE_DAYS, NUMBERS, WORDS, run
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset, DataSummaryPreset


def work(days: list[Path]) -> dict[str, int]:
    before, now = _read(days[:BASELINE_DAYS]), _read(days[BASELINE_DAYS:])
    report = Report([DataSummaryPreset(), DataDriftPreset(num_method="psi", cat_method="psi")], include_tests=False)
    metrics = report.run(now, before).dict()["metrics"]
    drift = sum("ValueDrift" in metric["metric_name"] for metric in metrics)
    return {"windows": 1, "profiles": len([*NUMBERS, *WORDS]), "distances": drift}


def _read(days: list[Path]) -> Dataset:
    rows = pd.concat([pd.read_parquet(day, columns=[*NUMBERS, *WORDS]) for day in days], ignore_index=True)
    rows[NUMBERS] = rows[NUMBERS].replace([np.inf, -np.inf], np.nan)
    rows["label"] = rows["label"].astype("str")
    return Dataset.from_pandas(rows, DataDefinition(numerical_columns=NUMBERS, categorical_columns=WORDS))


if __name__ == "__main__":
    run("evidently", work)
