"""The older inference table of a Databricks serving endpoint, read as the one that AI Gateway keeps.

It says the same under other names, as far as it says it: the caller and the reasons why a body is missing were not
logged, so a body that was too large is ``empty`` here. The version is ``<model name>/<model version>`` of the request's
metadata, since one endpoint may serve several models. Request ids are the platform's in both kinds of table: a request
that stands in both is one event.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

RENAMED = {"date": "request_date", "timestamp_ms": "request_time", "execution_time_ms": "execution_duration_ms"}
"""Columns by their older names."""
METADATA = "request_metadata"
TELLING = ("timestamp_ms", METADATA)
"""The columns by which the older kind is recognised."""
_VERSION = "served_entity_id"
_MODEL = ("model_name", "model_version")


def is_legacy(schema: pa.Schema) -> bool:
    """Whether a table is of the older kind."""
    return all(name in schema.names for name in TELLING)


def as_current(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows under the names of today; a batch of any other kind as it is."""
    if not is_legacy(batch.schema):
        return batch
    there = set(batch.schema.names)
    names = [RENAMED.get(name, name) if RENAMED.get(name) not in there else name for name in batch.schema.names]
    renamed = batch.rename_columns(names)
    return renamed if _VERSION in names else renamed.append_column(_VERSION, _version(batch))


def _version(batch: pa.RecordBatch) -> pa.Array:
    """Model and version of each row, or whichever of them is there."""
    metadata = batch.column(batch.schema.names.index(METADATA))
    if not pa.types.is_map(metadata.type):
        return pa.nulls(len(batch), pa.string())
    said = [pc.map_lookup(metadata, key, "first").cast(pa.string()) for key in _MODEL]
    return pc.coalesce(pc.binary_join_element_wise(*said, "/"), *reversed(said))
