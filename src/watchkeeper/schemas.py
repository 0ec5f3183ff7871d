"""Arrow schemas of the tables that watchkeeper keeps, and nothing else.

Every time is ``timestamp[us, UTC]``; whole numbers are int64 unless a foreign format fixes int32; schemas are
explicit so that a column of nulls never loses its type.
"""

from __future__ import annotations

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
