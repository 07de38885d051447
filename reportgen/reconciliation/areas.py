"""Areas under curves of one class, of all cells, and averaged; their scores are sorted once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.reconciliation import ranked
from reportgen.reconciliation.world import Floats, World


def area(metric: str, k: int, world: World, weights: Floats | None = None) -> float:
    """ROC-AUC or average precision of one class against the rest; its scores are sorted once.

    ``trapezia`` is a third: the area under precision over recall with straight lines.
    """

    def computed() -> float:
        assert world.ranking is not None
        return _AREAS[metric](*world.ranking.steps(k, members(world, k), weights))

    return float(kept(world, weights, ("area", metric, k), computed))


def area_of_cells(metric: str, world: World, weights: Floats | None = None) -> float:
    """The same of all cells (row, class) as rows of one column."""

    def computed() -> float:
        member = np.column_stack([members(world, k) for k in range(world.k)])
        repeated = None if weights is None else np.repeat(weights, world.k)
        steps = ranked.Ranking(world.table.ravel()).steps(1, member.ravel(), repeated)
        return _AREAS[metric](*steps)

    return float(kept(world, weights, ("area of cells", metric), computed))


_AREAS: dict[str, Callable[[Floats, Floats], float]] = {
    "roc_auc": ranked.roc_auc,
    "average_precision": ranked.average_precision,
    "trapezia": ranked.trapezia,
}


def kept(world: World, weights: Floats | None, key: Any, compute: Callable[[], Any]) -> Any:
    """A number of scores: once for all worlds of the same truth and scores, unless weighted."""
    if weights is None and world.ranking is not None and world.ranking.is_of(world.truth):
        return world.ranking.keep((key, world.resolution), compute)
    return world.keep((key, weights is None), compute)


def members(world: World, k: int) -> NDArray[np.bool_]:
    """Which rows are of class k, or have label k, (n,)."""
    return np.asarray(world.truth[:, k] == 1 if world.truth.ndim == 2 else world.truth == k)


def averaged_areas(metric: str, average: str | None, world: World, weights: Floats | None) -> float:
    """One-vs-rest areas, averaged as scikit-learn does."""
    if average == "micro":
        return area_of_cells(metric, world, weights)
    if average == "samples":
        member = np.column_stack([members(world, k) for k in range(world.k)])
        return _over_rows(metric, member, world.table, weights)
    each = [area(metric, k, world, weights) for k in range(world.k)]
    if average == "macro":
        return float(np.mean(each))
    own = [members(world, k) for k in range(world.k)]
    supports = np.array([float(m.sum() if weights is None else weights[m].sum()) for m in own])
    present = supports > 0
    return float(np.average(np.array(each)[present], weights=supports[present]))


#: Rows whose labels are compared with each other at once.
BLOCK = 200_000


def _over_rows(
    metric: str, member: NDArray[np.bool_], scores: Floats, weights: Floats | None
) -> float:
    """The mean over rows of the area of a row's own labels; NaN where a row has none."""
    count = member.sum(1)
    if (count == 0).any() or (metric == "roc_auc" and (count == member.shape[1]).any()):
        return float("nan")
    each = np.empty(len(member))
    for start in range(0, len(member), BLOCK):
        rows = slice(start, start + BLOCK)
        each[rows] = _of_rows(metric, member[rows], scores[rows])
    return float(np.average(each, weights=weights))


def _of_rows(metric: str, member: NDArray[np.bool_], scores: Floats) -> Floats:
    k = member.shape[1]
    total = np.zeros(len(member))
    for i in range(k):
        at = scores[:, [i]]
        if metric == "roc_auc":
            below = ((scores < at) & ~member).sum(1) + ((scores == at) & ~member).sum(1) / 2
            total += np.where(member[:, i], below, 0.0)
        else:
            called = scores >= at
            total += np.where(member[:, i], (called & member).sum(1) / called.sum(1), 0.0)
    own = member.sum(1)
    return np.asarray(total / (own * (k - own) if metric == "roc_auc" else own))
