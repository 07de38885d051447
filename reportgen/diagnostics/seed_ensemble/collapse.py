"""Trainings that ended at chance level while others did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from reportgen.answers import Answers
from reportgen.diagnostics.seed_ensemble.answered import numbers
from reportgen.scores.followed import averaged, of_matrix
from reportgen.statistics import estimates, influence, matrix
from reportgen.statistics.intervals import Interval, student

ALPHA = 0.05  # chance that any of the members is taken to have learned where none did
ALIKE = 1e-6  # range of outputs over rows, below which a model answers every row alike


@dataclass(frozen=True)
class Chance:
    """For each member whether it collapsed; ``scores`` are what that was told from.

    Attributes
    ----------
    level, name : the score of an answer that ignores the inputs, and the score's name.
    typical : score of the median of those that learned something; of all, where none did.
    learned : how many learned something.
    alike : how many of the collapsed answer every row alike.
    delivered : whether the delivered model collapsed: it is at chance and answers every row
        alike, or members end so too. At chance otherwise it is no model of the recipe.
    delivered_alike, own : whether it answers every row alike, and its score.
    """

    members: tuple[bool, ...]
    scores: tuple[float, ...]
    level: float
    name: str
    typical: float
    learned: int = 0
    alike: int = 0
    delivered: bool = False
    delivered_alike: bool = False
    own: float = float("nan")


def collapsed(members: Sequence[Answers], delivered: Answers | None = None) -> Chance:
    """Who ended within its interval of chance, and whole below the median of those that did not.

    Those that did not are above chance by an interval that allows for all of them being tried.
    """
    if not members:
        return Chance((), (), float("nan"), "", float("nan"))
    between = [_score(m) for m in members]
    first = members[0]
    level, name = 0.0, "R²"
    if first.task != "regression":
        present = 2 if first.task != "multiclass" else len(np.unique(first.y))
        level, name = 1 / max(1, present), "balanced accuracy"
    values = tuple(b.value for b in between)
    wider = stats.norm.isf(ALPHA / 2 / len(members)) / stats.norm.isf(0.025)
    above = [b for b in between if b.value - wider * (b.value - b.low) > level]
    middle = _median(above or between)
    if not above:
        return Chance((False,) * len(members), values, level, name, middle.value)

    def gone(b: Interval) -> bool:
        return bool(b.low <= level and b.high < middle.low)

    lost = tuple(gone(b) for b in between)
    own = None if delivered is None else _score(delivered)
    dead = delivered is not None and alike(delivered)
    return Chance(
        lost,
        values,
        level,
        name,
        middle.value,
        len(above),
        sum(alike(m) for m, is_gone in zip(members, lost, strict=True) if is_gone),
        own is not None and gone(own) and (dead or any(lost)),
        dead,
        float("nan") if own is None else own.value,
    )


def collapse_rate(members: int, power: float = 0.8) -> float:
    """Share of seeds that collapse, of which so many members show one with this chance."""
    return float(1 - (1 - power) ** (1 / members))


def alike(of: Answers) -> bool:
    """Whether a model gives every row the same output: nothing of a row reaches it."""
    if of.scores is None and of.values is None:
        return False
    return bool(np.max(np.ptp(numbers(of).reshape(of.n, -1), axis=0)) < ALIKE)


def _median(of: Sequence[Interval]) -> Interval:
    return of[int(np.argsort([b.value for b in of])[len(of) // 2])]


def _score(of: Answers) -> Interval:
    if of.task == "regression":
        assert of.values is not None
        parts = [
            influence.r2(of.y[:, t], of.values[:, t], of.design.weights)
            for t in range(of.y.shape[1])
        ]
        whole = averaged(parts)
        return student(whole.value, of.design.se(whole.rows), of.design.df)
    assert of.labels is not None
    if of.y.ndim == 1:
        return estimates.balanced_accuracy(of.y, of.labels, len(of.classes), of.design)
    whole = of_matrix(matrix.balanced_accuracy)(of)
    return student(whole.value, of.design.se(whole.rows), of.design.df)
