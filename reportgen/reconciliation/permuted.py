"""Numbers over all orders of the truth: their mean and spread without drawing one.

A number that adds up one term a row, which depends on the row's scores and its class alone, is a
linear permutation statistic: cross-entropy, Brier score, and areas under the ROC,
which are sums of ranks.

References
----------
Hoeffding (1951), A combinatorial central limit theorem, Annals of Mathematical Statistics 22.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation.quantities import Unknown, code, positive
from reportgen.reconciliation.row_losses import rule_of
from reportgen.reconciliation.row_values import row_values
from reportgen.reconciliation.world import Floats, World
from reportgen.statistics.losses import log_losses

#: More terms, rows times classes, are not held at once.
MOST_TERMS = 50_000_000


@dataclass(frozen=True, slots=True)
class Linear:
    """A number as ``constant`` plus a sum over rows of ``terms(class of the row)``, (n,) each."""

    terms: Callable[[int], Floats]
    constant: float = 0.0


def moments(claim: Claim, world: World) -> tuple[float, float] | None:
    """Mean and standard deviation over all orders of the truth; None where it is no such sum."""
    found = linear(claim, world)
    if found is None or world.n * world.k > MOST_TERMS:
        return None
    mean, spread = _moments(found.terms, _counts(world))
    return mean + found.constant, spread


def linear(claim: Claim, world: World) -> Linear | None:
    """A number as a sum over rows, whatever the order of the truth; None where it is none.

    Parameters
    ----------
    claim : of scores, or a loss without weights.
    world : one label a row, all of them classes.
    """
    if world.task == "regression" or world.truth.ndim != 1 or world.scores is None:
        return None
    if claim.weighted or world.n < 2 or world.truth.min() < 0:
        return None
    if claim.metric == "roc_auc":
        return _of_area(claim, world, _counts(world))
    terms = _terms(claim, world)
    if terms is None:
        return None
    penalty = world.penalty() if claim.metric == "loss" and world.penalty is not None else 0.0
    return Linear(terms, penalty if np.isfinite(penalty) else 0.0)


def _counts(world: World) -> Floats:
    return np.bincount(world.truth, minlength=world.k).astype(np.float64)


def _terms(claim: Claim, world: World) -> Callable[[int], Floats] | None:
    """The terms of all rows as if each were of class k, (n,)."""

    def turned(k: int) -> World:
        return replace(world, truth=np.full(world.n, k, dtype=np.int64), loss=None)

    if claim.metric == "loss":
        rule = rule_of(world)
        return None if rule is None else lambda k: rule(turned(k)) / world.n
    scores = world.scores
    assert scores is not None
    if scores.ndim == 2 and claim.metric == "log_loss":
        none = np.zeros(world.n, dtype=np.int64)
        clip = world.resolution
        return lambda k: log_losses(none, scores[:, [k]], epsilon=clip) / world.n
    if scores.ndim == 2 and claim.metric == "brier":
        squares = np.einsum("nk,nk->n", scores, scores) + 1
        return lambda k: (squares - 2 * scores[:, k]) / world.n
    if claim.metric == "log_loss":
        return lambda k: log_losses(turned(k).truth, scores, epsilon=world.resolution) / world.n
    if claim.metric not in ("brier",) or row_values(claim, world) is None:
        return None

    def values(k: int) -> Floats:
        own = row_values(claim, turned(k))
        assert own is not None
        return own / world.n

    return values


def _of_area(claim: Claim, world: World, counts: Floats) -> Linear | None:
    """Areas one against the rest: (sum of a class's ranks - least) / (pairs)."""
    try:
        if claim.per_class is not None:
            share = np.eye(world.k)[code(claim.per_class, world)]
        elif world.task == "binary":
            share = np.eye(world.k)[positive(world)]
        elif claim.average == "macro":
            share = np.full(world.k, 1 / world.k)
        elif claim.average == "weighted":
            share = counts / counts.sum()
        else:
            return None
    except Unknown:
        return None
    own = np.flatnonzero(share)
    pairs = counts * (world.n - counts)
    if world.ranking is None or (pairs[own] == 0).any():
        return None

    def ranks(k: int) -> Floats:
        return _ranks(world, k) * (share[k] / pairs[k]) if share[k] else np.zeros(world.n)

    least = float((share[own] * (counts[own] + 1) / (2 * (world.n - counts[own]))).sum())
    return Linear(ranks, -least)


def _ranks(world: World, k: int) -> Floats:
    """Ranks from 1 of the scores of a class, equal ones in the middle, (n,)."""
    assert world.ranking is not None
    place, m = world.ranking.places(k)
    count = np.bincount(place, minlength=m)
    middle: NDArray[np.float64] = np.cumsum(count) - count / 2 + 0.5
    return np.asarray(middle[place])


def _moments(terms: Callable[[int], Floats], counts: Floats) -> tuple[float, float]:
    """Mean and spread of the sum of terms[class of the row] over all orders of the classes."""
    classes, n = np.flatnonzero(counts), float(counts.sum())
    table = np.array([terms(int(k)) for k in classes])
    shares = counts[classes] / n
    of_row = shares @ table
    of_class = table.mean(axis=1)
    mean = float(n * (shares @ of_class))
    apart = table - of_row
    apart -= (of_class - mean / n)[:, None]
    square = float(n * (shares @ np.einsum("kn,kn->k", apart, apart)))
    return mean, float(np.sqrt(square / (n - 1)))
