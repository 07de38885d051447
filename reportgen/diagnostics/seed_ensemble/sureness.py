"""Is the delivered model as sure of its answers as its recipe makes it?

A model that was trained longer than declared, faster, or with less regularisation may well score
as a lucky seed does; it is surer of its answers than any seed. Choosing a seed does not do that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from reportgen.answers import Answers
from reportgen.statistics.future_draws import lengthened, one_more, skewness

ALPHA = 0.0005  # on either side, of models whose recipe it is
LEAST = 0.2  # of the logarithm: a quarter more or less is not worth a word
FLOOR = 1e-3  # nats, or of a target's standard deviation: all that is surer is sure


@dataclass(frozen=True)
class Sureness:
    """Mean entropy of the answers; in regression the standard deviation of the predictions.

    Attributes
    ----------
    delivered, typical : the delivered model's, and the geometric mean of the members'.
    low, high : between these one more member lies.
    values : whether they are predictions of a value.
    """

    delivered: float
    typical: float
    low: float
    high: float
    values: bool

    @property
    def place(self) -> Literal["surer", "less sure", "inside"]:
        """A network that learned more is surer; its predictions of a value lie further apart."""
        if self.low <= self.delivered <= self.high:
            return "inside"
        return "surer" if (self.delivered > self.high) == self.values else "less sure"


def sureness(members: Sequence[Answers], delivered: Answers) -> Sureness | None:
    """None for labels without probabilities, and for fewer than three members."""
    own = logarithm(delivered)
    known = [logarithm(m) for m in members]
    if own is None or len(known) < 3 or any(v is None for v in known):
        return None
    return between(np.array(known, np.float64), own, values=delivered.values is not None)


def between(members: np.ndarray, own: float, *, values: bool = False) -> Sureness:
    """From logarithms: the bound of one more draw, longer on the side to which they are skewed."""
    n, mean, skew = len(members), float(members.mean()), skewness(members)
    bound = one_more(n, 1 - ALPHA) * float(np.std(members, ddof=1))
    low = mean - max(LEAST, bound * lengthened(-skew, ALPHA))
    high = mean + max(LEAST, bound * lengthened(skew, ALPHA))
    delivered, typical, low, high = (float(np.exp(v)) for v in (own, mean, low, high))
    return Sureness(delivered, typical, low, high, values)


def logarithm(of: Answers) -> float | None:
    """Logarithm of the mean entropy in nats, or of the spread of predictions."""
    if of.values is not None:
        scale = np.maximum(of.y.std(axis=0), np.finfo(float).tiny)
        return float(np.log(max(FLOOR, float(np.mean(of.values.std(axis=0) / scale)))))
    if of.scores is None:
        return None
    p = of.scores
    parts = p if of.task == "multiclass" else np.stack([p, 1 - p], axis=-1)
    entropies = -np.sum(parts * np.log(np.maximum(parts, 1e-300)), axis=-1)
    return float(np.log(max(FLOOR, float(entropies.mean()))))
