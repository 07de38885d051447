"""What a cause is: a value that says what it means and computes what it would have printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.quantities import (
    OF_SCORES,
    Unknown,
    of_labels,
    of_matrices,
    possible,
    quantity,
)
from reportgen.reconciliation.world import Floats, World
from reportgen.results import Severity

PREFIX = "reconciliation."
Values = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the numbers of an evaluation would be under a cause with given parameters.

    Attributes
    ----------
    values : one for each claim of the evaluation; None where the cause says nothing of it.
    parameters : what was chosen, e.g. ``{"split": "train"}``; for a searched number the whole
        fitting interval, ``{"threshold": [0.31, 0.33]}``.
    tried : how many distinct alternatives the search went through; 1 without a search.
    world : the world behind the values, for certificates, containment and composition.
    build : makes that world where it has not been, as it was refuted by less.
    ranges : for causes with randomness: the simulated 99 % range of each value.
    exactly : for causes with randomness: the probability that they print just these digits.
    readings : a claim -> the quantity that it is under this cause, where it is another one.
    claims : what ``ranges`` are of, where there are any.
    expressions : a claim -> its value as arithmetic, where no reading of the world says it.
    likely : False where nothing but the numbers speaks for it: one value of a parameter, which
        a search that has few others may have met as well.
    """

    values: Values
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tried: int = 1
    world: World | None = None
    build: Callable[[], World] | None = None
    ranges: tuple[tuple[float, float] | None, ...] | None = None
    exactly: float | None = None
    readings: Mapping[Claim, Claim] = field(default_factory=dict)
    expressions: Mapping[Claim, str] = field(default_factory=dict)
    claims: tuple[Claim, ...] | None = None
    likely: bool = True


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One cause of a number that does not come out.

    Attributes
    ----------
    name : the code without ``reconciliation.``.
    meaning : what happened, a sentence. formula : what the number is under it.
    advice : what to do. wrong, right : the line that is usually wrong, and its correction.
    source : a reference.
    candidates : values under this cause. Yields what fits, and the nearest miss where nothing
        does. Called with a whole evaluation (``scope`` evaluation) or with one number at a time
        (``scope`` number: it needs to change only that one).
    free : a parameter is searched.
    contained_in : names of causes with a parameter of which this is one value.
    same_as : names of causes that no data can tell from this one.
    at_most : severity of the finding.
    cost : 0 arithmetic, 1 a search over arrays, 2 other predictions, 3 repeated predictions.
    tasks : where it can happen; empty for all.
    """

    name: str
    meaning: str
    formula: str
    advice: str
    candidates: Callable[[Evidence, Evaluation], Iterable[Candidate]]
    wrong: str = ""
    right: str = ""
    source: str = ""
    scope: Literal["evaluation", "number"] = "evaluation"
    free: bool = False
    contained_in: tuple[str, ...] = ()
    same_as: tuple[str, ...] = ()
    at_most: Severity = "fail"
    cost: int = 0
    tasks: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        return PREFIX + self.name


#: With more rows than this, scores are not ranked for a world whose labels already disagree.
MANY_ROWS = 100_000


def under(world: World, claims: Iterable[Claim], **parameters: Any) -> Candidate:
    """The candidate of a world: every number as it would come out of it.

    With many rows, numbers of scores are left out once those of labels have refuted the world.
    """
    wanted = tuple(claims)
    values: dict[Claim, float | None] = {}
    known: dict[Any, float | None] = {}
    refuted = False
    for claim in sorted(wanted, key=_costly):
        if refuted and claim.metric in (*OF_SCORES, "loss") and world.n > MANY_ROWS:
            values[claim] = None
            continue
        kind = kind_of(claim)
        if kind not in known:
            known[kind] = possible(claim, world)
        value = values[claim] = known[kind]
        if value is not None and not claim.running:
            refuted = refuted or not digits.prints_same(value, claim.value)
    return Candidate(tuple(values[c] for c in wanted), parameters, world=world)


def from_matrix(
    world: World,
    cells: Callable[[], Floats],
    build: Callable[[], World],
    claims: Iterable[Claim],
    **parameters: Any,
) -> Candidate:
    """The candidate of a world of as many rows as ``world``, built only where it is needed.

    With many rows the numbers of labels come from its confusion matrix; only if these all print
    is it built, and the rest computed.
    """
    wanted = tuple(claims)
    counted = [c for c in wanted if of_labels(c) and not c.weighted]
    if world.n > MANY_ROWS and counted:
        matrix, values = cells(), {}
        for claim in counted:
            try:
                values[claim] = float(of_matrices(claim, matrix, world))
            except Unknown:
                continue
        known = {c: v for c, v in values.items() if np.isfinite(v)}
        if any(not c.running and not digits.prints_same(v, c.value) for c, v in known.items()):
            said = tuple(known.get(c) for c in wanted)
            return Candidate(said, parameters, build=cache(build))
    return under(build(), wanted, **parameters)


def _costly(claim: Claim) -> int:
    return 2 if claim.metric in OF_SCORES else int(claim.metric == "loss")


def kind_of(claim: Claim) -> tuple[Any, ...]:
    """What a claim is of, without its number."""
    more = (claim.per_class, claim.predicted, claim.k, claim.weighted, claim.output)
    return (claim.metric, claim.split, claim.average, *more)


def declared(evidence: Evidence, claim: Claim) -> float | None:
    """A number as it comes out of the split as declared; computed once."""
    if claim.split not in evidence.splits:
        return None
    try:
        value: float = evidence.keep(
            ("number", kind_of(claim)), lambda: quantity(claim, evidence.world(claim.split))
        )
    except Unknown:
        return None
    return value


def is_off(evidence: Evidence, claim: Claim) -> bool:
    """Whether a number that can be computed does not come out, running means apart."""
    value = declared(evidence, claim)
    return value is not None and not claim.running and not digits.prints_same(value, claim.value)


def instead(
    evidence: Evidence,
    evaluation: Evaluation,
    changed: Mapping[Claim, float | None],
    **parameters: Any,
) -> Candidate:
    """The candidate in which some numbers are otherwise and the rest are as declared."""
    values = tuple(changed[c] if c in changed else declared(evidence, c) for c in evaluation.claims)
    return Candidate(values, parameters)


def read_as(
    evidence: Evidence, evaluation: Evaluation, readings: Mapping[Claim, Claim], **parameters: Any
) -> Candidate:
    """The candidate in which some numbers are other quantities of the same evaluation."""
    values = tuple(declared(evidence, readings.get(c, c)) for c in evaluation.claims)
    world = evidence.world(evaluation.split)
    return Candidate(values, parameters, world=world, readings=dict(readings))


def prints(candidate: Candidate, claims: Iterable[Claim]) -> bool:
    """Whether every number of which something is said comes out, and there is one."""
    said = [
        digits.prints_same(v, c.value)
        for v, c in zip(candidate.values, claims, strict=True)
        if v is not None and not c.running
    ]
    return bool(said) and all(said)
