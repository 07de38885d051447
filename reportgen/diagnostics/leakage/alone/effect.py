"""Whether a strong column looks like an effect of the target among its causes.

What is known too late is an effect of the outcome: it goes with whatever goes with the target, as
far as the target explains, and no further. Causes of one target are nothing to each other, and
explain each other away once it is known. Where all columns are effects (as of clouds about their
classes), or all are causes, one that is far stronger than the others is nothing odd.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.leakage.alone.measured import measured
from reportgen.diagnostics.leakage.alone.strength import FOLDS, Goal, bins, goal
from reportgen.diagnostics.leakage.alone.values import Column, columns
from reportgen.evidence import Case

Floats = NDArray[np.float64]

BINS = 8
PRIOR = 5.0  # rows that a bin's mean is drawn to the overall mean by
MOST = 12  # other columns, the strongest
TELLS = 3.0  # standard errors from which a column tells something of the target here
SURELY, LIKELY, NONE = 3.0, 2.33, 2.0  # standard errors of a relation; none is seen below the last


@dataclass(frozen=True)
class Place:
    """How a column and the others stand to each other, in standard errors.

    Attributes
    ----------
    together : how far the column goes with the others, in the direction that the target gives.
    beyond : the same, less what the target explains; below 0 they explain each other away.
    others, others_beyond : the same among the others.
    """

    together: float
    beyond: float
    others: float
    others_beyond: float

    @property
    def odd(self) -> bool:
        """An effect of the target, while the others are causes that are nothing to each other."""
        effect = self.together >= SURELY and abs(self.beyond) < SURELY
        return effect and self.others < NONE and self.others_beyond <= -LIKELY


def place(case: Case, judged: str, name: str, out: Collection[str], part: int = 0) -> Place:
    """How column ``name`` stands to those that tell something of the target; ``out`` aside."""
    aim = goal(case, judged)
    strongest = sorted(measured(case, judged), key=lambda m: -m.alone.least)
    kept = [m.name for m in strongest if m.name not in out and m.name != name and not m.identity]
    wanted = {name, *kept[:MOST]}
    by_name = {c.name: c for c in columns(case, judged, wanted)}
    own = [_given(by_name[name], aim, k) for k in aim.parts[part]]
    size = [_correlation(given, aim.y[:, k]) for given, k in zip(own, aim.parts[part], strict=True)]
    best = int(np.argmax(size))
    k = aim.parts[part][best]
    n = len(aim.y)
    scores, telling = [own[best]], [size[best]]
    for other in kept[:MOST]:
        given = _given(by_name[other], aim, k)
        tells = _correlation(given, aim.y[:, k])
        if tells * np.sqrt(n) >= TELLS:
            scores.append(given)
            telling.append(tells)
    if len(scores) < 3:
        return Place(0.0, 0.0, 0.0, 0.0)  # too few others to tell anything by
    rho = np.array(telling)
    r = np.corrcoef(np.array(scores))
    by_target = np.outer(rho, rho)
    left = np.outer(1 - rho**2, 1 - rho**2)
    first = (np.zeros(len(rho) - 1, dtype=np.int64), np.arange(1, len(rho)))
    a, b = np.triu_indices(len(rho), 1)
    among = (a[a > 0], b[a > 0])

    def errors(at: tuple[NDArray[np.int64], NDArray[np.int64]], less: Floats, of: Floats) -> float:
        w = by_target[at]
        return float((w * (r - less)[at]).sum() / np.sqrt((w**2 * of[at]).sum() / n))

    return Place(
        errors(first, np.zeros_like(r), np.ones_like(r)),
        errors(first, by_target, left),
        errors(among, np.zeros_like(r), np.ones_like(r)),
        errors(among, by_target, left),
    )


def _given(column: Column, aim: Goal, k: int) -> Floats:
    """Means of the target by bin for all rows, those of train out of fold; less their folds' own.

    In a fold, all columns' means lie apart from the rows by the same chance.
    """
    found, n_bins = _few_bins(column)
    n = aim.n_train
    y = aim.y[:, k]
    out = np.empty(len(y))
    parts = [(np.flatnonzero(aim.fold != f), np.flatnonzero(aim.fold == f)) for f in range(FOLDS)]
    for seen, unseen in (*parts, (np.arange(n), np.arange(n, len(y)))):
        if not len(unseen):
            continue
        counts = np.bincount(found[seen], minlength=n_bins)
        sums = np.bincount(found[seen], y[seen], n_bins)
        mean = float(y[seen].mean()) if len(seen) else 0.0
        given = ((sums + PRIOR * mean) / (counts + PRIOR))[found[unseen]]
        out[unseen] = given - given.mean()
    return out


def _few_bins(column: Column) -> tuple[NDArray[np.int64], int]:
    """Bins of many rows: what is weak drowns in the chance of small ones."""
    if column.numbers is None:
        return bins(column)
    values = column.numbers
    present = np.isfinite(values)
    if not present.any():
        return np.zeros(len(values), dtype=np.int64), 1
    edges = np.unique(np.quantile(values[present], np.arange(1, BINS) / BINS))
    found = np.searchsorted(edges, values, side="left")
    found[~present] = len(edges) + 1
    return found.astype(np.int64), len(edges) + 2


def _correlation(a: Floats, b: Floats) -> float:
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
