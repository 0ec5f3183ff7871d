"""The page: what failed comes first, and text of other origin stays text."""

import re

import pytest
from tests.surfaces.summary.made_up import incident, one_of_each, suite, summary

from watchkeeper.surfaces.summary.markdown import escaped, markdown
from watchkeeper.surfaces.summary.model import Case, CaseOutcome


def test_the_page_says_what_failed_and_how_every_monitor_stands():
    assert markdown(one_of_each()) == (
        "# Watchkeeper: bank\n"
        "\n"
        "As of 2026-10-13 02:00 UTC: **1 of 2 monitors failed to run**, "
        "**1 measure failed** by unresolved incidents (info or worse).\n"
        "\n"
        "| monitor | state | judged to | unresolved incidents | failed | not judged | passed |\n"
        "|---|---|---|---|---|---|---|\n"
        "| credit | warning | never | 1 warning | 1 | 1 | 1 |\n"
        "| other | warning | never | 1 warning | 0 | 0 | 1 |\n"
        "\n"
        "## credit\n"
        "\n"
        "- could not be run: no table\n"
        "- **warning** income moved (a1b2-1, open, ann)\n"
        "  - psi of income, all rows: value 0.1, limit 0.2, since 2026-10-11 02:00 UTC (change\\@1)\n"
    )


def test_many_findings_are_cut_and_the_rest_is_counted():
    page = markdown(summary(suite(Case("psi", CaseOutcome.FAILED), incidents=(incident(findings=8),))))
    assert page.count("  - psi of income") == 5 and "  - and 3 more" in page


def test_where_nothing_failed_it_says_so():
    assert "UTC: nothing failed.\n" in markdown(summary(suite(Case("run"))))


HOSTILE = [
    "a|b",
    "<img src=x>",
    "# head",
    "[text](javascript:alert)",
    "`code`",
    "@everyone",
    "two\nlines",
    "**bold**",
    "a\\",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_opens_no_cell_no_tag_no_line_and_no_link(text):
    plain, hostile = markdown(one_of_each()).split("\n"), markdown(one_of_each(text)).split("\n")
    assert len(hostile) == len(plain)
    for met, told in zip(hostile, plain, strict=True):
        for mark in "|<>[]`@*#":
            bare = re.compile(rf"(?<!\\)(?:\\\\)*{re.escape(mark)}")
            assert len(bare.findall(met)) == len(bare.findall(told)), met


def test_an_address_is_not_made_a_link():
    assert (
        escaped("see http://example.org or www.example.org") == "see http:\u200b//example.org or www\u200b.example.org"
    )
