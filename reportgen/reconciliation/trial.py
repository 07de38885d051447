"""All causes tried on one evaluation, each once: which fit, and how near the others came."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation import chance, digits, few_rows, rivals
from reportgen.reconciliation.causes import causes
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, kind_of
from reportgen.reconciliation.quantities import Unknown, of_labels, quantity
from reportgen.reconciliation.verdict import Baseline, Miss
from reportgen.reconciliation.world import Floats, World

#: Units of the last digit within which a number may have slipped.
SLIP = 3


def baseline(evidence: Evidence, evaluation: Evaluation) -> Baseline:
    """The numbers of an evaluation as declared."""
    values: list[float | None] = []
    unknown: dict[Claim, str] = {}
    off: list[Claim] = []
    loose: list[Claim] = []
    for claim in evaluation.claims:
        if evaluation.split not in evidence.splits:
            values.append(None)
            unknown[claim] = f"there is no {evaluation.split} split with labels and predictions"
            continue
        try:
            value = evidence.keep(("number", kind_of(claim)), partial(_quantity, evidence, claim))
        except Unknown as why:
            values.append(None)
            unknown[claim] = str(why)
            continue
        values.append(value)
        if not digits.prints_same(value, claim.value):
            (loose if claim.running else off).append(claim)
    return Baseline(evaluation, tuple(values), unknown, tuple(off), tuple(loose))


def _quantity(evidence: Evidence, claim: Claim) -> float:
    return quantity(claim, evidence.world(claim.split))


class Trial:
    """All causes tried on one evaluation, each once."""

    def __init__(self, evidence: Evidence, base: Baseline) -> None:
        self.evidence = evidence
        self.base = base
        self.fits: dict[str, list[Candidate]] = {}
        self.misses: list[Miss] = []
        self.partial: dict[str, list[tuple[Claim, Candidate]]] = {}
        self.plain: list[tuple[Hypothesis, Candidate]] = []
        self.tried = 0
        self._said: list[tuple[float | None, ...]] = []
        self._in_play: list[tuple[float | None, ...]] = []
        for hypothesis in applicable(evidence):
            if hypothesis.scope == "number":
                self._numbers(hypothesis)
            else:
                self._whole(hypothesis)

    def accident(
        self,
        hypotheses: Sequence[Hypothesis],
        candidates: Sequence[Candidate],
        longer: Mapping[Claim, Claim] | None = None,
    ) -> float:
        """Chance that this match says nothing, after everything that was tried as freely.

        ``longer``: claims as they would read with more digits, in place of those that are off.
        """
        freedom = max((c.tried for c in candidates), default=1)
        world = self.evidence.world(self.base.evaluation.split)
        whole = hypotheses[-1].scope == "evaluation"
        fit = _matrix_of(candidates[-1], world.positive) if whole else None
        off = tuple((longer or {}).get(c, c) for c in self.base.off)
        model = chance.Accident(off, world)
        ranges = _widths(self.base, candidates)
        # What the numbers that come out refute could not have been named, whatever the others are;
        # of two causes together, one may give back what the other takes.
        said = self._in_play if len(hypotheses) == 1 else self._said
        single = model.expected(said, freedom if freedom > 1 else 0, fit, ranges)
        # A second cause on top is one of as many as were tried, each with the first one's chance.
        found = float(min(1.0, single * self.tried ** (len(hypotheses) - 1)))
        return max(found, _slips(self.base, longer or {}, world))

    def rivalled(self, candidates: Sequence[Candidate], more: Sequence[Claim] = ()) -> float:
        """The chance that another model prints the same: one that ranks alike, under a searched
        threshold of two classes, or one that answers as few rows otherwise.

        ``more``: numbers that were not reported, as if they had been and came out.
        """
        claims, base = self.base.evaluation.claims, self.base
        declared = self.evidence.world(base.evaluation.split)
        right = [c for c in claims if c not in {*base.off, *base.unknown, *base.loose}]
        right += more
        cuts = [c for c in candidates if c.tried > 1 and rivals.intervals_of([c.parameters])]
        if not cuts or cuts[-1].world is None or declared.task != "binary":
            last = candidates[-1]
            searched = any(c.tried > 1 for c in candidates)
            return few_rows.met(declared, last.world, base.off, right, searched=searched)
        off = [cuts[-1].readings.get(c, c) for c in base.off]
        intervals = rivals.intervals_of(c.parameters for c in cuts)
        return rivals.met(cuts[-1].world, off, right, intervals)

    def of_one_class(self, candidates: Sequence[Candidate]) -> float:
        """The chance that a model that always says one class prints what such answers do."""
        return rivals.of_one_class(candidates[-1].world, self.base.off)

    def unskilled(self) -> float:
        """The chance that a model without skill prints what shuffled answers may print."""
        return rivals.unskilled(self.base.off, self.evidence.world(self.base.evaluation.split))

    def _whole(self, hypothesis: Hypothesis) -> None:
        for candidate in hypothesis.candidates(self.evidence, self.base.evaluation):
            self._count(candidate, self.base.evaluation.claims)
            if fits(self.base, candidate):
                self.fits.setdefault(hypothesis.name, []).append(candidate)
            else:
                self.misses.append(_miss(hypothesis, candidate, self.base))
            has_world = candidate.world is not None or candidate.build is not None
            if has_world and candidate.tried == 1 and not hypothesis.free:
                self.plain.append((hypothesis, candidate))

    def _numbers(self, hypothesis: Hypothesis) -> None:
        """Each number on its own; alike parameters for all of them are one alternative."""
        explained: list[tuple[Claim, Candidate]] = []
        alike: dict[str, dict[Claim, Candidate]] = {}
        counts = []
        for claim in self.base.off:
            one = self.base.evaluation.only(claim)
            found = list(hypothesis.candidates(self.evidence, one))
            counts.append(len({c.values for c in found}))
            self.tried += len(found)
            for candidate in found:
                alike.setdefault(way_of(candidate), {}).setdefault(claim, candidate)
                if comes_out(candidate, 0, claim):
                    explained.append((claim, candidate))
                else:
                    self.misses.append(_miss(hypothesis, candidate, self.base, one))
        off = set(self.base.off)
        whole = [way for way in alike.values() if set(way) == off]
        told = [tuple(way[c].values[0] for c in self.base.off) for way in whole]
        self._said += told
        self._in_play += told
        if not explained:
            return
        self.partial[hypothesis.name] = explained
        if {c for c, _ in explained} != off:
            return
        fitting = [w for w in whole if all(comes_out(w[c], 0, c) for c in self.base.off)]
        if fitting:
            self.fits[hypothesis.name] = [w[c] for w in fitting for c in self.base.off]
            return
        each = dict(reversed(explained))
        freedom = max(2, int(np.prod([float(n) for n in counts])))
        self.fits[hypothesis.name] = [replace(each[c], tried=freedom) for c in self.base.off]

    def _count(self, candidate: Candidate, claims: Sequence[Claim]) -> None:
        self.tried += 1
        said = dict(zip(claims, candidate.values, strict=True))
        if candidate.tried == 1:
            told = tuple(said[c] for c in self.base.off)
            self._said.append(told)
            if _keeps(self.base, candidate):
                self._in_play.append(told)


def _keeps(base: Baseline, candidate: Candidate) -> bool:
    """Whether the numbers that come out as declared also come out under a candidate."""
    held = {*base.off, *base.unknown, *base.loose}
    return all(
        candidate.values[i] is None or comes_out(candidate, i, claim)
        for i, claim in enumerate(base.evaluation.claims)
        if claim not in held
    )


def _slips(base: Baseline, longer: Mapping[Claim, Claim], world: World) -> float:
    """The chance that slips of a few units in the last digits print this, where they could.

    Numbers that are all but right may have been typed, rounded or computed a little otherwise, or
    be those of answers that differ in a row or two; any cause that moves them as little meets them
    as often. However many numbers of labels there are, they do not slip each for itself: no more
    are counted than there are classes.
    """
    labels = others = 0
    for claim, value in zip(base.evaluation.claims, base.values, strict=True):
        if claim not in base.off or value is None:
            continue
        printed = longer.get(claim, claim).value
        unit = digits.width(printed)
        if abs(float(printed) - value) > (SLIP + 0.5) * unit:
            return 0.0
        labels += of_labels(claim)
        others += not of_labels(claim)
    return float((2 * SLIP) ** -(min(labels, max(world.k, 1)) + others))


def way_of(candidate: Candidate) -> str:
    """What was chosen, apart from what the number itself says."""
    return repr(sorted((k, v) for k, v in candidate.parameters.items() if k not in _OF_A_NUMBER))


_OF_A_NUMBER = ("value", "equivalent")


def _widths(base: Baseline, candidates: Sequence[Candidate]) -> dict[Claim, float]:
    """Widths of simulated ranges, where there are any."""
    found: dict[Claim, float] = {}
    for candidate in candidates:
        if candidate.ranges is None or len(candidate.ranges) != len(base.evaluation.claims):
            continue
        for claim, limits in zip(base.evaluation.claims, candidate.ranges, strict=True):
            if limits is not None:
                found[claim] = max(found.get(claim, 0.0), limits[1] - limits[0])
    return found


def _matrix_of(candidate: Candidate, positive: int | None) -> Floats | None:
    """The confusion matrix of a candidate, its positive class where the declared one stands."""
    world = candidate.world
    if world is None or world.labels is None or world.truth.ndim != 1:
        return None
    return world.matrix if world.positive == positive else world.matrix[::-1, ::-1]


def applicable(evidence: Evidence) -> tuple[Hypothesis, ...]:
    """The causes that can happen in this task."""
    return tuple(h for h in causes().values() if not h.tasks or evidence.task in h.tasks)


def fits(base: Baseline, candidate: Candidate) -> bool:
    """Whether every number comes out, those that did before included.

    A number that cannot be computed as declared is no obstacle; one that is off and of which the
    cause says nothing is.
    """
    for i, claim in enumerate(base.evaluation.claims):
        if claim in base.unknown or claim in base.loose:
            continue
        if candidate.values[i] is None and claim not in base.off:
            continue
        if not comes_out(candidate, i, claim):
            return False
    return True


def comes_out(candidate: Candidate, i: int, claim: Claim) -> bool:
    """Whether the i-th number of a candidate prints as claimed, or its range holds the claim."""
    if candidate.ranges is not None and candidate.ranges[i] is not None:
        low, high = candidate.ranges[i] or (np.inf, -np.inf)
        room = digits.width(claim.value) / 2
        return low - room <= float(claim.value) <= high + room
    value = candidate.values[i]
    return value is not None and digits.prints_same(value, claim.value)


def _miss(
    hypothesis: Hypothesis, candidate: Candidate, base: Baseline, one: Evaluation | None = None
) -> Miss:
    claims = (one or base.evaluation).claims
    judged = [i for i, c in enumerate(claims) if c not in base.unknown and c not in base.loose]
    matched = sum(comes_out(candidate, i, claims[i]) for i in judged)
    error = max(
        (digits.error(candidate.values[i], claims[i].value) for i in judged), default=np.inf
    )
    return Miss(hypothesis, candidate, one or base.evaluation, matched, float(error))


def closest(trial: Trial, most: int = 8) -> tuple[Miss, ...]:
    """The best miss of each cause, those that match most numbers first."""
    best: dict[str, Miss] = {}
    key: Callable[[Miss], tuple[int, float]] = lambda m: (-m.matched, m.error)  # noqa: E731
    for miss in trial.misses:
        if miss.cause.name in trial.fits:
            continue
        known = best.get(miss.cause.name)
        if known is None or key(miss) < key(known):
            best[miss.cause.name] = miss
    return tuple(sorted(best.values(), key=key)[:most])
