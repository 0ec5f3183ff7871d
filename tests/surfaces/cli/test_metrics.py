from __future__ import annotations

from pathlib import Path

from tests.surfaces.golden import agrees

from watchkeeper import catalog

HERE = Path(__file__).parent


def test_the_list_is_made_from_the_declarations(ask, tmp_path):
    head, *lines = ask("-C", tmp_path, "metrics", "list").out.splitlines()
    assert head.split() == ["METRIC", "FAMILY", "UNIT", "RANGE", "WHAT", "IT", "SAYS"]
    assert [line.split()[0] for line in lines] == catalog.names("metrics")
    assert next(line for line in lines if line.startswith("psi ")).split()[1:6] == [
        "distance",
        "nats",
        "0",
        "to",
        "any",
    ]


def test_one_metric_is_explained_in_full(ask, tmp_path):
    agrees(ask("-C", tmp_path, "metrics", "show", "psi").out, "metrics_show_psi.txt", HERE)


def test_a_family_narrows_the_list(ask, tmp_path):
    items = ask("-C", tmp_path, "metrics", "list", "--family", "distance", "--json").data["items"]
    assert {"js_distance", "ks", "psi"} <= {item["name"] for item in items}
    assert {item["family"] for item in items} == {"distance"}


def test_an_unknown_metric_names_the_nearest(ask, tmp_path):
    said = ask("-C", tmp_path, "metrics", "show", "psii")
    assert said.code == 2
    assert "Did you mean 'psi'?" in said.err


def test_every_plugin_has_an_origin(ask, tmp_path):
    items = ask("-C", tmp_path, "plugins", "list", "--json").data["items"]
    assert {"metrics", "sources", "engines"} <= {item["kind"] for item in items}
    assert {item["origin"] for item in items} == {"watchkeeper"}
