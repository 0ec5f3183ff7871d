"""A summary as JUnit XML, as Jenkins, GitLab and GitHub's actions read it: one test suite a monitor."""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

from watchkeeper.surfaces.summary.model import Case, CaseOutcome, Suite, Summary

_NOT_XML = re.compile("[^\\t\\n\\r\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_ELEMENTS = {CaseOutcome.FAILED: "failure", CaseOutcome.ERROR: "error", CaseOutcome.SKIPPED: "skipped"}


def junit(summary: Summary) -> str:
    """The document; characters that XML cannot hold become U+FFFD."""
    counts = {"tests": sum(len(suite.cases) for suite in summary.suites)}
    counts |= {"failures": summary.count(CaseOutcome.FAILED), "errors": summary.count(CaseOutcome.ERROR)}
    seconds = sum(suite.seconds for suite in summary.suites)
    root = _element("testsuites", name=f"watchkeeper {summary.project}", **counts, time=f"{seconds:.3f}")
    root.extend(_suite(suite, summary) for suite in summary.suites)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _suite(suite: Suite, summary: Summary) -> Xml.Element:
    counts = {"tests": len(suite.cases), "failures": suite.count(CaseOutcome.FAILED)}
    counts |= {"errors": suite.count(CaseOutcome.ERROR), "skipped": suite.count(CaseOutcome.SKIPPED)}
    at = f"{summary.at:%Y-%m-%dT%H:%M:%S}"
    told = _element("testsuite", name=suite.monitor, **counts, time=f"{suite.seconds:.3f}", timestamp=at)
    properties = Xml.SubElement(told, "properties")
    properties.extend(_element("property", name=name, value=value) for name, value in suite.about.items())
    told.extend(_case(suite, case) for case in suite.cases)
    return told


def _case(suite: Suite, case: Case) -> Xml.Element:
    told = _element("testcase", classname=suite.monitor, name=case.name, time="0")
    if case.outcome in _ELEMENTS:
        kind = {} if case.outcome is CaseOutcome.SKIPPED else {"type": case.outcome.value}
        inner = _element(_ELEMENTS[case.outcome], message=case.message, **kind)
        inner.text = _text("\n".join(case.detail)) or None
        told.append(inner)
    return told


def _element(tag: str, **attributes: object) -> Xml.Element:
    return Xml.Element(tag, {name: _text(str(value)) for name, value in attributes.items()})


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
