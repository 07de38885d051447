"""The smallest miscalibration that would have been found, with 80 % power."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from reportgen.diagnostics.calibration import CalibrationSettings
from reportgen.diagnostics.calibration.rows import Rows
from reportgen.statistics.calibration import LOOKS, SHOWN, mass_bins
from reportgen.statistics.losses import FLOOR
from reportgen.statistics.power import POWER
from reportgen.statistics.recalibration import log_softmax

Floats = NDArray[np.float64]

STEPS = np.geomspace(1.05, 5.0, 33)


@dataclass(frozen=True)
class Reach:
    """Temperatures that are found: from ``over`` upwards and from ``under`` downwards.

    None where not even 5, or a fifth, is. ``error`` is the calibration error at ``over``.
    """

    over: float | None
    under: float | None
    error: float | None


def reach(rows: Rows, n: int, effect: float, alpha: float, settings: CalibrationSettings) -> Reach:
    """Power in closed form, were the truths drawn at each temperature of a grid.

    A temperature is found when Spiegelhalter's Z or the score of a temperature rejects, its
    likelihood ratio does, and the calibration error is shown to be over its threshold; the power is
    that of the weakest of the three.

    Parameters
    ----------
    rows : the judged rows, or a random part of them that stands for all ``n``.
    """
    factor = n / rows.n / effect
    p, _ = rows.event()
    top = rows.scores.argmax(axis=1)
    at = np.ones(rows.n, dtype=np.int64) if rows.binary else top
    of = mass_bins(p)
    size = np.bincount(of).astype(np.float64)
    lean = 1 - 2 * p
    kept = np.clip(p, FLOOR if rows.floor is None else rows.floor, None)
    logit = np.log(kept) - np.log(np.clip(1 - p, FLOOR if rows.floor is None else rows.floor, None))
    strict = stats.norm.isf(alpha / LOOKS / 2)

    def rejected(weight: Floats, p: Floats, q: Floats) -> float:
        """Power of the sum of weighted residuals, for truths drawn from ``q``."""
        shift = abs(float(np.sum((q - p) * weight))) * np.sqrt(factor)
        spread = float(np.sum(weight**2 * q * (1 - q)))
        critical = strict * np.sqrt(float(np.sum(weight**2 * p * (1 - p))))
        return float(stats.norm.cdf((shift - critical) / np.sqrt(spread))) if spread > 0 else 0.0

    def power(temperature: float) -> tuple[float, float]:
        log_true = log_softmax(rows.z / temperature)
        true = np.exp(log_true)
        q = true[np.arange(rows.n), at]
        refuted = max(rejected(lean, p, q), rejected(logit, p, q))
        mean = (true * rows.z).sum(axis=1)
        information = float((true * rows.z**2).sum() - (mean**2).sum())
        if rows.binary:
            cross = float(np.sum(true[:, 1] * rows.z[:, 1] - true[:, 1] * mean))
            weight = float(np.sum(true[:, 1] * (1 - true[:, 1])))
            information -= cross**2 / weight if weight > 0 else 0.0
        wald = abs(1 / temperature - 1) * np.sqrt(max(information, 0.0) * factor)
        by_ratio = stats.norm.cdf(wald - stats.norm.isf(alpha / 2))
        gap = np.bincount(of, weights=q - p) / size
        weight_of = size / size.sum()
        square = float(weight_of @ gap**2)
        variance = np.bincount(of, weights=q * (1 - q)) / size**2 / factor
        sd = np.sqrt(np.sum(weight_of**2 * (4 * gap**2 * variance + 2 * variance**2)))
        over = (square - settings.least_error**2) / sd - SHOWN if sd > 0 else -np.inf
        return float(min(refuted, by_ratio, stats.norm.cdf(over))), float(np.sqrt(square))

    over, error = _first(power, STEPS)
    under, _ = _first(power, 1 / STEPS)
    return Reach(over, under, error)


def _first(
    power: Callable[[float], tuple[float, float]], steps: Floats
) -> tuple[float | None, float | None]:
    for step in steps:
        reached, error = power(float(step))
        if reached >= POWER:
            return float(step), error
    return None, None
