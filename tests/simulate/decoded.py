"""A world as a reader of its two tables sees it."""

import json

import numpy as np

from watchkeeper.simulate.labels import labels
from watchkeeper.simulate.requests import inference_table


def decoded(told):
    """Columns of the rows that were answered: every feature, score, label (nan where unknown), day, version, alone."""
    rows = inference_table(told).rows
    known = {one["client_request_id"]: one["defaulted"] for one in sorted_by_time(labels(told).rows)}
    seen, records = set(), []
    for row in rows.to_pylist():
        if row["status_code"] != 200 or row["logging_error_codes"] or row["databricks_request_id"] in seen:
            continue
        seen.add(row["databricks_request_id"])
        records += [{**one, **facts(row, known, told.story)} for one in answered(row)]
    names = sorted(records[0])
    return {name: column([record[name] for record in records]) for name in names}


def sorted_by_time(rows):
    return sorted(rows.to_pylist(), key=lambda row: row["updated_at"])


def answered(row):
    body = json.loads(row["request"])
    applicants = body.get("dataframe_records") or split_rows(body["dataframe_split"])
    scores = json.loads(row["response"])["predictions"]
    return [{**one, "score": score, "alone": len(scores) == 1} for one, score in zip(applicants, scores, strict=True)]


def split_rows(split):
    return [dict(zip(split["columns"], values, strict=True)) for values in split["data"]]


def facts(row, known, story):
    client = row["client_request_id"] or json.loads(row["request"])["client_request_id"]
    day = (row["request_time"] - story.start).days
    return {"label": known.get(client), "day": day, "version": row["served_entity_id"]}


def column(values):
    text = any(isinstance(value, str) for value in values)
    return np.array(values, object) if text else np.array(values, float)


def rank_auc(score, label):
    """Share of pairs of a positive and a negative that the score puts in order; ties count half."""
    positives, negatives = np.sort(score[label == 1]), np.sort(score[label == 0])
    below, up_to = np.searchsorted(negatives, positives, "left"), np.searchsorted(negatives, positives, "right")
    return float((below + up_to).sum() / (2 * positives.size * negatives.size))
