"""Reports serialise and come back equal, small, and without what JSON cannot hold."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reportgen.results import AuditReport, Finding, Findings, Metric, Section, outcome_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def _report(*sections: Section, **fields: object) -> AuditReport:
    return AuditReport(
        job="j", run_id="r", model="m", dataset="d", task="binary", outcome="pass", headline="",
        sections=sections, **fields,
    )  # fmt: skip


@given(st.dictionaries(st.text(min_size=1), JSON, max_size=4), st.text())
def test_any_evidence_comes_back_equal(evidence: dict[str, object], text: str) -> None:
    finding = Finding(code="a.b", severity="info", subject=text, message=text, evidence=evidence)
    found = Findings(headline=text, findings=(finding,))
    report = _report(Section.completed("performance", found))
    written = report.to_json()
    assert AuditReport.from_json(written) == report
    assert json.loads(written) == report.model_dump(mode="json")


def test_numbers_of_a_series_share_a_line() -> None:
    found = Findings(headline="", series={"roc": {"x": np.linspace(0, 1, 1000)}})
    lines = _report(Section.completed("performance", found)).to_json().splitlines()
    assert sum("0.001001" in line for line in lines) == 1
    assert len(lines) < 120


def test_series_are_six_digits_and_never_more_than_a_thousand_points() -> None:
    found = Findings(headline="", series={"a": [1 / 3, math.nan, math.inf]})
    assert found.series == {"a": [0.333333, None, None]}
    with pytest.raises(ValidationError, match="thin it"):
        Findings(headline="", series={"a": {"x": [0.0] * 1001}})


def test_a_metric_that_is_not_a_number_is_null() -> None:
    assert Metric(name="r2", value=math.nan, low=-math.inf, reason="one row").value is None
    assert Metric(name="r2", value=np.float64(0.5)).value == 0.5


def test_a_section_gives_back_what_its_diagnostic_found() -> None:
    found = Findings(headline="h", series={"a": [1.5]}, tried="t", detectable="d", method="m")
    assert Section.completed("performance", found).found == found


def test_a_section_that_failed_makes_the_outcome_incomplete() -> None:
    fail = Finding(code="a.b", severity="fail", subject="", message="")
    sections = [
        Section.completed("a", Findings(headline="", findings=(fail,))),
        Section(diagnostic="b", status="not_applicable", reason="no"),
    ]
    assert outcome_of(sections) == "fail"
    assert outcome_of([*sections, Section(diagnostic="c", status="failed")]) == "incomplete"
    assert outcome_of(sections[1:]) == "pass"
