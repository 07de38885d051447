"""The chart of page one: the honest score's steps, in words and as a drawing."""

from __future__ import annotations

from reportgen.charts.numbers import number, plural
from reportgen.diagnosis import spoken
from reportgen.render.figures import Picture
from reportgen.results import AuditReport, Step

NAMES = {
    "reported": "Reported",
    "recomputed": "Recomputed",
    "without_leaks": "Without leaks",
    "imbalance_aware": "Imbalance aware",
    "mean_over_seeds": "Mean over seeds",
}
# which diagnostic's verdict colours the bar that leads to a step
_CAUSES = {
    "recomputed": "reconciliation",
    "without_leaks": "leakage",
    "mean_over_seeds": "seed_ensemble",
}


def unit_of(metric: str) -> str:
    """A metric's unit, as :class:`~reportgen.results.Metric` has them."""
    name = metric.partition(",")[0].strip()
    if name in ("loss", "log_loss", "brier"):
        return "loss"
    return "target" if name in ("mse", "rmse", "mae", "median_absolute_error") else "score"


def measured(report: AuditReport) -> list[Step]:
    """The steps that have a value."""
    return [step for step in report.honest_score.steps if step.value is not None]


def walk_picture(report: AuditReport) -> tuple[Picture, ...]:
    """The walk, or nothing when no step was measured."""
    from reportgen.charts.canvas import to_svg
    from reportgen.charts.style import GREY, VERDICTS
    from reportgen.charts.walk import WalkStep, walk

    steps = measured(report)
    if not steps:
        return ()
    verdicts = {s.diagnostic: s.verdict for s in report.sections}
    unit = unit_of(steps[0].metric)
    drawn = [
        WalkStep(
            name=NAMES.get(step.step, step.step.replace("_", " ").capitalize()),
            panel=_capital(spoken(step.metric)),
            value=float(step.value or 0.0),
            low=step.low,
            high=step.high,
            printed=_printed(step),
            why=step.why,
            colour=VERDICTS.get(verdicts.get(_CAUSES.get(step.step, "")) or "", GREY),
            hollow=step.step == "reported",
        )
        for step in steps
    ]
    score = report.honest_score
    label = score.chance_label or "always the same answer"
    figure = walk(
        drawn,
        unit=unit,
        chance=score.chance,
        chance_label=f"{label}: {number(score.chance, unit)}" if score.chance is not None else "",
    )
    return (
        Picture(
            name="walk",
            title=_title(report, steps),
            subtitle=_subtitle(report, steps),
            alt=_alt(steps),
            width="full",
            drawing=to_svg(figure, "walk"),
        ),
    )


def _printed(step: Step) -> str | None:
    return step.printed if step.step == "reported" else None


def _title(report: AuditReport, steps: list[Step]) -> str:
    first, last = steps[0], steps[-1]
    unit = unit_of(first.metric)
    name = spoken(first.metric)
    if first.step != "reported":
        return f"{_capital(name)} is {number(first.value, unit)}; no number was reported"
    if len(steps) == 1:
        return f"The reported {name} could not be computed again"
    restated = next((r for r in report.reported if r.split == "test"), None)
    if len(steps) == 2 and restated is not None and restated.agrees is not None:
        if restated.agrees:
            return f"The reported {name} comes out to the digit"
        return f"The reported {name} does not come out"
    same = [s for s in steps if s.metric == first.metric]
    change = number((same[-1].value or 0.0) - (first.value or 0.0), unit, signed=True)
    if not any(c in "123456789" for c in change):
        return "The reported score is the score to expect"
    return f"From reported to expected, the {name} changes by {change}" if last else ""


def _subtitle(report: AuditReport, steps: list[Step]) -> str:
    n = report.subject.rows.get("test")
    rows = f"Score on the {plural(n, 'test row')}" if n else "Score on test"
    lines = any(s.low is not None for s in steps)
    shown = "line shows" if len(steps) == 1 else "lines show"
    return f"{rows}; {shown} the 95 % interval" if lines else rows


def _alt(steps: list[Step]) -> str:
    said = []
    for step in steps:
        text = f"{NAMES.get(step.step, step.step)}: {spoken(step.metric)} "
        text += step.printed or number(step.value, unit_of(step.metric))
        if step.low is not None and step.high is not None:
            unit = unit_of(step.metric)
            text += f", 95 % interval {number(step.low, unit)} to {number(step.high, unit)}"
        said.append(text)
    return "; ".join(said) + "."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
