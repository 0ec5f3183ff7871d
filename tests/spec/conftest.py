from datetime import UTC, datetime

import pyarrow as pa
import pytest

from watchkeeper import catalog
from watchkeeper.spec.load import load
from watchkeeper.spec.resolve import resolve

NOW = datetime(2026, 11, 24, tzinfo=UTC)
INPUTS = pa.schema(
    {"age": pa.int64(), "income": pa.float64(), "region": pa.string(), "member": pa.bool_(), "seen": pa.timestamp("us")}
)
LOG = ("event_time", "model_version", "score", "decision", "latency_ms", "status_code")
TEXT = """\
source: main.serving.log
columns: {score: predictions, decision: answer}
segments: [region, "income > 10000"]
labels: {table: main.ops.repayments, join: client_request_id, value: defaulted, matures_after: 90 days}
"""


@pytest.fixture(scope="session")
def metrics():
    return catalog.Catalog(third_party=False).all("metrics")


@pytest.fixture(scope="session")
def loaded(metrics):
    """Reads a monitor file that has no fault."""

    def read(text, file="monitors/credit_score.yaml"):
        monitor, faults = load(text, file, NOW, metrics=metrics)
        assert monitor is not None, "\n".join(map(str, faults))
        return monitor

    return read


@pytest.fixture(scope="session")
def resolved(metrics, loaded):
    """Resolves a monitor file against an inference table of five features."""

    def decide(text=TEXT, inputs=INPUTS, available=LOG, **options):
        return resolve(loaded(text), inputs, available, metrics, **options)

    return decide
