"""A threshold, or a weight of class shares, chosen on rows that are not judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STRENGTHS = np.linspace(0.0, 1.5, 31)


@dataclass(frozen=True)
class Move:
    """What turns scores into labels: a threshold (binary), or how far shares are taken back.

    ``threshold`` is of P(positive); ``strength`` divides each class's score by its share to this
    power (Menon et al. 2021), shares of shape (K,).
    """

    threshold: float | None = None
    strength: float | None = None
    shares: Floats | None = None

    def labels(self, scores: Floats, positive: int | None) -> NDArray[np.int64]:
        """Class codes for scores of shape (n,) (binary) or (n, K)."""
        if self.threshold is not None:
            assert positive is not None
            return np.where(scores > self.threshold, positive, 1 - positive).astype(np.int64)
        assert self.strength is not None
        assert self.shares is not None
        return np.asarray((scores / self.shares**self.strength).argmax(axis=1), dtype=np.int64)


def best_threshold(truth: NDArray[np.bool_], scores: Floats) -> Move | None:
    """The threshold of the best balanced accuracy, exact: every place between two scores.

    Among equals the middle of the widest gap. None where only one class is there.

    Parameters
    ----------
    truth : whether a row is positive, shape (n,).
    scores : P(positive), shape (n,).
    """
    n_positive, n_negative = int(truth.sum()), int((~truth).sum())
    if not n_positive or not n_negative:
        return None
    order = np.argsort(scores, kind="stable")
    ordered, hit = scores[order], truth[order]
    # A threshold t calls scores > t positive: cut k leaves the k lowest rows negative.
    last = np.flatnonzero(np.r_[np.diff(ordered) > 0, True]) + 1
    cuts = np.r_[0, last[:-1]]
    lost = np.r_[0, np.cumsum(hit)][cuts] / n_positive
    spared = np.r_[0, np.cumsum(~hit)][cuts] / n_negative
    gain = spared - lost
    best = np.flatnonzero(gain >= gain.max() - 1e-12)
    low = np.where(best > 0, ordered[cuts[best] - 1], max(ordered[0] - 1e-9, 0.0))
    high = ordered[np.minimum(cuts[best], len(ordered) - 1)]
    widest = int((high - low).argmax())
    return Move(threshold=float((low[widest] + high[widest]) / 2))


def best_strength(y: NDArray[np.int64], scores: Floats, shares: Floats) -> Move | None:
    """How far the classes' shares are taken back for the best balanced accuracy.

    Parameters
    ----------
    y : class codes, shape (n,).
    scores : probabilities, shape (n, K).
    shares : of the classes in train, (K,); none of them 0.
    """
    present = np.unique(y)
    if len(present) < 2 or (shares <= 0).any():
        return None
    means = []
    for strength in STRENGTHS:
        right = (scores / shares**strength).argmax(axis=1) == y
        means.append(np.mean([right[y == k].mean() for k in present]))
    best = np.flatnonzero(np.asarray(means) >= max(means) - 1e-12)
    return Move(strength=float(STRENGTHS[best[len(best) // 2]]), shares=shares)
