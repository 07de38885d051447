"""Whether a column was made from the target, or merely goes with it.

A strong feature of the world is related to the others beyond what the target explains: the large
tumours are also the rough ones, within the malignant too. A column that was made from the target,
exactly or with noise, knows nothing else of a row: given the target, it is independent of all
other columns.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from reportgen.diagnostics.leakage.alone.measured import measured
from reportgen.diagnostics.leakage.alone.strength import FOLDS, Goal, goal
from reportgen.diagnostics.leakage.alone.values import Column, columns
from reportgen.evidence import Case
from reportgen.statistics.corrections import holm

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

RELATED = 0.01  # family-wise level at which another column is related to it, given the target
ROWS = 20_000
MOST_OTHERS = 400


@dataclass(frozen=True)
class Exactness:
    """How exactly a column gives the target.

    Attributes
    ----------
    left : share of the target's variation that is left, out of fold on train or on judged rows,
        whichever is more.
    wrong, rows : of classes: rows given a wrong class, of all that were looked at.
    relabelled : each of its values has one target value and each target value one of its.
    """

    left: float
    wrong: int
    rows: int
    relabelled: bool


def exactness(column: Column, of: Goal, part: int = 0) -> Exactness:
    """By a tree on the column's values, or its levels, out of fold; finer than bins are."""
    y = of.y[:, list(of.parts[part])]
    n = of.n_train
    rng = np.random.default_rng(0)
    train = np.arange(n) if n <= ROWS else np.sort(rng.choice(n, ROWS, replace=False))
    judged = np.arange(n, len(y))
    given = np.empty((len(y), y.shape[1]))
    parts = [(train[of.fold[train] != f], train[of.fold[train] == f]) for f in range(FOLDS)]
    for seen, unseen in (*parts, (train, judged)):
        if column.levels is not None:
            given[unseen] = _by_level(column.levels + 1, y, seen, unseen)
        else:
            x = _far(column)
            given[unseen] = _fitted(x[seen], y[seen], x[unseen], of.task == "regression")
    left = []
    for rows in (train, judged):
        total = float(((y[rows] - y[train].mean(axis=0)) ** 2).sum())
        if total > 0:
            left.append(float(((y[rows] - given[rows]) ** 2).sum()) / total)
    both = np.concatenate([train, judged])
    wrong = 0
    if of.task != "regression":
        if y.shape[1] > 1:
            wrong = int((y[both].argmax(1) != given[both].argmax(1)).sum())
        else:
            wrong = int(((y[both, 0] > 0.5) != (given[both, 0] > 0.5)).sum())
    return Exactness(max(left, default=1.0), wrong, len(both), _relabelled(column, of, part))


def _by_level(levels: Codes, y: Floats, seen: Codes, unseen: Codes) -> Floats:
    """Means of levels, of all rows for levels that were not seen."""
    count = np.bincount(levels[seen], minlength=int(levels.max()) + 1)
    overall = y[seen].mean(axis=0)
    means = [
        np.divide(
            np.bincount(levels[seen], y[seen, k], len(count)), count,
            out=np.full(len(count), overall[k]), where=count > 0,
        )
        for k in range(y.shape[1])
    ]  # fmt: skip
    return np.column_stack([m[levels[unseen]] for m in means])


def _fitted(x: Floats, y: Floats, unseen: Floats, regression: bool) -> Floats:
    """Of classes a small tree; of a number what stands next to it on both sides."""
    if not regression:
        from sklearn.tree import DecisionTreeRegressor

        leaf = max(2, len(x) // 500)
        tree = DecisionTreeRegressor(max_leaf_nodes=64, min_samples_leaf=leaf, random_state=0)
        return np.asarray(tree.fit(x[:, None], y).predict(unseen[:, None])).reshape(len(unseen), -1)
    distinct, place = np.unique(x, return_inverse=True)
    counts = np.bincount(place)
    means = [np.bincount(place, y[:, k]) / counts for k in range(y.shape[1])]
    return np.column_stack([np.interp(unseen, distinct, m) for m in means])


def _far(column: Column) -> Floats:
    """Its numbers, with "no value" as a number far below them."""
    values = column.numbers
    assert values is not None
    finite = values[np.isfinite(values)]
    low = float(finite.min()) - 1.0 - float(np.ptp(finite)) if len(finite) else 0.0
    return np.where(np.isfinite(values), values, low)


def _relabelled(column: Column, of: Goal, part: int) -> bool:
    values = column.levels if column.levels is not None else column.numbers
    assert values is not None
    if column.numbers is not None and not np.isfinite(column.numbers).all():
        values = np.where(np.isfinite(column.numbers), column.numbers, -np.inf)
    y = of.y[:, list(of.parts[part])]
    target = y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0]
    a = np.unique(values, return_inverse=True)[1]
    b = np.unique(target, return_inverse=True)[1]
    n_a, n_b = int(a.max()) + 1, int(b.max()) + 1
    pairs = len(np.unique(a.astype(np.int64) * n_b + b))
    # Where no value repeats, each stands for one of anything.
    return pairs == n_a == n_b and n_b <= len(target) / 2


@dataclass(frozen=True)
class Remains:
    """What the target leaves of all columns, correlated with each other (ranks, on train).

    ``correlations`` is (d, d), ``rows`` how many rows it is of.
    """

    names: tuple[str, ...]
    correlations: Floats
    rows: int

    def related(self, name: str, out: Collection[str] = ()) -> Related:
        """The column that is nearest to one, those of ``out`` aside."""
        if name not in self.names:
            return Related(True, "", 0.0)  # a copy: the target leaves nothing of it
        at = self.names.index(name)
        others = [k for k, n in enumerate(self.names) if k != at and n not in out]
        if not others:
            return Related(False, "", 0.0)  # nothing to be independent of tells nothing
        r = self.correlations[at, others]
        z = np.abs(np.arctanh(np.clip(r, -0.999999, 0.999999))) * np.sqrt(max(self.rows - 4, 1))
        p = holm(2 * stats.norm.sf(z))
        first = int(np.argmax(np.abs(r)))
        independent = bool(p.min() >= RELATED) or bool(np.abs(r).max() < 0.05)
        all_at_once = float(stats.chi2.sf(float(z @ z), len(z)))
        return Related(independent, self.names[others[first]], float(r[first]), all_at_once)


@dataclass(frozen=True)
class Related:
    """The column that is nearest to it given the target; ``independent`` of all of them.

    ``p`` is that of all correlations at once (chi squared of their z).
    """

    independent: bool
    name: str
    correlation: float
    p: float = 1.0


def remains(case: Case, judged: str, part: int = 0) -> Remains:
    """What the target leaves of the columns; once an audit, for each part of the target."""
    return case.memo(("leakage remains", judged, part), lambda: _remains(case, judged, part))


def _remains(case: Case, judged: str, part: int) -> Remains:
    of = goal(case, judged)
    n = of.n_train
    rng = np.random.default_rng(0)
    at = np.arange(n) if n <= ROWS else np.sort(rng.choice(n, ROWS, replace=False))
    strongest = sorted(measured(case, judged), key=lambda m: -m.alone.least)
    wanted = {m.name for m in strongest[:MOST_OTHERS]}
    names: list[str] = []
    found: list[Floats] = []
    for column in columns(case, judged, wanted):
        left = _left_by_target(column, of, part, at)
        if left is not None:
            names.append(column.name)
            found.append(left)
    if not found:
        return Remains((), np.zeros((0, 0)), len(at))
    L = np.array(found)
    return Remains(tuple(names), L @ L.T, len(at))


def _left_by_target(column: Column, of: Goal, part: int, at: NDArray[np.int64]) -> Floats | None:
    """A column's values, as ranks, less what the target explains; None where nothing is left."""
    x = _scores(column, of, part)[at]
    y = of.y[at][:, list(of.parts[part])]
    present = np.isfinite(x)
    if present.sum() < 20:
        return None
    left = np.zeros(len(x))
    if of.task == "regression":
        order = np.argsort(y[present, 0], kind="stable")
        ranks = stats.rankdata(x[present])[order]
        smooth = _running_mean(ranks, max(3, len(ranks) // 200))
        inner = np.empty(len(ranks))
        inner[order] = ranks - smooth
        left[present] = stats.rankdata(inner) - (len(inner) + 1) / 2 if np.ptp(inner) else 0.0
    else:
        codes = y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0].astype(np.int64)
        for k in np.unique(codes):
            mine = present & (codes == k)
            if mine.sum() > 1 and np.ptp(x[mine]) > 0:
                ranks = stats.rankdata(x[mine])
                left[mine] = (ranks - ranks.mean()) / ranks.std()
    size = float(np.sqrt(left @ left))
    return left / size if size > 0 else None


def _scores(column: Column, of: Goal, part: int) -> Floats:
    """Its numbers; of levels, how frequent they are, which is not told by the target."""
    if column.numbers is not None:
        return column.numbers
    assert column.levels is not None
    levels = column.levels + 1
    return np.asarray(np.bincount(levels)[levels] + levels / (levels.max() + 1.0))


def _running_mean(values: Floats, side: int) -> Floats:
    """Mean of the neighbours on both sides, the value itself left out."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    n = len(values)
    low = np.maximum(np.arange(n) - side, 0)
    high = np.minimum(np.arange(n) + side + 1, n)
    means: Floats = (total[high] - total[low] - values) / np.maximum(high - low - 1, 1)
    return means
