"""Definitions of metrics of numbers; see :mod:`reportgen.diagnostics.metrics.references`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from reportgen.diagnostics.metrics.cells import WORDS
from reportgen.diagnostics.metrics.definition import Definition
from reportgen.diagnostics.metrics.rows import Floats, Rows

Of = Callable[[Floats, Floats], Any]  # both (n, T); gives (T,)


def _r2(y: Floats, p: Floats) -> Floats:
    spread = ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    with np.errstate(all="ignore"):
        return np.asarray(1 - ((y - p) ** 2).sum(axis=0) / np.where(spread > 0, spread, np.nan))


def _explained(y: Floats, p: Floats) -> Floats:
    with np.errstate(all="ignore"):
        return np.asarray(1 - (y - p).var(axis=0) / y.var(axis=0))


def _pearson(y: Floats, p: Floats) -> Floats:
    a, b = y - y.mean(axis=0), p - p.mean(axis=0)
    with np.errstate(all="ignore"):
        return np.asarray((a * b).sum(axis=0) / np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0)))


def _mape(y: Floats, p: Floats) -> Floats:
    return np.asarray((np.abs(y - p) / np.maximum(np.abs(y), 1e-7)).mean(axis=0))


def _smape(y: Floats, p: Floats) -> Floats:
    return np.asarray((2 * np.abs(y - p) / np.maximum(np.abs(y) + np.abs(p), 1e-7)).mean(axis=0))


def _msle(y: Floats, p: Floats) -> Floats:
    if (y <= -1).any() or (p <= -1).any():
        return np.full(y.shape[1], np.nan)
    return np.asarray(((np.log1p(y) - np.log1p(p)) ** 2).mean(axis=0))


COLUMNS: dict[str, Of] = {
    "mse": lambda y, p: ((y - p) ** 2).mean(axis=0),
    "rmse": lambda y, p: np.sqrt(((y - p) ** 2).mean(axis=0)),
    "mae": lambda y, p: np.abs(y - p).mean(axis=0),
    "mape": _mape,
    "smape": _smape,
    "r2": _r2,
    "explained_variance": _explained,
    "msle": _msle,
    "rmsle": lambda y, p: np.sqrt(_msle(y, p)),
    "max_error": lambda y, p: np.abs(y - p).max(axis=0),
    "median_ae": lambda y, p: np.median(np.abs(y - p), axis=0),
    "pearson": _pearson,
}
#: In units of the target, or of its square: compared relative to their size.
SCALED = ("mse", "rmse", "mae", "max_error", "median_ae")
PER_CENT = ("mape", "smape")


def _both(rows: Rows) -> tuple[Floats, Floats]:
    n = rows.n
    return np.asarray(rows.y, np.float64).reshape(n, -1), np.asarray(rows.p).reshape(n, -1)


def definitions(family: str) -> list[Definition]:
    """All that a family's name may mean: over several targets their mean, or all as one."""
    if family not in COLUMNS:
        return []
    function, words = COLUMNS[family], WORDS[family]

    def mean(rows: Rows) -> float:
        return float(np.mean(function(*_both(rows))))

    def flat(rows: Rows) -> float:
        y, p = _both(rows)
        return float(function(y.reshape(-1, 1), p.reshape(-1, 1))[0])

    found = [Definition(family, words, mean), Definition(family, f"{words}, targets as one", flat)]
    if family in PER_CENT:
        found += [Definition(family, f"{words}, in per cent", lambda r: 100 * mean(r))]
    if family == "smape":
        found += [
            Definition(family, f"{words}, halved", lambda r: mean(r) / 2),
            Definition(family, f"{words}, halved, in per cent", lambda r: 50 * mean(r)),
        ]
    if family == "pearson":
        found += [Definition(family, f"{words}, squared", lambda r: mean(r) ** 2)]
    if family == "r2":

        def weighted(rows: Rows) -> float:
            y, p = _both(rows)
            spread = y.var(axis=0)
            if not spread.any():
                return float("nan")
            return float(np.average(_r2(y, p), weights=spread))

        found += [Definition(family, f"{words}, by variance of the targets", weighted)]
    return found


def of_scores(family: str) -> list[Definition]:
    """An error of probabilities against 0 and 1, which Keras compiles without a word."""

    def distance(rows: Rows) -> Floats:
        truth, s = rows.members()[0], rows.score_columns()
        return np.asarray(
            np.abs(truth[:, 1:] - s[:, 1:]) if rows.task == "binary" else np.abs(truth - s)
        )

    words = f"{WORDS[family]} of the probabilities"
    if family == "mae":
        return [Definition(family, words, lambda r: float(distance(r).mean()))]
    if family == "mse":
        return [Definition(family, words, lambda r: float((distance(r) ** 2).mean()))]
    return [Definition(family, words, lambda r: float(np.sqrt((distance(r) ** 2).mean())))]
