"""Two or a few columns that together give the target: by sum, difference, product, ratio.

In regression a combination is exact where least squares on two columns leaves nothing; all pairs
follow from one correlation matrix, of the values for sums and differences, of their logarithms
for products and ratios. More columns are found by least squares on all of them, where that leaves
nothing. Of two classes, the sum, difference, product or ratio of a pair must part them without an
error and without a gap between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.leakage.alone.measured import measured
from reportgen.diagnostics.leakage.alone.strength import Goal, goal
from reportgen.diagnostics.leakage.alone.values import columns
from reportgen.evidence import Case

Floats = NDArray[np.float64]

ROWS = 4_000
MOST_COLUMNS = 1_000
EXACT = 1e-9  # share of the target's variation left
NEARLY = 0.005  # share left, from which a pair is asked about
LESS = 0.1  # of what the better of the two leaves alone, at most
MOST_TERMS = 6
MOST_CLASS_COLUMNS = 300
LEAST_EACH = 30  # rows of each class
GAP = 0.02  # share of both classes' spread that may lie between them
ALONE, WRONG = 0.05, 20  # share of rows, and rows, that either column alone must get wrong


@dataclass(frozen=True)
class Combination:
    """Columns that give the target together.

    Attributes
    ----------
    form : "sum", "difference", "product", "ratio", or "weighted sum".
    words : the relation, in symbols: "a + b".
    left : share of the target's variation that it leaves on judged rows; 0 of classes.
    exact : to the precision, or to the rounding, of the target.
    single : share that the better of the columns leaves alone.
    """

    names: tuple[str, ...]
    form: str
    words: str
    left: float
    exact: bool
    single: float


def names(case: Case, judged: str) -> frozenset[str]:
    """Columns that are told of as parts of an exact combination."""
    return frozenset(n for c in combinations(case, judged) if c.exact for n in c.names)


def combinations(case: Case, judged: str) -> tuple[Combination, ...]:
    """The combinations that give the target, the most exact first; looked for once an audit."""
    return case.memo(("leakage combinations", judged), lambda: _found(case, judged))


def _found(case: Case, judged: str) -> tuple[Combination, ...]:
    if case.dataset.kind not in ("table", "array"):
        return ()
    aim = goal(case, judged)
    chosen, X = _numbers(case, judged, aim)
    if X is None or X.shape[1] < 2:
        return ()
    n = int(np.searchsorted(chosen[1], aim.n_train))
    y = aim.y[chosen[1]]
    if case.task == "regression" and y.shape[1] == 1:
        return _of_numbers(chosen[0], X, y[:, 0], n)
    if case.task == "binary":
        return _of_classes(chosen[0], X, y[:, 1], n)
    return ()


def _numbers(
    case: Case, judged: str, aim: Goal
) -> tuple[tuple[list[str], NDArray[np.int64]], Floats | None]:
    """Names, rows, and values (rows, columns) of columns of numbers."""
    rng = np.random.default_rng(0)
    parts = [np.arange(aim.n_train), np.arange(aim.n_train, len(aim.y))]
    at = np.concatenate(
        [p if len(p) <= ROWS else np.sort(rng.choice(p, ROWS, replace=False)) for p in parts]
    )
    strengths = {m.name: m.alone.least for m in measured(case, judged)}
    kept, values = [], []
    for column in columns(case, judged):
        if column.numbers is None:
            continue
        own = column.numbers[at]
        known = np.isfinite(own)
        if known.mean() < 0.9 or np.ptp(own[known]) == 0:
            continue
        kept.append(column.name)
        values.append(own)
    if len(kept) > MOST_COLUMNS:  # a part of a sum tells something of it
        order = sorted(range(len(kept)), key=lambda j: -strengths[kept[j]])[:MOST_COLUMNS]
        kept, values = [kept[j] for j in order], [values[j] for j in order]
    if not kept:
        return ([], at), None
    X = np.column_stack(values)
    whole = np.isfinite(X).all(axis=1)
    if whole.mean() < 0.5:
        most = np.isfinite(X).mean(axis=0) == 1
        X, kept = X[:, most], [k for k, m in zip(kept, most, strict=True) if m]
        whole = np.ones(len(X), dtype=bool)
    if not kept or whole.sum() < 40:
        return ([], at), None
    return (kept, at[whole]), X[whole]


# --- regression --------------------------------------------------------------------------------


def _of_numbers(kept: Sequence[str], X: Floats, y: Floats, n: int) -> tuple[Combination, ...]:
    if n < 30 or len(y) - n < 10 or np.ptp(y) == 0:
        return ()
    found = _pair(kept, X, y, n, logs=False)
    positive = np.asarray((X > 0).all(axis=0))
    if not found and (y >= 0).all() and np.median(y) > 0 and positive.sum() >= 2:
        some = [k for k, p in zip(kept, positive.tolist(), strict=True) if p]
        # Logarithms blow the rounding of small targets up: they are fitted on the larger half.
        large = np.flatnonzero(y >= np.median(y))
        inner = int(np.searchsorted(large, n))
        if min(inner, len(large) - inner) >= 10:
            found = _pair(
                some, np.log(X[large][:, positive]), np.log(y[large]), inner, logs=True,
                plain=y[large],
            )  # fmt: skip
    if not found:
        found = _several(kept, X, y, n)
    return found


def _pair(
    kept: Sequence[str], X: Floats, y: Floats, n: int, *, logs: bool, plain: Floats | None = None
) -> tuple[Combination, ...]:
    """The pair that leaves least, where it leaves (nearly) nothing."""
    Z = X[:n] - X[:n].mean(axis=0)
    scale = Z.std(axis=0)
    varied = np.flatnonzero(scale > 0)
    if len(varied) < 2 or y[:n].std() == 0:
        return ()
    Z = Z[:, varied] / scale[varied]
    t = (y[:n] - y[:n].mean()) / y[:n].std()
    r, R = Z.T @ t / n, Z.T @ Z / n
    apart = 1 - R**2
    with np.errstate(divide="ignore", invalid="ignore"):
        fit = (r[:, None] ** 2 + r[None, :] ** 2 - 2 * np.outer(r, r) * R) / apart
    fit[apart < 1e-6] = 0.0
    i, j = np.unravel_index(int(np.nanargmax(np.triu(fit, 1))), fit.shape)
    if 1 - fit[i, j] > NEARLY:
        return ()
    pair = sorted((int(varied[i]), int(varied[j])))
    design = np.column_stack([X[:, pair], np.ones(len(X))])
    weights = np.asarray(np.linalg.lstsq(design[:n], y[:n], rcond=None)[0], dtype=np.float64)
    single = 1 - float(max(r[i] ** 2, r[j] ** 2))
    given = design @ weights
    if plain is not None:
        signs = np.sign(weights[:2])
        if (np.abs(np.abs(weights[:2]) - 1) < 0.01).all():  # a plain product or ratio
            given = X[:, pair] @ signs
            constant = float(np.median(y[:n] - given[:n]))
            given += constant if abs(constant) > 1e-3 else 0.0
        given, y = np.exp(given), plain
    return _told([kept[k] for k in pair], weights[:2], given, y, n, single, logs)


def _several(kept: Sequence[str], X: Floats, y: Floats, n: int) -> tuple[Combination, ...]:
    """A few columns with weights, where least squares on all of them leaves nothing."""
    if X.shape[1] < 3 or n < 2 * X.shape[1] + 20:
        return ()
    centre, scale = X[:n].mean(axis=0), X[:n].std(axis=0)
    scale[scale == 0] = 1.0
    Z = (X - centre) / scale
    design = np.column_stack([Z, np.ones(len(Z))])
    weights = np.linalg.lstsq(design[:n], y[:n], rcond=1e-10)[0]
    left = _left(design @ weights, y, n)
    if left > 1e-6:
        return ()
    size = np.abs(weights[:-1])
    used = np.flatnonzero(size > 1e-3 * size.max())
    if len(used) > MOST_TERMS:
        return ()
    design = np.column_stack([X[:, used], np.ones(len(X))])
    weights = np.linalg.lstsq(design[:n], y[:n], rcond=None)[0]
    single = 1 - max(float(np.corrcoef(X[:n, k], y[:n])[0, 1] ** 2) for k in used)
    return _told([kept[int(k)] for k in used], weights[:-1], design @ weights, y, n, single, False)


def _left(given: Floats, y: Floats, n: int) -> float:
    total = float(((y[n:] - y[:n].mean()) ** 2).sum())
    return float(((y[n:] - given[n:]) ** 2).sum()) / total if total > 0 else 1.0


def _told(
    chosen: Sequence[str], weights: Floats, given: Floats, y: Floats, n: int, single: float,
    logs: bool,
) -> tuple[Combination, ...]:  # fmt: skip
    left = _left(given, y, n)
    distinct = np.unique(y)
    step = float(np.diff(distinct).min()) if len(distinct) > 1 else 0.0
    # Rounding moves the target by half a step at most, and the fit by a little more.
    rounded = bool(np.abs(y - given).max() <= 0.75 * step) and step > 1e-9 * float(np.ptp(y))
    exact = left <= EXACT or (rounded and left <= 1e-3)
    if not exact and (left > NEARLY or left > LESS * single or len(chosen) > 2):
        return ()
    if single <= 1e-3 and not exact:
        return ()  # one column gives it alone
    if single <= 10 * EXACT:
        return ()
    form, words = _form(chosen, weights, logs)
    if not exact and form.startswith("weighted"):
        return ()
    return (Combination(tuple(chosen), form, words, max(left, 0.0), exact, single),)


def _form(chosen: Sequence[str], weights: Floats, logs: bool) -> tuple[str, str]:
    """The relation's name and how it is written, by the signs of its weights."""
    relative = weights / np.abs(weights).max()
    plain = bool((np.abs(np.abs(relative) - 1) < 0.02).all())
    named = [f"“{c}”" for c in chosen]
    if not plain:
        parts = [f"{w:.4g} × {c}" if not logs else f"{c}^{w:.4g}"
                 for w, c in zip(weights, named, strict=True)]  # fmt: skip
        return ("weighted product" if logs else "weighted sum"), (" × " if logs else " + ").join(
            parts
        )
    up = [c for c, w in zip(named, relative, strict=True) if w > 0]
    down = [c for c, w in zip(named, relative, strict=True) if w < 0]
    if not up:
        up, down = down, up
    if logs:
        return ("ratio" if down else "product"), " ÷ ".join([" × ".join(up), *down])
    return ("difference" if down else "sum"), " − ".join([" + ".join(up), *down])


# --- two classes -------------------------------------------------------------------------------


def _of_classes(kept: Sequence[str], X: Floats, y: Floats, n: int) -> tuple[Combination, ...]:
    """A pair whose sum, difference, product or ratio parts the classes exactly."""
    positive = y > 0.5
    if min(positive.sum(), (~positive).sum()) < LEAST_EACH or X.shape[1] > MOST_CLASS_COLUMNS:
        return ()
    least = min(_errors(X[:, j], positive) for j in range(X.shape[1]))
    if least < ALONE or least * len(y) < WRONG:
        return ()  # classes that one column parts are parted by many pairs
    few = np.concatenate([np.flatnonzero(positive)[:150], np.flatnonzero(~positive)[:150]])
    scaled = [("sum", X), ("sum", (X - X[:n].mean(axis=0)) / np.maximum(X[:n].std(axis=0), 1e-12))]
    if (X > 0).all(axis=0).sum() >= 2:
        logs = np.where((X > 0).all(axis=0), np.log(np.where(X > 0, X, 1.0)), 0.0)
        scaled.append(("product", logs))
    for form, values in scaled:
        for i, j, sign in _parted(values[few], positive[few]):
            z = values[:, i] + sign * values[:, j]
            if _exactly(z, positive):
                name = {("sum", 1): "sum", ("sum", -1): "difference", ("product", 1): "product",
                        ("product", -1): "ratio"}[form, sign]  # fmt: skip
                mark = {"sum": "+", "difference": "−", "product": "×", "ratio": "÷"}[name]
                alone = min(_errors(X[:, k], positive) for k in (i, j))
                words = f"“{kept[i]}” {mark} “{kept[j]}”"
                return (Combination((kept[i], kept[j]), name, words, 0.0, True, alone),)
    return ()


def _parted(values: Floats, positive: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Pairs and signs for which few rows already are parted."""
    found = []
    a, b = values[positive], values[~positive]
    for i in range(values.shape[1] - 1):
        for sign in (1, -1):
            up = a[:, i, None] + sign * a[:, i + 1 :]
            low = b[:, i, None] + sign * b[:, i + 1 :]
            apart = (up.min(axis=0) > low.max(axis=0)) | (up.max(axis=0) < low.min(axis=0))
            found += [(i, i + 1 + int(k), sign) for k in np.flatnonzero(apart)]
    return found


def _exactly(z: Floats, positive: NDArray[np.bool_]) -> bool:
    """Parted without an error and without a gap, which classes of the world have."""
    up, low = z[positive], z[~positive]
    if up.min() < low.max():
        up, low = -up, -low
    if up.min() <= low.max():
        return False
    between = float(up.min() - low.max())
    spread = float(np.quantile(np.concatenate([up, low]), 0.95)
                   - np.quantile(np.concatenate([up, low]), 0.05))  # fmt: skip
    return between <= GAP * spread


def _errors(x: Floats, positive: NDArray[np.bool_]) -> float:
    """Least share of rows that a threshold gets wrong."""
    order = np.argsort(x, kind="stable")
    hits = np.cumsum(positive[order])
    ends = np.r_[x[order][1:] != x[order][:-1], True]
    n, p = len(x), int(hits[-1])
    below = np.arange(1, n + 1) - hits
    wrong = np.concatenate([[p, n - p], (hits + (n - p) - below)[ends], (below + p - hits)[ends]])
    return float(wrong.min()) / n
