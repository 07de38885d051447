"""Judged rows in parts, each with the training rows that must leave to judge it honestly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.leakage.found import Cure, Fold
from reportgen.evidence import Case
from reportgen.retraining.added import trained_splits

Mask = NDArray[np.bool_]
PARTS = 3
MOST_LEAVING = 0.34  # share of the training rows that may leave at once


def of_groups(
    case: Case, of: Callable[[str], NDArray[Any]], judged: str, rng: np.random.Generator
) -> Cure:
    """Shared groups out of training: all at once where they are few, else in three parts.

    Parameters
    ----------
    of : groups of a split's rows.
    """
    test = of(judged)
    trained = {name: of(name) for name in trained_splits(case)}
    together = np.concatenate(list(trained.values()))
    shared = np.intersect1d(np.unique(test), np.unique(together))
    reached = np.isin(test, shared)
    leaving = {name: np.isin(groups, shared) for name, groups in trained.items()}
    nobody = {name: np.zeros(len(mask), dtype=bool) for name, mask in leaving.items()}
    if np.mean(np.isin(together, shared)) <= MOST_LEAVING:
        return Cure(rows=leaving, carriers=nobody, reached=reached)
    part = _parts(shared, test, rng)
    folds = []
    for k in range(PARTS):
        mine = shared[part == k]
        where = np.isin(test, mine)
        if k == 0:
            where |= ~reached
        folds.append(Fold({name: np.isin(groups, mine) for name, groups in trained.items()}, where))
    return Cure(reached=reached, folds=tuple(folds))


def _parts(shared: NDArray[Any], test: NDArray[Any], rng: np.random.Generator) -> NDArray[np.int64]:
    """A part for each group, so that parts hold about as many judged rows."""
    distinct, counts = np.unique(test, return_counts=True)
    rows = counts[np.searchsorted(distinct, shared)]
    part = np.empty(len(shared), dtype=np.int64)
    load = np.zeros(PARTS)
    for i in rng.permutation(len(shared)):
        part[i] = int(load.argmin())
        load[part[i]] += rows[i]
    return part


def of_times(case: Case, of: Callable[[str], NDArray[Any]], judged: str) -> Cure:
    """The later half of the judged rows, in two parts, each after all that was trained on."""
    test = of(judged)
    trained = {name: of(name) for name in trained_splits(case)}
    latest = max(values.max() for values in trained.values())
    reached = test <= latest
    order = np.sort(test)
    middle, late = order[len(order) // 2], order[3 * len(order) // 4]
    if middle >= late:
        return Cure(reached=reached, untrainable="there are too few instants to cut at")
    folds = (
        Fold(_not_before(trained, middle), (test >= middle) & (test < late)),
        Fold(_not_before(trained, late), test >= late),
    )
    return Cure(reached=reached, folds=folds)


def _not_before(trained: Mapping[str, NDArray[Any]], instant: Any) -> dict[str, Mask]:
    return {name: np.asarray(values >= instant) for name, values in trained.items()}
