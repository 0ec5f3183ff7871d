"""Links between the pages lead somewhere, and the pages speak of this repository alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
_FENCED = re.compile(r"^(`{3,}).*?^\1", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")


def _id(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_every_link_leads_to_a_page_and_a_heading(page):
    assert list(_broken(page)) == []


def _broken(page: Path) -> Iterator[str]:
    for link in _LINK.findall(_prose(page)):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            yield link


def _prose(page: Path) -> str:
    return re.sub(r"(?<!`)`[^`\n]+`(?!`)", "", _FENCED.sub("", page.read_text("utf-8")))


@cache
def _anchors(page: Path) -> set[str]:
    text = _FENCED.sub("", page.read_text("utf-8"))
    return {_anchor(title) for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def _anchor(title: str) -> str:
    """The anchor that a heading gets: lower case, spaces as hyphens, other signs left out."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
    kept = (sign for sign in plain if sign in " -_" or unicodedata.category(sign)[0] in "LN")
    return "".join(kept).strip().replace(" ", "-")


def test_a_heading_gets_the_anchor_that_readers_of_markdown_give_it():
    assert [_anchor(title) for title in ("`alarms.limits[]`", "Exit 5: another", "change@1")] == [
        "alarmslimits",
        "exit-5-another",
        "change1",
    ]


def test_every_page_can_be_reached_from_the_readme():
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        seen.add(page)
        links = (link.partition("#")[0] for link in _LINK.findall(_prose(page)) if "://" not in link)
        found = {(page.parent / link).resolve() for link in links if link.endswith(".md")}
        waiting += [each for each in found if each not in seen and each.is_file()]
    assert {_id(page) for page in PAGES} - {_id(page) for page in seen} == set()


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_a_page_names_no_path_of_a_machine(page):
    assert re.findall(r"(?<![\w.])/(?:home|root|tmp|work|Users)/\S*", page.read_text("utf-8")) == []
