"""From what the questions found, and what it is worth, to the section."""

from __future__ import annotations

import re
from typing import Any

from reportgen.charts.numbers import listed, number, plural
from reportgen.diagnostic import Decided, checks
from reportgen.diagnostics.leakage.ablation import Worth, worth
from reportgen.diagnostics.leakage.declared import CODES
from reportgen.diagnostics.leakage.declared.copies import EXACT, VALIDATION
from reportgen.diagnostics.leakage.found import Effect, Leak
from reportgen.diagnostics.leakage.prepare import Prepared
from reportgen.evidence import Case
from reportgen.results import SEVERITIES, Finding, Findings, Metric
from reportgen.retraining.results import Trained
from reportgen.scores.page_one import effect as lost
from reportgen.scores.page_one import offer
from reportgen.statistics.intervals import Interval

_SENTENCE = re.compile(r"(?<=[.?]) (?=[A-Z“])")


def examine(case: Case, prepared: Prepared, trained: Trained) -> Findings:
    """Every code is decided; a leak's severity and words may follow from its worth."""
    told = worth(case, prepared, trained)
    fair = None
    if told.head.name == "accuracy" and told.effects and case.task != "multilabel":
        fair = worth(case, prepared, trained, "balanced_accuracy")
    by_code: dict[str, list[Finding]] = {c.code: [] for c in CODES}
    for i, leak in enumerate(prepared.leaks):
        by_code[leak.code].append(_finding(leak, told.effects.get(i)))
    untold = {
        code: why for looked in prepared.looked.values() for code, why in looked.untold.items()
    }
    decided: dict[str, Decided] = {
        code: (tuple(found), untold.get(code)) for code, found in by_code.items()
    }
    findings = tuple(f for found in by_code.values() for f in found)
    findings = tuple(sorted(findings, key=lambda f: -SEVERITIES.index(f.severity)))
    looked = prepared.looked
    return Findings(
        headline=_headline(case, prepared, told, findings),
        findings=findings,
        metrics=(*(m for one in looked.values() for m in one.metrics), *_metrics(prepared, told)),
        series=_series(prepared, told, fair),
        checks=checks(decided),
        tried=_tried(prepared, told),
        result="Nothing found" if not _above(findings) else plural(len(_above(findings)), "leak"),
        detectable=next((one.detectable for one in looked.values() if one.detectable), ""),
        method=_joined(
            [*_extent(prepared), *(one.method for one in looked.values()), _how(told)], " "
        ),
    )


def _tried(prepared: Prepared, told: Worth) -> str:
    """A line for a clean page one; :func:`_extent` has the rest."""
    asked = len(CODES) - len({c for one in prepared.looked.values() for c in one.untold})
    words = plural(asked, "check")
    return f"{words}, {plural(told.members, 'seed')} with and without" if told.members else words


def _extent(prepared: Prepared) -> list[str]:
    """What was compared, and what would have been found, as sentences."""
    looked = prepared.looked.values()
    said = _joined([one.tried for one in looked], "; ")
    found = _joined([one.detectable for one in looked], "; ")
    return [
        f"{words} {text[:1].lower()}{text[1:]}."
        for words, text in (("Compared:", said), ("Would have been found:", found))
        if text
    ]


def _finding(leak: Leak, effect: Effect | None) -> Finding:
    severity, message = leak.severity, leak.message
    if leak.weigh is not None:
        severity, message = leak.weigh(leak, effect)
    evidence: dict[str, Any] = dict(leak.evidence)
    if effect is not None and severity != "info":
        evidence |= {
            **lost(effect.lost, effect.metric),
            "with_leak": effect.with_leak,
            "without": effect.without,
        }
        message = f"{message} {effect_words(effect)}"
    return Finding(
        code=leak.code,
        severity=severity,
        subject=leak.subject,
        message=message,
        advice=leak.advice if severity != "info" else "",
        evidence=evidence,
    )


def effect_words(effect: Effect) -> str:
    """What the score loses without the leak, in a sentence."""
    unit, label = effect.unit, effect.label
    name = label[:1].lower() + label[1:] if label[1:2].islower() else label
    between = f"({number(effect.lost.low, unit)} to {number(effect.lost.high, unit)})"
    if effect.members:
        how = f"Trained without it, {name} is {number(effect.without, unit)}, with it"
    else:
        how = f"On the rows it does not reach, {name} is {number(effect.without, unit)}, on all"
    nothing = effect.lost.low <= 0 <= effect.lost.high
    what = "no difference that can be told" if nothing else f"{number(effect.lost.value, unit)}"
    lost = what if nothing else f"it is worth {what}"
    if effect.lost.high < 0:
        lost = f"it costs {number(-effect.lost.value, unit)}, for training without it is better"
        between = f"({number(-effect.lost.high, unit)} to {number(-effect.lost.low, unit)})"
    return f"{how} {number(effect.with_leak, unit)}: {lost} {between}."


def _above(findings: tuple[Finding, ...]) -> list[Finding]:
    return [f for f in findings if f.severity != "info"]


def _clean(case: Case, prepared: Prepared) -> str:
    """What was compared, and what could not be asked: a "no" is worth no more than that."""
    judged = prepared.judged
    untold = [
        code.partition(".")[2].replace("-", " ")
        for code in dict.fromkeys(c for one in prepared.looked.values() for c in one.untold)
        if code != VALIDATION or "validation" in case.dataset.splits
    ]
    asked = plural(len(CODES) - len(untold), "question")
    equal = any(leak.code == EXACT for leak in prepared.leaks)
    beyond = ", beyond rows that are equal by chance" if equal else ""
    rows = f"{_extent_of(case, 'train')} rows of train and {_extent_of(case, judged)} of {judged}"
    words = (
        f"No. {rows} were compared in {asked}, and nothing "
        f"of {judged} was found in what the model was made from{beyond}."
    )
    return f"{words} Could not be asked: {listed(untold, 4)}." if untold else words


def _extent_of(case: Case, name: str) -> str:
    """How many rows were compared; of a split that is held in part, all for copies alone."""
    split = case.split(name)
    if split.whole is None:
        return f"{split.n:,}"
    return f"{split.n:,} (for exact copies all {split.whole.n:,})"


def _headline(case: Case, prepared: Prepared, told: Worth, findings: tuple[Finding, ...]) -> str:
    above = _above(findings)
    if not above:
        return _clean(case, prepared)
    first = "Yes." if above[0].severity == "fail" else "Perhaps."
    words = f"{first} {_SENTENCE.split(above[0].message)[0]}"
    if told.without_leaks is None:
        return words
    unit = told.head.unit
    name = told.head.label
    low, high = told.without_leaks.low, told.without_leaks.high
    rid = "it" if len(above) == 1 else "them"
    if told.why_not:
        rid = f"{len(told.effects)} of {len(told.effects) + len(told.why_not)} that were found"
    return (
        f"{words} {name} without {rid}: "
        f"{number(told.without_leaks.value, unit)} ({number(low, unit)} to {number(high, unit)})."
    )


def _metrics(prepared: Prepared, told: Worth) -> list[Metric]:
    found = told.without_leaks
    if found is None:
        return []
    return [
        Metric(
            name=f"{told.head.name}_without_leaks",
            label=f"{told.head.label} without leaks",
            value=found.value,
            low=found.low,
            high=found.high,
            interval=found.method,
            unit=told.head.unit,
            split=prepared.judged,
            n=prepared.delivered.n,
        )
    ]


def _series(prepared: Prepared, told: Worth, fair: Worth | None) -> dict[str, Any]:
    """Figures by question; what leaks are worth; the steps that page one may take."""
    out: dict[str, Any] = {
        "honest": _honest(prepared, told, fair),
        "overlap": _overlap(told),
    }
    out["worth"] = [
        {
            "code": prepared.leaks[i].code,
            "subject": prepared.leaks[i].subject,
            "label": e.label,
            "unit": e.unit,
            "with_leak": e.with_leak,
            "without": e.without,
            "lost": e.lost.value,
            "low": e.lost.low,
            "high": e.lost.high,
            "alone": e.alone.value,
            "members": e.members,
        }
        for i, e in told.effects.items()
    ]
    out["unmeasured"] = [
        {"code": prepared.leaks[i].code, "subject": prepared.leaks[i].subject, "why": why}
        for i, why in told.why_not.items()
    ]
    out["tables"] = [table for looked in prepared.looked.values() for table in looked.tables]
    for name, looked in prepared.looked.items():
        if looked.series:
            out[name] = dict(looked.series)
    return out


def _honest(prepared: Prepared, told: Worth, fair: Worth | None) -> list[dict[str, Any]]:
    """From the delivered model's score to the one without leaks, and to the mean over seeds.

    ``fair`` is the same on balanced accuracy, for a page one that counts each class alike.
    """
    if told.without_leaks is None or told.together is None:
        return []
    own = told.head.of(prepared.delivered).value
    leaks = plural(len(told.effects), "leak")
    if told.why_not:
        leaks = f"{len(told.effects)} of {len(told.effects) + len(told.why_not)} leaks"
    how = (
        f"{leaks} left out of training, {plural(told.members, 'seed')} with and without"
        if told.members
        else f"judged on the rows that {leaks} {'does' if len(told.effects) == 1 else 'do'} "
        "not reach"
    )
    steps = [
        offer(
            "without_leaks",
            told.head.claim,
            own,
            told.without_leaks,
            f"{how[:1].upper()}{how[1:]}.",
            change=_turned(told.together, told.head.better),
            once=_once(prepared, told),
        )
    ]
    steps += _over_seeds(told)
    if fair is not None and fair.without_leaks is not None:
        steps.append(
            offer(
                "imbalance_aware",
                fair.head.claim,
                told.without_leaks.value,
                fair.without_leaks,
                "The mean of the classes' recalls, without leaks: each class counts alike.",
                from_metric=told.head.claim,
                wanted=False,
            )
        )
        steps += _over_seeds(fair)
    return steps


def _over_seeds(told: Worth) -> list[dict[str, Any]]:
    over, start = told.over_seeds, told.without_leaks
    if over is None or start is None:
        return []
    return [
        offer(
            "mean_over_seeds",
            told.head.claim,
            start.value,
            over,
            "Mean over seeds of the recipe, less what the leaks are worth.",
            change=told.to_seeds,
        )
    ]


def _turned(lost: Interval, better: int) -> Interval:
    """A loss of score as a change of the metric."""
    low, high = sorted((-better * lost.low, -better * lost.high))
    return Interval(-better * lost.value, low, high, lost.method, lost.se)


#: "Reported accuracy 0.953 is 0.889 once ...": what is so of a score without the leak.
ONCE = {
    "leakage.exact-duplicates": "training has not seen copies of the test rows",
    "leakage.near-duplicates": "training has not seen near copies of the test rows",
    "leakage.group-overlap": "no group stands in train and test both",
    "leakage.preprocessing-saw-test": "the preprocessing has not seen the test rows",
    "leakage.resampled-before-split": "no test row is made from training rows",
    "leakage.time-order": "training ends before the test begins",
}
OF_COLUMNS = (
    "leakage.target-column", "leakage.target-combination", "leakage.missingness",
    "leakage.id-column", "leakage.row-order",
)  # fmt: skip


def _once(prepared: Prepared, told: Worth) -> str:
    """The condition of the score without leaks, as the end of a sentence."""
    leaks = [prepared.leaks[i] for i in told.effects]
    if len(leaks) != 1:
        return "the leaks are taken out"
    (leak,) = leaks
    columns = () if leak.cure is None else leak.cure.columns
    if leak.code in OF_COLUMNS and len(columns) == 1:
        return f"“{columns[0]}” is left out"
    return ONCE.get(leak.code, "the leak is taken out")


def _overlap(told: Worth) -> list[str]:
    """What is lost by leaks that overlap, in a sentence for page one."""
    if len(told.effects) < 2 or told.together is None:
        return []
    unit = told.head.unit
    alone = told.together.value + told.overlap
    if number(alone, unit) == number(told.together.value, unit):
        return []
    return [
        f"The leaks overlap: taken out one at a time they cost {number(alone, unit)}, all at once "
        f"{number(told.together.value, unit)}; each is shown with its share of that."
    ]


def _how(told: Worth) -> str:
    if told.members:
        return (
            f"What a leak is worth is measured on {plural(told.members, 'seed')}, trained with it "
            "and without it; rows that leave are compared with as many random rows that leave. "
            "Leaks that overlap share what they cost together after Shapley."
        )
    if told.effects:
        return (
            "Nothing could be trained again: a leak's worth is the difference between all judged "
            "rows and those that it does not reach, which may be harder for other reasons."
        )
    return ""


def _joined(parts: list[str], by: str) -> str:
    return by.join(dict.fromkeys(part for part in parts if part))
