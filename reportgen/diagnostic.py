"""What a diagnostic is: a value with a name, a question, settings, codes and functions."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reportgen.results import Check, Finding, Findings, Severity

if TYPE_CHECKING:
    from reportgen.charts.figure import Chart
    from reportgen.evidence import Case
    from reportgen.job.schema import Settings
    from reportgen.retraining.member import Member
    from reportgen.retraining.results import Trained


class NotApplicable(Exception):
    """The question makes no sense for this case; the reason in words is shown in the report."""


@dataclass(frozen=True, slots=True)
class Code:
    """A finding code and what ``reportgen explain`` says of it.

    ``code`` is whole (``performance.below-baseline``); ``at_most`` the highest severity it can
    have; ``meaning`` what is so when it is raised; ``decided`` the rule with its thresholds;
    ``advice`` what to do; ``source`` a reference, where there is one.
    """

    code: str
    at_most: Severity
    meaning: str
    decided: str
    advice: str
    source: str = ""


#: What one code's rule came to: its findings and, where it could not be asked, why, in words.
Decided = tuple[tuple[Finding, ...], str | None]


def checks(decided: Mapping[str, Decided]) -> tuple[Check, ...]:
    """Each code once: raised where it has findings, not applicable with its reason, or clear."""
    return tuple(
        Check(
            code=code,
            status="raised" if found else "not_applicable" if reason else "clear",
            reason=None if found else reason,
        )
        for code, (found, reason) in decided.items()
    )


def later(package: str, place: str) -> Callable[..., Any]:
    """A function that is imported when it is first called, so that its module may be heavy.

    Parameters
    ----------
    package : the diagnostic's own package, its ``__name__``.
    place : ``module:function`` within the package.
    """
    module, _, name = place.partition(":")

    def call(*arguments: Any) -> Any:
        return getattr(importlib.import_module(f"{package}.{module}"), name)(*arguments)

    return call


def nothing(case: Case) -> None:
    """A diagnostic that prepares nothing."""


def none(case: Case, prepared: Any) -> list[Member]:
    """A diagnostic that wants nothing trained."""
    return []


def enough(case: Case, prepared: Any, trained: Trained) -> list[Member]:
    """A diagnostic that never wants more of the same."""
    return []


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One question a reviewer asks, and the functions that answer it.

    ``prepare(case)`` measures all that needs no training, and is called once.
    ``retrainings(case, prepared)`` declares what is to be trained again; everything that the suite
    declares is trained in one round. ``further(case, prepared, trained)`` may then declare more
    members of the same recipe, where a suspicion needs them before it becomes a ``fail``; it is
    asked again after each round that it asked for, until it wants no more.
    ``examine(case, prepared, trained)`` judges: pure, no files, no plots, no printing; ``trained``
    holds every member that was declared, empty where nothing was.
    ``plots(findings)`` draws from the findings and their series alone.
    Any of them may raise :class:`NotApplicable`. ``position`` orders the report. A package names
    functions of its modules by :func:`later`.
    """

    name: str
    title: str
    question: str
    position: int
    settings: type[Settings]
    codes: tuple[Code, ...]
    examine: Callable[[Case, Any, Trained], Findings]
    plots: Callable[[Findings], list[Chart]]
    prepare: Callable[[Case], Any] = nothing
    retrainings: Callable[[Case, Any], list[Member]] = none
    further: Callable[[Case, Any, Trained], list[Member]] = enough
