"""From what was measured to findings, checks and the words around them."""

from __future__ import annotations

import numpy as np

from reportgen.answers import Answers
from reportgen.charts.numbers import (
    count,
    estimate,
    listed,
    number,
    plural,
    score,
    share,
)
from reportgen.diagnostic import checks
from reportgen.diagnostics.performance import decisions
from reportgen.diagnostics.performance.comparison import Compared
from reportgen.diagnostics.performance.declared import CODES, PerformanceSettings
from reportgen.diagnostics.performance.measure import Measured
from reportgen.diagnostics.performance.scores import coverage, metrics, selective_accuracy
from reportgen.diagnostics.performance.series import series
from reportgen.evidence import Case, settings_of
from reportgen.results import Finding, Findings, Metric
from reportgen.retraining.results import Trained

FEW_UNITS = 10


def judge(case: Case, measured: Measured, trained: Trained) -> Findings:
    """Every code is decided; the words follow from what was found."""
    settings = settings_of(case, PerformanceSettings)
    judged = measured.judged
    decided = {
        CODES[0].code: decisions.below_baseline(measured, settings),
        CODES[1].code: decisions.simple_model(measured, settings),
        CODES[2].code: decisions.never_predicted(measured, settings),
        CODES[3].code: decisions.weak_segments(measured, settings),
    }
    findings = tuple(_capped(f, judged) for found, _ in decided.values() for f in found)
    rng = case.rng("intervals of quantiles")
    scores = metrics(judged, rng)
    others = [m for o in measured.others for m in metrics(o, rng)]
    rows = [*scores, *_leads(measured), *others]
    return Findings(
        headline=_headline(judged, _first(judged, scores), findings, measured),
        findings=findings,
        metrics=tuple(rows),
        series=series(judged, [c for b in measured.baselines for c in b], measured.simple),
        checks=checks(decided),
        tried=_tried(measured),
        result=_result(measured),
        detectable=_detectable(measured, settings),
        method=_method(measured),
    )


def _capped(finding: Finding, judged: Answers) -> Finding:
    """No fail from a handful of rows or clusters: their variance is hardly known."""
    if judged.design.units < FEW_UNITS and finding.severity == "fail":
        return finding.model_copy(update={"severity": "warn"})
    return finding


def _leads(measured: Measured) -> list[Metric]:
    found = []
    for group in (*measured.baselines, *measured.simple):
        for lead in group[:1]:
            found.append(_lead(lead, measured.decided))
    return found


def _lead(lead: Compared, judged: Answers) -> Metric:
    return Metric(
        name=f"lead_over_{lead.rival}",
        value=lead.interval.value,
        unit=lead.unit,
        low=lead.interval.low,
        high=lead.interval.high,
        label=f"Lead over {decisions.named(lead.rival)}, {lead.label}",
        split=judged.split,
        n=judged.n,
        interval=lead.interval.method,
    )


def _first(judged: Answers, scores: tuple[Metric, ...]) -> Metric:
    """What the lead is measured in: of rows with several labels the share of labels right."""
    name = "label_accuracy" if judged.task == "multilabel" else scores[0].name
    return next(s for s in scores if s.name == name)


def _headline(
    judged: Answers, first: Metric, findings: tuple[Finding, ...], measured: Measured
) -> str:
    names = {"regression": "R²", "multilabel": "The share of labels right"}
    said = f"{names.get(judged.task, 'Accuracy')} is {estimate(first.value, first.low, first.high)}"
    if judged.undecided is not None:
        first = selective_accuracy(judged)
        covered = share(coverage(judged).value or 0.0)
        said = f"{covered} of the rows are decided; accuracy among them is "
        said += estimate(first.value, first.low, first.high)
        if first.value is None:
            return f"No row of {judged.split} is decided: all are “{judged.undecided}”."
    where = "" if judged.split == "test" else f" on {judged.split}, for want of test rows"
    worst = next((f for level in ("fail", "warn") for f in findings if f.severity == level), None)
    if worst is not None:
        short = {
            "performance.below-baseline": "it does not beat an answer that ignores the inputs",
            "performance.simple-model-as-good": "a simple model does better",
            "performance.class-never-predicted": f"{worst.subject} is never given as an answer",
            "performance.weak-segment": "one segment of rows is answered much worse",
        }[worst.code]
        return f"{said}{where}, and {short}."
    if first.value is None or first.low is None or judged.design.units < decisions.SMALLEST:
        verb = "is" if judged.n == 1 else "are"
        return f"{plural(judged.n, 'row')} of {judged.split} {verb} too few to tell how good it is."
    lead = measured.baselines[0][0]
    rival = decisions.named(lead.rival)
    ahead = number(abs(lead.interval.value), lead.unit)
    if judged.task != "regression" and judged.y.ndim == 1 and len(np.unique(judged.y)) < 2:
        return f"{said}{where}; all rows are of one class, so nothing shows that it tells classes."
    if lead.interval.high < 0:
        return f"{said}{where}, {ahead} below {rival}, but it is of use all the same."
    if not lead.interval.low > 0:
        return f"{said}{where}; too few rows to tell it from {rival}."
    if judged.task == "regression":
        return f"{said}{where}; its RMSE is {ahead} below that of {rival}."
    return f"{said}{where}, {ahead} above {rival}."


def _tried(measured: Measured) -> str:
    simple = len(measured.simple)
    parts = [plural(len(measured.baselines), "baseline")]
    if simple:
        parts.append(plural(simple, "simple model"))
    segments = plural(len(measured.segments.tried), "segment")
    return f"{listed(parts)}; {segments}"


def _result(measured: Measured) -> str:
    lead = measured.baselines[0][0]
    gain = lead.interval.value
    if measured.judged.task == "regression":
        side = "under" if gain >= 0 else "over"
        return f"RMSE {number(abs(gain), lead.unit)} {side} the mean's"
    return f"{score(abs(gain))} {'above' if gain >= 0 else 'below'} {decisions.named(lead.rival)}"


def _detectable(measured: Measured, settings: PerformanceSettings) -> str:
    if measured.simple:
        group = [c[0] for c in measured.simple]
        alpha = settings.simple_model_alpha / len(group)
        effects = [(c.detectable(alpha), c) for c in group]
        known = [(e, c) for e, c in effects if 0 < e < float("inf")]
        if known:
            effect, lead = max(known, key=lambda pair: pair[0])
            return f"A rival ahead by {number(effect, lead.unit)}"
    lead = measured.baselines[0][0]
    effect = lead.detectable(settings.alpha)
    if 0 < effect < float("inf"):
        return f"A lead of {number(effect, lead.unit)} over the baseline"
    return f"{plural(measured.judged.n, 'row')}: too small to tell"


def _method(measured: Measured) -> str:
    judged = measured.judged
    said = [
        "Proportions have Wilson's intervals, ROC-AUC DeLong's on the logit scale, other scores "
        "the delta method's; differences are paired row by row."
    ]
    if judged.design.codes is not None:
        said.append(
            f"The {count(judged.n)} rows count as {count(judged.design.units)} independent units: "
            "rows of one group, copies, and neighbours in time stand together."
        )
    if judged.design.weights is not None:
        said.append("Rows count by their weights.")
    if judged.undecided is not None:
        open_ = judged.n - int(judged.decided.sum())
        said.append(
            f"{plural(open_, 'row')} left “{judged.undecided}” count as wrong in accuracy, recall, "
            "F1 and the like, as in scikit-learn; rivals and segments are judged on decided rows."
        )
    if judged.scores is not None:
        said.append(judged.loss_words())
    if judged.left_out:
        said.append(
            f"{plural(judged.left_out, 'row')} without a known class or a finite number "
            f"{'is' if judged.left_out == 1 else 'are'} left out."
        )
    if measured.simple:
        said.append(f"Simple models see the {measured.rivals.words}, none of the judged rows.")
    elif measured.rivals.why_not:
        said.append(f"No simple model was fitted: {measured.rivals.why_not}.")
    if len(measured.simple) == 1 and judged.task != "regression":
        said.append("Boosted trees are left out for more than 20 classes.")
    if measured.segments.why_not:
        said.append(f"No segments were sought: {measured.segments.why_not}.")
    else:
        said.append("Segments were found on one half of the rows and judged on the other.")
    return " ".join(w for w in said if w)
