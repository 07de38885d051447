"""The protocol's own small parts."""

import sys

import pytest

from reportgen.diagnostic import checks, later
from reportgen.results import Content, Finding, Findings, Section


def test_a_function_named_for_later_is_imported_when_called(monkeypatch):
    monkeypatch.delitem(sys.modules, "reportgen.statistics.power", raising=False)
    smallest = later("reportgen.statistics", "power:smallest_effect")
    assert "reportgen.statistics.power" not in sys.modules
    assert smallest(0.0, None) == 0.0
    with pytest.raises(AttributeError, match="nothing_of_that_name"):
        later("reportgen.statistics", "power:nothing_of_that_name")()


def test_each_code_is_raised_clear_or_not_applicable():
    finding = Finding(code="a.b", severity="info", subject="s", message="m.")
    made = checks({"a.b": ((finding,), "of no matter"), "a.c": ((), None), "a.d": ((), "no rows")})
    assert [(c.code, c.status, c.reason) for c in made] == [
        ("a.b", "raised", None),
        ("a.c", "clear", None),
        ("a.d", "not_applicable", "no rows"),
    ]


def test_a_section_starts_with_what_it_is_of_and_holds_all_that_was_found():
    found = Findings(headline="h", tried="t", method="m", series={"a": [1.5]})
    section = Section.completed("a", found)
    assert list(Section.model_fields)[:4] == ["diagnostic", "status", "reason", "verdict"]
    assert set(Section.model_fields) - set(Content.model_fields) == {
        "diagnostic", "status", "reason", "verdict",
    }  # fmt: skip
    assert section.found == found
    with pytest.raises(ValueError, match="headline"):
        Findings()
