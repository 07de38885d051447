"""Is the delivered model one of its recipe, and are the members that came with it?"""

from __future__ import annotations

from typing import Any

from reportgen.charts.numbers import capital, count, listed, number, plural, score, share
from reportgen.diagnostic import Decided
from reportgen.diagnostics.seed_ensemble.declared import (
    LUCKY,
    NOT_REPRODUCED,
    SeedEnsembleSettings,
)
from reportgen.diagnostics.seed_ensemble.finding import finding, gap
from reportgen.diagnostics.seed_ensemble.luck import Luck
from reportgen.diagnostics.seed_ensemble.measure import Measured
from reportgen.diagnostics.seed_ensemble.traits import Trait, direction
from reportgen.diagnostics.seed_ensemble.variants import Setting, Tried, between
from reportgen.results import Finding, Severity
from reportgen.scores.page_one import effect

NAMES = {
    "odds": "log-odds whose standard deviation over rows is",
    "values": "predictions whose standard deviation, in that of the target, is",
    "loss": "a log loss on train of",
    "error": "an error on train, as a share of the target's variance, of",
}
ENOUGH = 30  # members without which nothing fails, whatever the settings grow to
PLENTY = 99  # members with which it may, though the ensemble could grow further
CONTROL_ALPHA = 0.002  # chance of calling members strangers that are of the recipe
CONTROL_OPEN = 0.05  # below this they are not said to be of it either
CONTROL_LEAST = 0.1  # further apart than two retrainings, as a share, to be worth a word


def lucky(measured: Measured, found: Luck, settings: SeedEnsembleSettings) -> Decided:
    """Does the delivered model beat the upper end of what its recipe predicts?"""
    if found.place != "lucky":
        return (), None
    if _unlike(measured, settings):
        return (), "it learned more or less than its recipe teaches, so that it is no seed of it"
    head = measured.head
    unit = head.metric.unit
    return (
        finding(
            LUCKY,
            "warn",
            head.metric.name,
            f"{head.metric.label} {number(head.delivered, unit)} is "
            f"{gap(unit, found.lead)} better than the mean of "
            f"{plural(found.members, 'model')} of the same recipe, "
            f"{number(head.mean, unit)}; {_one_more(measured, found)}.",
            **_place(measured, found),
        ),
    ), None


def _one_more(measured: Measured, found: Luck) -> str:
    """What one more seed would have to be for a score like the delivered model's."""
    head = measured.head
    if not found.ranked:
        upper = gap(head.metric.unit, found.upper)
        return f"one more seed stays within {upper} of it, 99 times in 100"
    better = head.metric.better
    as_good = int((better * head.values >= better * head.delivered).sum())
    told = "none of them scores as high" if not as_good else f"{count(as_good)} of them as high"
    often = found.ranked / (found.members + 1)
    return f"{told}, which one more seed does in at most {share(often)} of all cases"


def not_reproduced(measured: Measured, found: Luck, settings: SeedEnsembleSettings) -> Decided:
    """Is the delivered model worse than its recipe, or better than any seed explains?"""
    findings = [*_strange_members(measured)]
    if measured.chance.delivered and measured.chance.delivered_alike:
        return tuple(
            findings
        ), None if findings else "its training collapsed, which is another code"
    if _unlike(measured, settings):
        findings.insert(0, _learned(measured, found))
    if found.place in ("too good", "too bad"):
        findings.insert(0, _off(measured, found, settings))
    return tuple(findings), None


def _off(measured: Measured, found: Luck, settings: SeedEnsembleSettings) -> Finding:
    severity: Severity = "fail" if _grown(measured, settings) else "warn"
    head = measured.head
    unit = head.metric.unit
    side = "better" if found.lead > 0 else "worse"
    limit = (
        f"the best of {count(settings.best_of)} seeds reaches {gap(unit, found.reach)}"
        if found.lead > 0
        else f"one more seed stays within {gap(unit, found.lower)}, 999 times in 1,000"
    )
    return finding(
        NOT_REPRODUCED,
        severity,
        head.metric.name,
        f"{head.metric.label} {number(head.delivered, unit)} is "
        f"{gap(unit, abs(found.lead))} {side} than the mean of "
        f"{plural(found.members, 'model')} of the recipe in the job, "
        f"{number(head.mean, unit)}; {limit}.",
        **_place(measured, found),
    )


def _unlike(measured: Measured, settings: SeedEnsembleSettings) -> bool:
    """Whether the delivered model learned more or less; told from the grown ensemble alone."""
    return bool(outside(measured)) and _grown(measured, settings)


def outside(measured: Measured) -> list[Trait]:
    """Traits that the recipe does not explain, that of the training rows first."""
    found = [t for t in measured.traits if t.place != "inside"]
    return sorted(found, key=lambda t: not t.of_fit)


def _learned(measured: Measured, placed: Luck) -> Finding:
    """Alone a warning; a fail where the score lies outside of the recipe's too."""
    found = outside(measured)
    members = plural(len(measured.sound), "model")
    said = [
        f"{NAMES[t.kind]} {score(t.delivered)}, where {members if k == 0 else 'they'} "
        f"{'trained for this audit have' if k == 0 else 'have'} {score(t.typical)} "
        f"({score(t.low)} to {score(t.high)})"
        for k, t in enumerate(found)
    ]
    learned = direction(found)
    if learned == 1:
        what = "has learned more of its training rows than its recipe teaches"
        tried = "More epochs, a higher learning rate or less regularisation than declared do that"
    elif learned == -1:
        what = "has learned less than its recipe teaches"
        tried = "Fewer epochs, a lower learning rate or more regularisation than declared do that"
    else:
        what = "has learned otherwise than its recipe teaches"
        tried = "Other rows, labels or preprocessing than declared do that"
    return finding(
        NOT_REPRODUCED,
        "warn" if placed.place == "inside" else "fail",
        "what was learned",
        f"The delivered model {what}: it has {'; '.join(said)}. Choosing a seed hardly does that."
        f"{tried_words(measured)}",
        f"{_first_look(measured) or tried}: find what differs, then correct `training:` or the "
        "model.",
        traits=[
            {
                "trait": t.kind,
                "delivered": t.delivered,
                "typical": t.typical,
                "low": t.low,
                "high": t.high,
            }
            for t in found
        ],
        like_it=[[t.variant.setting, t.variant.value] for t in measured.tried if t.alike],
        members=len(measured.sound),
    )


def tried_words(measured: Measured) -> str:
    """Which change of the recipe gives models like the delivered one, of those that were tried."""
    if not measured.tried:
        return ""
    alike = sorted((t for t in measured.tried if t.alike), key=lambda t: t.far)
    if alike:
        named = listed([variant_words(t) for t in alike], 3).replace(" and ", " or ")
        return f" Trained with {named}, networks come out like it."
    fits = [t.delivered for t in measured.traits if t.of_fit]
    settings: tuple[Setting, ...] = ("epochs", "learning_rate")
    for setting in settings if fits else ():
        ends = between(measured.tried, setting, fits[0])
        if ends is not None:
            few, many = (factor_words(t) for t in ends)
            return (
                f" Its loss on train lies between that of networks trained with {few} and with "
                f"{many} the declared {setting.replace('_', ' ')}."
            )
    nearest = min(measured.tried, key=lambda t: t.far)
    return (
        f" None of the {count(len(measured.tried))} changes that were tried gives one like it; "
        f"{variant_words(nearest)} comes nearest."
    )


def _first_look(measured: Measured) -> str:
    """The change that gives models most like the delivered one; "" where none does."""
    alike = [t for t in measured.tried if t.alike]
    if not alike:
        return ""
    nearest = min(alike, key=lambda t: t.far)
    return f"{capital(variant_words(nearest))} gives networks like it"


def variant_words(of: Tried) -> str:
    """A changed recipe, in words."""
    times, value = factor_words(of), of.variant.value
    if of.variant.setting == "epochs":
        return f"{times} the declared epochs ({count(value)})"
    return f"{times} the declared learning rate ({value:.3g})"


def factor_words(of: Tried) -> str:
    """How many times as much of a setting as declared."""
    factor = of.variant.factor
    return f"{count(factor)} times" if factor > 1 else f"1/{count(1 / factor)} of"


def _strange_members(measured: Measured) -> list[Finding]:
    """Members of the job that are further apart than the recipe's seeds put them."""
    control = measured.control
    if control is None or control.p > CONTROL_ALPHA or control.excess < CONTROL_LEAST:
        return []
    own, retrained = control.members
    spread = "further apart" if control.own > control.retrained else "closer together"
    return [
        finding(
            NOT_REPRODUCED,
            "warn",
            "members",
            f"The job's {plural(own, 'member')} are not retrainings of its recipe: their answers "
            f"lie {spread} than those of {plural(retrained, 'model')} trained for this audit "
            f"({gap('target', control.own)} against {gap('target', control.retrained)}; between "
            f"the two {gap('target', control.between)}). More than the seed differed.",
            "Find what else differed between the trainings: rows drawn anew each time, epochs, "
            "learning rate, preprocessing; vary the seed alone to see what it does.",
            own=control.own,
            retrained=control.retrained,
            between=control.between,
            p=control.p,
            members=own,
            trained=retrained,
        )
    ]


def members_words(measured: Measured) -> str:
    """What the comparison of the job's members with retrainings came to; "" without one."""
    control = measured.control
    if control is None or (control.p <= CONTROL_ALPHA and control.excess >= CONTROL_LEAST):
        return ""
    apart = (
        f"(p = {control.p:.2g}; distances {share(abs(control.excess))} "
        f"{'larger' if control.excess > 0 else 'smaller'})"
    )
    own, retrained = (count(n) for n in control.members)
    if control.p > CONTROL_OPEN and abs(control.excess) < CONTROL_LEAST:
        return (
            f"The job's members differ as {retrained} retrainings by its recipe do {apart}: the "
            "seed explains their spread."
        )
    return (
        f"Whether more than the seed differed between the job's {own} members cannot be told from "
        f"so few, set beside {retrained} retrainings by its recipe {apart}."
    )


def _grown(measured: Measured, settings: SeedEnsembleSettings) -> bool:
    return measured.given.tried >= max(min(settings.grow_to, PLENTY), ENOUGH)


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
        "ranked": found.ranked,
        "lower": found.lower,
        "reach": found.reach,
        "heaviest_row": found.heaviest,
        "grown": measured.given.grown,
        **effect(head.lead, head.metric.claim),
    }
