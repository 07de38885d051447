"""What a row's own answer says of how hard the row was: hard rows are not badly served ones.

A model that is right may err more where it is less sure, or where what it predicts varies more. It
may not err more where it is surer, nor by predicting what no target ever was: those are faults, and
explain nothing. (Rows of one hospital in other units come out at such ends, all by themselves, and
would else be compared with one another.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from reportgen.answers import Answers
from reportgen.diagnostics.performance.comparison import as_rival
from reportgen.diagnostics.performance.rivals import Rival

Floats = NDArray[np.float64]
BINS = 12  # of difficulty, by rows and by loss
FEWEST_OF_LEVEL = 10  # rows of such a bin
OF_A_KIND = 60  # rows given one answer, from which they have bins of their own


@dataclass(frozen=True)
class Hardness:
    """How wrong each row's answer is, and what tells how hard the row was.

    Attributes
    ----------
    loss : share of wrong labels, or |residual| over the target's standard deviation, (n,).
    level : rows of equal level are equally hard, (n,); None where nothing tells.
    due : the loss as far as difficulty can be the cause of it, (n,): in regression that of the
        prediction held within the targets that were seen.
    hardest : the level where answers are least sure; the loss falls to both sides of it. None
        where it may take any course.
    kinds : code of the answer given, (n,), where levels of different answers are not comparable.
    other : loss of a simple model for the same rows, (n,), where the model gives labels alone.
    """

    loss: Floats
    level: Floats | None
    due: Floats
    hardest: float | None = None
    kinds: NDArray[np.int64] | None = None
    other: Floats | None = None


def hardness(of: Answers, simple: Sequence[Rival] = ()) -> Hardness:
    """The score itself in binary tasks, for weights move the two sides apart; else the margin.

    A model that gives labels alone does not say which rows are hard: they are where the better
    simple model errs no less. In regression it is the predicted value.
    """
    if of.task == "regression":
        return _of_values(of)
    wrong = 1.0 - of.right
    if of.scores is None:
        return Hardness(wrong, None, wrong, other=_least_wrong(of, simple))
    if of.task == "binary":
        return Hardness(wrong, of.scores, wrong, _border(of))
    if of.task == "multilabel":
        return Hardness(wrong, np.abs(of.scores - 0.5).mean(axis=1), wrong, 0.0)
    assert of.labels is not None
    return Hardness(wrong, _margin(of.scores), wrong, 0.0, of.labels.astype(np.int64))


def _of_values(of: Answers) -> Hardness:
    assert of.values is not None
    spread = of.y.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    possible = np.clip(of.values, of.y.min(axis=0), of.y.max(axis=0))
    loss, due = (np.abs((of.y - v) / spread).mean(axis=1) for v in (of.values, possible))
    return Hardness(loss, possible.mean(axis=1), due)


def _border(of: Answers) -> float:
    """The score between the two answers."""
    assert of.scores is not None
    given = np.asarray(of.labels == of.positive)
    if given.all() or not given.any():
        return float("-inf") if given.all() else float("inf")
    return float((of.scores[given].min() + of.scores[~given].max()) / 2)


def _margin(scores: Floats) -> Floats:
    top = np.sort(scores, axis=1)
    return np.asarray(top[:, -1] - (top[:, -2] if top.shape[1] > 1 else 0.0))


def _least_wrong(of: Answers, simple: Sequence[Rival]) -> Floats | None:
    losses = [1.0 - as_rival(of, r).right for r in simple if r.labels is not None]
    return min(losses, key=lambda loss: float(loss.mean())) if losses else None


def expected(hard: Hardness, rows: NDArray[np.int64]) -> Floats:
    """Mean loss of rows that are about as hard, learned on ``rows``, shape (n,)."""
    due, level, kinds = hard.due, hard.level, hard.kinds
    if hard.other is not None:
        return hard.other
    if level is None:
        return np.full(len(due), float(due[rows].mean()))
    found = _means_by_level(due, level, rows, hard.hardest)
    if kinds is not None:
        for kind in np.unique(kinds[rows]):
            own = rows[kinds[rows] == kind]
            if len(own) >= OF_A_KIND:
                same = kinds == kind
                found[same] = _means_by_level(due, level, own, hard.hardest)[same]
    return found


def _means_by_level(
    loss: Floats, level: Floats, rows: NDArray[np.int64], hardest: float | None
) -> Floats:
    """Bins of equally many rows and, for where answers go wrong seldom, of equal loss.

    With 1 % of wrong answers, a twelfth of the rows reaches from the sure to the even odds.
    """
    order = rows[np.argsort(level[rows], kind="stable")]
    n, carried = len(order), np.cumsum(loss[order])
    at = [np.linspace(0, n, max(1, min(BINS, n // 15)) + 1)[1:-1]]
    steps = max(1, min(BINS, int((loss[order] > 0).sum()) // 8))
    at.append(np.searchsorted(carried, carried[-1] * np.linspace(0, 1, steps + 1)[1:-1]) + 1.0)
    edges: list[float] = []
    last = 0
    for place in np.unique(np.concatenate(at).astype(np.int64)):
        if place - last >= FEWEST_OF_LEVEL and n - place >= FEWEST_OF_LEVEL:
            edges.append(float(level[order[place]]))
            last = int(place)
    cuts = np.unique(edges)
    place_of = np.searchsorted(cuts, level, side="right")
    sums = np.bincount(place_of[rows], weights=loss[rows], minlength=len(cuts) + 1)
    counts = np.bincount(place_of[rows], minlength=len(cuts) + 1)
    levels = np.bincount(place_of[rows], weights=level[rows], minlength=len(cuts) + 1)
    full = counts > 0
    # Between the middles of bins it is drawn through: a bin is not equally hard throughout.
    middles, means = levels[full] / counts[full], sums[full] / counts[full]
    if hardest is not None:
        means = _falling_from(hardest, middles, means, counts[full].astype(np.float64))
    return np.asarray(np.interp(level, middles, means))


def _falling_from(hardest: float, middles: Floats, means: Floats, counts: Floats) -> Floats:
    """Pooled where they would rise with sureness (isotonic regression on each side)."""
    found = means.copy()
    for side, rising in ((middles < hardest, True), (middles >= hardest, False)):
        if side.any():
            fitted = optimize.isotonic_regression(
                means[side], weights=counts[side], increasing=rising
            )
            found[side] = fitted.x
    return found
