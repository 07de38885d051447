"""Numbers of every batch of an evaluation at once, for one batch size or many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation.areas import members
from reportgen.reconciliation.margins import of_margins, running
from reportgen.reconciliation.quantities import Unknown, code, positive
from reportgen.reconciliation.world import Floats, World

Sizes = NDArray[np.int64]
#: Batches that are held at once.
BLOCK = 400_000


def per_batch(claim: Claim, world: World, size: int) -> Floats | None:
    """The number in each batch of ``size`` rows, the partial one last; None where unknown.

    Batches in which it is not defined are left out for areas, which need both classes, and count
    as 0 for precision, recall and F1, as scikit-learn has it.
    """
    if claim.weighted:
        return None
    if claim.metric in ("roc_auc", "average_precision"):
        return _areas(claim, world, size)
    for _, _, values in per_batch_of_labels(claim, world, np.array([size])):
        return values
    return None


def per_batch_of_labels(
    claim: Claim, world: World, sizes: Sizes
) -> Iterator[tuple[Sizes, Sizes, Floats]]:
    """Numbers of labels in the batches of many sizes, some sizes at a time.

    Margins of a batch are differences of running sums: no size goes through the rows again.

    Yields
    ------
    places : which of ``sizes``. starts : where the batches of each begin. values : of all batches
        of these sizes, one size after the other, the partial batch last.
    """
    if world.labels is None or world.truth.ndim != 1 or claim.weighted:
        return
    sums, n = running(world), world.n
    for places in _blocks(-(-n // sizes)):
        counts = -(-n // sizes[places])
        starts = np.cumsum(counts) - counts
        size = np.repeat(sizes[places], counts)
        first = (np.arange(len(size)) - np.repeat(starts, counts)) * size
        batches = sums.at(np.minimum(first + size, n)) - sums.at(first)
        try:
            values = np.asarray(of_margins(claim, batches, world), dtype=np.float64)
        except Unknown:
            return
        if not np.isfinite(values).all():
            return
        yield places, starts, values


def _blocks(counts: Sizes) -> Iterator[Sizes]:
    """Indices in order, as many at a time as have BLOCK batches; at least one."""
    block = (np.cumsum(counts) - 1) // BLOCK
    for one in np.unique(block).tolist():
        yield np.flatnonzero(block == one)


def _areas(claim: Claim, world: World, size: int) -> Floats | None:
    if world.ranking is None or world.truth.ndim != 1:
        return None
    try:
        k = code(claim.per_class, world) if claim.per_class is not None else None
        if k is None and world.task == "binary":
            k = positive(world)
    except Unknown:
        return None
    if k is None:
        return None
    rank = _area if claim.metric == "roc_auc" else _precision
    own = members(world, k)
    place = world.ranking.places(k)[0]
    # A batch's rows by place, the others before the members of the same one.
    keys = place.astype(np.int64) * 2 + own
    full = world.n // size * size
    parts = [np.sort(keys[:full].reshape(-1, size), axis=1)] if full else []
    if full < world.n:
        parts.append(np.sort(keys[full:])[None])
    return np.concatenate([rank(part >> 1, (part & 1).astype(np.float64)) for part in parts])


def _area(place: Any, own: Floats) -> Floats:
    """ROC-AUC of each batch, (b, size) sorted by place; batches of one class are left out."""
    first, last = _ties(place)
    middle = (first + last) / 2 + 1.0
    positives = own.sum(1)
    negatives = own.shape[1] - positives
    both = (positives > 0) & (negatives > 0)
    top = (middle * own).sum(1)[both] - positives[both] * (positives[both] + 1) / 2
    return np.asarray(top / (positives[both] * negatives[both]))


def _precision(place: Any, own: Floats) -> Floats:
    """Average precision of each batch that has a positive row."""
    first, _ = _ties(place)
    size = own.shape[1]
    above = np.cumsum(own[:, ::-1], axis=1)[:, ::-1]  # members at or above each row
    hits = np.take_along_axis(above, first, axis=1)
    positives = own.sum(1)
    some = positives > 0
    sums = (hits / (size - first) * own).sum(1)
    return np.asarray(sums[some] / positives[some])


def _ties(place: Any) -> tuple[Any, Any]:
    """Where the rows of each row's place begin and end, by position in the batch."""
    b, size = place.shape
    at = np.broadcast_to(np.arange(size), (b, size))
    new = np.ones((b, size), dtype=bool)
    new[:, 1:] = place[:, 1:] != place[:, :-1]
    first = np.maximum.accumulate(np.where(new, at, 0), axis=1)
    end = np.ones((b, size), dtype=bool)
    end[:, :-1] = new[:, 1:]
    last = np.minimum.accumulate(np.where(end, at, size)[:, ::-1], axis=1)[:, ::-1]
    return first, last
