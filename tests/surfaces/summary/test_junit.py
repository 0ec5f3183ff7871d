"""The JUnit document: well formed whatever the text, and nothing in it that a reader of JUnit does not know."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.surfaces.summary.made_up import one_of_each, summary

from watchkeeper.surfaces.summary.junit import junit

COUNTS = {"tests", "failures", "errors"}
KNOWN = {
    # element: children, attributes that must be there, attributes that may be
    "testsuites": ({"testsuite"}, set(), COUNTS | {"name", "time"}),
    "testsuite": ({"properties", "testcase"}, COUNTS | {"name"}, {"skipped", "time", "timestamp", "id", "package"}),
    "properties": ({"property"}, set(), set()),
    "property": (set(), {"name", "value"}, set()),
    "testcase": ({"skipped", "error", "failure"}, {"name"}, {"classname", "time"}),
    "failure": (set(), set(), {"message", "type"}),
    "error": (set(), set(), {"message", "type"}),
    "skipped": (set(), set(), {"message", "type"}),
}


def read(text):
    root = ElementTree.fromstring(text.encode())
    assert root.tag == "testsuites"
    for element in root.iter():
        children, needed, allowed = KNOWN[element.tag]
        assert {child.tag for child in element} <= children
        assert needed <= set(element.attrib) <= needed | allowed
    return root


def test_a_monitor_is_a_suite_and_its_counts_are_those_of_its_cases():
    root = read(junit(one_of_each()))
    first, second = root
    assert (first.get("name"), second.get("name")) == ("credit", "other")
    assert [first.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["4", "1", "1", "1"]
    assert [root.get(name) for name in ("tests", "failures", "errors", "time")] == ["5", "1", "1", "3.000"]
    for suite in root:
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors")) == len(suite.findall("testcase/error"))
        assert int(suite.get("skipped")) == len(suite.findall("testcase/skipped"))


def test_a_failure_carries_the_sentence_the_values_and_the_limit():
    failure = read(junit(one_of_each())).find("testsuite/testcase[@name='psi of income']/failure")
    assert (failure.get("message"), failure.get("type"), failure.text) == ("income moved", "failed", "value 0.31")


def test_a_project_without_monitors_is_a_document_without_suites():
    assert list(read(junit(summary()))) == []


HOSTILE = [
    "<!--",
    "]]>",
    "&amp;",
    "\"'><failure/>",
    "\x00\x08\x1b[31m",
    "\ufffe\uffff",
    "\ud800",
    "line\nline",
    "<![CDATA[",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text):
    said = junit(one_of_each(text))
    root = read(said)
    assert len(root.findall(".//failure")) == 1 and len(root.findall("testsuite")) == 2
    name = root.find("testsuite").get("name")
    assert name.startswith("credit") and len(name) == len("credit" + text)


@given(st.text())
def test_any_text_gives_a_document_that_reads_back(text):
    name = read(junit(one_of_each(text)))[0].get("name")
    assert all(met == told or met == "\ufffd" for met, told in zip(name, "credit" + text, strict=True))
