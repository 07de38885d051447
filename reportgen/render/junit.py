"""Audits as JUnit XML, which schedulers and CI servers show and count.

A suite is an audit and a test case is a code, so that a case has the same name every night:

* ``failure``: a finding of the code fails;
* ``error``: the section, or the whole audit, could not be completed;
* ``skipped``: the code or the diagnostic does not apply, with the reason;
* a case without any of these passed. Warnings do not fail a case: they stand in the suite's
  ``system-out`` and, one each, among its properties.

The text is valid against both schemas in use, that of Jenkins (``junit-10.xsd``) and that of Ant
(``JUnit.xsd``). Ant's asks for durations; they are 0, since a report's bytes hold no clock
(``run.json`` has the seconds).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from reportgen.charts.numbers import plural, words
from reportgen.render.environment import visible
from reportgen.render.standing import standing
from reportgen.results import SEVERITIES, AuditReport, Finding, Section

#: What XML 1.0 has no place for; half characters and controls are gone before.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d{6}")
_NOWHERE = "2000-01-01T00:00:00"


@dataclass(frozen=True)
class _Case:
    place: str  # the diagnostic
    name: str  # the code, or the diagnostic where its codes are not known
    outcome: str = "passed"  # failure, error, skipped
    message: str = ""
    text: str = ""


def junit(reports: Sequence[AuditReport]) -> str:
    """Audits as one JUnit XML document, a suite each, in the order given."""
    root = Element("testsuites")
    for number, report in enumerate(reports):
        root.append(_suite(report, number))
    ElementTree.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_text_of(root)}\n'


def _text_of(root: Element) -> str:
    written: str = ElementTree.tostring(root, encoding="unicode")
    return written


def _suite(report: AuditReport, number: int) -> Element:
    cases = list(_cases(report))
    of = {kind: sum(c.outcome == kind for c in cases) for kind in ("failure", "error", "skipped")}
    suite = Element(
        "testsuite",
        {
            "name": _token(report.model),
            "package": _token(report.job),
            "id": str(number),
            "timestamp": _moment(report.run_id),
            "hostname": "localhost",
            "tests": str(len(cases)),
            "failures": str(of["failure"]),
            "errors": str(of["error"]),
            "skipped": str(of["skipped"]),
            "time": "0",
        },
    )
    warnings = [f for s in report.sections for f in s.findings if f.severity == "warn"]
    properties = SubElement(suite, "properties")
    for name, value in _facts(report, warnings):
        SubElement(properties, "property", {"name": name, "value": _clean(value)})
    for case in cases:
        suite.append(_element(case, report))
    out = [f"{report.outcome.upper()}: {report.headline}"]
    out += [f"WARN {_told(f)}" for f in warnings]
    SubElement(suite, "system-out").text = _clean("\n\n".join(out))
    SubElement(suite, "system-err").text = _clean(report.error or "")
    return suite


def _facts(report: AuditReport, warnings: Iterable[Finding]) -> Iterator[tuple[str, str]]:
    yield "outcome", report.outcome
    yield "headline", report.headline
    yield "run_id", report.run_id
    yield "dataset", report.dataset
    yield "task", report.task or ""
    score = standing(report)
    for name in ("metric", "reported", "expected", "interval"):
        if getattr(score, name):
            yield f"score.{name}", getattr(score, name)
    for finding in warnings:
        yield f"warn.{finding.code}", f"{finding.subject}: {finding.message}"


def _cases(report: AuditReport) -> Iterator[_Case]:
    if report.error is not None:
        yield _Case("audit", "audit.completed", "error", _first(report.error), report.error)
    else:
        yield _Case("audit", "audit.completed")
    for section in report.sections:
        yield from _of_section(section)


def _of_section(section: Section) -> Iterator[_Case]:
    place = section.diagnostic
    whole = f"{place.replace('_', '-')}.completed"
    reason = section.reason or "no reason was given"
    if section.status == "failed":
        yield _Case(place, whole, "error", _first(reason), reason)
        return
    if section.status == "not_applicable":
        yield _Case(place, whole, "skipped", _first(reason))
        return
    yield _Case(place, whole)
    found: dict[str, list[Finding]] = {}
    for finding in sorted(section.findings, key=lambda f: -SEVERITIES.index(f.severity)):
        found.setdefault(finding.code, []).append(finding)
    reasons = {c.code: c.reason or "" for c in section.checks if c.status == "not_applicable"}
    for code in sorted({*found, *(c.code for c in section.checks)}):
        failing = [f for f in found.get(code, ()) if f.severity == "fail"]
        if failing:
            more = len(failing) - 1
            message = failing[0].message + (
                f" (and {plural(more, 'more finding')})" if more else ""
            )
            text = "\n\n".join(_told(f) for f in failing)
            yield _Case(place, code, "failure", message, text)
        elif code in reasons and code not in found:
            yield _Case(place, code, "skipped", reasons[code])
        else:
            yield _Case(place, code)


def _element(case: _Case, report: AuditReport) -> Element:
    where = f"{_part(report.job)}.{_part(report.model)}.{case.place}"
    element = Element("testcase", {"classname": where, "name": _token(case.name), "time": "0"})
    if case.outcome != "passed":
        facts = {"message": _clean(case.message)}
        if case.outcome != "skipped":
            facts = {"type": _token(case.name), **facts}
        told = SubElement(element, case.outcome, facts)
        told.text = _clean(case.text) or None
    return element


def _told(finding: Finding) -> str:
    said = f"{finding.code} ({finding.subject}): {finding.message}"
    return f"{said}\n{finding.advice}" if finding.advice else said


def _first(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), text)


def _clean(text: str) -> str:
    """Text without what XML 1.0 has no place for and without marks that turn its direction."""
    return _NO_XML.sub("", str(visible(text)))


def _token(text: str) -> str:
    """Text without breaks, and not empty: an ``xs:token``."""
    return " ".join(words(_clean(text))) or "-"


def _part(name: str) -> str:
    """A name as one part of a dotted class name: dots would make packages of it."""
    return _token(name).replace(".", "_")


def _moment(run_id: str) -> str:
    """The run's time as its name has it: ``2026-11-22T020000`` -> ``2026-11-22T02:00:00``."""
    if not _MOMENT.match(run_id):
        return _NOWHERE
    return f"{run_id[:13]}:{run_id[13:15]}:{run_id[15:17]}"
