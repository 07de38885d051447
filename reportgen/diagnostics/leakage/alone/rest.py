"""What all other columns together tell: whether a column is more than the rest can be."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.leakage.alone.strength import Goal, goal
from reportgen.diagnostics.leakage.alone.values import Column, columns
from reportgen.evidence import Case

Floats = NDArray[np.float64]

MOST_TRAIN, MOST_JUDGED = 4_000, 3_000
MOST_COLUMNS = 200
MOST_LEVELS = 64


def explained_by_rest(case: Case, judged: str, out: Collection[str], part: int = 0) -> float:
    """Share of the target's variation (R² of 0/1 by class) that the other columns explain.

    The better of a boosted and a linear model, fitted on training rows and scored on judged rows;
    0 where neither beats the mean, or there are no other columns.

    Parameters
    ----------
    out : columns that are left out.
    part : of the goal, see :class:`~reportgen.diagnostics.leakage.alone.strength.Goal`.
    """
    key = ("leakage rest", judged, tuple(sorted(out)), part)
    return case.memo(key, lambda: _explained(case, judged, out, part))


def _explained(case: Case, judged: str, out: Collection[str], part: int) -> float:
    aim = goal(case, judged)
    rng = case.rng("rows of the rest")
    a = _some(np.arange(aim.n_train), MOST_TRAIN, rng)
    b = _some(np.arange(aim.n_train, len(aim.y)), MOST_JUDGED, rng)
    chosen = np.concatenate([a, b])
    numbers, levelled = [], []
    kept = [c for c in columns(case, judged) if c.name not in out]
    for column in kept[:: -(-len(kept) // MOST_COLUMNS) or 1]:
        one, is_level = _as_number(column, chosen)
        numbers.append(one)
        levelled.append(is_level)
    if not numbers:
        return 0.0
    X = np.column_stack(numbers)
    y = aim.y[chosen][:, list(aim.parts[part])]
    n = len(a)
    mean = y[:n].mean(axis=0)
    total = float(((y[n:] - mean) ** 2).sum())
    if total <= 0:
        return 0.0
    best = 0.0
    for given in _fits(X[:n], y[:n], X[n:], levelled, aim):
        best = max(best, 1 - float(((y[n:] - given) ** 2).sum()) / total)
    return best


def _some(at: NDArray[np.int64], most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return at if len(at) <= most else np.sort(rng.choice(at, most, replace=False))


def _as_number(column: Column, chosen: NDArray[np.int64]) -> tuple[Floats, bool]:
    if column.numbers is not None:
        return np.asarray(column.numbers[chosen]), False
    assert column.levels is not None
    levels = column.levels[chosen]
    counts = np.bincount(levels[levels >= 0], minlength=1)
    place = np.full(len(counts), np.nan)
    common = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
    place[common] = np.arange(len(common))
    return np.where(levels < 0, np.nan, place[levels]), True


def _fits(X: Floats, y: Floats, X_judged: Floats, levelled: list[bool], aim: Goal) -> list[Floats]:
    """Predictions of the judged rows: of a boosted model, and of a linear one."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    few = len(y) < 500
    settings: dict[str, Any] = {
        "max_iter": 30 if y.shape[1] <= 2 else 10,
        "learning_rate": 0.25,
        "max_leaf_nodes": 8 if few else 15,
        "min_samples_leaf": 5 if few else 20,
        "early_stopping": False,
        "random_state": 0,
    }
    found = []
    # One thread: the arrays are small, and threads wait for cores that others use.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        if aim.task == "regression":
            model = HistGradientBoostingRegressor(**settings).fit(X, y[:, 0])
            found.append(model.predict(X_judged)[:, None])
        else:
            codes = y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0].astype(np.int64)
            classes = np.unique(codes)
            if len(classes) > 1:
                model = HistGradientBoostingClassifier(**settings).fit(X, codes)
                scores = model.predict_proba(X_judged)
                if y.shape[1] > 1:
                    wide = np.zeros((len(X_judged), y.shape[1]))
                    wide[:, classes] = scores
                    found.append(wide)
                else:
                    found.append(scores[:, 1:])
        found.append(_linear(X, y, X_judged, np.array(levelled)))
    return found


def _linear(X: Floats, y: Floats, X_judged: Floats, levelled: NDArray[np.bool_]) -> Floats:
    """Ridge on standardised numbers, and on levels one by one where they are few."""
    from sklearn.linear_model import RidgeCV

    def design(of: Floats, centre: Floats, scale: Floats) -> Floats:
        plain = np.where(np.isfinite(of), (of - centre) / scale, 0.0)
        parts = [plain[:, ~levelled]]
        for j in np.flatnonzero(levelled):
            parts.append((of[:, j, None] == np.arange(12)).astype(np.float64))
        return np.column_stack(parts)

    known = np.where(np.isfinite(X), X, np.nan)
    centre = np.nan_to_num(np.nanmean(known, axis=0))
    scale = np.nan_to_num(np.nanstd(known, axis=0), nan=1.0)
    scale[scale == 0] = 1.0
    model = RidgeCV(alphas=(0.1, 10.0, 1000.0)).fit(design(X, centre, scale), y)
    given: Floats = np.asarray(model.predict(design(X_judged, centre, scale)), dtype=np.float64)
    return np.clip(given, 2 * y.min() - y.max(), 2 * y.max() - y.min()).reshape(len(X_judged), -1)
