from __future__ import annotations


def _items(ask, folder, *words):
    return ask("-C", folder, "--json", *words).data["items"]


def test_the_newest_windows_come_first(ask, watched):
    starts = [item["window_start"] for item in _items(ask, watched, "points", "credit", "--limit", "500")]
    assert starts == sorted(starts, reverse=True)


def test_points_are_chosen_by_metric_column_segment_and_baseline(ask, watched):
    words = (
        "points",
        "credit",
        "--metric",
        "mean",
        "--column",
        "income",
        "--segment",
        "region=north",
        "--baseline",
        "fixed",
    )
    items = _items(ask, watched, *words)
    assert items
    chosen = {(i["metric"], i["column"], i["segment_key"], i["segment_value"], i["baseline"]) for i in items}
    assert chosen == {("mean@1", "income", "region", "north", "fixed")}


def test_an_empty_segment_means_all_rows(ask, watched):
    items = _items(ask, watched, "points", "credit", "--segment", "", "--limit", "100")
    assert {(item["segment_key"], item["segment_value"]) for item in items} == {("", "")}


def test_a_metric_with_options_is_chosen_by_its_identity(ask, watched):
    items = _items(ask, watched, "points", "credit", "--metric", "quantile@1(p=0.95)", "--limit", "20")
    assert {item["metric"] for item in items} == {"quantile@1(p=0.95)"}


def test_a_cut_listing_says_where_to_go_on(ask, watched):
    words = ("points", "credit", "--metric", "row_count", "--segment", "")
    whole = ask("-C", watched, "--json", *words).data
    head = ask("-C", watched, "--json", *words, "--limit", "3").data
    rest = ask("-C", watched, "--json", *words, "--until", head["next"]).data
    assert whole["next"] is None
    missing = [item for item in whole["items"] if item not in head["items"] and item not in rest["items"]]
    assert missing == []


def test_history_holds_at_least_what_is_current(ask, watched):
    words = ("points", "credit", "--metric", "row_count")
    assert len(_items(ask, watched, *words, "--history")) >= len(_items(ask, watched, *words))


def test_the_text_says_how_much_is_not_shown(ask, watched):
    said = ask("-C", watched, "points", "credit", "--limit", "2")
    head, _, _, more = said.out.splitlines()
    assert head.startswith("WINDOW")
    assert more.startswith("2 of ")


def test_verdicts_are_chosen_by_outcome(ask, watched):
    items = _items(ask, watched, "verdicts", "credit", "--outcome", "breach")
    assert {item["outcome"] for item in items} == {"breach"}
    assert "income" in {item["column"] for item in items}


def test_a_monitor_whose_file_is_gone_still_shows_its_points(ask, watched):
    (watched / "monitors" / "credit.yaml").unlink()
    assert _items(ask, watched, "points", "credit", "--limit", "1")
