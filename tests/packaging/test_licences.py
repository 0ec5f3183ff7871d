"""What the product brings along: nothing under a licence that reaches into the programs of others."""

import importlib.util
import re
from importlib.metadata import distribution

import pytest
from tests.packaging.build import ROOT

COPYLEFT = re.compile(r"\b[AL]?GPL|GNU|Affero|SSPL|EUPL|CC-BY-SA|BUSL|Business Source|not told", re.IGNORECASE)


@pytest.fixture(scope="module")
def licences():
    spec = importlib.util.spec_from_file_location("licences", ROOT / "tools" / "licences.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_package_of_the_closure_has_a_licence_of_the_gnu_family_or_none(licences):
    told = {name: licences.licence(one) for name, one in licences.closure().items()}
    assert {name: said for name, said in told.items() if COPYLEFT.search(said)} == {}


def test_the_closure_is_what_the_hashed_requirements_install(licences):
    text = (ROOT / "requirements" / "core.txt").read_text()
    locked = {licences.normal(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}
    found = set(licences.closure())
    assert {"pyarrow", "numpy", "sqlalchemy", "typing-extensions"} <= found <= locked


def test_a_copyleft_licence_would_be_found(licences):
    for said in ("GPL-3.0-or-later", "LGPL-2.1", "GNU General Public License v3 (GPLv3)", "AGPL-3.0", "not told"):
        assert COPYLEFT.search(said)


def test_the_sbom_names_every_package_once_and_only_edges_between_them(licences):
    document = licences.sbom(licences.closure())
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    refs = [part["bom-ref"] for part in document["components"]]
    assert len(refs) == len(set(refs)) == len(licences.closure())
    assert f"pkg:pypi/pyarrow@{distribution('pyarrow').version}" in refs
    root = document["metadata"]["component"]["bom-ref"]
    assert {edge["ref"] for edge in document["dependencies"]} == {root, *refs}
    assert {need for edge in document["dependencies"] for need in edge["dependsOn"]} <= set(refs)
    assert all(part["licenses"][0]["license"]["name"] for part in document["components"])
