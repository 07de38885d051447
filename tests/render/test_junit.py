"""JUnit XML against the two schemas in use, as they are told here by hand, and hostile names."""

import re
from collections import Counter
from xml.etree import ElementTree

import pytest

from reportgen.render.junit import junit
from reportgen.results import Check, Finding, Findings, Section
from tests.render import reports

# Ant's schema, which is the narrower one: Jenkins's has all of this and more
CHILDREN = {
    "testsuites": ["testsuite"],
    "testsuite": ["properties", "testcase", "system-out", "system-err"],
    "properties": ["property"],
    "testcase": ["skipped", "error", "failure"],
}
REQUIRED = {
    "testsuite": {"name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors",
                  "time"},
    "testcase": {"name", "classname", "time"},
    "property": {"name", "value"},
    "failure": {"type"},
    "error": {"type"},
}  # fmt: skip
ALLOWED = {"testsuite": {"skipped"}}
ALLOWED |= {tag: {"message"} for tag in ("failure", "error", "skipped")}


def conforms(element):
    tag = element.tag
    known = REQUIRED.get(tag, set())
    assert known <= set(element.attrib) <= known | ALLOWED.get(tag, set()), tag
    order = [CHILDREN.get(tag, []).index(child.tag) for child in element]
    assert order == sorted(order)
    if tag == "testcase":
        assert len(element) <= 1
    if tag == "testsuite":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", element.get("timestamp"))
        found = Counter(case[0].tag if len(case) else "" for case in element.iter("testcase"))
        assert int(element.get("tests")) == sum(found.values())
        for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.get(name)) == found[kind]
        assert [child.tag for child in element[-2:]] == ["system-out", "system-err"]
    for child in element:
        conforms(child)


def cases(report):
    root = ElementTree.fromstring(junit([report]))
    conforms(root)
    return {case.get("name"): case for case in root.iter("testcase")}


@pytest.mark.parametrize("name", reports.ALL)
def test_every_report_conforms(name):
    root = ElementTree.fromstring(junit([reports.ALL[name](), reports.clean()]))
    conforms(root)
    assert [suite.get("id") for suite in root] == ["0", "1"]


def section(*findings, checks=()):
    found = Findings(headline="h", findings=findings, checks=checks)
    return reports.churn(sections=(Section.completed("leakage", found),), error=None)


def test_a_code_is_one_case_whatever_it_found():
    def finding(severity, message):
        return Finding(code="leakage.target-column", severity=severity, subject="c",
                       message=message, advice="Drop it.")  # fmt: skip

    found = cases(
        section(
            finding("warn", "a little"),
            finding("fail", "column a"),
            finding("fail", "column b"),
            checks=(
                Check(code="leakage.target-column", status="raised"),
                Check(code="leakage.groups", status="clear"),
                Check(code="leakage.time", status="not_applicable", reason="no time column"),
            ),
        )
    )
    assert sorted(found) == ["audit.completed", "leakage.completed", "leakage.groups",
                             "leakage.target-column", "leakage.time"]  # fmt: skip
    failure = found["leakage.target-column"].find("failure")
    assert failure.get("message") == "column a (and 1 more finding)"
    assert "column b" in failure.text
    assert "a little" not in failure.text
    assert len(found["leakage.groups"]) == 0
    assert found["leakage.time"].find("skipped").get("message") == "no time column"


def test_a_warning_passes_and_is_told():
    warning = Finding(code="leakage.groups", severity="warn", subject="s", message="12 households")
    root = ElementTree.fromstring(junit([section(warning)]))
    conforms(root)
    assert root.find(".//failure") is None
    told = {p.get("name"): p.get("value") for p in root.iter("property")}
    assert told["warn.leakage.groups"] == "s: 12 households"
    assert "12 households" in root.find(".//system-out").text


def test_what_could_not_run_is_an_error_and_what_does_not_apply_is_skipped():
    found = cases(
        reports.churn(
            sections=(
                Section(diagnostic="seed_ensemble", status="failed", reason="budget"),
                Section(diagnostic="change", status="not_applicable", reason="no earlier run"),
            )
        )
    )
    assert found["seed-ensemble.completed"].find("error").get("message") == "budget"
    assert found["change.completed"].find("skipped").get("message") == "no earlier run"
    lost = cases(reports.all_failed())
    assert "lacks its weights" in lost["audit.completed"].find("error").text


def test_any_character_may_stand_in_a_name():
    every = "".join(map(chr, [*range(0x300), 0x2028, 0x202E, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF]))
    report = reports.churn(model=every, job=f"{every}\n\n", headline=every, error=every, run_id="x")
    text = junit([report])
    root = ElementTree.fromstring(text.encode())
    conforms(root)
    assert "\u202e" not in text
    assert "<&>" in every.replace("=", "&")  # markup is among them
    assert root[0].get("name").startswith("!\"#$%&'()*+,-./0123456789:;<=>?@")
    assert all(case.get("classname").count(".") == 2 for case in root.iter("testcase"))


def test_no_audits_is_a_document_too():
    root = ElementTree.fromstring(junit([]))
    assert root.tag == "testsuites"
    assert len(root) == 0
