import json
import os
import subprocess
import sys
from importlib import metadata

import pytest

from watchkeeper import catalog
from watchkeeper.errors import Faulty
from watchkeeper.metrics.base import Metric

BUILTIN = catalog.Catalog(third_party=False)


def run(code, path=None, **environment):
    """What a fresh process prints as JSON, with ``path`` installed beside us."""
    told = {**os.environ, "PYTHONPATH": str(path or ""), **environment}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=told, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def third_party(tmp_path):
    """Installs a distribution that brings metrics of these names."""

    def install(*names):
        entries = "".join(f"{name} = bank_metrics:METRIC\n" for name in names)
        info = tmp_path / "bank_metrics-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bank-metrics\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[watchkeeper.metrics]\n{entries}")
        (tmp_path / "bank_metrics.py").write_text("METRIC = 'the metric of the bank'\n")
        return tmp_path

    return install


def test_metrics_are_found_in_all_folders_below_theirs():
    assert {"psi", "null_share", "roc_auc", "error_share"} <= set(BUILTIN.names("metrics"))


def test_every_metric_of_the_first_catalogue_is_there():
    names = (
        "row_count freshness_seconds null_share unseen_share misfit_share parse_status_share category_share mean "
        "quantile share_above psi js_distance ks accuracy precision recall roc_auc log_loss error_share"
    )
    assert set(names.split()) <= set(BUILTIN.names("metrics"))


def test_the_name_of_a_plug_in_is_the_name_of_its_file():
    found = BUILTIN.all("metrics")
    assert all(isinstance(metric, Metric) and metric.name == name for name, metric in found.items())


def test_a_file_that_exports_nothing_is_no_plug_in():
    assert "intervals" not in BUILTIN.names("metrics")
    assert "base" not in BUILTIN.names("rules")


def test_a_kind_without_a_folder_has_no_plug_ins():
    assert BUILTIN.names("remedies") == []


def test_a_plug_in_knows_where_it_comes_from():
    plugin = BUILTIN.plugins("metrics")["psi"]
    assert (plugin.origin, plugin.version) == ("watchkeeper", metadata.version("watchkeeper"))
    assert plugin.module == "watchkeeper.metrics.drift.psi"


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(Faulty) as caught:
        BUILTIN.load("rules", "treshold")
    fault = caught.value.faults[0]
    assert fault.code == "E201"
    assert "limit" in fault.fix


def test_looking_for_names_imports_nothing_heavy():
    code = (
        "import json, sys; from watchkeeper import catalog; catalog.names('metrics');"
        "print(json.dumps([name for name in ('numpy', 'pyarrow', 'scipy', 'duckdb') if name in sys.modules]))"
    )
    assert run(code) == []


def test_third_parties_join_by_entry_points(third_party):
    code = (
        "import json; from watchkeeper import catalog; plugin = catalog.default().plugins('metrics')['own'];"
        "print(json.dumps([plugin.origin, plugin.version, catalog.load('metrics', 'own')]))"
    )
    assert run(code, third_party("own")) == ["bank-metrics", "1.2", "the metric of the bank"]


def test_third_parties_can_be_switched_off(third_party):
    code = "import json; from watchkeeper import catalog; print(json.dumps('own' in catalog.names('metrics')))"
    path = third_party("own")
    assert run(code, path) is True
    assert run(code, path, WATCHKEEPER_PLUGINS="builtin") is False


def test_a_third_party_cannot_take_a_name_in_use(third_party):
    code = (
        "import json\nfrom watchkeeper import catalog\nfrom watchkeeper.errors import Faulty\n"
        "try:\n    catalog.names('metrics')\n"
        "except Faulty as error:\n    print(json.dumps([fault.code for fault in error.faults]))"
    )
    assert run(code, third_party("psi")) == ["E201"]


def test_a_plug_in_whose_module_is_missing_says_so(tmp_path, third_party):
    path = third_party("own")
    (path / "bank_metrics.py").write_text("import not_installed_here\n")
    code = (
        "import json\nfrom watchkeeper import catalog\nfrom watchkeeper.errors import ExtraMissing\n"
        "try:\n    catalog.load('metrics', 'own')\nexcept ExtraMissing as error:\n    print(json.dumps(str(error)))"
    )
    assert run(code, path) == "'own' of bank-metrics needs the module 'not_installed_here', which is not installed"
