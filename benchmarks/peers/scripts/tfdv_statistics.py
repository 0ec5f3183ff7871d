"""TensorFlow Data Validation: statistics of the baseline and of every day, then its drift comparator.

Statistics come from frames in memory, without Apache Beam. The comparator takes Jensen-Shannon divergence of numbers
and the largest difference of shares (L-infinity) of categories; it reads the day's statistics against the baseline's.
"""

from pathlib import Path

import pandas as pd
import tensorflow_data_validation as tfdv
from common import BASELINE_DAYS, NUMBERS, WORDS, run
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2


def work(days: list[Path]) -> dict[str, int]:
    before = _statistics(days[:BASELINE_DAYS])
    schema = _schema(before)
    found = profiles = 0
    for day in days:
        now = _statistics([day])
        profiles += len(now.datasets[0].features)
        anomalies = tfdv.validate_statistics(now, schema, previous_statistics=before)
        found += sum(len(info.drift_measurements) for info in anomalies.drift_skew_info)
    return {"windows": len(days), "profiles": profiles, "distances": found}


def _statistics(days: list[Path]) -> statistics_pb2.DatasetFeatureStatisticsList:
    rows = pd.concat([pd.read_parquet(day, columns=[*NUMBERS, *WORDS]) for day in days], ignore_index=True)
    rows["label"] = rows["label"].astype("str")
    return tfdv.generate_statistics_from_dataframe(rows, n_jobs=1)


def _schema(before: statistics_pb2.DatasetFeatureStatisticsList) -> schema_pb2.Schema:
    """A threshold of every column: without one nothing is compared."""
    schema = tfdv.infer_schema(before)
    for name in NUMBERS:
        tfdv.get_feature(schema, name).drift_comparator.jensen_shannon_divergence.threshold = 0.1
    for name in WORDS:
        tfdv.get_feature(schema, name).drift_comparator.infinity_norm.threshold = 0.1
    return schema


if __name__ == "__main__":
    run("tensorflow-data-validation", work)
