"""Is the delivered model one of its recipe, and are the members that came with it?"""

from __future__ import annotations

from typing import Any

from reportgen.charts.numbers import count, number, plural, score, share
from reportgen.diagnostic import Decided
from reportgen.diagnostics.seed_ensemble.declared import (
    LUCKY,
    NOT_REPRODUCED,
    SeedEnsembleSettings,
)
from reportgen.diagnostics.seed_ensemble.finding import finding, gap
from reportgen.diagnostics.seed_ensemble.luck import Luck
from reportgen.diagnostics.seed_ensemble.measure import Measured
from reportgen.results import Finding, Severity
from reportgen.scores.page_one import effect

ENOUGH = 30  # members without which nothing fails, whatever the settings grow to
CONTROL_ALPHA = 0.002  # chance of calling members strangers that are of the recipe
CONTROL_OPEN = 0.05  # below this they are not said to be of it either
CONTROL_LEAST = 0.1  # further apart than two retrainings, as a share, to be worth a word


def lucky(measured: Measured, found: Luck, settings: SeedEnsembleSettings) -> Decided:
    """Does the delivered model beat the upper end of what its recipe predicts?"""
    if found.place != "lucky":
        return (), None
    if _unlike(measured, settings):
        return (), "its confidence is not that of its recipe, so that it is not a seed of it"
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
            f"{number(head.mean, unit)}; one more seed stays within {gap(unit, found.upper)} of "
            "it, 99 times in 100.",
            **_place(measured, found),
        ),
    ), None


def not_reproduced(measured: Measured, found: Luck, settings: SeedEnsembleSettings) -> Decided:
    """Is the delivered model worse than its recipe, or better than any seed explains?"""
    findings = [*_strange_members(measured)]
    if _unlike(measured, settings):
        findings.insert(0, _sure(measured, found))
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
    """Whether the delivered model is too sure or unsure; told from the grown ensemble alone."""
    found = measured.sureness
    return found is not None and found.place != "inside" and _grown(measured, settings)


def _sure(measured: Measured, placed: Luck) -> Finding:
    """Alone a warning; a fail where the score lies outside of the recipe's too."""
    found = measured.sureness
    assert found is not None
    members = plural(len(measured.sound), "model")
    if found.values:
        wide = "further apart" if found.place == "surer" else "closer together"
        message = (
            f"The delivered model's predictions lie {wide} than its recipe puts them: their "
            f"standard deviation is {score(found.delivered)} of the target's, where {members} "
            f"trained for this audit have {score(found.typical)} ({score(found.low)} to "
            f"{score(found.high)})."
        )
    else:
        message = (
            f"The delivered model is {found.place} of its answers than its recipe makes it: the "
            f"log-odds of its probabilities have a standard deviation of {score(found.delivered)} "
            f"over rows, where {members} trained for this audit have {score(found.typical)} "
            f"({score(found.low)} to {score(found.high)}). Choosing a seed hardly does that."
        )
    more, higher, less = ("more", "a higher", "less")
    if found.place == "less sure":
        more, higher, less = ("fewer", "a lower", "more")
    return finding(
        NOT_REPRODUCED,
        "warn" if placed.place == "inside" else "fail",
        "confidence",
        message,
        f"Find what differs: {more} epochs, {higher} learning rate or {less} regularisation than "
        "declared do that; then correct `training:` or the model.",
        delivered=found.delivered,
        typical=found.typical,
        low=found.low,
        high=found.high,
        members=len(measured.sound),
    )


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
    return measured.given.tried >= max(settings.grow_to, ENOUGH)


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
        "heaviest_row": found.heaviest,
        "grown": measured.given.grown,
        **effect(head.lead, head.metric.claim),
    }
