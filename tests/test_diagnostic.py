"""The protocol's own small parts."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.faults.cases import case_from_arrays
from reportgen import pipeline
from reportgen.diagnostic import checks, later
from reportgen.diagnostics import suite
from reportgen.results import Content, Finding, Findings, Section
from reportgen.retraining.member import Member
from reportgen.retraining.results import Trained, TrainedMember


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


@pytest.mark.parametrize("wanted", [[1, 2, 2], [1, 2, 3, 4]])
def test_rounds_go_on_as_long_as_members_are_wanted_that_were_not_declared(wanted):
    """``wanted``: how many members it wants in all, round by round; the last for ever."""
    rounds = []

    def members(n):
        return [Member(weight_seed=k) for k in range(n)]

    def train(declared):
        (asked,) = declared.values()
        rounds.append(len(asked))
        return Trained({m: TrainedMember(m, "trained") for m in asked})

    def further(case, prepared, trained):
        return members(wanted[min(len(rounds), len(wanted) - 1)])

    def examine(case, prepared, trained):
        return Findings(headline=f"{len(trained)} trained", tried="t", method="m")

    diagnostic = replace(
        next(iter(suite().values())),
        prepare=lambda case: None,
        retrainings=lambda case, prepared: members(wanted[0]),
        further=further,
        examine=examine,
    )
    y = np.arange(10.0)
    case = case_from_arrays("regression", {"test": (y[:, None], y)}, {"test": y})
    section = pipeline.section(diagnostic, case, diagnostic.settings(), train)
    assert section.headline == f"{wanted[-1]} trained"
    assert rounds == [1] * wanted[-1]


def _growing(rounds, ends):
    """A section of a diagnostic that wants 3, 6, 9 members; ``ends``: in which round, how."""

    def members(n):
        return [Member(weight_seed=k) for k in range(n)]

    def train(declared):
        (asked,) = declared.values()
        rounds.append(len(asked))
        found = {m: TrainedMember(m, "trained") for m in asked}
        if len(rounds) == ends[0]:
            if ends[1] == "crash":
                raise MemoryError("the machine has no more of it")
            found[asked[-1]] = TrainedMember(asked[-1], "stopped")
        return Trained(found)

    def examine(case, prepared, trained):
        usable = len(trained.usable(members(9)))
        stopped = sum(t.status == "stopped" for t in trained)
        return Findings(headline=f"{usable} usable, {stopped} stopped", tried="t", method="m")

    diagnostic = replace(
        next(iter(suite().values())),
        prepare=lambda case: None,
        retrainings=lambda case, prepared: members(3),
        further=lambda case, prepared, trained: members(min(9, len(trained) + 3)),
        examine=examine,
    )
    y = np.arange(10.0)
    case = case_from_arrays("regression", {"test": (y[:, None], y)}, {"test": y})
    return pipeline.section(diagnostic, case, diagnostic.settings(), train)


def test_a_further_round_that_the_clock_ends_is_left_out_and_the_section_stands():
    rounds = []
    section = _growing(rounds, (2, "clock"))
    assert (section.status, section.headline) == ("completed", "3 usable, 3 stopped")
    assert rounds == [3, 3]
    rounds = []
    assert _growing(rounds, (3, "clock")).headline == "6 usable, 3 stopped"
    rounds = []
    assert _growing(rounds, (4, "clock")).headline == "9 usable, 0 stopped"


def test_a_further_round_that_fails_costs_no_section_and_the_first_does():
    rounds = []
    section = _growing(rounds, (2, "crash"))
    assert (section.status, section.headline) == ("completed", "3 usable, 0 stopped")
    assert rounds == [3, 3]
    assert _growing([], (1, "crash")).status == "failed"
    late = _growing([], (1, "clock"))
    assert (late.status, late.reason) == ("failed", "budget")
