import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.spec.load import load
from watchkeeper.spec.spelt import spelt, spelt_text, yaml_text
from watchkeeper.spec.yaml_text import parse

from .conftest import NOW, TEXT

HERE = Path(__file__).parent
EXAMPLE = (HERE / "example.yaml").read_text("utf-8")


def test_the_spelt_form_of_two_lines_names_every_key(loaded):
    text = spelt_text(loaded("source: main.serving.credit_score_payload\ncolumns: {score: predictions}\n"))
    assert text == (HERE / "golden" / "spelt_smallest.out").read_text("utf-8")


def test_the_spelt_form_loads_to_the_same_monitor(loaded):
    for text in (EXAMPLE, TEXT, "source: X"):
        monitor = loaded(text)
        again = loaded(spelt_text(monitor), "elsewhere.yaml")
        assert again == monitor
        assert spelt(again) == spelt(monitor)


def test_the_spelt_form_is_json(loaded):
    form = spelt(loaded(EXAMPLE))
    assert json.loads(json.dumps(form, allow_nan=False)) == form


TEXTS = st.text(min_size=1, max_size=12).filter(str.strip)


@given(
    owner=TEXTS,
    segments=st.lists(TEXTS, max_size=3, unique=True),
    positive=st.one_of(TEXTS, st.booleans(), st.integers(-(10**18), 10**18), st.floats(-1e9, 1e9)),
    types=st.dictionaries(TEXTS, st.sampled_from(["double", "string"]), max_size=2),
    metrics=st.lists(st.sampled_from(["default", "psi", "ks"]), min_size=1, unique=True),
)
def test_any_monitor_survives_being_spelt_out(owner, segments, positive, types, metrics):
    form = {
        "source": "X",
        "owner": owner,
        "segments": segments,
        "columns": {"positive": positive, "types": types},
        "metrics": metrics,
    }
    monitor, faults = load(yaml_text(form), "m.yaml", NOW)
    if "<<" in types or any("${" in text for text in (owner, *segments, str(positive), *types)):
        return
    assert faults == []
    assert monitor.owner == owner
    assert monitor.segments == tuple(segments)
    assert load(spelt_text(monitor), "m.yaml", NOW)[0] == monitor


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(-1e9, 1e9), st.text(max_size=12)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=6), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(min_size=1, max_size=6), JSON, min_size=1, max_size=4))
def test_yaml_of_a_json_value_reads_back_as_that_value(value):
    assert parse(yaml_text(value)).plain() == value
