"""Rows whose label the model, asked on rows it never saw, firmly denies.

Confident learning (Northcutt, Jiang, Chuang 2021): a row counts against its label where another
class is predicted with at least the confidence usual for that class. On hard problems honest
rows do so too; the number that the (recalibrated) probabilities lead to expect is taken off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

DENIED = 0.05  # a label that is less likely than this is denied


@dataclass(frozen=True, slots=True)
class Suspects:
    """Rows that count against their label.

    Attributes
    ----------
    rows : positions, the least likely label first, shape (m,).
    given, suggested : class codes of each, shape (m,).
    self_confidence : probability of the given label, shape (m,).
    expected : how many rows would count against a right label.
    p_value : chance of so many among right labels (Poisson; the rows' own sum varies less).
    """

    rows: Codes
    given: Codes
    suggested: Codes
    self_confidence: Floats
    expected: float
    p_value: float

    @property
    def excess(self) -> float:
        return len(self.rows) - self.expected


def thresholds(scores: Floats, y: Codes) -> Floats:
    """Mean probability of a class over the rows that carry it, shape (K,); inf for none."""
    n_classes = scores.shape[1]
    count = np.bincount(y, minlength=n_classes)
    total = np.bincount(y, weights=scores[np.arange(len(y)), y], minlength=n_classes)
    out = np.full(n_classes, np.inf)
    np.divide(total, count, out=out, where=count > 0)
    return out


def confident_class(scores: Floats, least: Floats) -> Codes:
    """The likeliest class among those at or above their threshold; -1 where there is none."""
    reached = np.where(scores >= least, scores, -1.0)
    chosen = reached.argmax(axis=1)
    return np.where(reached[np.arange(len(scores)), chosen] >= 0, chosen, -1)


def suspects(scores: Floats, y: Codes, honest: Floats) -> Suspects:
    """Rows off the diagonal of the confident joint, and how many to expect.

    Parameters
    ----------
    scores : the model's probabilities, shape (n, K), on rows it was not fitted on.
    y : given class codes, shape (n,).
    honest : calibrated probabilities of the same rows, shape (n, K).
    """
    chosen = confident_class(scores, thresholds(scores, y))
    sure = np.flatnonzero(chosen >= 0)
    likely = honest[sure]
    denied = likely < DENIED
    denied[np.arange(len(sure)), chosen[sure]] = False
    expected = float(np.sum(likely, where=denied))
    against = sure[denied[np.arange(len(sure)), y[sure]]]
    confidence = scores[against, y[against]]
    order = np.argsort(confidence, kind="stable")
    rows = against[order]
    chance = float(stats.poisson.sf(len(rows) - 1, expected)) if len(rows) else 1.0
    return Suspects(rows, y[rows], chosen[rows], confidence[order], expected, chance)
