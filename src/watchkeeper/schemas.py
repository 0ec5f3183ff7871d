"""Arrow schemas of the tables that watchkeeper keeps, and nothing else.

Every time is ``timestamp[us, UTC]``; whole numbers are int64 unless a foreign format fixes int32; schemas are
explicit so that a column of nulls never loses its type.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

TIME = pa.timestamp("us", tz="UTC")


def _required(name: str, type_: pa.DataType) -> pa.Field:
    return pa.field(name, type_, nullable=False)


def _list(item: pa.DataType) -> pa.DataType:
    return pa.list_(pa.field("element", item))


_S, _I, _F, _B = pa.string(), pa.int64(), pa.float64(), pa.bool_()

CONTEXT = pa.struct(
    [("rank", pa.int32()), ("doc_id", _S), ("text", _S), ("score", _F), ("score_kind", _S), ("source_uri", _S)]
)
TOOL_CALL = pa.struct(
    [("call_id", _S), ("name", _S), ("arguments", _S), ("result", _S), ("error", _S), ("latency_ms", _F)]
)
GUARDRAIL = pa.struct([("name", _S), ("stage", _S), ("passed", _B), ("score", _F), ("action", _S), ("category", _S)])
TURN = pa.struct(
    [
        ("query", _S),
        ("answer", _S),
        ("reference_answer", _S),
        ("relevant_doc_ids", _list(_S)),
        ("system_prompt", _S),
        ("prompt_name", _S),
        ("prompt_version", _S),
        ("app", _S),
        ("team", _S),
        ("provider", _S),
        ("model_requested", _S),
        ("model_served", _S),
        ("contexts", _list(CONTEXT)),
        ("tool_calls", _list(TOOL_CALL)),
        ("guardrails", _list(GUARDRAIL)),
        ("tokens_in", _I),
        ("tokens_out", _I),
        ("tokens_cache_read", _I),
        ("tokens_cache_write", _I),
        ("cost_usd", _F),
        ("ttft_ms", _F),
        ("n_llm_calls", _I),
        ("turn_index", _I),
        ("finish_reason", _S),
        ("error_type", _S),
        ("coverage", pa.map_(_S, _B)),
    ]
)


def events(inputs: pa.StructType | None = None, outputs: pa.StructType | None = None) -> pa.Schema:
    """Schema of the events of one source: one row is one prediction, or one GenAI turn.

    A struct without fields is left out, since Parquet cannot hold it.

    Args:
        inputs: the typed features; their names are the names of the columns.
        outputs: what the model returned beside score and decision.
    """
    fields = [
        _required("event_id", _S),
        _required("source_id", _S),
        _required("request_id", _S),
        _required("row_index", pa.int32()),
        _required("rows_in_request", pa.int32()),
        pa.field("join_key", _S),
        _required("event_time", TIME),
        _required("event_date", pa.date32()),
        _required("batch_seq", _I),
        _required("model_version", _S),
        _required("parse_status", _S),
        pa.field("logging_error_codes", _list(_S)),
        pa.field("status_code", pa.int32()),
        pa.field("latency_ms", _F),
        _required("weight", _F),
        pa.field("session_id", _S),
        pa.field("requester", _S),
        pa.field("score", _F),
        pa.field("decision", _S),
        pa.field("class_scores", pa.map_(_S, _F)),
        *([pa.field("inputs", inputs)] if inputs is not None and inputs.num_fields else []),
        *([pa.field("outputs", outputs)] if outputs is not None and outputs.num_fields else []),
        pa.field("misfits", pa.map_(_S, _S)),
        pa.field("turn", TURN),
        _required("raw_ref", _S),
        _required("row_hash", _S),
    ]
    return pa.schema(fields)


EVIDENCE = pa.struct(
    [
        ("start", _I),
        ("end", _I),
        ("context", pa.int32()),
        ("context_start", _I),
        ("context_end", _I),
        ("supported", _B),
        ("unsupported_terms", _list(_S)),
    ]
)

ANNOTATIONS = pa.schema(
    [
        _required("annotation_id", _S),
        _required("source_id", _S),
        _required("join_key", _S),
        _required("name", _S),
        _required("kind", _S),
        _required("author", _S),
        pa.field("value_num", _F),
        pa.field("value_text", _S),
        pa.field("explanation", _S),
        pa.field("evidence", _list(EVIDENCE)),
        _required("inclusion_prob", _F),
        _required("observed_at", TIME),
        _required("batch_seq", _I),
    ]
)

GRIDS = pa.schema(
    [
        _required("grid_id", _S),
        _required("monitor", _S),
        _required("column", _S),
        _required("kind", _S),
        pa.field("edges", _list(_F)),
        pa.field("atoms", _list(_F)),
        pa.field("categories", _list(_S)),
        _required("fitted_on", _S),
        _required("fitted_rows", _I),
    ]
)

STATISTICS = pa.schema(
    [
        _required("monitor", _S),
        _required("measure_digest", _S),
        _required("role", _S),
        _required("baseline_id", _S),
        _required("model_version", _S),
        _required("segment_key", _S),
        _required("segment_value", _S),
        _required("column", _S),
        _required("kind", _S),
        pa.field("window_start", TIME),
        pa.field("window_end", TIME),
        pa.field("window_date", pa.date32()),
        _required("open", _B),
        _required("partial", _B),
        pa.field("grid_id", _S),
        _required("rows", _I),
        _required("weight", _F),
        pa.field("ints", _list(_I)),
        pa.field("floats", _list(_F)),
        pa.field("blob", pa.binary()),
        _required("batch_seq", _I),
    ]
)

_KEY = [
    _required("monitor", _S),
    _required("metric", _S),
    _required("column", _S),
    _required("model_version", _S),
    _required("segment_key", _S),
    _required("segment_value", _S),
    _required("window_start", TIME),
    _required("window_end", TIME),
    _required("baseline", _S),
    _required("monitor_version", _S),
]

POINTS = pa.schema(
    [
        *_KEY,
        pa.field("value", _F),
        pa.field("baseline_value", _F),
        _required("status", _S),
        _required("reason", _S),
        _required("n", _I),
        _required("n_eff", _F),
        pa.field("baseline_n", _F),
        pa.field("se", _F),
        pa.field("baseline_se", _F),
        pa.field("low", _F),
        pa.field("high", _F),
        _required("level", _F),
        pa.field("noise_floor", _F),
        pa.field("compared", _F),
        _required("method", _S),
        _required("guarantee", _S),
        _required("open", _B),
        _required("partial", _B),
        pa.field("maturity", _S),
        _required("seq", _I),
    ]
)

VERDICTS = pa.schema(
    [
        _required("rule", _S),
        *_KEY,
        _required("outcome", _S),
        _required("severity", _S),
        _required("why", _S),
        pa.field("value", _F),
        pa.field("limit", _F),
        pa.field("effect", _F),
        _required("guarantee", _S),
        pa.field("evidence", _list(TIME)),
        _required("seq", _I),
    ]
)

SERIES_KEY = ("metric", "column", "model_version", "segment_key", "segment_value", "baseline")
"""What names a series of points; with the window it names a point."""

_SERIES_ABOUT = {
    "monitor": "name of the monitor",
    "metric": "name, version and the options that differ from the defaults: `quantile@1(p=0.95)`",
    "column": "the column it is about; empty for the whole table",
    "model_version": "version of the model; `*` for all versions together",
    "segment_key": "column or SQL boolean of the segment; empty for all rows",
    "segment_value": "its value; `__null__` where it is missing, `__other__` beyond `caps.segment_values`",
    "window_start": "start of the window, included",
    "window_end": "end of the window, excluded",
    "baseline": "what it is compared with: `fixed`, `previous`, `rolling:28d`; empty where with nothing",
    "monitor_version": "hash of everything in the monitor file that decides what is counted and judged",
}

ABOUT: Mapping[str, Mapping[str, str]] = {
    "events": {
        "event_id": "hash of source, request and row; empty where the log has no ids",
        "source_id": "hash that names the log",
        "request_id": "id of the request",
        "row_index": "place of the row in its request, from 0",
        "rows_in_request": "how many rows the request has",
        "join_key": "what labels are joined on",
        "event_time": "when the prediction was made",
        "event_date": "its date in UTC; the table is partitioned by it",
        "batch_seq": "number of the run's batch that brought the row",
        "model_version": "version of the model; empty where the log names none",
        "parse_status": "what reading the logged row gave; see [parse statuses](#parse_status)",
        "logging_error_codes": "what the serving endpoint says went wrong with logging",
        "status_code": "HTTP status of the request",
        "latency_ms": "how long the request took, in milliseconds",
        "weight": "how many rows it stands for: 1 / sampling fraction",
        "session_id": "conversation it belongs to; empty for tables of predictions",
        "requester": "keyed hash of who asked, never the name",
        "score": "the number the model gave",
        "decision": "what was decided, as text; `1` and `0` for binary tasks",
        "class_scores": "a score for each class",
        "inputs": "the features, typed",
        "outputs": "what the model returned beside score and decision",
        "misfits": "values that do not fit the type of their column, as text, by column",
        "turn": "one turn of a GenAI application; empty for predictions",
        "raw_ref": "where the logged row stands: table, version and id",
        "row_hash": "hash of the logged row's content",
    },
    "annotations": {
        "annotation_id": "hash of source, key, name and content",
        "source_id": "hash that names the table of labels",
        "join_key": "what ties it to its prediction",
        "name": "what is said, such as `label`",
        "kind": "what sort of statement it is",
        "author": "who or what says it",
        "value_num": "its value as a number",
        "value_text": "its value as text",
        "explanation": "why, in words",
        "evidence": "spans of text it rests on",
        "inclusion_prob": "probability with which the event was chosen to be annotated",
        "observed_at": "when it was known",
        "batch_seq": "number of the run's batch that brought it",
    },
    "grids": {
        "grid_id": "hash of the grid's content",
        "monitor": "name of the monitor",
        "column": "the column it is for",
        "kind": "`numeric` or `category`",
        "edges": "right-closed edges of the cells of a numeric grid",
        "atoms": "values with a cell of their own",
        "categories": "categories that are told apart",
        "fitted_on": "what it was fitted on",
        "fitted_rows": "rows it was fitted on",
    },
    "statistics": {
        **{name: _SERIES_ABOUT[name] for name in ("monitor", "model_version", "segment_key", "segment_value")},
        "measure_digest": "hash of how the column was counted; another one is not compared with it",
        "role": "`input` for the monitored windows, `baseline` for a baseline",
        "baseline_id": "which baseline; empty for the monitored windows",
        "column": _SERIES_ABOUT["column"],
        "kind": "what was counted, with its version: `moments@1`, `histogram@1`",
        "window_start": _SERIES_ABOUT["window_start"],
        "window_end": _SERIES_ABOUT["window_end"],
        "window_date": "date of the start; the table is partitioned by monitor",
        "open": "the window has not ended, or late rows are still awaited",
        "partial": "only part of the window was read",
        "grid_id": "the grid it was counted on",
        "rows": "rows counted",
        "weight": "their weights summed up",
        "ints": "whole-number state, laid out by the kind",
        "floats": "floating-point state, laid out by the kind",
        "blob": "the rest of the state",
        "batch_seq": "number of the run's batch that wrote it",
    },
    "points": {
        **_SERIES_ABOUT,
        "value": "the number; missing where `status` says why",
        "baseline_value": "the same of the baseline",
        "status": "whether there is a number, and if not, why; see [statuses](#status)",
        "reason": "a few words on the status",
        "n": "rows it speaks of",
        "n_eff": "rows that count for minimum sizes and noise: fewer where rows are weighted",
        "baseline_n": "the same of the baseline",
        "se": "standard error of the value",
        "baseline_se": "standard error of the baseline's value",
        "low": "lower end of the interval",
        "high": "upper end of the interval",
        "level": "level of the interval, 0.95 unless the metric says otherwise",
        "noise_floor": "mean of the value where nothing has changed",
        "compared": "what the change rule compares where that is not the value",
        "method": "how the interval was made",
        "guarantee": "what may be promised about it; see [guarantees](#guarantee)",
        "open": "the window has not ended, or late rows are still awaited",
        "partial": "only part of the window was read",
        "maturity": "whether the labels behind it are complete; missing where it reads none",
        "seq": "number of the run's batch that wrote it; of equal keys the highest is current",
    },
    "verdicts": {
        "rule": "`change@1`, or `limit:` and the hash of the limit",
        **_SERIES_ABOUT,
        "outcome": "see [outcomes](#outcome)",
        "severity": "severity of the incident that a breach opens",
        "why": "the reason; see [reasons](#why)",
        "value": "the point's value",
        "limit": "the value beyond which it would be a breach",
        "effect": "how many times beyond the limit it lies, on the rule's scale",
        "guarantee": "what may be promised about it; see [guarantees](#guarantee)",
        "evidence": "starts of the windows beyond the limit that the outcome rests on",
        "seq": "number of the run's batch that wrote it; of equal keys the highest is current",
    },
}
"""What each column of each table means."""
