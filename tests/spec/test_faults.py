"""Each bad file stands beside the faults it gives: ``golden/<name>.yaml`` and ``golden/<name>.txt``."""

from pathlib import Path

import pytest

from watchkeeper.spec.load import load

from .conftest import NOW

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.yaml")))
def test_a_bad_file_gives_all_its_faults_at_once(name, metrics):
    text = (GOLDEN / f"{name}.yaml").read_text("utf-8")
    monitor, faults = load(text, f"monitors/{name}.yaml", NOW, metrics=metrics, channels=["slack"])
    said = "".join(f"{fault}\n" for fault in faults)
    golden = GOLDEN / f"{name}.txt"
    if not golden.exists():
        golden.write_text(said, "utf-8")
        pytest.fail(f"{golden.name} was not there and has been written: read it, then keep it")
    assert said == golden.read_text("utf-8")
    assert (monitor is None) == any(not fault.is_warning for fault in faults)
