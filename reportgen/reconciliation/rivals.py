"""How probable it is that a model that ranks rows about alike prints what a threshold does.

A confusion matrix of two classes is two whole numbers: how many rows were called positive, and how
many of them falsely. A search over thresholds sets the first at will. The second is as good as
given where another model orders the rows about as the delivered one does: at the same number of
positives it exchanges some rows about the cut, and calls falsely positive as many as before but
for the luck of these few. However many digits are printed, they are those two numbers.

What does tell the two apart is what no threshold changes: an area or a loss that came out, for the
other model has its own; and a fitting interval with a threshold in it that people write, for the
other model's cut lies anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits
from reportgen.reconciliation.quantities import Unknown, of_labels, of_matrices
from reportgen.reconciliation.world import Floats, World

#: Of the models that somebody mistakes for the delivered one, those that rank rows all but alike
#: (retrained, regularised otherwise); how alike is open on a scale of logarithms. The others
#: share half of what chance leaves to share.
ALIKE = 0.25
#: Degrees of likeness that are gone through.
DEGREES = 24
#: Other false positives at the same cut are counted as far as this from those of the fit.
REACH = 200
#: Steps in which people write thresholds.
WRITTEN = (0.1, 0.05, 0.01)
#: Spread of an area between models that share nothing but their rows; of a loss, its share.
AREA_SPREAD = 0.02
LOSS_SPREAD = 0.1
#: Of models that somebody mistakes for the delivered one, those without skill on these rows; the
#: spread of how often they call a class; standard errors within which numbers count as shuffled.
UNSKILLED = 0.05
#: And those that answer one class whatever they are asked, of which all print the same.
ONE_CLASS = 0.02
SHARE_SPREAD = 0.1
LUCK = 3.3
ROOT_TAU = float(np.sqrt(2 * np.pi))


def met(
    world: World,
    off: Sequence[Claim],
    right: Sequence[Claim],
    intervals: Sequence[tuple[float, float]],
) -> float:
    """The probability that another model's numbers come out under some threshold of this one.

    Parameters
    ----------
    world : rows with two classes, scores, and the labels of the threshold that fits.
    off, right : the claims that a threshold explains, and those that came out before.
    intervals : the thresholds that fit.
    """
    scores = world.positive_scores
    if scores is None or world.labels is None or world.matrix.shape != (2, 2):
        return 0.0
    positive = world.positive or 0
    truth = (np.asarray(world.truth) == positive)[np.argsort(-scores, kind="stable")]
    called = int((np.asarray(world.labels) == positive).sum())
    swapped, weights = _exchanged(world.n, called)
    if not len(swapped):
        return 1.0
    chances = np.minimum(1.0, _printing(off, world) / (ROOT_TAU * _luck(truth, called, swapped)))
    likeness = swapped / swapped[-1]
    for metrics, spread in _of_scores(likeness, world.n):
        chances = chances * _same_score(metrics, spread, right)
    return float(weights @ chances) * _written(intervals)


def _exchanged(n: int, called: int) -> tuple[Floats, Floats]:
    """Rows that another model may exchange about a cut, ascending, and how probable each is."""
    most = called * (n - called) / n
    if most <= 0:
        return np.zeros(0), np.zeros(0)
    alike = np.geomspace(min(1.0, most / 2), most, DEGREES)
    swapped = np.r_[alike[:-1], most / 2, most]
    weights = np.r_[np.full(DEGREES - 1, ALIKE / DEGREES), 1 - ALIKE, ALIKE / DEGREES]
    return swapped, weights


def _luck(truth: NDArray[np.bool_], called: int, swapped: Floats) -> Floats:
    """Spread of the number of false positives when so many rows about the cut are exchanged."""
    sums = np.r_[0, np.cumsum(truth)]
    reach = np.ceil(swapped).astype(np.int64)
    first, last = np.maximum(called - reach, 0), np.minimum(called + reach, len(truth))
    above = (sums[called] - sums[first] + 0.5) / (called - first + 1)
    below = (sums[last] - sums[called] + 0.5) / (last - called + 1)
    noise = swapped * (above * (1 - above) + below * (1 - below))
    return np.asarray(np.sqrt(noise + (swapped * (above - below)) ** 2))


def _printing(claims: Sequence[Claim], world: World) -> int:
    """How many numbers of false positives print the same, of as many rows called positive."""
    moved = np.arange(-REACH, REACH + 1.0)
    change = np.array([[-1.0, 1.0], [1.0, -1.0]])
    whole = world.matrix[None] + moved[:, None, None] * change
    same = (whole >= 0).all((1, 2))
    for claim in claims:
        if not of_labels(claim):
            continue
        try:
            with np.errstate(invalid="ignore", divide="ignore"):
                values = np.asarray(of_matrices(claim, whole, world))
        except Unknown:
            continue
        same &= digits.same(values, claim.value)
    return max(int(same.sum()), 1)


def _of_scores(likeness: Floats, n: int) -> tuple[tuple[tuple[str, ...], Floats], ...]:
    """Numbers of the scores, and how far apart they are for models of that likeness."""
    luck = 0.3 * np.sqrt(likeness / n)
    return (
        (("roc_auc", "average_precision"), np.maximum(AREA_SPREAD * likeness, luck)),
        (("loss", "log_loss", "brier"), np.full(len(likeness), LOSS_SPREAD)),
    )


def _same_score(metrics: tuple[str, ...], spread: Floats, right: Sequence[Claim]) -> Floats:
    """The probability that another model prints the same for the number that tells most."""
    found = np.ones(len(spread))
    for claim in right:
        if claim.metric in metrics:
            value = abs(float(claim.value))
            wide = spread if metrics[0] == "roc_auc" else spread * max(value, 1e-300)
            found = np.minimum(found, digits.width(claim.value) / (wide * ROOT_TAU))
    return found


def same_scores(claims: Sequence[Claim], likeness: float, n: int) -> float:
    """The probability that a model so much alike prints the same numbers of scores.

    ``likeness``: the share of rows that it answers otherwise.
    """
    chance = 1.0
    for metrics, spread in _of_scores(np.array([likeness]), n):
        chance *= float(_same_score(metrics, spread, claims)[0])
    return chance


def _written(intervals: Iterable[tuple[float, float]]) -> float:
    """The share of cuts that have a threshold as round as these within as little."""
    limits = list(intervals)
    found = 1.0
    for step in WRITTEN:
        held = any(np.floor(high / step + 1e-9) * step >= low - 1e-12 for low, high in limits)
        if held:
            width = sum(high - low for low, high in limits)
            found = min(found, len(WRITTEN) * width / step)
    return found


def intervals_of(parameters: Iterable[Mapping[str, Any]]) -> list[tuple[float, float]]:
    """Fitting intervals of thresholds, where they were searched."""
    found = [p.get("threshold") for p in parameters]
    return [(float(f[0]), float(f[1])) for f in found if isinstance(f, list) and len(f) == 2]


def of_one_class(world: World | None, off: Sequence[Claim]) -> float:
    """The probability that another model always answers the one class that these rows got.

    It prints all numbers of labels that these answers do, however many digits there are.
    """
    if world is None or world.labels is None or world.truth.ndim != 1:
        return 0.0
    labels = np.asarray(world.labels)
    alone = len(labels) > 0 and bool((labels == labels[0]).all())
    return ONE_CLASS if alone and all(of_labels(c) for c in off) else 0.0


def unskilled(claims: Sequence[Claim], world: World) -> float:
    """The probability that a model without skill prints what answers in another order may print.

    Its answers are independent of the truth too; it has to call each class about as often, within
    what the luck of the order leaves open.
    """
    if world.labels is None or not any(of_labels(c) for c in claims):
        return 0.0
    answers = np.asarray(world.labels)
    if answers.ndim == 2:
        shares = answers.mean(0)
    else:
        shares = np.sort(np.bincount(answers, minlength=len(world.classes)) / len(answers))[1:]
    told = len({(c.metric, c.per_class, c.average) for c in claims if c.metric != "support"})
    open_ = 2 * LUCK * np.sqrt(np.maximum(shares * (1 - shares), 1 / world.n) / world.n)
    chances = np.minimum(1.0, open_ / (SHARE_SPREAD * ROOT_TAU))
    return UNSKILLED * float(np.prod(np.sort(chances)[:told]))
