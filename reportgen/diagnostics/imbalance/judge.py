"""From what was measured to findings, checks and the words around them."""

from __future__ import annotations

from typing import Any

from reportgen.charts.numbers import count, in_a_sentence, listed, number, plural, score, share
from reportgen.diagnostic import Decided, checks
from reportgen.diagnostics.imbalance.declared import (
    CODES,
    MISLEADING,
    MISSED,
    MITIGATION,
    SKEWED,
    THRESHOLD,
    ImbalanceSettings,
)
from reportgen.diagnostics.imbalance.gains import Gains, Tried, gains
from reportgen.diagnostics.imbalance.prepare import Prepared
from reportgen.diagnostics.imbalance.rare import Range, ranges
from reportgen.diagnostics.imbalance.series import of_ranges, of_rows
from reportgen.diagnostics.imbalance.verdicts import (
    ADVICE,
    Gap,
    Recall,
    gap_of,
    misleading,
    missed,
    recalls,
    skewed,
)
from reportgen.evidence import Case, settings_of
from reportgen.results import Finding, Findings, Metric
from reportgen.retraining.results import Trained
from reportgen.scores.page_one import effect
from reportgen.scores.what_ifs import costs
from reportgen.statistics.intervals import Interval

MOST_WEIGHTS = 6  # classes whose weights are written out
REMEDY_ADVICE = {
    "oversample": "Repeat rows of the small classes in train, after the split "
    "(`imblearn.over_sampling.RandomOverSampler`).",
    "smote": "Make synthetic rows of the small classes from train, after the split "
    "(`imblearn.over_sampling.SMOTE`, SMOTENC where columns are categorical).",
    "adasyn": "Make synthetic rows of the small classes from train, after the split "
    "(`imblearn.over_sampling.ADASYN`).",
    "undersample": "Leave rows of the large classes out of train, after the split "
    "(`imblearn.under_sampling.RandomUnderSampler`).",
}


def examine(case: Case, prepared: Prepared, trained: Trained) -> Findings:
    """Every code is decided; in regression the rare ends of the target are shown."""
    if prepared.counted is None:
        return _regression(case, prepared)
    settings = settings_of(case, ImbalanceSettings)
    delivered, counted = prepared.delivered, prepared.counted
    classes = recalls(delivered, counted)
    gap = gap_of(delivered, classes)
    found = gains(case, prepared, trained)
    decided: dict[str, Decided] = {
        SKEWED: skewed(counted, settings),
        MISLEADING: misleading(gap, classes, delivered.split, settings),
        MISSED: missed(
            classes, settings, _tried_for_it(found, settings), labels=case.task == "multilabel"
        ),
        MITIGATION: _mitigation(found, settings),
        THRESHOLD: _threshold(found, settings),
    }
    findings = tuple(f for c in CODES for f in decided[c.code][0])
    return Findings(
        headline=_headline(counted.ratio(), classes, gap, findings),
        findings=findings,
        metrics=_metrics(prepared, classes, gap),
        series=of_rows(prepared, classes, gap, found, _unfair(findings)),
        checks=checks(decided),
        tried=_tried(found),
        result=_result(gap, classes),
        detectable=_detectable(classes, found),
        method=_method(prepared, found),
    )


def _tried_for_it(found: Gains, settings: ImbalanceSettings) -> str:
    """What to do about a missed class, by what the remedies came to; "" where none was tried."""
    if not found.found:
        return ""
    name = in_a_sentence(found.metric.label)
    best = max(found.found, key=lambda g: g.gain.value)
    if _helps(best, settings, found):
        code = THRESHOLD if best.name == "threshold" else MITIGATION
        gives = number(best.having, found.metric.unit)
        return f"{_advice(code, best, found)} It gives {name} {gives}."
    return (
        f"Gather rows of the class, or columns that tell it apart: of "
        f"{plural(len(found.found), 'remedy', 'remedies')} that were tried, none raises {name} "
        "beyond chance."
    )


def _mitigation(found: Gains, settings: ImbalanceSettings) -> Decided:
    trained = [g for g in found.found if g.name != "threshold"]
    if not trained:
        whys = [why for name, why in found.untold.items() if name != "threshold"]
        return (), whys[0] if whys else "no remedy was tried"
    best = max(trained, key=lambda g: g.gain.value)
    if not _helps(best, settings, found):
        return (), None
    others = [g for g in trained if g is not best and _helps(g, settings, found)]
    also = (
        f" {plural(len(others), 'other remedy', 'other remedies')} would help too."
        if others
        else ""
    )
    return (_helping(MITIGATION, best, found, also),), None


def _threshold(found: Gains, settings: ImbalanceSettings) -> Decided:
    gain = found.of("threshold")
    if gain is None:
        return (), found.untold.get("threshold", "it was not tried")
    if not _helps(gain, settings, found):
        return (), None
    move = gain.move
    where = ""
    if move is not None and move.threshold is not None:
        where = f" The threshold is {move.threshold:.3g}."
    elif move is not None and move.strength is not None:
        where = f" The power of the classes' shares is {move.strength:.2g}."
    return (_helping(THRESHOLD, gain, found, where),), None


def _helps(gain: Tried, settings: ImbalanceSettings, found: Gains) -> bool:
    scale = found.metric.range or 1.0
    return gain.gain.low > 0 and gain.gain.value >= settings.helps_least * scale


def _helping(code: str, gain: Tried, found: Gains, more: str) -> Finding:
    metric = found.metric
    name = in_a_sentence(metric.label)
    falls = [
        f"{in_a_sentence(label)} {number(c, 'score', True)}" for label, c in costs(gain.others, 2)
    ]
    cost = f" It costs: {listed(falls)}." if falls else " No other score falls by 0.005."
    return Finding(
        code=code,
        severity="warn",
        subject=gain.words,
        message=(
            f"With {gain.words}, {name} is {number(gain.having, metric.unit)} where the recipe "
            f"has {number(gain.without, metric.unit)}: {number(gain.gain.value, metric.unit, True)}"
            f" ({number(gain.gain.low, metric.unit, True)} to "
            f"{number(gain.gain.high, metric.unit, True)}).{cost}{more}"
        ),
        advice=_advice(code, gain, found),
        evidence={
            "metric": metric.name,
            "gain": gain.gain.value,
            "low": gain.gain.low,
            "high": gain.gain.high,
            "members": gain.members,
            "threshold": None if gain.move is None else gain.move.threshold,
            "others": {label: change for label, (_, change) in gain.others.items()},
            **effect(gain.gain, metric.claim),
        },
    )


def _advice(code: str, gain: Tried, found: Gains) -> str:
    """What to type tomorrow."""
    move = gain.move
    if move is not None and move.threshold is not None:
        return (
            f"Set `decision: {{threshold: {move.threshold:.2g}}}` in the job and cut there in "
            "production; choose it anew on validation with each model."
        )
    if move is not None and move.strength is not None:
        return (
            "Divide the scores by the classes' shares of train to the power "
            f"{move.strength:.2g} before the largest is taken; choose the power anew on "
            "validation with each model."
        )
    if gain.name == "class_weight":
        return f"{_class_weights(found)} Report what it costs elsewhere too."
    return f"{REMEDY_ADVICE.get(gain.name, ADVICE[code])} Report what it costs elsewhere too."


def _class_weights(found: Gains) -> str:
    if found.framework == "sklearn":
        return 'Train with `class_weight="balanced"`, or with `sample_weight` where there is none.'
    if 0 < len(found.weights) <= MOST_WEIGHTS:
        weights = ", ".join(f"{code}: {weight:.3g}" for code, weight in found.weights.items())
        return f"Train with `model.fit(…, class_weight={{{weights}}})`."
    return "Train with `model.fit(…, class_weight={k: n / (K * count_k)})`."


def _unfair(findings: tuple[Finding, ...]) -> bool:
    """Whether page one should count each class alike: where accuracy can hide a small one."""
    return any(_raised(findings, code) for code in (SKEWED, MISLEADING, MISSED))


def _raised(findings: tuple[Finding, ...], code: str) -> bool:
    return any(f.code == code for f in findings)


def _headline(
    ratio: float, classes: tuple[Recall, ...], gap: Gap | None, findings: tuple[Finding, ...]
) -> str:
    if _raised(findings, MISLEADING) and gap is not None:
        return (
            f"Yes. Accuracy is {score(gap.accuracy.value)}, balanced accuracy "
            f"{score(gap.balanced.value)}: the largest class makes the difference."
        )
    lost = [f for f in findings if f.code == MISSED]
    if lost:
        missing = sum(len(f.evidence["classes"]) for f in lost)
        of = f"{missing} of {len(classes)} classes. " if missing > 1 else f"“{lost[0].subject}”. "
        return f"Yes, of {of}{lost[0].message}"
    helps = next((f for f in findings if f.code in (MITIGATION, THRESHOLD)), None)
    if helps is not None:
        return f"Not hides, but {helps.subject} would do better by small classes."
    lowest = min(classes, key=lambda c: c.recall.value, default=None)
    if lowest is None:
        return "There is one class alone among the judged rows."
    if lowest.small and lowest.recall.value < 0.5:
        return (
            f"It cannot be told: {plural(lowest.n, 'row')} of “{lowest.name}” have recall "
            f"{score(lowest.recall.value)} ({score(lowest.recall.low)} to "
            f"{score(lowest.recall.high)})."
        )
    even = "The classes have like numbers of rows" if ratio < 1.5 else "No class is missed"
    return f"No. {even}; the lowest recall is {score(lowest.recall.value)}, of “{lowest.name}”."


def _metric(name: str, label: str, value: Interval, split: str, n: int) -> Metric:
    return Metric(
        name=name,
        label=label,
        value=value.value,
        low=value.low,
        high=value.high,
        interval=value.method if value.known else None,
        split=split,
        n=n,
    )


def _metrics(
    prepared: Prepared, classes: tuple[Recall, ...], gap: Gap | None
) -> tuple[Metric, ...]:
    split = prepared.delivered.split
    shown = []
    if gap is not None:
        shown += [
            _metric("accuracy", "Accuracy", gap.accuracy, split, prepared.delivered.n),
            _metric(
                "balanced_accuracy", "Balanced accuracy", gap.balanced, split, prepared.delivered.n
            ),
            _metric(
                "accuracy_gap", "Accuracy less balanced accuracy", gap.gap, split,
                prepared.delivered.n,
            ),
        ]  # fmt: skip
    lowest = sorted(classes, key=lambda c: c.recall.value)[:1]
    shown += [
        _metric(f"recall_{c.name}", f"Lowest recall, of “{c.name}”", c.recall, split, c.n)
        for c in lowest
    ]
    return tuple(shown)


def _tried(found: Gains) -> str:
    if not found.found:
        return "Recall by class against accuracy"
    return f"Recall by class; {plural(len(found.found), 'remedy', 'remedies')}"


def _result(gap: Gap | None, classes: tuple[Recall, ...]) -> str:
    if gap is not None:
        return f"Balanced accuracy {score(gap.balanced.value)}"
    lowest = min((c.recall.value for c in classes), default=float("nan"))
    return f"Lowest recall {score(lowest)}"


def _detectable(classes: tuple[Recall, ...], found: Gains) -> str:
    """The smallest effects that would have been found."""
    said = []
    small = [c for c in classes if c.small and c.n >= 5]
    if small:
        fewest = min(small, key=lambda c: c.n)
        said.append(f"a missed class of {count(fewest.n)} rows")
    if found.found:
        # 80 % power: 2.8 standard errors at 95 %.
        se = [g.gain.se for g in found.found if g.gain.se == g.gain.se]
        if se:
            said.append(f"a gain of {number(2.8 * min(se), found.metric.unit)}")
    text = "; ".join(said)
    return text[:1].upper() + text[1:]


def _method(prepared: Prepared, found: Gains) -> str:
    said = [
        "Recall and precision have Wilson's intervals; accuracy less balanced accuracy combines "
        "those of its parts."
    ]
    if found.found:
        members = max(g.members for g in found.found)
        said.append(
            f"Each remedy is trained from {plural(members, 'seed')} beside the recipe and scored "
            f"on {prepared.delivered.split}, which none of them has seen; intervals are over rows "
            f"and seeds and hold for {plural(len(found.found), 'remedy', 'remedies')} together. "
            "Resampled networks take as many steps as the recipe."
        )
    by_reason: dict[str, list[str]] = {}
    for name, why in found.untold.items():
        by_reason.setdefault(why, []).append(name.replace("_", " "))
    said += [f"Not tried: {listed(names)} ({why})." for why, names in by_reason.items()]
    return " ".join(said)


def _regression(case: Case, prepared: Prepared) -> Findings:
    """Rare targets: shown, and nothing is judged, for shrinking to the middle is no fault."""
    found = ranges(case, prepared.delivered)
    reason = "a regression has no classes"
    decided: dict[str, Decided] = {c.code: ((), reason) for c in CODES}
    ends = [r for r in found if r.name != "middle"]
    return Findings(
        headline=_ends_headline(found) or "A regression has no classes to be hidden.",
        metrics=tuple(
            Metric(
                name=f"mae_{r.name}",
                label=f"Mean absolute error, {r.name} targets",
                value=r.error.value,
                low=r.error.low,
                high=r.error.high,
                interval=r.error.method if r.error.known else None,
                unit="target",
                split=prepared.delivered.split,
                n=r.n,
            )
            for r in found
        ),
        series=of_ranges(found),
        checks=checks(decided),
        tried="Errors at the ends of the target",
        result=f"{plural(len(ends), 'end')} looked at",
        method="The ends are the lowest and highest twentieth of train's target; bias is the mean "
        "of prediction less target, and a model that cannot know better shrinks to the middle.",
    )


def _ends_headline(found: tuple[Range, ...]) -> str:
    by_name: dict[str, Any] = {r.name: r for r in found}
    middle, ends = by_name.get("middle"), [r for r in found if r.name != "middle"]
    if middle is None or not ends or not middle.error.value:
        return ""
    worst = max(ends, key=lambda r: r.error.value)
    times = worst.error.value / middle.error.value
    side = "low" if worst.bias.value < 0 else "high"
    return (
        f"The {worst.name} targets ({share(worst.n / sum(r.n for r in found))} of the rows) are "
        f"{times:.2g} times as far off as the middle, "
        f"{number(abs(worst.bias.value), 'target')} too {side} on average."
    )
