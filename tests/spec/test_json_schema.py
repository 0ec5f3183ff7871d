import json
from pathlib import Path

import pytest

from watchkeeper.spec.json_schema import json_schema
from watchkeeper.spec.spelt import spelt

HERE = Path(__file__).parent
EXAMPLE = (HERE / "example.yaml").read_text("utf-8")


def accepts(schema, value):
    """A reader of the part of JSON schema that is used here."""
    if "anyOf" in schema:
        return any(accepts(one, value) for one in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    kinds = schema.get("type", [])
    python = {
        "object": dict,
        "array": list,
        "string": str,
        "number": (int, float),
        "integer": int,
        "boolean": bool,
        "null": type(None),
    }
    named = kinds if isinstance(kinds, list) else [kinds]
    if kinds and not any(isinstance(value, python[kind]) for kind in named):
        return False
    if isinstance(value, dict):
        known, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
        parts = [known.get(key, rest) for key in value]
        complete = all(key in value for key in schema.get("required", []))
        return complete and all(
            part is True or (part is not False and accepts(part, item))
            for part, item in zip(parts, value.values(), strict=True)
        )
    return not isinstance(value, list) or all(accepts(schema["items"], item) for item in value)


def test_the_schema_accepts_the_spelt_form_of_the_full_file(metrics, loaded):
    assert accepts(json_schema(metrics), spelt(loaded(EXAMPLE)))


def test_the_schema_accepts_the_smallest_file(metrics):
    assert accepts(json_schema(metrics), {"source": "main.serving.log"})


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"source": "X", "colums": {}},
        {"source": "X", "metrics": ["psii"]},
        {"source": "X", "metrics": [{"quantile": {"q": 0.5}}]},
        {"source": "X", "baseline": {"refit": "yes"}},
        {"source": "X", "task": "binry"},
        {"source": "X", "alarms": {"limits": [{"metric": "psi", "above": 1}]}},
    ],
)
def test_the_schema_refuses_what_loading_refuses(metrics, form):
    assert not accepts(json_schema(metrics), form)


def test_every_metric_and_its_options_are_in_the_schema(metrics):
    items = json_schema(metrics)["properties"]["metrics"]["items"]["anyOf"]
    assert items[0]["enum"] == ["default", *sorted(metrics)]
    assert items[1]["properties"]["quantile"]["properties"]["p"] == {"type": "number", "default": 0.5}


def test_the_schema_is_json(metrics):
    assert json.loads(json.dumps(json_schema(metrics)))["required"] == ["source"]
