"""When each code is raised, and how severe. One function a code.

Each gives the findings and, where the question could not be asked, the reason in words.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.answers import Answers
from reportgen.charts.numbers import count, estimate, listed, number, plural, score, share
from reportgen.diagnostic import Decided
from reportgen.diagnostics.performance.comparison import Compared
from reportgen.diagnostics.performance.declared import (
    BELOW,
    CODES,
    NEVER,
    SIMPLE,
    WEAK,
    PerformanceSettings,
)
from reportgen.diagnostics.performance.measure import Measured
from reportgen.diagnostics.performance.scores import positives
from reportgen.diagnostics.performance.segments import Segment
from reportgen.results import Finding, Severity
from reportgen.scores.page_one import effect
from reportgen.statistics import influence
from reportgen.statistics.intervals import Interval
from reportgen.statistics.paired import difference

ADVICE = {c.code: c.advice for c in CODES}
SKILL = 0.05  # of balanced accuracy over chance: a model of noise has a little by luck
SMALLEST = 5  # rows below which nothing is said of a baseline


def _finding(
    code: str, severity: Severity, subject: str, message: str, *, advice: str = "", **evidence: Any
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        subject=subject,
        message=message,
        advice=(advice or ADVICE[code]) if severity != "info" else "",
        evidence=evidence,
    )


def _evidence(lead: Compared) -> dict[str, Any]:
    return {
        "rival": lead.rival,
        "metric": lead.metric,
        "model": lead.model,
        "other": lead.other,
        "lead": lead.interval.value,
        "low": lead.interval.low,
        "high": lead.interval.high,
        "p": lead.lead.p,
    }


def below_baseline(measured: Measured, settings: PerformanceSettings) -> Decided:
    """Does the model beat an answer that ignores its inputs?"""
    judged = measured.decided
    lead = measured.baselines[0][0]
    if not measured.judged.decided.any():
        return (), f"every row is left “{judged.undecided}”: nothing is decided"
    if judged.design.units < SMALLEST:
        return (), f"{_rows(judged)}: too small to tell"
    if judged.task != "regression" and judged.y.ndim == 1 and len(np.unique(measured.judged.y)) < 2:
        return (), f"{judged.split} has one class, which the most frequent class alone gets right"
    between = lead.interval
    if not between.known or between.value > 0:
        return (), None
    constant = measured.constant.labels
    same = judged.labels is not None and np.array_equal(judged.labels, np.asarray(constant))
    severity: Severity = "fail" if same or between.high <= 0 else "warn"
    said = ""
    if useful := _useful(measured) or (_tells_hard_rows(measured) if same else ""):
        severity, said = "info", useful
    elif ranks := _ranks(measured):
        said = ranks
        # Always the same answer is of no use, however well the scores would rank.
        severity = "warn" if same else "info" if severity == "warn" else "fail"
    if same and _few_others(measured, settings):
        severity = "info"
        said += " So few rows of another class can be missed by chance."
    verb = "equals" if between.value == 0 else "is below"
    if between.value < 0 and judged.task == "regression":
        verb = "exceeds"
    return (
        _finding(
            BELOW,
            severity,
            judged.split,
            f"{_capital(lead.label)} {number(lead.model, lead.unit)} {verb} "
            f"{number(lead.other, lead.unit)}, that of {named(lead.rival)}; lead "
            f"{_estimate(lead)}{on_decided(measured.judged)}.{said}",
            **_evidence(lead),
            n=judged.n,
        ),
    ), None


def _rows(judged: Answers) -> str:
    return plural(judged.n, "row" if judged.undecided is None else "decided row")


def on_decided(judged: Answers) -> str:
    """Says on which rows a comparison was made, where the model leaves some open."""
    if judged.undecided is None or judged.decided.all():
        return ""
    return f", on the {count(judged.decided.sum())} decided rows"


def _ranks(measured: Measured) -> str:
    """That the scores put rows in the right order all the same, as a sentence."""
    area = next((c for c in measured.baselines[0] if c.metric == "roc_auc"), None)
    if area is None or not area.interval.low > SKILL:
        return ""
    return f" Its scores rank the rows all the same: ROC-AUC {score(area.model)}."


def _few_others(measured: Measured, settings: PerformanceSettings) -> bool:
    """Whether rows of other classes than the constant's are so few that all are missed by chance.

    As for classes that are never given: at a recall of 0.5.
    """
    judged = measured.decided
    constant = measured.constant.labels
    if judged.y.ndim != 1 or constant is None:
        return False
    others = judged.design.rows(judged.y != np.asarray(constant)).units
    return bool(0.5**others > settings.alpha)


def _useful(measured: Measured) -> str:
    """What the model is good for all the same, as a sentence; empty for nothing."""
    judged = measured.decided
    if judged.task == "regression":
        second = measured.baselines[-1][-1]  # absolute error against the median
        if second.interval.low > 0:
            return (
                f" Its mean absolute error is smaller than the median's, by "
                f"{number(second.interval.value, second.unit)}."
            )
        return ""
    balanced = next((c for c in measured.baselines[0] if c.metric == "balanced_accuracy"), None)
    if balanced is not None and balanced.interval.low > SKILL:
        return f" It tells the classes apart: balanced accuracy {score(balanced.model)}."
    return ""


def _tells_hard_rows(measured: Measured) -> str:
    """That the one answer that is given would be right less often where it is not given."""
    judged, constant = measured.judged, measured.rivals.baselines[0].labels
    if judged.undecided is None or constant is None or judged.decided.all():
        return ""
    right = np.asarray(judged.y == constant, dtype=np.float64)
    weights = influence.weights_of(judged.n, judged.design.weights)
    here, rest = (
        influence.mean(right, weights * side) for side in (judged.decided, ~judged.decided)
    )
    gap = difference(here, rest, judged.design).interval
    if not gap.low > SKILL:
        return ""
    return (
        f" It tells which rows are easy: that answer is right on {share(here.value)} of the "
        f"decided rows, on {share(rest.value)} of the others."
    )


def simple_model(measured: Measured, settings: PerformanceSettings) -> Decided:
    """Is a model that takes seconds to fit as good?"""
    if not measured.simple:
        return (), f"no simple model to compare with: {measured.rivals.why_not}"
    if measured.itself_simple:
        return (), "the model is that simple itself"
    judged = measured.decided
    if judged.design.units < 2 * SMALLEST:
        return (), f"{_rows(judged)}: too small to tell"
    best = max(measured.simple, key=lambda group: -group[0].interval.value)
    better = [g for g in measured.simple if _clearly_better(g, settings.as_good_margin)]
    if better:
        group = min(better, key=lambda g: g[0].interval.value)
        first, second = group[0], group[1]
        return (
            _finding(
                SIMPLE,
                "warn",
                first.rival,
                f"{_beside(first)}; {second.label} {number(second.other, second.unit)} against "
                f"{number(second.model, second.unit)}{on_decided(measured.judged)}.",
                advice=f"Deliver {named(first.rival)}, or find out what the model fails to learn.",
                **_evidence(first),
                **effect(_behind(first), first.metric),
                second=_evidence(second),
                n=judged.n,
            ),
        ), None
    first = best[0]
    margin = settings.as_good_margin
    if judged.task == "regression":
        margin *= first.other
    if first.interval.value <= 0 or first.interval.high < margin:
        return (
            _finding(
                SIMPLE,
                "info",
                first.rival,
                f"{_beside(first)}; lead {_estimate(first)}{on_decided(measured.judged)}.",
                **_evidence(first),
                n=judged.n,
            ),
        ), None
    return (), None


def _behind(lead: Compared) -> Interval:
    """What the model loses against a rival."""
    found = lead.interval
    return Interval(-found.value, -found.high, -found.low, found.method, found.se)


def _clearly_better(group: tuple[Compared, ...], margin: float) -> bool:
    """Both opinions hold with their whole (corrected) intervals, and the first matters."""
    first = group[0]
    least = margin * (1.0 if first.metric.endswith("accuracy") else first.other)
    matters = first.interval.value <= -least
    return (
        matters
        and len(group) > 1
        and all(c.interval.known and c.interval.high < 0 for c in group[:2])
    )


def never_predicted(measured: Measured, settings: PerformanceSettings) -> Decided:
    """Is there a class that has rows and is never an answer?"""
    judged = measured.judged
    if judged.labels is None:
        return (), "a regression has no classes"
    missing: dict[Severity, list[int]] = {"fail": [], "warn": [], "info": []}
    supports = [int(positives(judged, k).sum()) for k in range(len(judged.classes))]
    present = sum(n > 0 for n in supports)
    decided = measured.decided  # rows that are left open are no wrong answers
    for k, n in enumerate(supports):
        given = judged.labels[:, k] == 1 if judged.labels.ndim == 2 else judged.labels == k
        if n == 0 or given.any():
            continue
        units = int(units_of(decided, k))
        if 0.5**units > settings.alpha / present:
            missing["info"].append(k)
        else:
            missing["warn" if n < settings.few_class_rows else "fail"].append(k)
    found = []
    for severity, classes in missing.items():
        if classes:
            names = [f"“{judged.classes[k]}”" for k in classes]
            rows = sum(supports[k] for k in classes)
            verb = "is" if len(classes) == 1 else "are"
            found.append(
                _finding(
                    NEVER,
                    severity,
                    listed(names),
                    f"{listed(names)} {verb} never given, and {verb} the class of "
                    f"{plural(rows, 'row')} of {judged.split} ({share(rows / judged.n)})."
                    + (_few_words(judged) if severity == "info" else ""),
                    classes=[judged.classes[k] for k in classes[:100]],
                    rows=[supports[k] for k in classes[:100]],
                    n_classes=len(classes),
                )
            )
    return tuple(found), None


def _few_words(judged: Answers) -> str:
    if judged.undecided is None:
        return " So few rows can be missed by chance."
    return " So few of them are decided that they can be missed by chance."


def units_of(judged: Answers, k: int) -> int:
    """Independent units among the rows of class ``k``."""
    return judged.design.rows(positives(judged, k)).units


def weak_segments(measured: Measured, settings: PerformanceSettings) -> Decided:
    """Are some rows, which their features tell, answered much worse?"""
    searched = measured.segments
    if searched.why_not:
        return (), searched.why_not
    found = [
        _segment(measured.decided, s, settings)
        for s in searched.tried
        if s.gap.known and s.gap.low > settings.segment_gap
    ]
    return tuple(found), None


def _segment(judged: Answers, segment: Segment, settings: PerformanceSettings) -> Finding:
    gap, excess = segment.gap, segment.excess
    explained = not (excess.low > 0 and excess.value > settings.segment_gap)
    regression = judged.task == "regression"
    unit = "ratio" if regression else "share"
    here, rest = number(segment.loss, unit), number(segment.rest, unit)
    said = (
        f"the mean |residual| is {here} sd of the target, elsewhere {rest}"
        if regression
        else f"{here} of the answers are wrong, elsewhere {rest}"
    )
    why = " Rows of equal confidence elsewhere are as hard."
    if regression:
        why = " Rows of equal predicted value elsewhere are as hard."
    elif judged.scores is None:
        why = " The simple model answers them no better."
    return _finding(
        WEAK,
        "info" if explained else "warn",
        segment.words,
        f"Where {segment.words}, {said}; {count(segment.n)} held-back rows."
        f"{why if explained else ''}",
        condition=segment.words,
        rows=segment.n,
        share=segment.share,
        loss=segment.loss,
        rest=segment.rest,
        gap=gap.value,
        low=gap.low,
        high=gap.high,
        excess=excess.value,
        excess_low=excess.low,
        excess_high=excess.high,
    )


def named(rival: str) -> str:
    """A rival within a sentence: always “yes”, the mean of train, boosted trees."""
    words = rival[:1].lower() + rival[1:]
    return f"the {words}" if words.startswith(("mean", "median", "most")) else words


def _beside(lead: Compared) -> str:
    return (
        f"{_capital(lead.label)} of {named(lead.rival)} is {number(lead.other, lead.unit)}, of the "
        f"model {number(lead.model, lead.unit)}"
    )


def _estimate(lead: Compared) -> str:
    return estimate(lead.interval.value, lead.interval.low, lead.interval.high, lead.unit)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
