from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.surfaces import golden
from tests.surfaces.report import made_up

from watchkeeper import schemas
from watchkeeper.terms import IncidentState, Role, Segment

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Outline(HTMLParser):
    """Collects elements, and refuses a page whose tags do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def outline(text: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Outline()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser.seen


def test_a_page_reads_as_it_did():
    golden.agrees(made_up.words(made_up.page(made_up.watched())), "page.txt", Path(__file__).parent)


def test_the_first_lines_say_what_where_and_since_when():
    first = made_up.words(made_up.page(made_up.watched())).split("What happened when")[0]
    for said in (
        "Warning",
        "1 incident unresolved, since 19 Mar",
        "1 of 2 columns changed (income)",
        "income moved up",
    ):
        assert said in first


def test_a_page_needs_nothing_from_outside():
    text = made_up.page(made_up.watched())
    seen = outline(text)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in seen}
    assert all((attributes.get("href") or "#").startswith("#") for _, attributes in seen)
    assert not [a for _, a in seen if "src" in a or any(name.startswith("on") for name in a)]
    assert re.findall(r"https?://[^\"]*", text.replace("http://www.w3.org/2000/svg", "")) == []
    assert "url(" not in text and "@import" not in text


def test_ids_are_unique():
    told = [made_up.watched(), replace(made_up.watched(), monitor="other", incidents=[])]
    ids = [a["id"] for _, a in outline(made_up.page(*told)) if "id" in a]
    assert len(ids) == len(set(ids)) >= 3


def test_every_picture_has_a_role_a_title_and_a_description():
    text = made_up.page(made_up.watched())
    pictures = re.findall(r"<svg\b.*?</svg>", text, flags=re.DOTALL)
    assert pictures
    for picture in pictures:
        assert 'role="img"' in picture and "<title>" in picture and "<desc>" in picture
        assert "<style>" not in picture


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; onload='x",
    "</style></svg><svg onload=alert(1)>",
    "{{ 7 * 7 }}",
    "&lt;b&gt;",
    "x" * 3000,
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_names_from_data_are_text_wherever_they_stand(name):
    plain = outline(made_up.page(made_up.watched()))
    told = replace(made_up.watched(name, (name, name)), model=name, monitor=name)
    told = replace(told, incidents=[made_up.incident(made_up.lines(name, (name, name))[3], f"segment:{name}={name}")])
    seen = outline(made_up.page(told, project=name))
    assert {tag for tag, _ in seen} <= {tag for tag, _ in plain}
    assert not [a for _, a in seen if any(key.startswith("on") for key in a)]


def test_names_from_data_are_shown_as_they_are():
    name = "<script>alert(1)</script>"
    text = made_up.page(made_up.watched(name), project=name)
    assert "<script" not in text
    assert made_up.words(text).count(name) >= 3


def test_a_state_that_is_new_to_the_page_is_shown_by_its_name():
    said = made_up.words(made_up.page(replace(made_up.watched(), state="paused")))
    assert "Paused" in said


def test_a_project_without_monitors_says_how_to_begin():
    said = made_up.words(made_up.page())
    assert "No monitors" in said and "watchkeeper check" in said


def test_a_monitor_that_never_ran_has_no_empty_charts():
    empty = replace(
        made_up.watched(),
        points=schemas.POINTS.empty_table(),
        verdicts=schemas.VERDICTS.empty_table(),
        history=schemas.POINTS.empty_table(),
        incidents=[],
        state="learning",
    )
    text = made_up.page(empty)
    assert "Nothing was counted yet" in text
    assert "<svg" not in text and "What happened when" not in text


def test_a_monitor_that_learns_says_until_when():
    told = replace(made_up.watched(), incidents=[], state="learning")
    assert "Learning what is normal until 16 Mar 2026" in made_up.words(made_up.page(told))


def test_a_quiet_monitor_says_so_and_folds_its_columns_away():
    quiet = [replace(line, after=line.before) for line in made_up.lines()]
    told = replace(
        made_up.watched(), incidents=[], state="healthy", points=made_up.points(quiet), verdicts=made_up.verdicts(quiet)
    )
    said = made_up.words(made_up.page(told))
    assert "No incident unresolved; none of 2 columns changed; the model's output did not move." in said
    assert "2 columns without change: income, age" in said


def test_resolved_incidents_stand_behind_the_others():
    open_ = made_up.watched().incidents[0]
    over = replace(made_up.resolved(open_), id="old-1", severity=open_.severity)
    text = made_up.page(replace(made_up.watched(), incidents=[over, open_]))
    assert text.index('id="c1a9f2-1"') < text.index('id="old-1"')
    assert "Warning resolved: recovered" in made_up.words(text)


def test_the_chart_of_an_incident_is_of_where_its_cause_lies():
    told = made_up.watched()
    everywhere, south = made_up.incident(made_up.lines()[2], ""), made_up.incident(made_up.lines()[3], "")
    one = replace(everywhere, cause="segment:region=south", findings=(*everywhere.findings, *south.findings))
    said = made_up.words(made_up.page(replace(told, incidents=[one])))
    assert "Mean of income in region=south on 21 Mar: 66" in said
    assert one.state is IncidentState.OPEN and one.findings[1].point.segment == Segment("region", "south")


def test_colours_follow_the_reader_and_paper_is_light():
    text = made_up.page(made_up.watched())
    assert "prefers-color-scheme: dark" in text and "@media screen" in text and "@media print" in text


def test_characters_that_turn_text_around_are_named():
    name = "inc\u202eome"
    text = made_up.page(made_up.watched(name, ("reg\u200bion", "sou\u2066th")), project=name)
    assert not {"\u202e", "\u200b", "\u2066"} & set(text)
    assert "inc‹U+202E›ome" in made_up.words(text)


def test_a_page_about_sixty_columns_can_be_mailed():
    told = made_up.lines() + [made_up.Line("mean@1", f"column_{i}", 10.0, 10.0) for i in range(60)]
    roles = {**made_up.watched().roles, **{f"column_{i}": Role.FEATURE for i in range(60)}}
    wide = replace(made_up.watched(), points=made_up.points(told), verdicts=made_up.verdicts(told), roles=roles)
    text = made_up.page(wide)
    assert len(text.encode()) < 500_000
    assert "61 columns without change" in text and "and 49 more" in text
