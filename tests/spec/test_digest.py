import json
import math
import random
import struct

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.spec.digest import canonical_json, measure_digest, monitor_version
from watchkeeper.spec.spelt import yaml_text
from watchkeeper.spec.yaml_text import parse

from .conftest import INPUTS, TEXT

FULL = (
    TEXT
    + """\
window: 1 day
baseline: {first: 28 days, compare: [fixed, previous]}
metrics: [default, ks]
notify: [{to: slack}, {to: mail, from: critical}]
owner: risk@bank.example
alarms:
  limits:
    - {metric: accuracy, below: 0.8, owner: risk, reason: standard 4}
    - {metric: roc_auc, below: 0.7, owner: risk, reason: standard 5}
"""
)
GRIDS = ("a1", "b2")


@pytest.fixture
def digests(resolved):
    def of(text, grids=GRIDS, inputs=INPUTS):
        found, faults = resolved(text, inputs=inputs)
        assert found is not None, faults
        return measure_digest(found, grids), monitor_version(found, grids)

    return of


def shuffled(value, rng, key=""):
    if isinstance(value, dict):
        items = list(value.items())
        rng.shuffle(items)
        return {name: shuffled(item, rng, name) for name, item in items}
    if isinstance(value, list):
        items = [shuffled(item, rng) for item in value]
        if key in ("segments", "compare", "metrics", "limits"):
            rng.shuffle(items)
        return items
    return value


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32))
def test_the_order_of_a_file_changes_no_digest(resolved, seed):
    text = yaml_text(shuffled(parse(FULL).plain(), random.Random(seed)))
    one, other = resolved(FULL)[0], resolved(text)[0]
    assert measure_digest(one) == measure_digest(other)
    assert monitor_version(one) == monitor_version(other)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("window:", "# by the day\nwindow:"),
        ("first: 28 days", "first: 28 day"),
        ("risk@bank.example", "someone else"),
        ("[{to: slack}, {to: mail, from: critical}]", "[]"),
        ("below: 0.8", "below: 0.80"),
        ("window: 1 day\n", ""),
    ],
)
def test_comments_owner_notify_and_spelling_change_no_digest(digests, old, new):
    assert FULL.count(old) == 1
    assert digests(FULL) == digests(FULL.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("below: 0.8", "below: 0.81"),
        ("[default, ks]", "[default]"),
        ("[default, ks]", "[default, ks, {quantile: {columns: [income], p: 0.9}}]"),
        ("[fixed, previous]", "[fixed]"),
        ("90 days", "60 days"),
        ("first: 28 days", "first: 56 days"),
    ],
)
def test_a_limit_a_metric_or_a_comparison_changes_the_version_alone(digests, old, new):
    assert old in FULL
    (measure, version), (measure_then, version_then) = digests(FULL), digests(FULL.replace(old, new))
    assert measure == measure_then
    assert version != version_then


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("segments: [region", "segments: [member, region"),
        ("score: predictions", "score: predictions, features: {except: [age]}"),
        ("score: predictions", "score: predictions, positive: bad"),
        ("window: 1 day", "window: 1 week"),
        ("window: 1 day", "timezone: Europe/Zurich"),
        ("main.serving.log", "main.serving.other"),
        ("value: defaulted", "value: repaid"),
    ],
)
def test_a_column_a_segment_a_window_or_a_source_changes_both(digests, old, new):
    assert old in FULL
    before, after = digests(FULL), digests(FULL.replace(old, new))
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_a_new_feature_of_the_log_changes_both(digests):
    before, after = digests(FULL), digests(FULL, inputs=INPUTS.append(pa.field("debt", pa.float64())))
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_another_grid_changes_both_and_the_order_of_grids_neither(digests):
    assert digests(FULL, ("b2", "a1")) == digests(FULL, ("a1", "b2"))
    before, after = digests(FULL, ("a1", "b2")), digests(FULL, ("a1", "b3"))
    assert before[0] != after[0]
    assert before[1] != after[1]


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555555", "333333333.3333333"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
    ],
)
def test_numbers_are_written_as_rfc_8785_writes_them(bits, text):
    """The samples of appendix B of RFC 8785."""
    assert canonical_json(struct.unpack(">d", bytes.fromhex(bits))[0]) == text


def test_keys_are_sorted_by_utf_16_units():
    keys = {"\ufb33": 1, "\U0001f600": 2, "\u20ac": 3, "1": 4}
    assert list(json.loads(canonical_json(keys)).values()) == [4, 3, 2, 1]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_as_itself(value):
    assert float(json.loads(canonical_json(value))) == value


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_has_no_form(value):
    with pytest.raises(ValueError, match="no form in JSON"):
        canonical_json({"a": value})
