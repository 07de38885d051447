"""What would mend probabilities: a temperature, a shift of the classes, wrong labels allowed for.

The model's logits z become softmax(z / T + a), and a share of the labels is taken to be drawn at
random: P(y) = (1 - e) softmax(z / T + a)_y + e / K. Each part can be left out. The temperature is
Guo et al. 2017, the shift Cox 1958's intercept; the random share keeps single wild rows from
deciding the temperature.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from reportgen.statistics.losses import FLOOR

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

CEILING = -float(np.log(FLOOR))  # 16.118
DEEPEST = -50.0  # logits further below the largest say nothing more
COLDEST, HOTTEST = 0.05, 50.0
MOST_NUMBERS = 100_000  # rows times classes in one fit; more rows add digits nobody reads


def logits_of(scores: Floats) -> Floats:
    """Log probabilities, shape (n, K), from P(class 1) of shape (n,) or from (n, K)."""
    both = np.column_stack([1 - scores, scores]) if scores.ndim == 1 else scores
    return np.asarray(np.log(np.clip(both, FLOOR, 1.0)))


def grounded(logits: Floats) -> Floats:
    """Logits of shape (n, K) below their row's largest, none deeper than 50."""
    both = np.column_stack([np.zeros(len(logits)), logits]) if logits.ndim == 1 else logits
    return np.asarray(np.maximum(both - both.max(axis=1, keepdims=True), DEEPEST))


def log_softmax(z: Floats) -> Floats:
    top = z - z.max(axis=1, keepdims=True)
    return np.asarray(top - np.log(np.exp(top).sum(axis=1, keepdims=True)))


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted map. ``log_likelihood`` is over the ``n`` rows that were fitted."""

    temperature: float
    shift: Floats
    noise: float
    log_likelihood: float
    n: int

    def log_scores(self, z: Floats) -> Floats:
        """Log probabilities of the classes for logits (n, K), before any label goes wrong."""
        return log_softmax(z / self.temperature + self.shift)


def sample(n: int, n_classes: int, rng: np.random.Generator) -> Codes:
    """Rows to fit on: all of them, or a random part that suffices."""
    most = max(2000, MOST_NUMBERS // max(n_classes, 1))
    if n <= most:
        return np.arange(n)
    return np.sort(rng.choice(n, size=most, replace=False))


def fit(
    z: Floats,
    y: Codes,
    *,
    temperature: bool = True,
    shift: bool = False,
    noise: bool = False,
) -> Fit:
    """Most likely map (maximum likelihood by L-BFGS with bounds).

    Parameters
    ----------
    z : logits or log probabilities, shape (n, K), see :func:`grounded`.
    y : class codes, shape (n,).
    temperature, shift, noise : which parts are free; the others stay at 1, 0, 0.
    """
    n, k = z.shape
    rows = np.arange(n)
    z_true = z[rows, y]
    counts = np.bincount(y, minlength=k).astype(np.float64)
    # A class with no rows has no finite shift; a very weak pull to zero keeps all of them finite.
    pull = 1e-3

    def negative(theta: Floats) -> tuple[float, Floats]:
        b = float(np.exp(theta[0]))
        a = np.r_[0.0, theta[2:]] if shift else np.zeros(k)
        scaled = b * z + a
        top = scaled.max(axis=1)
        raised = np.exp(scaled - top[:, None])
        total = raised.sum(axis=1)
        log_own = scaled[rows, y] - top - np.log(total)
        share = raised / total[:, None]
        gradient = np.zeros_like(theta)
        if noise:
            e = float(special.expit(theta[1]))
            log_f = np.logaddexp(np.log1p(-e) + log_own, np.log(e) - np.log(k))
            clean = np.exp(np.log1p(-e) + log_own - log_f)
            gradient[1] = -np.sum((1 - clean) * (1 - e) - clean * e)
            value = -float(log_f.sum())
        else:
            clean = np.ones(n)
            value = -float(log_own.sum())
        mean = np.einsum("ij,ij->i", share, z)
        gradient[0] = -b * float(clean @ (z_true - mean))
        if shift:
            kept = np.bincount(y, weights=clean, minlength=k) if noise else counts
            gradient[2:] = (clean @ share - kept)[1:] + pull * a[1:]
            value += pull / 2 * float(a @ a)
        return value / n, gradient / n

    start = np.zeros(2 + (k - 1 if shift else 0))
    start[1] = -4.0
    bounds = [(-np.log(HOTTEST), -np.log(COLDEST)) if temperature else (0.0, 0.0)]
    bounds += [(-12.0, 1.5) if noise else (-4.0, -4.0)]
    bounds += [(-20.0, 20.0)] * (len(start) - 2)
    found = optimize.minimize(
        negative, start, jac=True, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": 60, "ftol": 1e-11, "gtol": 1e-8},
    )  # fmt: skip
    theta = found.x
    a = np.r_[0.0, theta[2:]] if shift else np.zeros(k)
    e = float(special.expit(theta[1])) if noise else 0.0
    return Fit(float(np.exp(-theta[0])), a - a.mean(), e, -float(found.fun) * n, n)


def likelihood_ratio(small: Fit, large: Fit, df: int = 1, *, at_bound: bool = False) -> float:
    """p-value of the part that ``large`` has over ``small`` (chi-squared; Wilks 1938).

    ``at_bound``: the part cannot be below zero, so half of the null is a point (Self, Liang 1987).
    """
    gain = 2 * (large.log_likelihood - small.log_likelihood)
    p = float(stats.chi2.sf(max(gain, 0.0), df))
    return p / 2 if at_bound and gain > 0 else p


def row_losses(log_scores: Floats, y: Codes, *, clipped: bool) -> Floats:
    """Log loss of each row; ``clipped`` at Keras's 1e-7, as it prints it for probabilities."""
    own = -log_scores[np.arange(len(y)), y]
    return np.asarray(np.minimum(own, CEILING) if clipped else own)


def useful_temperature(z: Floats, y: Codes) -> float:
    """The temperature that stray rows do not decide, unless it costs over 5 % of the loss.

    Where much of the loss is put down to random labels, what is left may call for sharper
    outputs and the whole for softer ones: then it is the temperature that suits the whole.
    """
    robust = fit(z, y, noise=True).temperature
    losses = [float(row_losses(log_softmax(z / t), y, clipped=False).mean()) for t in (1.0, robust)]
    return robust if losses[1] <= 1.05 * losses[0] else fit(z, y).temperature


def crossed_temperature(z: Floats, y: Codes, folds: Codes) -> Floats:
    """Temperature of each row, fitted on the other folds: no row mends itself.

    Parameters
    ----------
    folds : fold of each row, shape (n,); clusters must lie within one fold.
    """
    out = np.ones(len(y))
    for fold in np.unique(folds):
        inside = folds == fold
        if inside.all():
            continue
        out[inside] = useful_temperature(z[~inside], y[~inside])
    return out
