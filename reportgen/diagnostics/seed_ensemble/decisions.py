"""When each code is raised, and how severe. One function a code.

Each gives the findings and, where the question could not be asked, the reason in words.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.charts.numbers import (
    amount,
    count,
    estimate,
    fixed,
    interval,
    listed,
    number,
    plural,
    score,
    share,
)
from reportgen.diagnostic import Decided
from reportgen.diagnostics.seed_ensemble.declared import (
    CODES,
    COLLAPSES,
    HELPS,
    LUCKY,
    NO_EFFECT,
    NOT_DETERMINISTIC,
    NOT_REPRODUCED,
    UNSTABLE_METRIC,
    UNSTABLE_PREDICTIONS,
    SeedEnsembleSettings,
)
from reportgen.diagnostics.seed_ensemble.luck import Luck
from reportgen.diagnostics.seed_ensemble.measure import Measured
from reportgen.evidence import Case
from reportgen.results import Finding, Severity

ADVICE = {c.code: c.advice for c in CODES}
TOLD = 0.01  # chance of calling a spread that the test rows explain more than that
REPEATED = 1e-4  # of an output's spread: two answers of one model that differ by more


def _finding(code: str, severity: Severity, subject: str, message: str, **evidence: Any) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        subject=subject,
        message=message,
        advice=ADVICE[code] if severity != "info" else "",
        evidence=evidence,
    )


def unstable_predictions(measured: Measured, settings: SeedEnsembleSettings) -> Decided:
    """Do two members answer a row differently, more often than they say?"""
    found = measured.agreement.excess
    if found is None:
        return (), "labels without probabilities have no margins to judge churn by"
    if found.value <= settings.churn_warn:
        return (), None
    severity: Severity = "fail" if found.low > settings.churn_fail else "warn"
    churn = measured.agreement.churn.value
    if measured.step is not None:
        message = (
            f"Two models of the recipe differ by more than {amount(measured.step)} on "
            f"{share(churn)} of the rows ({interval(found.low, found.high, 'share')})."
        )
    else:
        message = (
            f"Two models of the recipe give {share(churn)} of the rows different labels; their "
            f"probabilities announce {share(measured.agreement.announced)}. The excess is "
            f"{estimate(found.value, found.low, found.high, 'share')}."
        )
    return (
        _finding(
            UNSTABLE_PREDICTIONS,
            severity,
            measured.prepared.delivered.split,
            message,
            churn=churn,
            announced=measured.agreement.announced,
            excess=found.value,
            low=found.low,
            high=found.high,
            kappa=measured.agreement.kappa,
            members=len(measured.sound),
        ),
    ), None


def unstable_metric(measured: Measured, settings: SeedEnsembleSettings) -> Decided:
    """Does the score itself depend on the seed, on ever more test rows too?"""
    head = measured.head
    if head.metric.range is None:
        return (), f"{head.metric.label} has no range that a spread could be a share of"
    variance = head.variance
    if variance.p > TOLD or variance.sd <= settings.unstable_sd * head.scale:
        return (), None
    low, high = float(head.values.min()), float(head.values.max())
    return (
        _finding(
            UNSTABLE_METRIC,
            "warn",
            head.metric.name,
            f"{head.metric.label} of {plural(len(head.values), 'member')} runs from "
            f"{_number(head.metric.unit, low)} to {_number(head.metric.unit, high)}; its standard "
            f"deviation over seeds is {fixed(variance.sd, 3)} without the test rows' own noise.",
            sd=head.sd,
            sd_distribution=variance.sd,
            variance_observed=variance.observed,
            variance_expected=variance.expected,
            p=variance.p,
            lowest=low,
            highest=high,
            members=len(head.values),
        ),
    ), None


def lucky(measured: Measured, found: Luck) -> Decided:
    """Does the delivered model beat the upper end of what its recipe predicts?"""
    if found.place != "lucky":
        return (), None
    head = measured.head
    unit = head.metric.unit
    return (
        _finding(
            LUCKY,
            "warn",
            head.metric.name,
            f"{head.metric.label} {_number(unit, head.delivered)} is "
            f"{_gap(unit, found.lead)} better than the mean of "
            f"{plural(found.members, 'model')} of the same recipe, "
            f"{_number(unit, head.mean)}; one more seed stays within {_gap(unit, found.upper)} of "
            "it, 99 times in 100.",
            **_place(measured, found),
        ),
    ), None


def not_reproduced(measured: Measured, found: Luck, settings: SeedEnsembleSettings) -> Decided:
    """Is the delivered model worse than its recipe, or better than any seed explains?"""
    if found.place not in ("too good", "too bad"):
        return (), None
    severity: Severity = "fail" if _grown(measured, settings) else "warn"
    head = measured.head
    unit = head.metric.unit
    side = "better" if found.lead > 0 else "worse"
    limit = (
        f"the best of {count(settings.best_of)} seeds reaches {_gap(unit, found.reach)}"
        if found.lead > 0
        else f"one more seed stays within {_gap(unit, found.lower)}, 999 times in 1,000"
    )
    return (
        _finding(
            NOT_REPRODUCED,
            severity,
            head.metric.name,
            f"{head.metric.label} {_number(unit, head.delivered)} is "
            f"{_gap(unit, abs(found.lead))} {side} than the mean of "
            f"{plural(found.members, 'model')} of the recipe in the job, "
            f"{_number(unit, head.mean)}; {limit}.",
            **_place(measured, found),
        ),
    ), None


def _grown(measured: Measured, settings: SeedEnsembleSettings) -> bool:
    return measured.grown or len(measured.sound) >= max(settings.grow_to, 30)


def _place(measured: Measured, found: Luck) -> dict[str, Any]:
    head = measured.head
    return {
        "metric": head.metric.name,
        "delivered": head.delivered,
        "mean": head.mean,
        "sd": head.sd,
        "members": found.members,
        "lead": found.lead,
        "upper": found.upper,
        "lower": found.lower,
        "reach": found.reach,
        "grown": measured.grown,
    }


def collapses(measured: Measured) -> Decided:
    """Do some trainings end in nothing?"""
    chance = measured.chance
    gone, diverged = sum(chance.members), measured.diverged
    total = len(measured.members) + diverged
    if not gone and not diverged:
        if chance.typical <= chance.level:
            return (), f"the typical member is at chance itself ({chance.name})"
        return (), None
    parts = []
    if gone:
        worst = [s for s, lost in zip(chance.scores, chance.members, strict=True) if lost]
        parts.append(
            f"{count(gone)} of {plural(total, 'training')} "
            f"{'ends' if gone == 1 else 'end'} at chance ({chance.name} "
            f"{listed([score(s) for s in sorted(worst)], 3)}), where the median member has "
            f"{score(chance.typical)}."
        )
    if diverged:
        parts.append(
            f"{count(diverged)} of {plural(total, 'training')} "
            f"{'ends' if diverged == 1 else 'end'} with a loss that is not a number."
        )
    return (
        _finding(
            COLLAPSES,
            "fail",
            "training",
            " ".join(parts),
            collapsed=gone,
            diverged=diverged,
            members=total,
            scores=chance.scores[:100],
            chance=chance.level,
            typical=chance.typical,
        ),
    ), None


def not_deterministic(case: Case, measured: Measured) -> Decided:
    """Does the same seed twice give the same, and the delivered model the same answer twice?"""
    findings = [*_answers_differ(case, measured)]
    seen = measured.prepared.determinism
    if seen is None:
        return tuple(findings), None if findings else _untold(case, measured)
    if seen.where is not None and not seen.seed_fails:
        declared = seen.seed is not None
        said = (
            f"Two trainings from seed {seen.seed}"
            if declared
            else "The recipe declares no seed; two trainings"
        )
        findings.append(
            _finding(
                NOT_DETERMINISTIC,
                "warn" if declared else "info",
                "training",
                f"{said} differ from the {seen.where} on.",
                **seen.evidence(),
            )
        )
    return tuple(findings), None


def _answers_differ(case: Case, measured: Measured) -> list[Finding]:
    apart = measured.prepared.asked_twice
    if apart is None or apart == 0.0:
        return []
    raw = np.asarray(case.predict(measured.prepared.delivered.split).raw)
    scale = float(np.std(raw)) if raw.dtype.kind in "fiu" else 1.0
    if apart <= REPEATED * scale:
        return []
    return [
        _finding(
            NOT_DETERMINISTIC,
            "warn",
            "delivered model",
            f"Asked twice, the delivered model's answers to the same rows differ by up to "
            f"{amount(apart)}.",
            largest=apart,
        )
    ]


def _untold(case: Case, measured: Measured) -> str | None:
    if measured.prepared.asked_twice is not None:
        return None
    return "stored answers do not tell whether training from one seed repeats"


def no_effect(measured: Measured) -> Decided:
    """Does the declared seed call fix what it should?"""
    seen = measured.prepared.determinism
    if seen is None:
        return (), "there is no network whose seed calls could be tried"
    if seen.seed is None:
        return (), "the job declares no seed"
    if not seen.seed_fails:
        return (), None
    assert seen.where is not None
    return (
        _finding(
            NO_EFFECT,
            "warn",
            seen.call,
            f"{seen.call}({seen.seed}), called twice, gives two trainings that differ from the "
            f"{seen.where} on; keras.utils.set_random_seed({seen.seed}) fixes them.",
            **seen.evidence(),
        ),
    ), None


def helps(measured: Measured, settings: SeedEnsembleSettings) -> Decided:
    """Is the mean answer better than a member's?"""
    found, head = measured.averaged, measured.head
    gain = found.gain
    if not (gain.low > 0 and gain.value > settings.helps_least * head.scale):
        return (), None
    unit = head.metric.unit
    few = {size: g for size, g in found.by_size.items() if size <= 5}
    parts = [f"{size}: {_gap(unit, g)}" for size, g in few.items()]
    also = f" Averaging fewer gives, by their number, {listed(parts)}." if few else ""
    return (
        _finding(
            HELPS,
            "info",
            head.metric.name,
            f"The mean answer of {plural(len(measured.sound), 'member')} has "
            f"{in_a_sentence(head.metric.label)} {_number(unit, found.score)}, "
            f"{_gap(unit, gain.value)} better than a member ({_gap(unit, gain.low)} to "
            f"{_gap(unit, gain.high)}).{also}",
            gain=gain.value,
            low=gain.low,
            high=gain.high,
            by_size=found.by_size,
        ),
    ), None


def in_a_sentence(label: str) -> str:
    """A metric's label within a sentence: accuracy, but ROC-AUC, R² and F1."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _number(unit: str, value: float) -> str:
    return number(value, unit)


def _gap(unit: str, value: float) -> str:
    return number(abs(value) if abs(value) < 5e-7 else value, unit)
