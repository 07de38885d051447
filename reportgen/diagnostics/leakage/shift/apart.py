"""Can train and test be told apart? A classifier that tries, judged on rows that it has not seen.

Two halves, each asked by a classifier fitted on the other: given the classifier, rows drawn alike
are ranked at random, so that the rank test of Mann and Whitney is exact whatever was fitted
(Lopez-Paz and Oquab 2017, with ranks). Twice the smaller of both p-values holds under any
dependence. Copies stay in one half; groups are one draw each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from reportgen.diagnostics.leakage.shift.rows import Codes, Compared, Floats

ROUNDS = 60
LEAVES = 15
LEAST = 20  # units of each split in each half below which nothing is told


@dataclass(frozen=True)
class Apart:
    """What came of it.

    Attributes
    ----------
    auc, p : out of fold, mean of the halves; of the hypothesis that rows are drawn alike.
    scores : P(judged) of each row as the other half's classifier sees it, (n,).
    smallest : AUC that would have been found with 80 % power.
    units : how many draws there were, of train and of the judged split.
    """

    auc: float
    p: float
    scores: Floats
    smallest: float
    units: tuple[int, int]


def apart(rows: Compared, rng: np.random.Generator, level: float) -> Apart | None:
    """Whether the splits can be told apart; None with too few rows to say."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    n = len(rows.judged)
    units = np.arange(n) if rows.units is None else rows.units
    half = _halves(units, rows.judged, rng)
    scores = np.empty(n)
    found = []
    for one in (0, 1):
        asked = half == one
        counted = [_units(units, rows.judged, asked, side) for side in (False, True)]
        if min(counted) < LEAST:
            return None
        model = HistGradientBoostingClassifier(
            max_iter=ROUNDS, max_leaf_nodes=LEAVES, early_stopping=False, class_weight="balanced",
            random_state=int(rng.integers(2**31)),
        )  # fmt: skip
        with threadpool_limits(1, user_api="openmp"):  # threads wait for each other on busy cores
            model.fit(rows.table[~asked], rows.judged[~asked])
            scores[asked] = model.predict_proba(rows.table[asked])[:, 1]
        found.append(ranked(scores[asked], rows.judged[asked], _grouped(rows, asked)))
    p = min(1.0, 2 * min(f[1] for f in found))
    a, b = (min(_units(units, rows.judged, half == one, side) for one in (0, 1))
            for side in (False, True))  # fmt: skip
    spread = np.sqrt((a + b + 1) / (12 * a * b))
    smallest = 0.5 + (stats.norm.isf(level / 2) + stats.norm.isf(0.2)) * spread
    return Apart(float(np.mean([f[0] for f in found])), p, scores, float(smallest), (a, b))


def _grouped(rows: Compared, asked: NDArray[np.bool_]) -> Codes | None:
    return rows.units[asked] if rows.grouped and rows.units is not None else None


def _units(units: Codes, judged: NDArray[np.bool_], asked: NDArray[np.bool_], side: bool) -> int:
    return len(np.unique(units[asked & (judged == side)]))


def _halves(units: Codes, judged: NDArray[np.bool_], rng: np.random.Generator) -> Codes:
    """A half a unit, as many of each split in both."""
    codes, first = np.unique(units, return_index=True)
    half = np.zeros(int(codes.max()) + 1, dtype=np.int64)
    for side in (False, True):
        of_side = rng.permutation(codes[judged[first] == side])
        half[of_side[::2]] = 1
    return half[units]


def ranked(values: Floats, judged: NDArray[np.bool_], units: Codes | None) -> tuple[float, float]:
    """AUC of a value for being judged, and the one-sided p of its ranks; units by their means."""
    if units is not None:
        values, judged = means(values, judged, units)
    a, b = values[judged], values[~judged]
    test = stats.mannwhitneyu(a, b, alternative="greater", method="asymptotic")
    return float(test.statistic / (len(a) * len(b))), float(test.pvalue)


def means(
    values: Floats, judged: NDArray[np.bool_], units: Codes
) -> tuple[Floats, NDArray[np.bool_]]:
    """Mean value of each unit on each side."""
    code = units * 2 + judged
    kept, index = np.unique(code, return_inverse=True)
    index = index.reshape(-1)
    known = ~np.isnan(values)
    count = np.bincount(index[known], minlength=len(kept))
    total = np.bincount(index[known], values[known], minlength=len(kept))
    fine = count > 0
    return total[fine] / count[fine], (kept % 2 == 1)[fine]
