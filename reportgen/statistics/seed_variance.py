"""Where the spread of retrained models comes from: the rows of the test, or the training.

References: Jordan 2023 (variance of neural network training), Bouthillier et al. 2021; Searle,
Casella, McCulloch 1992 for random effects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SeedVariance:
    """Spread of a metric over K members that share n test rows.

    Attributes
    ----------
    observed : s², the members' sample variance.
    expected : what remains of it when members differ only row by row, each on its own: the
        spread that a finite test shows of models that are equally good.
    distribution : observed - expected, not cut at zero: the variance on ever more test rows.
    p : chance of s² this large when the members are equally good (chi-squared).
    """

    observed: float
    expected: float
    members: int
    p: float

    @property
    def distribution(self) -> float:
        return self.observed - self.expected

    @property
    def sd(self) -> float:
        """Square root of ``distribution``, 0 where that is negative."""
        return float(np.sqrt(max(0.0, self.distribution)))

    def smallest(self, alpha: float, power: float = 0.8) -> float:
        """Standard deviation of equally measured models that is told from none.

        With K - 1 degrees of freedom s² is called out above ``expected`` times the quantile at
        1 - ``alpha``, and lies above the quantile at 1 - ``power`` of its own distribution.
        """
        df = self.members - 1
        if df < 1 or not np.isfinite(self.expected):
            return float("inf")
        ratio = stats.chi2.ppf(1 - alpha, df) / stats.chi2.ppf(1 - power, df)
        return float(np.sqrt(self.expected * (ratio - 1)))


def seed_variance(values: Floats, contributions: Floats) -> SeedVariance:
    """Distribution-level variance after Jordan 2023, for any metric with row contributions.

    Parameters
    ----------
    values : the metric of each member, shape (K,).
    contributions : what each row adds to it, shape (K, n): for accuracy right / n, for other
        metrics value / n plus the row's influence. Then for accuracy ``expected`` is
        Σ p̂ᵢ(1 - p̂ᵢ)·K/((K - 1)·n²), with p̂ᵢ the share of members right on row i.
    """
    k = len(values)
    if k < 2:
        return SeedVariance(float("nan"), float("nan"), k, float("nan"))
    observed = float(np.var(values, ddof=1))
    expected = float(np.var(contributions, axis=0, ddof=1).sum())
    if expected <= 0:
        p = 0.0 if observed > 0 else 1.0
    else:
        p = float(stats.chi2.sf((k - 1) * observed / expected, k - 1))
    return SeedVariance(observed, expected, k, p)


@dataclass(frozen=True, slots=True)
class Crossed:
    """Components of variance from A weight seeds crossed with B order seeds, one model a cell.

    Components are unbiased and may be negative; ``low`` and ``high`` of a share are limits of a
    jackknife over seeds. ``interaction`` holds what the pair of seeds does beyond their sum, and
    whatever differs between two runs of one pair.
    """

    weights: float
    order: float
    interaction: float
    low: tuple[float, float, float]
    high: tuple[float, float, float]

    @property
    def total(self) -> float:
        return sum(max(0.0, part) for part in (self.weights, self.order, self.interaction))

    @property
    def shares(self) -> tuple[float, float, float]:
        """Shares of weights, order and interaction, negative components counted as none."""
        if self.total <= 0:
            return (float("nan"),) * 3
        parts = (self.weights, self.order, self.interaction)
        return tuple(max(0.0, p) / self.total for p in parts)  # type: ignore[return-value]


def components(cells: Floats) -> tuple[float, float, float]:
    """Variances of row effect, column effect, and interaction with the rest (ANOVA).

    Parameters
    ----------
    cells : shape (A, B, ...); the components are summed over what is behind the first two axes.
    """
    a, b = cells.shape[:2]
    flat = cells.reshape(a, b, -1).astype(np.float64)
    grand = flat.mean(axis=(0, 1))
    rows, columns = flat.mean(axis=1), flat.mean(axis=0)
    ms_rows = b * ((rows - grand) ** 2).sum() / (a - 1)
    ms_columns = a * ((columns - grand) ** 2).sum() / (b - 1)
    rest = flat - rows[:, None] - columns[None, :] + grand
    ms_rest = (rest**2).sum() / ((a - 1) * (b - 1))
    return float((ms_rows - ms_rest) / b), float((ms_columns - ms_rest) / a), float(ms_rest)


def crossed(cells: Floats, level: float = 0.95) -> Crossed:
    """Two-way random effects with interaction, from a full A × B design.

    Parameters
    ----------
    cells : shape (A, B) of a metric, or (A, B, n) of predictions, of which the components are
        pooled over the n rows. At least 3 × 3.
    """
    a, b = cells.shape[:2]
    if min(a, b) < 3:
        raise ValueError(f"a crossed design needs at least 3 × 3 models, not {a} × {b}")
    whole = components(cells)
    without = [components(np.delete(cells, i, axis=0)) for i in range(a)]
    across = [components(np.delete(cells, j, axis=1)) for j in range(b)]
    here = _shares(whole)
    spread = np.zeros(3)
    for parts in (without, across):
        found = np.array([_shares(p) for p in parts])
        size = len(found)
        spread += (size - 1) / size * ((found - found.mean(axis=0)) ** 2).sum(axis=0)
    half = stats.t.ppf(0.5 + level / 2, min(a, b) - 1) * np.sqrt(spread)
    low, high = np.clip(here - half, 0, 1), np.clip(here + half, 0, 1)
    return Crossed(*whole, tuple(low.tolist()), tuple(high.tolist()))


def _shares(parts: tuple[float, float, float]) -> Floats:
    positive = np.maximum(np.array(parts), 0.0)
    total = positive.sum()
    return positive / total if total > 0 else np.full(3, 1 / 3)
