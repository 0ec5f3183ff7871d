"""The page of the log formats."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from watchkeeper.catalog import Catalog
from watchkeeper.sources.logged import COLUMNS
from watchkeeper.spec.declarations import GENAI_FORMATS
from watchkeeper.surfaces.reference.markdown import code, prose, table
from watchkeeper.surfaces.reference.tables import named

_HEAD = f"""\
`source.format: auto` takes the format that recognises the columns best. A table may be a Delta folder, a Parquet or CSV
file, a folder of them, or a glob; CSV may be gzipped. The rows' [parse status](tables.md#parse_status) says what
reading each of them gave; no row is dropped in silence.

Named but not there yet: {", ".join(code(name) for name in GENAI_FORMATS)}."""
_COLUMNS = "Columns that are read, by name; any of them may be missing but the time:"


def page() -> str:
    return "\n\n".join([_HEAD, *_sections()])


def _sections() -> Iterator[str]:
    found = Catalog(third_party=False)
    for name in found.names("sources"):
        yield f"## {name}"
        yield prose(importlib.import_module(found.plugins("sources")[name].module).__doc__)
        if name == "inference_table":
            rows = [(code(column), code(named(type_))) for column, type_ in COLUMNS.items()]
            yield f"{_COLUMNS}\n\n{table(['column', 'type'], rows)}"
