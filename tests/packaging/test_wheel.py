"""What is handed out: the package with all it reads, and nothing of its tests."""

import subprocess
import tarfile
import zipfile
from email import message_from_string
from pathlib import PurePosixPath

import pytest
from tests.packaging.build import ROOT, build


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def wheel(made):
    with zipfile.ZipFile(made[0]) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def tracked():
    listed = subprocess.run(["git", "ls-files", "src"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a checkout: what belongs to the tree is not known")
    return {name.removeprefix("src/") for name in listed.stdout.split("\n") if name and (ROOT / name).is_file()}


def test_the_wheel_holds_every_file_of_the_package(wheel):
    inside = {name for name in wheel if ".dist-info/" not in name}
    assert tracked() <= inside
    assert all((ROOT / "src" / name).is_file() for name in inside)


def test_the_wheel_holds_what_the_program_reads_beside_its_modules(wheel):
    report = "watchkeeper/surfaces/report"
    assert {"watchkeeper/py.typed", f"{report}/page.html.j2", f"{report}/style.css"} <= set(wheel)


def test_nothing_of_the_tests_is_in_either(made, wheel):
    with tarfile.open(made[1]) as archive:
        source = {PurePosixPath(*PurePosixPath(name).parts[1:]) for name in archive.getnames()}
    inside = source | {PurePosixPath(name) for name in wheel}
    assert not [path for path in inside if {"tests", "benchmarks", ".watchkeeper", "__pycache__"} & set(path.parts)]
    assert {PurePosixPath(name) for name in ("LICENSE", "README.md", "requirements/core.txt")} <= source


def test_a_wheel_made_of_the_source_archive_is_the_same(made, wheel, tmp_path):
    with tarfile.open(made[1]) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    with zipfile.ZipFile(build(tmp_path / "dist", unpacked)[0]) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == wheel


def test_the_metadata_say_what_it_is(wheel):
    (text,) = [data.decode() for name, data in wheel.items() if name.endswith(".dist-info/METADATA")]
    told = message_from_string(text)
    assert (told["Name"], told["License-Expression"], told["Requires-Python"]) == (
        "watchkeeper",
        "Apache-2.0",
        ">=3.11",
    )
    assert "Typing :: Typed" in told.get_all("Classifier")
    (entries,) = [data.decode() for name, data in wheel.items() if name.endswith("entry_points.txt")]
    assert "watchkeeper = watchkeeper.surfaces.cli.main:main" in entries
