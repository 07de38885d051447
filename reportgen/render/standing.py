"""What a line about an audit says: the score that was reported, and the one to expect."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.charts.numbers import interval, number
from reportgen.diagnosis.words import spoken, unit_of
from reportgen.results import AuditReport, Outcome

#: Worst first: a finding that fails says more than an audit that could not be completed.
ORDER: tuple[Outcome, ...] = ("fail", "incomplete", "warn", "pass")


@dataclass(frozen=True)
class Standing:
    """The headline metric of an audit; "" for what was not measured.

    ``expected`` is the last step of the honest score in the metric of the first one.
    """

    metric: str = ""
    reported: str = ""
    expected: str = ""
    interval: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = "score"


def standing(report: AuditReport) -> Standing:
    """The reported score of an audit beside the one to expect."""
    steps = report.honest_score.steps
    if not steps:
        return Standing()
    first = next((s for s in steps if s.step == "reported"), None)
    metric = steps[0].metric
    unit = unit_of(metric)
    known = [s for s in steps if s.metric == metric and s.step != "reported"]
    last = next((s for s in reversed(known) if s.value is not None), None)
    between = interval(last.low, last.high, unit) if last else ""
    return Standing(
        metric=spoken(metric),
        reported=(first.printed or number(first.value, unit)) if first else "",
        expected=number(last.value, unit) if last else "",
        interval="" if between == "–" else between,
        value=last.value if last else None,
        low=last.low if last else None,
        high=last.high if last else None,
        unit=unit,
    )
