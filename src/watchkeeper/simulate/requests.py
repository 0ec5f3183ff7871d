"""A world as the endpoint's inference table shows it (AI Gateway of a serving endpoint), row by row as it arrives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from watchkeeper.schemas import TIME
from watchkeeper.simulate import bodies
from watchkeeper.simulate.applicants import Ints
from watchkeeper.simulate.arrivals import Arrivals
from watchkeeper.simulate.traffic import HOUR, Flags, Traffic
from watchkeeper.simulate.world import World

INFERENCE_TABLE = pa.schema(
    [
        ("databricks_request_id", pa.string()),
        ("request_date", pa.date32()),
        ("client_request_id", pa.string()),
        ("request_time", TIME),
        ("status_code", pa.int32()),
        ("sampling_fraction", pa.float64()),
        ("execution_duration_ms", pa.int64()),
        ("request", pa.string()),
        ("response", pa.string()),
        ("logging_error_codes", pa.list_(pa.field("element", pa.string()))),
        ("served_entity_id", pa.string()),
        ("requester", pa.string()),
    ]
)
"""Columns and types of the inference table of a serving endpoint; every one may be null."""

SPLIT_SHARE = 0.15
TOO_LARGE_SHARE = 0.003
LATE_SHARE = 0.03
LATEST_HOURS = 60
REPEATED_SHARE = 0.01
_MINUTE = HOUR // 60
_SECOND = _MINUTE // 60
_REQUESTERS = np.array(
    ["svc-mobile-app@bank.example", "svc-web-portal@bank.example", "svc-branch-desk@bank.example"], object
)
_REQUEST_TOO_LARGE, _RESPONSE_TOO_LARGE = "MAX_REQUEST_SIZE_EXCEEDED", "MAX_RESPONSE_SIZE_EXCEEDED"


def inference_table(world: World) -> Arrivals:
    """The logged requests, late and repeated rows included, in order of arrival.

    Most rows arrive within the hour; a few arrive up to 60 hours late, and a few arrive twice.
    """
    calls, rng = world.traffic, world.story.rng("delivery")
    logged = np.flatnonzero(calls.logged)
    rows = _table(world).take(pa.array(logged))
    first = calls.time[logged] + _lag(rng, logged.size)
    repeated = np.flatnonzero(rng.random(logged.size) < REPEATED_SHARE)
    again = first[repeated] + _until_repeated(rng, repeated.size)
    both = pa.concat_tables([rows, rows.take(pa.array(repeated))])
    return Arrivals.ordered(both, np.concatenate([first, again]))


def _table(world: World) -> pa.Table:
    calls, rng = world.traffic, world.story.rng("requests")
    size_limit = np.where(calls.status == 200, rng.random(calls.size), 1.0)
    no_request, no_response = size_limit < TOO_LARGE_SHARE * 2 / 3, size_limit < TOO_LARGE_SHARE
    no_response &= ~no_request
    id_column, id_body = _client_ids(calls, rng)
    entities = np.array([world.story.rollout.first, world.story.rollout.second], object)
    columns: list[Any] = [
        _uuids(rng, calls.size),
        pa.array(calls.time, TIME).cast(pa.date32()),
        id_column,
        pa.array(calls.time, TIME),
        calls.status,
        calls.sampling_fraction,
        _duration(calls, rng),
        _nulled(_request_bodies(world, rng, id_body), no_request),
        _nulled(bodies.answers(world.score, calls.first_row, calls.rows, calls.status.tolist()), no_response),
        _codes(no_request, no_response),
        entities[calls.second.astype(np.int64)],
        _REQUESTERS[rng.choice(3, calls.size, p=(0.5, 0.3, 0.2))],
    ]
    typed = [pa.array(c, f.type) for c, f in zip(columns, INFERENCE_TABLE, strict=True)]
    return pa.table(typed, schema=INFERENCE_TABLE)


def _request_bodies(world: World, rng: np.random.Generator, client_ids: list[str | None]) -> list[str]:
    calls = world.traffic
    incomplete = calls.status == 400
    split = (rng.random(calls.size) < SPLIT_SHARE) & ~incomplete
    texts = bodies.requests(world.sent, calls.first_row, calls.rows, split, client_ids)
    for index in np.flatnonzero(incomplete).tolist():
        texts[index] = bodies.without_age(texts[index])
    return texts


def _client_ids(calls: Traffic, rng: np.random.Generator) -> tuple[list[str], list[str | None]]:
    """Where the caller's id stands: in most rows in column and body, else in one of them."""
    ids = calls.client_request_ids
    where = rng.choice(3, calls.size, p=(0.6, 0.3, 0.1)).tolist()
    column = ["" if place == 1 else id_ for id_, place in zip(ids, where, strict=True)]
    return column, [None if place == 2 else id_ for id_, place in zip(ids, where, strict=True)]


def _uuids(rng: np.random.Generator, size: int) -> list[str]:
    text = rng.bytes(16 * size).hex()
    words = (text[i : i + 32] for i in range(0, len(text), 32))
    return [f"{w[:8]}-{w[8:12]}-{w[12:16]}-{w[16:20]}-{w[20:]}" for w in words]


def _duration(calls: Traffic, rng: np.random.Generator) -> Ints:
    milliseconds = 42.0 * np.exp(0.35 * rng.standard_normal(calls.size)) * (1 + 0.15 * (calls.rows - 1))
    milliseconds = np.where(calls.status == 504, 60_000.0, np.where(calls.status == 429, 2.0, milliseconds))
    return np.rint(milliseconds).astype(np.int64)


def _nulled(texts: list[str], missing: Flags) -> pa.Array:
    return pa.array(np.array(texts, object), pa.string(), mask=missing)


def _codes(no_request: Flags, no_response: Flags) -> list[list[str]]:
    codes = np.where(no_request, 1, np.where(no_response, 2, 0)).tolist()
    texts: tuple[list[str], ...] = ([], [_REQUEST_TOO_LARGE], [_RESPONSE_TOO_LARGE])
    return [texts[code] for code in codes]


def _lag(rng: np.random.Generator, size: int) -> Ints:
    usual = np.minimum(3.0 * np.exp(0.6 * rng.standard_normal(size)), 59.0) * _MINUTE
    late = rng.uniform(1, LATEST_HOURS, size) * HOUR
    return np.where(rng.random(size) < LATE_SHARE, late, usual).astype(np.int64)


def _until_repeated(rng: np.random.Generator, size: int) -> Ints:
    soon, later = rng.uniform(1, 120, size) * _SECOND, rng.uniform(2, 48, size) * HOUR
    return np.where(rng.random(size) < 0.6, soon, later).astype(np.int64)
