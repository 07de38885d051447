"""Do models of the recipe answer and score alike? Predictions, the metric, and collapse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reportgen.charts.numbers import (
    amount,
    count,
    estimate,
    fixed,
    in_a_sentence,
    interval,
    listed,
    number,
    plural,
    score,
    share,
)
from reportgen.diagnostic import Decided
from reportgen.diagnostics.seed_ensemble.declared import (
    COLLAPSES,
    UNSTABLE_METRIC,
    UNSTABLE_PREDICTIONS,
    SeedEnsembleSettings,
)
from reportgen.diagnostics.seed_ensemble.finding import finding
from reportgen.diagnostics.seed_ensemble.measure import Measured
from reportgen.diagnostics.seed_ensemble.spread import Spread
from reportgen.results import Finding, Severity
from reportgen.scores.page_one import effect
from reportgen.statistics.intervals import Interval, wilson

FALLING = 0.05  # share of the loss that is lost in the last fifth of the epochs: not done yet
TOLD = 0.01  # chance of calling a spread that the test rows explain more than that


def unstable_predictions(measured: Measured, settings: SeedEnsembleSettings) -> Decided:
    """Do two members answer a row differently, more often than they say?"""
    found = measured.agreement.excess
    if found is None:
        return (), "labels without probabilities have no margins to judge churn by"
    if found.value <= settings.churn_warn:
        if found.high > settings.churn_fail:
            return (), (
                f"too small to tell: the excess may be as high as {share(found.high)}, which "
                "would fail"
            )
        return (), None
    severity: Severity = "fail" if found.low > settings.churn_fail else "warn"
    churn, cells = measured.agreement.churn.value, measured.agreement.cells
    if measured.step is not None:
        message = (
            f"Two models of the recipe differ by more than {amount(measured.step)} on "
            f"{share(churn)} of the {cells} ({interval(found.low, found.high, 'share')})."
        )
    else:
        message = (
            f"Two models of the recipe answer {share(churn)} of the {cells} differently; their "
            f"probabilities announce {share(measured.agreement.announced)}. The excess is "
            f"{estimate(found.value, found.low, found.high, 'share')}."
        )
    return (
        finding(
            UNSTABLE_PREDICTIONS,
            severity,
            measured.prepared.delivered.split,
            message,
            _average(measured),
            churn=churn,
            announced=measured.agreement.announced,
            excess=found.value,
            low=found.low,
            high=found.high,
            kappa=measured.agreement.kappa,
            members=len(measured.sound),
            churn_of_averages=measured.averaged.churn,
        ),
    ), None


def _average(measured: Measured) -> str:
    """What averaging would give, as far as the members tell."""
    churn = measured.averaged.churn
    largest = max(churn, default=1)
    rest = (
        f"{_train(measured)} Until then do not explain single answers of this model as if another "
        "seed would give them too."
    )
    if largest == 1 or churn[largest] >= churn[1]:
        return rest
    return (
        f"Average {count(largest)} members: two such averages differ on {share(churn[largest])} "
        f"of the {measured.agreement.cells}, where two members differ on {share(churn[1])}. {rest}"
    )


def _train(measured: Measured) -> str:
    """How the recipe is mended, from where its members' loss was going when they ended."""
    if measured.falling is None:
        return "Train longer at a lower learning rate, or regularise."
    if measured.falling > FALLING:
        return (
            f"Train longer: the loss on train still fell by {share(measured.falling)} in the last "
            "fifth of the epochs."
        )
    return "Lower the learning rate or let it fall, or regularise: the loss on train had settled."


def _together(measured: Measured) -> str:
    """What averaging does for the score, where it does something."""
    gain = measured.averaged.gain
    if gain.low <= 0:
        return ""
    unit = measured.head.metric.unit
    label = in_a_sentence(measured.head.metric.label)
    return (
        f" Averaging {plural(len(measured.sound), 'member')} gives {label} "
        f"{number(measured.averaged.score.value, unit)}."
    )


def ranged(measured: Measured) -> Spread | None:
    """The headline metric's spread, or the first that has a range to be a share of."""
    return next((s for s in (measured.head, *measured.spreads) if s.metric.range is not None), None)


def unstable_metric(measured: Measured, settings: SeedEnsembleSettings) -> Decided:
    """Does the score itself depend on the seed, on ever more test rows too?"""
    judged = ranged(measured)
    if judged is None:
        return (), f"{measured.head.metric.label} has no range that a spread could be a share of"
    variance, threshold = judged.variance, settings.unstable_sd * judged.scale
    if variance.p > TOLD or variance.sd <= threshold:
        least = variance.smallest(TOLD)
        if least > 2 * threshold:
            return (), (
                f"too small to tell: a spread of {judged.metric.label} over seeds is found from "
                f"{fixed(least, 3)} on with these rows and members, and {fixed(threshold, 3)} is "
                "asked about"
            )
        return (), None
    low, high = float(judged.values.min()), float(judged.values.max())
    unit = judged.metric.unit
    return (
        finding(
            UNSTABLE_METRIC,
            "warn",
            judged.metric.name,
            f"{judged.metric.label} of {plural(len(judged.values), 'member')} runs from "
            f"{number(low, unit)} to {number(high, unit)}; its standard "
            f"deviation over seeds is {fixed(variance.sd, 3)} without the test rows' own noise.",
            f"Report the mean and spread over seeds, not one run. {_train(measured)}"
            f"{_together(measured)}",
            sd=judged.sd,
            sd_distribution=variance.sd,
            variance_observed=variance.observed,
            variance_expected=variance.expected,
            p=variance.p,
            lowest=low,
            highest=high,
            members=len(judged.values),
        ),
    ), None


def collapses(measured: Measured) -> Decided:
    """Do some trainings end in nothing, or did the delivered model's?"""
    chance, diverged = measured.chance, measured.given.diverged
    gone = sum(chance.members)
    total = len(measured.members) + diverged
    if not gone and not diverged and not chance.delivered:
        if not chance.learned:
            return (), f"the members are at chance themselves ({chance.name})"
        return (), None
    findings = []
    if chance.delivered:
        findings.append(_delivered_collapsed(measured, gone + diverged, total))
    if gone or diverged:
        findings.append(_members_collapsed(measured, gone, total))
    return tuple(findings), None


def _delivered_collapsed(measured: Measured, lost: int, total: int) -> Finding:
    chance = measured.chance
    same = ", and answers every row alike" if chance.delivered_alike else ""
    others = "none does" if not lost else "one does" if lost == 1 else f"{count(lost)} do"
    return finding(
        COLLAPSES,
        "fail",
        "delivered model",
        f"The delivered model itself ends at chance ({chance.name} {score(chance.own)}){same}. Of "
        f"{plural(total, 'training')} by its recipe {others}; the median of the others has "
        f"{score(chance.typical)}.",
        f"Deliver another seed, kept by validation. {_revive(chance.delivered_alike)}",
        score=chance.own,
        chance=chance.level,
        typical=chance.typical,
        alike=chance.delivered_alike,
        collapsed=lost,
        members=total,
    )


def _members_collapsed(measured: Measured, gone: int, total: int) -> Finding:
    chance, diverged = measured.chance, measured.given.diverged
    parts = []
    if gone:
        worst = [s for s, lost in zip(chance.scores, chance.members, strict=True) if lost]
        parts.append(
            f"{count(gone)} of {plural(total, 'training')} "
            f"{'ends' if gone == 1 else 'end'} at chance ({chance.name} "
            f"{listed([score(s) for s in sorted(worst)], 3)}), where the median of the others has "
            f"{score(chance.typical)}."
        )
    if chance.alike:
        whose = "It answers" if gone == 1 else "They answer"
        if chance.alike < gone:
            whose = f"{count(chance.alike)} of them {'answers' if chance.alike == 1 else 'answer'}"
        parts.append(
            f"{whose} every row alike: nothing of a row reaches the output, as where all units of "
            "a layer are dead."
        )
    if diverged:
        parts.append(
            f"{count(diverged)} of {plural(total, 'training')} "
            f"{'ends' if diverged == 1 else 'end'} with a loss that is not a number."
        )
    return finding(
        COLLAPSES,
        "fail",
        "training",
        " ".join(parts),
        f"{_revive(bool(chance.alike))} Until then, start several seeds and keep by validation.",
        collapsed=gone,
        alike=chance.alike,
        diverged=diverged,
        members=total,
        scores=chance.scores[:100],
        chance=chance.level,
        typical=chance.typical,
        **_lost(measured, gone, total),
    )


def _revive(dead: bool) -> str:
    """What keeps trainings from collapsing."""
    if dead:
        return (
            "Keep units alive: He initialisation, leaky rectifiers (`leaky_relu`, `elu`), wider "
            "layers, a lower learning rate."
        )
    return "Lower the learning rate or warm it up, clip gradients, look at the initialisation."


def _lost(measured: Measured, gone: int, total: int) -> dict[str, Any]:
    """What a training of unknown seed loses on average, by the share that collapses."""
    metric = measured.head.metric
    scores = [
        metric.of(m).value
        for m, at_chance in zip(measured.members, measured.chance.members, strict=True)
        if at_chance
    ]
    if not scores or len(measured.sound) == len(measured.members):
        return {}
    drop = metric.better * (measured.head.mean - float(np.mean(scores)))
    often = wilson(gone, total)
    ends: Sequence[float] = sorted((often.low * drop, often.high * drop))
    lost = Interval(often.value * drop, ends[0], ends[1], "Wilson")
    return effect(lost, metric.claim) if drop > 0 else {}
