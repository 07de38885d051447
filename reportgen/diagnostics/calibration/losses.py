"""Where the loss comes from: too much confidence, a few rows, saturated outputs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from reportgen.diagnostics.calibration.rows import Rows
from reportgen.statistics import clusters as clustering
from reportgen.statistics import recalibration
from reportgen.statistics.intervals import Interval, student
from reportgen.statistics.losses import FLOOR
from reportgen.statistics.recalibration import CEILING, Fit, log_softmax, row_losses

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

FOLDS = 5
MOST_NUMBERS = 1_000_000  # rows times classes that the null of the worst rows is computed on


@dataclass(frozen=True)
class Confirmed:
    """A temperature, and what it takes off the log loss of rows it was not fitted on.

    ``fitted_on`` completes "fitted on ..."; ``gain`` is mean loss before minus after, paired.
    """

    value: float
    fitted_on: str
    gain: Interval


def confirmed_temperature(rows: Rows, other: Rows | None, rng: np.random.Generator) -> Confirmed:
    """Fitted on validation, or in turn on four fifths of the judged rows; gains on the rest."""
    k = len(rows.classes)
    if other is not None:
        part = other.part(recalibration.sample(other.n, k, rng))
        value = recalibration.useful_temperature(part.z, part.y)
        used = np.full(rows.n, value)
        where = f"{other.split} ({other.n:,} rows)"
        judged = rows
    else:
        judged = rows.part(recalibration.sample(rows.n, k, rng))
        units = np.arange(judged.n) if judged.clusters is None else judged.clusters
        order = rng.permutation(int(units.max()) + 1)
        used = recalibration.crossed_temperature(judged.z, judged.y, order[units] % FOLDS)
        value = float(np.median(used))
        where = f"four fifths of {judged.split} in turn, tried on the rest"
    after = row_losses(log_softmax(judged.z / used[:, None]), judged.y, clipped=not judged.logits)
    gains = judged.losses() - after
    mean = float(gains.mean())
    se = np.sqrt(clustering.variance((gains - mean) / judged.n, judged.clusters))
    df = clustering.freedom(judged.n, judged.clusters)
    return Confirmed(value, where, student(mean, float(se), df, method="paired t"))


@dataclass(frozen=True)
class WorstRows:
    """The worst 1 % of rows and the loss in them.

    Attributes
    ----------
    count : how many rows these are.
    share : of the whole loss that they carry; ``expected`` by the recalibrated model.
    p_value : of as much loss there by chance.
    rows : positions in the split, worst first, at most 100.
    curve : share of the loss carried by the worst share of rows, at ``shares``.
    """

    count: int
    share: float
    expected: float
    p_value: float
    rows: Codes
    shares: Floats
    curve: Floats


def worst_rows(rows: Rows, honest: Fit, effect: float) -> WorstRows:
    """How concentrated the loss is, and how concentrated chance would make it.

    The sum of the worst m losses is the smallest of m t + sum max(loss - t, 0) over t, so at the
    null's own quantile t that expression bounds it; its mean, variance and skewness under the
    recalibrated probabilities are sums over rows, and Pearson III gives the tail.
    """
    losses = rows.losses()
    total = float(losses.sum())
    count = max(1, round(0.01 * rows.n))
    order = np.argsort(-losses, kind="stable")
    carried = np.cumsum(losses[order])
    shares = np.unique(np.r_[0.0, np.geomspace(1 / rows.n, 1, 120), 0.01, 0.1])
    at = np.interp(shares * rows.n, np.arange(rows.n + 1), np.r_[0.0, carried])
    curve = at / total if total > 0 else shares
    share = float(carried[count - 1] / total) if total > 0 else 0.0

    step = -(-rows.n * len(rows.classes) // MOST_NUMBERS)
    some = np.arange(0, rows.n, step)
    # A model that is not sure enough is held to its own word, not to a sharper one.
    fair = replace(honest, temperature=max(1.0, honest.temperature))
    chance = np.exp(fair.log_scores(rows.z[some]))
    each = -rows.log_scores[some]
    if not rows.logits:
        each = np.minimum(each, CEILING)
    limit = _quantile(each, chance, 0.01)
    over = np.maximum(each - limit, 0.0)
    mean = (chance * over).sum(axis=1)
    away = over - mean[:, None]
    variance = float((chance * away**2).sum()) * effect
    seen = losses[some]
    excess = float(np.sum(np.maximum(seen - limit, 0.0)) - mean.sum())
    tail = 0.01 * len(some) * limit + float(mean.sum())
    p_value = 1.0
    if excess > 0:
        p_value = 0.0
        if variance > 0:
            skew = float((chance * away**3).sum()) * effect**2 / variance**1.5
            z = excess / np.sqrt(variance)
            p_value = float(max(stats.pearson3.sf(z, skew), stats.norm.sf(z)))
    # As a share of *this* loss, so that the rest of a share is what is beyond chance.
    expected = min(share, tail / float(seen.sum())) if seen.sum() > 0 else 0.0
    return WorstRows(count, share, expected, p_value, rows.at[order[:100]], shares, curve)


def _quantile(values: Floats, weights: Floats, upper: float) -> float:
    """Where the weighted share ``upper`` of ``values`` lies above; rows weigh one each."""
    flat, mass = values.ravel(), weights.ravel()
    order = np.argsort(-flat)
    cumulative = np.cumsum(mass[order])
    place = int(np.searchsorted(cumulative, upper * len(values)))
    return float(flat[order[min(place, len(order) - 1)]])


@dataclass(frozen=True)
class Saturation:
    """Outputs within 1e-7 of certainty.

    Attributes
    ----------
    share : of outputs; ``wrong`` how many of these are wrong.
    of_loss : share of the (clipped) loss that rows at the clip of 16.118 carry.
    clipped_loss : the loss as Keras prints it from probabilities; ``predicted`` by the share of
        wrong rows alone, (1 - accuracy) * 16.118; ``loss`` from the logits where there are any.
    """

    share: float
    wrong: int
    of_loss: float
    clipped_loss: float
    predicted: float
    loss: float


def saturation(rows: Rows) -> Saturation:
    top = rows.scores.argmax(axis=1)
    # 1 - p is read off the other classes: it is exact where p is nearly one.
    others = rows.scores.sum(axis=1) - rows.scores[np.arange(rows.n), top]
    saturated = others <= FLOOR
    losses = rows.losses()
    clipped = np.minimum(losses, CEILING)
    total = float(clipped.sum())
    at_clip = clipped >= CEILING - 1e-6
    return Saturation(
        share=float(saturated.mean()),
        wrong=int(np.sum(saturated & (top != rows.y))),
        of_loss=float(clipped[at_clip].sum() / total) if total > 0 else 0.0,
        clipped_loss=total / rows.n,
        predicted=float(np.mean(top != rows.y)) * CEILING,
        loss=float(losses.mean()),
    )
