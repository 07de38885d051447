"""How much of the target a column tells alone: means of the target by bin, out of fold.

A single-column model gives each bin (a range of numbers, a level, "no value") the mean target of
its training rows. It is scored on training rows that it has not seen, by folds, and confirmed on
the judged rows. Everything follows from counts by fold, bin and class, so that a column costs a
pass over its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from reportgen.diagnostics.leakage.alone.values import Column
from reportgen.evidence import Case

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

FOLDS = 5
MOST_BINS, ROWS_A_BIN = 64, 12
MOST_LEVELS = 3_000
PRIOR = 0.5  # rows that a bin's mean is drawn to the overall mean by
SAMPLE = 20_000  # rows that tell where bins are cut


@dataclass(frozen=True)
class Goal:
    """The target of training rows, followed by judged rows.

    Attributes
    ----------
    y : float64 (n, M): one column a class, a label or a target.
    parts : places of columns in ``y`` that are judged together: all classes of a multiclass
        target; each label of a multilabel target by itself.
    names : of the parts; ("",) where there is one.
    fold : codes (n_train,).
    codes : class codes (n,) where there is one class a row, else None.
    """

    y: Floats
    parts: tuple[tuple[int, ...], ...]
    names: tuple[str, ...]
    fold: Codes
    n_train: int
    codes: Codes | None
    task: str

    @property
    def n_judged(self) -> int:
        return len(self.y) - self.n_train


@dataclass(frozen=True)
class Strength:
    """What a column tells alone.

    Attributes
    ----------
    train, judged : share of the target's variation explained (R²; of classes, of 0/1 by class):
        out of fold on train, and on the judged rows. At most 1; below 0 is nothing.
    auc : on the judged rows, macro over classes; NaN in regression.
    auc_train : the same of training rows, out of fold.
    z : how far from chance both are together, in standard deviations.
    part : of the goal, the one it tells most of.
    """

    name: str
    train: float
    judged: float
    auc: float
    z: float
    part: int = 0
    auc_train: float = float("nan")

    @property
    def least(self) -> float:
        return max(min(self.train, self.judged), 0.0)


def goal(case: Case, judged: str) -> Goal:
    """The target as single-column models have it; the same whoever asks."""
    from reportgen.diagnostics.leakage.alone.values import rows

    def make() -> Goal:
        at = rows(case, judged)
        y = np.concatenate(
            [
                np.asarray(case.split("train").y)[at.train],
                np.asarray(case.split(judged).y)[at.judged],
            ]
        )
        fold = case.rng("folds of columns").permutation(len(at.train)) % FOLDS
        if case.task in ("binary", "multiclass"):
            codes = y.astype(np.int64)
            k = len(case.classes)
            cells = (codes[:, None] == np.arange(k)).astype(np.float64)
            return Goal(cells, (tuple(range(k)),), ("",), fold, len(at.train), codes, case.task)
        cells = y.astype(np.float64).reshape(len(y), -1)
        m = cells.shape[1]
        named = case.classes if case.task == "multilabel" else case.dataset.target
        names = tuple(named) if m > 1 and len(named) == m else tuple(map(str, range(m)))
        return Goal(
            cells, tuple((k,) for k in range(m)), names if m > 1 else ("",), fold, len(at.train),
            None, case.task,
        )  # fmt: skip

    return case.memo(("leakage goal", judged), make)


def bins(column: Column) -> tuple[Codes, int]:
    """Each row's bin, and how many there are; the last is of rows without a value."""
    if column.levels is not None:
        return _level_bins(column)
    assert column.numbers is not None
    values = column.numbers
    present = np.isfinite(values)
    own = values[: column.n_train][present[: column.n_train]]
    if not len(own):
        return np.zeros(len(values), dtype=np.int64), 1
    edges = cuts(own)
    found = np.searchsorted(edges, values, side="left")
    found[~present] = len(edges) + 1
    return found.astype(np.int64), len(edges) + 2


def cuts(values: Floats) -> Floats:
    """Where numbers are cut: each value for itself where there are few, else quantiles.

    A value that many rows have (-1, 0, 999) gets a bin of its own.
    """
    sample = values if len(values) <= SAMPLE else values[:: -(-len(values) // SAMPLE)]
    distinct, counts = np.unique(sample, return_counts=True)
    most = int(np.clip(len(values) // ROWS_A_BIN, 4, MOST_BINS))
    if len(distinct) <= most:
        return np.asarray(distinct[:-1])
    heavy = distinct[counts > len(sample) / most]
    quantiles = np.quantile(sample, np.arange(1, most) / most, method="inverted_cdf")
    below = distinct[np.maximum(np.searchsorted(distinct, heavy) - 1, 0)]
    return np.unique(np.concatenate([quantiles, heavy, below]))


def _level_bins(column: Column) -> tuple[Codes, int]:
    levels = column.levels
    assert levels is not None
    n_levels = int(levels.max(initial=-1)) + 1
    if n_levels <= MOST_LEVELS:
        return np.where(levels < 0, n_levels, levels), n_levels + 1
    counts = np.bincount(levels[: column.n_train][levels[: column.n_train] >= 0],
                         minlength=n_levels)  # fmt: skip
    place = np.full(n_levels, MOST_LEVELS, dtype=np.int64)
    place[np.argsort(-counts, kind="stable")[:MOST_LEVELS]] = np.arange(MOST_LEVELS)
    return np.where(levels < 0, MOST_LEVELS + 1, place[levels]), MOST_LEVELS + 2


def strength(name: str, found: Codes, n_bins: int, of: Goal) -> Strength:
    """The strength of bins, (n,) codes below ``n_bins``."""
    n = of.n_train
    cells = of.fold * n_bins + found[:n]
    counts = np.bincount(cells, minlength=FOLDS * n_bins).reshape(FOLDS, n_bins).astype(float)
    judged_counts = np.bincount(found[n:], minlength=n_bins).astype(float)
    width = of.y.shape[1]
    sums = np.empty((FOLDS, n_bins, width))
    judged_sums = np.empty((n_bins, width))
    squares = np.empty((2, width))
    for k in range(width):
        y = of.y[:, k]
        sums[..., k] = np.bincount(cells, y[:n], FOLDS * n_bins).reshape(FOLDS, n_bins)
        judged_sums[:, k] = np.bincount(found[n:], y[n:], n_bins)
        squares[:, k] = y[:n] @ y[:n], y[n:] @ y[n:]
    seen, seen_sums = counts.sum(axis=0) - counts, sums.sum(axis=0) - sums
    overall = seen_sums.sum(axis=1, keepdims=True) / np.maximum(seen.sum(axis=1)[:, None, None], 1)
    means = (seen_sums + PRIOR * overall) / (seen[..., None] + PRIOR)
    residual = (
        squares[0] - 2 * np.sum(means * sums, (0, 1)) + np.sum(means**2 * counts[..., None], (0, 1))
    )
    total = (
        squares[0]
        - 2 * np.sum(overall * sums, (0, 1))
        + np.sum(overall**2 * counts[..., None], (0, 1))
    )
    every, every_sums = counts.sum(axis=0), sums.sum(axis=0)
    mean = every_sums.sum(axis=0) / max(every.sum(), 1)
    given = (every_sums + PRIOR * mean) / (every[:, None] + PRIOR)
    left = squares[1] - 2 * np.sum(given * judged_sums, 0) + given.T**2 @ judged_counts
    whole = squares[1] - 2 * mean * judged_sums.sum(axis=0) + mean**2 * judged_counts.sum()
    best = Strength(name, 0.0, 0.0, float("nan"), 0.0)
    for p, part in enumerate(of.parts):
        at = list(part)
        a, b = _share(residual[at].sum(), total[at].sum()), _share(left[at].sum(), whole[at].sum())
        if p == 0 or min(a, b) > min(best.train, best.judged):
            chosen = at if len(at) != 2 else at[1:]
            auc = auc_train = float("nan")
            if of.task != "regression":
                auc = _mean_area(given, judged_sums, judged_counts, chosen)
                flat = (means.reshape(-1, width), sums.reshape(-1, width), counts.reshape(-1))
                auc_train = _mean_area(*flat, chosen)
            best = Strength(name, a, b, auc, _z(a, b, n, of.n_judged), p, auc_train)
    return best


def _mean_area(scores: Floats, positives: Floats, counts: Floats, chosen: Sequence[int]) -> float:
    areas = [auc_of_bins(scores[:, k], positives[:, k], counts - positives[:, k]) for k in chosen]
    known = [area for area in areas if np.isfinite(area)]
    return float(np.mean(known)) if known else float("nan")


def _share(residual: float, total: float) -> float:
    return float(1 - residual / total) if total > 1e-12 else 0.0


def _z(train: float, judged: float, n: int, m: int) -> float:
    """Fisher's z of both correlations, joined after Stouffer."""
    parts = [
        np.arctanh(min(np.sqrt(max(r2, 0.0)), 1 - 1e-12)) * np.sqrt(max(rows - 3, 0))
        for r2, rows in ((train, n), (judged, m))
    ]
    return float(sum(parts) / np.sqrt(2))


def auc_of_bins(scores: Floats, positives: Floats, negatives: Floats) -> float:
    """ROC-AUC of rows that are counted by bin; NaN without rows of a class."""
    p, q = positives.sum(), negatives.sum()
    if p <= 0 or q <= 0:
        return float("nan")
    values, place = np.unique(scores, return_inverse=True)
    hits = np.bincount(place, positives, len(values))
    alarms = np.bincount(place, negatives, len(values))
    below = np.cumsum(alarms) - alarms
    return float(hits @ (below + alarms / 2) / (p * q))


def significant(found: list[Strength], parts: int, level: float) -> list[bool]:
    """Which of a family of columns tell more than chance, family-wise (Holm)."""
    from reportgen.statistics.corrections import holm

    p = stats.norm.sf([s.z for s in found]) * max(parts, 1)
    return [bool(v < level) for v in holm(np.minimum(p, 1.0))]
