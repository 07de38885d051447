"""Members that ended at chance level while others did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.answers import Answers
from reportgen.scores.followed import averaged, of_matrix
from reportgen.statistics import estimates, influence, matrix
from reportgen.statistics.intervals import Interval, student


@dataclass(frozen=True)
class Chance:
    """For each member whether it collapsed; ``scores`` are what that was told from.

    ``level`` is the score of an answer that ignores the inputs, ``name`` the score's.
    """

    members: tuple[bool, ...]
    scores: tuple[float, ...]
    level: float
    name: str
    typical: float


def collapsed(members: Sequence[Answers]) -> Chance:
    """Who ended within its interval of chance, and whole below the median member's interval."""
    if not members:
        return Chance((), (), float("nan"), "", float("nan"))
    between = [_score(m) for m in members]
    first = members[0]
    level, name = 0.0, "R²"
    if first.task != "regression":
        present = 2 if first.task != "multiclass" else len(np.unique(first.y))
        level, name = 1 / max(1, present), "balanced accuracy"
    values = [b.value for b in between]
    middle = between[int(np.argsort(values)[len(values) // 2])]
    gone = tuple(
        bool(b.low <= level and b.high < middle.low and middle.low > level) for b in between
    )
    return Chance(gone, tuple(values), level, name, middle.value)


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
