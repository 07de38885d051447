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
FLOOR = 1e-3  # of log-odds, or of a target's standard deviation
SURE = 1e-7  # float32 tells probabilities no nearer to 0 and 1


@dataclass(frozen=True)
class Sureness:
    """How far apart log-odds lie over rows; in regression, predictions: standard deviations.

    A network that learned more puts them further apart. Log-odds are told by it better than the
    entropy of probabilities, whose distribution over seeds has longer tails.

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
        if self.low <= self.delivered <= self.high:
            return "inside"
        return "surer" if self.delivered > self.high else "less sure"


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
    """Logarithm of the standard deviation of log-odds over rows, or of predictions.

    Log-odds of a class among several are its log-probability less the mean of the row's, which a
    softmax's logits differ from by nothing but that mean.
    """
    if of.values is not None:
        scale = np.maximum(of.y.std(axis=0), np.finfo(float).tiny)
        return float(np.log(max(FLOOR, float(np.mean(of.values.std(axis=0) / scale)))))
    if of.scores is None:
        return None
    p = np.clip(np.asarray(of.scores, np.float64), SURE, 1 - SURE)
    if of.task == "multiclass":
        logs = np.log(p)
        odds = logs - logs.mean(axis=-1, keepdims=True)
    else:
        odds = np.log(p) - np.log1p(-p)
    return float(np.log(max(FLOOR, float(np.sqrt(np.mean(odds.var(axis=0)))))))
