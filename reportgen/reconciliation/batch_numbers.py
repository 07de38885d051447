"""Numbers of every batch of an evaluation at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation.quantities import Unknown, code, positive
from reportgen.reconciliation.sweeps import of_label_claims
from reportgen.reconciliation.world import Floats, World

#: Matrices of batches that are held at once.
MOST_CELLS = 40_000_000


def per_batch(claim: Claim, world: World, size: int) -> Floats | None:
    """The number in each batch of ``size`` rows, the partial one last; None where unknown.

    Batches in which it is not defined are left out for areas, which need both classes, and count
    as 0 for precision, recall and F1, as scikit-learn has it.
    """
    if claim.weighted:
        return None
    if claim.metric in ("roc_auc", "average_precision"):
        return _areas(claim, world, size)
    if world.labels is None or world.truth.ndim != 1:
        return None
    batches = -(-world.n // size)
    if batches * world.k**2 > MOST_CELLS:
        return None
    truth = np.clip(np.where(world.truth < 0, world.k, world.truth), 0, world.k)
    labels = np.clip(np.where(world.labels < 0, world.k, world.labels), 0, world.k)
    r = world.k + 1 if max(truth.max(), labels.max()) == world.k else world.k
    place = np.arange(world.n) // size
    counts = np.bincount((place * r + truth) * r + labels, minlength=batches * r * r)
    values = of_label_claims([claim], counts.reshape(batches, r, r).astype(np.float64), world)[0]
    return values if np.isfinite(values).all() else None


def _areas(claim: Claim, world: World, size: int) -> Floats | None:
    if world.scores is None or world.truth.ndim != 1:
        return None
    try:
        k = code(claim.per_class, world) if claim.per_class is not None else None
        if k is None and world.task == "binary":
            k = positive(world)
    except Unknown:
        return None
    if k is None:
        return None
    place = np.arange(world.n) // size
    own = world.truth == k
    rank = _area if claim.metric == "roc_auc" else _precision
    return rank(place, own, world.table[:, k])


def _area(place: Any, own: Any, scores: Floats) -> Floats:
    """ROC-AUC of each batch from midranks within it; batches of one class are left out."""
    order = np.lexsort((scores, place))
    p, s, y = place[order], scores[order], own[order]
    batches = int(place[-1]) + 1
    first = np.searchsorted(p, np.arange(batches))
    new = np.r_[True, (p[1:] != p[:-1]) | (s[1:] != s[:-1])]
    group = np.cumsum(new) - 1
    starts = np.flatnonzero(new)
    ends = np.r_[starts[1:], len(p)]
    middle = ((starts + ends - 1) / 2)[group] - first[p] + 1.0
    positives = np.bincount(p, weights=y, minlength=batches)
    negatives = np.bincount(p, minlength=batches) - positives
    sums = np.bincount(p, weights=middle * y, minlength=batches)
    both = (positives > 0) & (negatives > 0)
    top = sums[both] - positives[both] * (positives[both] + 1) / 2
    return np.asarray(top / (positives[both] * negatives[both]))


def _precision(place: Any, own: Any, scores: Floats) -> Floats:
    """Average precision of each batch that has a positive row."""
    order = np.lexsort((-scores, place))
    p, s, y = place[order], scores[order], own[order].astype(np.float64)
    batches = int(place[-1]) + 1
    first = np.searchsorted(p, np.arange(batches))
    new = np.r_[True, (p[1:] != p[:-1]) | (s[1:] != s[:-1])]
    ends = np.r_[np.flatnonzero(new)[1:], len(p)] - 1
    group = np.cumsum(new) - 1
    hits = np.cumsum(y)
    before = np.r_[0.0, hits][first]
    at = ends[group]
    precision = (hits[at] - before[p]) / (at - first[p] + 1.0)
    positives = np.bincount(p, weights=y, minlength=batches)
    sums = np.bincount(p, weights=precision * y, minlength=batches)
    return np.asarray(sums[positives > 0] / positives[positives > 0])
