"""By what splits differ: each column alone, its gaps, values that are new, and the target."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from reportgen.diagnostics.leakage.shift.apart import means
from reportgen.diagnostics.leakage.shift.rows import Codes, Compared, Floats
from reportgen.statistics.corrections import holm

LEAST = 10  # values on a side below which nothing is told
EXACT = 500  # values up to which the exact distribution is computed


@dataclass(frozen=True)
class Column:
    """One column in both splits.

    ``effect`` is the largest difference between the two distributions (Kolmogorov and Smirnov;
    of categories half the summed difference of shares), ``p`` corrected after Holm.
    """

    name: str
    effect: float
    p: float
    of_train: str
    of_judged: str


ALIKE = 0.1  # of a spread: means and spreads closer than this are not what tells columns apart


def _apart(train: Floats, judged: Floats) -> tuple[str, str]:
    """A column's two samples in a number each that shows how they differ.

    Means; where these are alike standard deviations; else the shares of rows up to the value at
    which the two differ most.
    """
    from reportgen.charts.numbers import amount, share

    here, there = (values[np.isfinite(values)] for values in (train, judged))
    if not len(here) or not len(there):
        first, second = ("no value" if not len(v) else amount(float(v.mean()), 4)
                         for v in (here, there))  # fmt: skip
        return first, second
    spreads = float(here.std()), float(there.std())
    means = float(here.mean()), float(there.mean())
    spread = max(spreads) or 1.0
    if max(spreads) == 0.0 or abs(means[0] - means[1]) >= ALIKE * spread:
        return amount(means[0], 4), amount(means[1], 4)
    if abs(spreads[0] - spreads[1]) >= ALIKE * spread:
        return f"sd {amount(spreads[0], 3)}", f"sd {amount(spreads[1], 3)}"
    values = np.unique(np.concatenate([here, there]))
    below = [np.searchsorted(np.sort(v), values, side="right") / len(v) for v in (here, there)]
    at = int(np.argmax(np.abs(below[0] - below[1])))
    first, second = (f"{share(float(b[at]))} up to {amount(float(values[at]), 4)}" for b in below)
    return first, second


def by_column(rows: Compared, names: tuple[str, ...]) -> list[Column]:
    """Every column's difference, the largest first."""
    from reportgen.charts.numbers import share

    units = rows.units if rows.grouped else None
    tested: list[tuple[str, float, float, str, str]] = []
    for j in range(rows.table.shape[1]):
        values = rows.table[:, j]
        name = names[j] if j < len(names) else f"column {j}"
        if rows.categorical[j]:
            effect, p, most = _of_categories(values, rows.judged, units)
            text = [share(float(np.mean(values[side] == most))) for side in
                    (~rows.judged, rows.judged)]  # fmt: skip
        else:
            effect, p = of_numbers(values, rows.judged, units)
            text = list(_apart(values[~rows.judged], values[rows.judged]))
        tested.append((name, effect, p, text[0], text[1]))
    corrected = holm([t[2] for t in tested])
    found = [
        Column(t[0], t[1], float(p), t[3], t[4]) for t, p in zip(tested, corrected, strict=True)
    ]
    return sorted(found, key=lambda c: (c.p, -c.effect))


def of_numbers(
    values: Floats, judged: NDArray[np.bool_], units: Codes | None
) -> tuple[float, float]:
    """KS distance and its p; of groups, the p of their means' ranks."""
    a, b = (values[side & ~np.isnan(values)] for side in (judged, ~judged))
    if min(len(a), len(b)) < LEAST:
        return 0.0, 1.0
    small = max(len(a), len(b)) <= EXACT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exact distribution falls back to the limit's
        test = stats.ks_2samp(a, b, method="exact" if small else "asymp")
    if units is None:
        return float(test.statistic), float(test.pvalue)
    mean, side = means(values, judged, units)
    if min(side.sum(), (~side).sum()) < 2:
        return float(test.statistic), 1.0
    ranks = stats.mannwhitneyu(mean[side], mean[~side], method="asymptotic")
    return float(test.statistic), float(ranks.pvalue)


def _of_categories(
    values: Floats, judged: NDArray[np.bool_], units: Codes | None
) -> tuple[float, float, float]:
    """Half the summed difference of shares, its p, and the category that differs most."""
    filled = np.where(np.isnan(values), -2.0, values)
    kinds, code = np.unique(filled, return_inverse=True)
    counts = np.array([np.bincount(code[side], minlength=len(kinds)) for side in (~judged, judged)])
    shares = counts / counts.sum(axis=1, keepdims=True)
    apart = np.abs(shares[0] - shares[1])
    most = int(np.argmax(apart))
    if units is not None:
        p = of_numbers((code == most).astype(np.float64), judged, units)[1] * len(kinds)
        return float(apart.sum() / 2), min(1.0, p), float(kinds[most])
    return float(apart.sum() / 2), of_counts(counts), float(kinds[most])


def of_counts(counts: NDArray[Any]) -> float:
    """P of a table of two rows: chi-squared, rare columns put together; exact for two by two."""
    expected = counts.sum(axis=0) * counts.sum(axis=1).min() / counts.sum()
    rare = expected < 5
    if rare.any():
        counts = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
    counts = counts[:, counts.sum(axis=0) > 0]
    if counts.shape[1] < 2:
        return 1.0
    if counts.shape[1] == 2:
        return float(stats.fisher_exact(counts).pvalue)
    return float(stats.chi2_contingency(counts).pvalue)


def gaps(rows: Compared, names: tuple[str, ...]) -> list[Column]:
    """Columns with missing values: how their share differs."""
    from reportgen.charts.numbers import share

    missing = np.isnan(rows.table)
    tested = []
    for j in np.flatnonzero(missing.any(axis=0)):
        a, b = (float(missing[side, j].mean()) for side in (~rows.judged, rows.judged))
        if rows.grouped:
            p = of_numbers(missing[:, j].astype(np.float64), rows.judged, rows.units)[1]
        else:
            p = of_counts(np.array([[missing[s, j].sum(), (~missing[s, j]).sum()] for s in
                                    (~rows.judged, rows.judged)]))  # fmt: skip
        name = names[j] if j < len(names) else f"column {j}"
        tested.append((name, b - a, p, share(a), share(b)))
    corrected = holm([t[2] for t in tested])
    found = [
        Column(t[0], t[1], float(p), t[3], t[4]) for t, p in zip(tested, corrected, strict=True)
    ]
    return sorted(found, key=lambda c: (c.p, -abs(c.effect)))


def new_values(train: Any, judged: Any) -> list[Column]:
    """Categories that train does not have, more than its own rare ones lead to expect.

    A value that is new stands for what has been seen once: a share of about the singletons' in
    train (Good 1953).
    """
    from reportgen.charts.numbers import listed, share

    if not isinstance(train, pl.DataFrame) or not isinstance(judged, pl.DataFrame):
        return []
    tested = []
    for name in train.columns:
        old, fresh = (t[name].drop_nulls() for t in (train, judged))
        if old.dtype != pl.String or not len(old) or not len(fresh):
            continue
        counts = old.value_counts()["count"]
        singles = int((counts == 1).sum())
        if singles > 0.5 * len(old):
            continue  # texts, or names: every value is new
        new = fresh.filter(~fresh.is_in(old.unique().implode()))
        if not len(new):
            continue
        rate = (singles + 1 + 3 * np.sqrt(singles + 1)) / len(old)
        p = float(stats.binom.sf(len(new) - 1, len(fresh), min(rate, 1.0)))
        most = new.value_counts(sort=True)[name].to_list()
        part = len(new) / len(fresh)
        tested.append((name, part, p, "none", f"{listed([f'“{m}”' for m in most], 3)}: "
                       f"{share(part)}"))  # fmt: skip
    corrected = holm([t[2] for t in tested])
    return [
        Column(t[0], t[1], float(p), t[3], t[4]) for t, p in zip(tested, corrected, strict=True)
    ]


def of_target(
    task: str, a: NDArray[Any], b: NDArray[Any], groups: tuple[Any, Any] | None
) -> tuple[float, float]:
    """How far the target's distributions are apart, and the p of that; groups by their means."""
    both = np.concatenate([a, b]).astype(np.float64)
    judged = np.repeat([False, True], [len(a), len(b)])
    units = None
    if groups is not None and all(g is not None for g in groups):
        texts = np.concatenate([np.asarray(g, dtype=str) for g in groups])
        units = np.unique(texts, return_inverse=True)[1].reshape(-1).astype(np.int64)
    if task == "regression":
        return of_numbers(both, judged, units)
    effect, p, _ = _of_categories(both, judged, units)
    return effect, p
