"""How probable it is that explanations which are not true print the reported digits.

The numbers of a report are functions of one integer confusion matrix, so their digits are not
independent. Another cause than those at hand would have given another matrix with the same row
totals: rates scattered widely about those of the model, mixed with any rates at all. Of every
explanation that was tried, the probability is added that such a matrix prints what it says.

Numbers far from the model's own are seldom those of another model, so that an explanation there
is held against the others there alone: naming those explanations whose probabilities are the
smallest, up to a bound on their sum, keeps the chance of naming a false one under that bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits, lattice, other_matrices
from reportgen.reconciliation.quantities import Unknown, of_labels, of_matrices, quantity
from reportgen.reconciliation.world import Floats, World

#: Degrees of freedom of the tails beyond that.
TAILS = 3.0
#: Spread of numbers that are no function of the labels: points of an area, share of a loss.
AREA_SPREAD = 0.02
RELATIVE_SPREAD = 0.1
#: Of other models, those close to this one; degrees of closeness that are gone through.
CLOSE = 0.25
DEGREES = 24
#: Explanations count as alike in probability up to this factor.
ALIKE = 1.05
_AREAS = ("roc_auc", "average_precision")
_ERRORS = ("mse", "rmse", "r2", "loss")
_LOSSES = ("loss", "log_loss", "brier")
#: What an explanation says: its values for the claims that are off.
Said = Sequence[float | None]


@dataclass(frozen=True)
class Accident:
    """Chance matches for the claims of an evaluation that are off.

    Other numbers are no evidence: they came out before anything was explained.
    """

    claims: tuple[Claim, ...]
    world: World

    def expected(
        self,
        plain: Iterable[Said],
        freedom: int = 0,
        fit: Floats | None = None,
        ranges: Mapping[Claim, float] | None = None,
    ) -> float:
        """Expected number of wrong explanations that match, an upper bound of their probability.

        Counted are those whose probability is not above that of the one at hand.

        Parameters
        ----------
        plain : what each explanation without a parameter said; alike ones count once.
        freedom : distinct alternatives that a searched parameter went through.
        fit : the confusion matrix of an explanation that prints all numbers, where it has one.
        ranges : widths in place of the room of the digits, for causes with randomness.
        """
        wide = ranges or {}
        told = _distinct(plain, self.claims)
        labels = [i for i, c in enumerate(self.claims) if of_labels(c) and c.metric != "support"]
        counts = [i for i, c in enumerate(self.claims) if c.metric == "support"]
        others = [i for i in range(len(self.claims)) if i not in {*labels, *counts}]
        spreads = {i: _spread([t[i] for t in told]) for i in others}
        at = np.array([[float(c.value) for c in self.claims]])
        points = np.array(told, dtype=np.float64).reshape(len(told), len(self.claims))
        points = np.vstack([at, points])
        probability = np.ones(len(points))
        if labels:
            own_claims = [self.claims[i] for i in labels]
            probability *= self._of_labels(own_claims, points[:, labels], fit, wide)
        for i in self._independent(counts):
            probability *= self._of_rows(i, points[:, i])
        far = np.ones(len(points))
        for group in self._groups():
            own = [
                self._alone(i, spreads[i], points[:, i], wide) for i in others if self._in(i, group)
            ]
            if own:
                far *= np.min(own, axis=0)
        probability *= far * max(1.0, self._near(others, wide) / max(float(far[0]), 1e-300))
        here, rest = float(probability[0]), probability[1:]
        # A plain explanation that fits is one of the rest; a searched one has all its freedom.
        total = float(rest[rest <= here * ALIKE].sum())
        return min(1.0, here * freedom + total if freedom else max(here, total))

    def _independent(self, counts: list[int]) -> list[int]:
        """Supports without their total, which the classes give."""
        classes = [i for i in counts if self.claims[i].per_class is not None]
        return classes or counts

    def _of_rows(self, i: int, points: Floats) -> Floats:
        """A support that is not the split's: other rows were counted than these."""
        claim = self.claims[i]
        value = float(claim.value)
        spread = max(RELATIVE_SPREAD * value, 1.0)
        return np.asarray(
            _tail(((points - value) / spread) ** 2, 1) / (spread * other_matrices.ROOT_TAU)
        )

    def _groups(self) -> tuple[tuple[str, ...], ...]:
        errors = _ERRORS if self.world.task == "regression" else _LOSSES
        return (_AREAS, errors, ("mae",), ("top_k_accuracy",))

    def _in(self, i: int, group: tuple[str, ...]) -> bool:
        return self.claims[i].metric in group

    def _alone(self, i: int, spread: float, points: Floats, wide: Mapping[Claim, float]) -> Floats:
        """One number on its own, a t density about the reported value."""
        claim = self.claims[i]
        value = float(claim.value)
        spread = max(self._usual(claim), spread, 1e-300)
        room = max(digits.width(claim.value), wide.get(claim, 0.0))
        peak = min(1.0, room / (spread * other_matrices.ROOT_TAU))
        return np.asarray(peak * _tail(((points - value) / spread) ** 2, 1))

    def _usual(self, claim: Claim) -> float:
        share = claim.metric in (*_AREAS, "top_k_accuracy")
        return AREA_SPREAD if share else RELATIVE_SPREAD * abs(float(claim.value))

    def _near(self, others: Sequence[int], wide: Mapping[Claim, float]) -> float:
        """The chance that a model close to this one prints these numbers of no labels.

        How close is open on a scale of logarithms. It moves all numbers as little together, so that
        they are not each as rare as among models of any kind.
        """
        near = np.geomspace(1 / np.sqrt(max(self.world.n, 2)), 1.0, DEGREES)
        chance = np.ones(DEGREES)
        for group in self._groups():
            own = [self._closely(i, near, wide) for i in others if self._in(i, group)]
            if own:
                chance = chance * np.min(own, axis=0)
        return float(chance.mean()) * CLOSE

    def _closely(self, i: int, near: Floats, wide: Mapping[Claim, float]) -> Floats:
        """One number of models that are so close, a normal density about this model's own."""
        claim = self.claims[i]
        try:
            distance = float(claim.value) - quantity(claim, self.world)
        except Unknown:
            return np.zeros(len(near))
        spread = np.maximum(near * self._usual(claim), 1e-300)
        room = max(digits.width(claim.value), wide.get(claim, 0.0))
        peak = np.minimum(1.0, room / (spread * other_matrices.ROOT_TAU))
        return np.asarray(peak * np.exp(-((distance / spread) ** 2) / 2))

    def _of_labels(
        self,
        claims: Sequence[Claim],
        points: Floats,
        fit: Floats | None,
        wide: Mapping[Claim, float],
    ) -> Floats:
        world = self.world
        if world.labels is None or world.truth.ndim != 1:
            return np.full(len(points), other_matrices.of_sets(claims, world, wide))
        own = [i for i, c in enumerate(claims) if _computable(c, world)]
        if not own:
            return np.ones(len(points))
        claims, points = [claims[i] for i in own], points[:, own]
        matrices = other_matrices.drawn(world.matrix)
        values = np.array([of_matrices(c, matrices, world) for c in claims], dtype=np.float64)
        counts = not lattice.between(claims, world)
        steps = [other_matrices.step(c, world) if counts else 0.0 for c in claims]
        rooms = np.array(
            [
                max(digits.width(c.value), step, wide.get(c, 0.0))
                for c, step in zip(claims, steps, strict=True)
            ]
        )
        logs, basis = other_matrices.conditional(np.nan_to_num(values), rooms)
        peak = np.exp(-logs)
        if counts:
            counted = None if fit is None else other_matrices.counted(claims, world, fit)
            peak = max(peak, np.exp(-other_matrices.log_matrices(world.matrix)))
            if counted is not None and not wide:
                peak = counted
        centred = np.nan_to_num(points - values.mean(1)) @ basis
        return np.asarray(peak * _tail((centred**2).sum(1), basis.shape[1]))


def _tail(squares: Any, dimensions: int) -> Any:
    """A t kernel: 1 at the centre."""
    return (1 + np.asarray(squares) / TAILS) ** (-(TAILS + dimensions) / 2)


def _distinct(plain: Iterable[Said], claims: Sequence[Claim]) -> list[tuple[float, ...]]:
    """What was said of all claims, once for each printed form."""
    kept: dict[tuple[int, ...], tuple[float, ...]] = {}
    for said in plain:
        numbers = [v for v in said if v is not None and np.isfinite(v)]
        if len(numbers) != len(claims):
            continue
        steps = [digits.width(c.value) for c in claims]
        key = tuple(round(v / s) if s > 0 else hash(v) for v, s in zip(numbers, steps, strict=True))
        kept.setdefault(key, tuple(numbers))
    return list(kept.values())


def _computable(claim: Claim, world: World) -> bool:
    try:
        return bool(np.isfinite(of_matrices(claim, world.matrix, world)))
    except Unknown:
        return False


def _spread(values: Iterable[float]) -> float:
    """Standard deviation told from the quartiles of distinct values; 0 for fewer than four."""
    distinct = np.unique(np.array([v for v in values if np.isfinite(v)], dtype=np.float64))
    if len(distinct) < 4:
        return 0.0
    low, high = np.quantile(distinct, (0.25, 0.75))
    return float(high - low) / 1.349
