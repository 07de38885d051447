"""The charts of page one: the honest score's steps, and on a clean page what was tried."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from reportgen.charts.numbers import NONE, fixed, interval, number, plural
from reportgen.diagnosis.walk import IN_PART
from reportgen.diagnosis.words import better, capital, spoken, unit_of
from reportgen.render.figures import Picture
from reportgen.results import AuditReport, Finding, Step

NAMES = {
    "reported": "Reported",
    "recomputed": "Recomputed",
    "without_leaks": "Without leaks",
    "imbalance_aware": "Imbalance aware",
    "mean_over_seeds": "Mean over seeds",
}
#: Which findings colour the bar that leads to a step.
_CAUSES = {
    "recomputed": ("reconciliation.",),
    "without_leaks": ("leakage.",),
    "mean_over_seeds": ("seed-ensemble.lucky-seed", "seed-ensemble.recipe-does-not-reproduce"),
}
COUNTS = ("No", "One", "Two", "Three", "Four", "Five")
MOST_DIGITS = 6
MOST_TRIED = 8
_EXPONENT = re.compile("×")


@dataclass(frozen=True)
class Shown:
    """A step as it is written: its score, and the change from the step before ("" for none).

    Scores of one metric have the same digits, and a change is the difference of the two scores as
    they are written, so that the chart adds up for who reads it.
    """

    step: Step
    score: str
    change: str


@dataclass(frozen=True)
class StepWords:
    """A step for who reads the numbers without the chart."""

    name: str
    metric: str  # "" where the reason names it
    score: str
    change: str
    between: str
    why: str


def in_words(report: AuditReport) -> tuple[StepWords, ...]:
    """The steps with the numbers that the chart has."""
    return tuple(
        StepWords(
            name=_name(s.step),
            metric="" if s.step.why.startswith(name) else name,
            score=s.score,
            change=s.change,
            between=_between(s.step),
            why=s.step.why,
        )
        for s in shown(measured(report))
        for name in [capital(spoken(s.step.metric))]
    )


def _name(step: Step) -> str:
    return NAMES.get(step.step, capital(step.step.replace("_", " ")))


def measured(report: AuditReport) -> list[Step]:
    """The steps that have a value."""
    return [step for step in report.honest_score.steps if step.value is not None]


def shown(steps: Sequence[Step]) -> list[Shown]:
    """The steps as they are written."""
    return [one for _, group in groupby(steps, key=lambda s: s.metric) for one in _panel([*group])]


def _panel(steps: Sequence[Step]) -> list[Shown]:
    unit = unit_of(steps[0].metric)
    digits = _digits(steps, unit)
    found: list[Shown] = []
    before: float | None = None
    for step in steps:
        assert step.value is not None
        if digits is None:
            value, text = step.value, number(step.value, unit)
        else:
            value, text = round(step.value, digits), fixed(step.value, digits)
        change = ""
        if before is not None and (step.told or step.step != "recomputed"):
            gap = value - before
            change = number(gap, unit, True) if digits is None else fixed(gap, digits, True)
            if not any(c in "123456789" for c in change):
                change = ""
        before = value
        found.append(Shown(step, step.printed or text, change))
    return found


def _digits(steps: Sequence[Step], unit: str) -> int | None:
    """Decimals of all scores of a panel; None where they are written with an exponent."""
    texts = [number(s.value, unit) for s in steps]
    if any(_EXPONENT.search(t) for t in texts):
        return None
    most = max(_decimals(t) for t in texts)
    for step in steps:
        if step.printed is not None:
            most = max(most, _decimals(step.printed) + (2 if "%" in step.printed else 0))
    return min(most, MOST_DIGITS)


def _decimals(text: str) -> int:
    return len(re.sub(r"[^\d.]", "", text).partition(".")[2])


def walk_picture(report: AuditReport) -> tuple[Picture, ...]:
    """The walk, or nothing when no step was measured; on a clean page what was tried, too."""
    steps = measured(report)
    pictures = (_walk(report, shown(steps)),) if steps else ()
    clean = report.outcome == "pass" and not report.diagnosis and report.error is None
    return (*pictures, *(_tried(report) if clean else ()))


def _walk(report: AuditReport, steps: Sequence[Shown]) -> Picture:
    from reportgen.charts.canvas import to_svg
    from reportgen.charts.style import GREY, VERDICTS
    from reportgen.charts.walk import WalkStep, walk

    unit = unit_of(steps[0].step.metric)
    drawn = [
        WalkStep(
            name=_name(s.step),
            panel=_panel_title(report, s.step.metric),
            value=float(s.step.value or 0.0),
            shown=s.score,
            low=s.step.low,
            high=s.step.high,
            between="as printed" if s.step.step == "reported" else _between(s.step),
            why=s.step.why,
            colour=VERDICTS.get(_verdict(report, s.step) or "", GREY),
            hollow=s.step.step == "reported",
            change=s.change,
            told=s.step.told and bool(s.change),
        )
        for s in steps
    ]
    score = report.honest_score
    label = score.chance_label or "always the same answer"
    figure = walk(
        drawn,
        unit=unit,
        chance=score.chance,
        chance_label=f"{label}: {number(score.chance, unit)}" if score.chance is not None else "",
    )
    return Picture(
        name="walk",
        title=_title(report, steps),
        subtitle=_subtitle(report, [s.step for s in steps]),
        alt=_alt(steps),
        width="full",
        drawing=to_svg(figure, "walk"),
    )


def _between(step: Step) -> str:
    text = interval(step.low, step.high, unit_of(step.metric))
    return "" if text == NONE else text


def _panel_title(report: AuditReport, metric: str) -> str:
    of_two = report.task == "binary" and metric in ("balanced_accuracy", "roc_auc")
    return capital(spoken(metric)) + (" (chance is 0.5)" if of_two else "")


def _verdict(report: AuditReport, step: Step) -> str | None:
    """The severity of what explains a step's change; None where no finding does."""
    found = [f for s in report.sections for f in s.findings if _explains(f, step)]
    for severity in ("fail", "warn"):
        if any(f.severity == severity for f in found):
            return severity
    return None


def _explains(finding: Finding, step: Step) -> bool:
    return finding.code.startswith(_CAUSES.get(step.step, ("\0",)))


def _title(report: AuditReport, steps: Sequence[Shown]) -> str:
    first = steps[0].step
    name = spoken(first.metric)
    if first.step != "reported" and len(steps) == 1:
        return f"{capital(name)} is {steps[0].score}; no number was reported"
    if len(steps) == 1:
        return f"The reported {name} could not be computed again"
    same = [s for s in steps if s.step.metric == first.metric]
    of = f"the reported {name}" if first.step == "reported" else f"the {name}"
    moved = [s for s in same if s.step.told and s.step.step in ("recomputed", "without_leaks")]
    faults = [s for s in moved if better(first.metric) * (s.step.change or 0.0) < 0]
    if faults:
        one = len(faults) == 1
        of = of if len(faults) == len(moved) else f"the {name}"
        amount = _difference(same, faults)
        verb = "add" if better(first.metric) < 0 else "take"
        to = "to" if better(first.metric) < 0 else "off"
        return (
            f"{COUNTS[len(faults)]} {'fault' if one else 'faults'} "
            f"{verb}{'s' if one else ''} {amount} {to} {of}"
        )
    if moved:
        return f"{capital(of)} is worse than what comes out, by {_difference(same, moved)}"
    mean = next((s for s in steps if s.step.step == "mean_over_seeds"), None)
    if mean is not None and mean.step.told and mean.change:
        return f"From a new seed, {spoken(mean.step.metric)} changes by {mean.change}"
    if first.step != "reported":
        return f"{capital(name)} is {steps[0].score}; no number was reported"
    if len(steps) > 1 and steps[1].step.why.startswith(IN_PART):
        return f"{capital(of)} could not be computed again, only measured on a part of the rows"
    if len(steps) == 2 and steps[1].step.step == "recomputed":
        return f"{capital(of)} comes out to the digit"
    aware = next((s for s in steps if s.step.step == "imbalance_aware"), None)
    if aware is not None and report.outcome != "pass":
        return f"{capital(of)} comes out; with each class counted alike it is {aware.score}"
    return "The reported score is the score to expect"


def _difference(same: Sequence[Shown], faults: Sequence[Shown]) -> str:
    """What faults change together, as it is written under their bars."""
    unit = unit_of(same[0].step.metric)
    digits = _digits([s.step for s in same], unit)
    if digits is None:
        return number(abs(sum(s.step.change or 0.0 for s in faults)), unit)
    values = {id(s): round(s.step.value or 0.0, digits) for s in same}
    gaps = (values[id(b)] - values[id(a)] for a, b in pairwise(same) if any(b is f for f in faults))
    return fixed(abs(sum(gaps)), digits)


def _subtitle(report: AuditReport, steps: Sequence[Step]) -> str:
    n = report.subject.rows.get("test")
    rows = f"Score on the {plural(n, 'test row')}" if n else "Score on test"
    parts = []
    if any(s.told for s in steps):
        parts.append("bars show what each step costs")
    if any(s.low is not None for s in steps):
        parts.append(f"{'line shows' if len(steps) == 1 else 'lines show'} the 95 % interval")
    said = f"{rows}; {', '.join(parts)}" if parts else rows
    return f"{said}. {_absent(report, steps)}".removesuffix(". ")


def _absent(report: AuditReport, steps: Sequence[Step]) -> str:
    """Why the step without leaks is not there, where one might look for it."""
    if any(s.step == "without_leaks" for s in steps):
        return ""
    leakage = next((s for s in report.sections if s.diagnostic == "leakage"), None)
    if leakage is None or leakage.status != "completed":
        return ""
    if leakage.verdict == "pass":
        return "No leak was found, so that step is absent"
    found = [f for f in leakage.findings if f.severity == "fail"]
    return "What was found to leak could not be measured on this score" if found else ""


def _alt(steps: Sequence[Shown]) -> str:
    said = []
    for one in steps:
        step = one.step
        text = f"{NAMES.get(step.step, step.step)}: {spoken(step.metric)} {one.score}"
        if step.low is not None and step.high is not None:
            text += f", 95 % interval {_between(step)}"
        if one.change:
            text += f", {one.change}"
        said.append(text)
    return "; ".join(said) + "."


def _tried(report: AuditReport) -> tuple[Picture, ...]:
    """Changes that were tried and stayed within chance, beside what would have been found."""
    from reportgen.charts.canvas import to_svg
    from reportgen.charts.rows import Mark, Row, forest

    offered = [t for s in report.sections for t in s.series.get("tried", ())]
    offered = [t for t in offered if t["gain"] is not None and t["found_from"] is not None]
    if not offered:
        return ()
    units = [t["unit"] for t in offered]
    own = unit_of(report.honest_score.steps[0].metric) if report.honest_score.steps else ""
    unit = own if own in units else max(dict.fromkeys(units), key=units.count)
    kept = [t for t in offered if t["unit"] == unit][:MOST_TRIED]
    metrics = [t["metric"] for t in kept]
    main = max(dict.fromkeys(metrics), key=metrics.count)
    rows = [
        Row(
            label=capital(t["name"]) + ("" if t["metric"] == main else f", {spoken(t['metric'])}"),
            marks=(Mark(t["gain"], t["low"], t["high"]),),
            bold=False,
            band=(-t["found_from"], t["found_from"]),
            right=f"± {number(t['found_from'], unit)}",
        )
        for t in kept
    ]
    figure = forest(
        rows,
        x=f"Gain of {spoken(main)} on test, with its interval",
        width="full",
        unit=unit,
        reference_at=0.0,
        right_head="found from",
        show_values=False,
    )
    title = "Every change that was tried stays within chance"
    if any((t["low"] or 0.0) > 0 for t in kept):
        title = "No change that was tried gains enough to matter"
    elif any((t["high"] or 0.0) < 0 for t in kept):
        title = "No change that was tried does better"
    alt = "; ".join(
        f"{t['name']}: {spoken(t['metric'])} {number(t['gain'], unit, True)}, between "
        f"{number(t['low'], unit, True)} and {number(t['high'], unit, True)}, would have been "
        f"found from {number(t['found_from'], unit)}"
        for t in kept
    )
    return (
        Picture(
            name="tried",
            title=title,
            subtitle=f"{capital(plural(len(kept), 'change'))} to recipe, rows or decision. Grey: "
            "too small to be found with 80 % power; an effect beyond it would have been",
            alt=f"{alt}.",
            width="full",
            drawing=to_svg(figure, "tried"),
        ),
    )
