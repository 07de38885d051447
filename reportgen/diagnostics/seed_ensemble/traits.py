"""Has the delivered model learned as much as its recipe makes it learn?

A model that was trained longer than declared, faster, or with less regularisation may well score
as any seed does. It fits its training rows better and is surer of its answers than any seed:
choosing a seed does neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.evidence import Case
from reportgen.models.outputs import Predictions
from reportgen.statistics.future_draws import lengthened, one_more, skewness
from reportgen.statistics.losses import FLOOR as SURE
from reportgen.statistics.losses import log_losses

Floats = NDArray[np.float64]
Kind = Literal["odds", "values", "loss", "error"]
Place = Literal["above", "below", "inside"]

ALPHA = 0.0005  # of models whose recipe it is, to learn more
SUSPECT = 0.02  # the same before the ensemble is grown
LESS = 0.2  # of these, to learn less: seeds that get stuck make that tail longer than it looks
LEAST = 0.1  # of the logarithm: a tenth more or less is not worth a word
FLOOR = 1e-3  # of log-odds, of a target's standard deviation, of a loss: less is nothing


@dataclass(frozen=True)
class Trait:
    """One number of a model beside those of its recipe.

    Attributes
    ----------
    kind : ``odds``, the standard deviation of log-odds over the judged rows; ``values``, that of
        predictions, in standard deviations of the target; ``loss``, log loss on train;
        ``error``, mean squared error on train, as a share of the target's variance.
    delivered, typical : the delivered model's, and the geometric mean of the members'.
    low, high : between these one more member lies.
    """

    kind: Kind
    delivered: float
    typical: float
    low: float
    high: float

    @property
    def place(self) -> Place:
        if self.low <= self.delivered <= self.high:
            return "inside"
        return "above" if self.delivered > self.high else "below"

    @property
    def of_fit(self) -> bool:
        """Whether it tells how well the training rows are fitted."""
        return self.kind in ("loss", "error")

    @property
    def learned(self) -> int:
        """1 where the delivered model learned more than its recipe makes it, -1 less, 0 alike."""
        if self.place == "inside":
            return 0
        return 1 if (self.place == "below") == self.of_fit else -1


@dataclass(frozen=True)
class Marks:
    """What traits are told from: logarithms, None where a model does not tell them."""

    spread: float | None
    fit: float | None


def traits(
    members: Sequence[Marks],
    delivered: Marks,
    task: str,
    fallen: Sequence[Marks] = (),
    alpha: float = ALPHA,
) -> tuple[Trait, ...]:
    """Those that the delivered model and all members tell; none for fewer than three members.

    Parameters
    ----------
    fallen : members whose training collapsed. They are not the recipe's usual ones, but a model
        between them and these is no stranger.
    """
    regression = task == "regression"
    kinds: tuple[tuple[Kind, str], ...] = (
        ("values" if regression else "odds", "spread"),
        ("error" if regression else "loss", "fit"),
    )
    found = []
    for kind, name in kinds:
        own = getattr(delivered, name)
        known = [getattr(m, name) for m in members]
        if own is None or len(known) < 3 or any(v is None for v in known):
            continue
        others = [v for m in fallen if (v := getattr(m, name)) is not None]
        found.append(between(np.array(known), own, kind, np.array(others), alpha))
    return tuple(found)


def direction(of: Sequence[Trait]) -> int:
    """1 where all that lie outside say more learning, -1 where all say less, 0 otherwise."""
    said = {t.learned for t in of} - {0}
    return said.pop() if len(said) == 1 else 0


def between(
    members: Floats,
    own: float,
    kind: Kind = "odds",
    fallen: Floats | Sequence[float] = (),
    alpha: float = ALPHA,
) -> Trait:
    """From logarithms: the bound of one more draw, longer on the side to which they are skewed.

    The limits lie beyond every member too: however seeds are distributed, one more of n is
    outside of them with chance 2 / (n + 1) at most.
    """
    n, mean, skew = len(members), float(members.mean()), skewness(members)
    sd = float(np.std(members, ddof=1))
    fits = kind in ("loss", "error")

    def reach(alpha: float, tail: float) -> float:
        return max(LEAST, one_more(n, 1 - alpha) * sd * lengthened(tail, alpha))

    low = mean - reach(alpha if fits else LESS * alpha, -skew)
    high = mean + reach(LESS * alpha if fits else alpha, skew)
    everyone = np.concatenate([members, np.asarray(fallen, np.float64)])
    low, high = min(low, float(everyone.min())), max(high, float(everyone.max()))
    delivered, typical, low, high = (float(np.exp(v)) for v in (own, mean, low, high))
    return Trait(kind, delivered, typical, low, high)


def marks(case: Case, of: Answers, on_train: Predictions | None) -> Marks:
    """Of a model: its answers to the judged rows, and what it predicts of train."""
    return Marks(spread(of), None if on_train is None else fit(case, on_train))


def spread(of: Answers) -> float | None:
    """Logarithm of the standard deviation of log-odds over rows, or of predictions.

    Log-odds of a class among several are its log-probability less the mean of the row's, which a
    softmax's logits differ from by nothing but that mean. They tell more learning better than the
    entropy of probabilities, whose distribution over seeds has longer tails.
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


def fit(case: Case, given: Predictions) -> float | None:
    """Logarithm of the loss on train: log loss, or the error's share of the target's variance."""
    y = np.asarray(case.split("train").y)
    if case.task == "regression":
        assert given.values is not None
        y = y.astype(np.float64).reshape(len(y), -1)
        apart = (np.asarray(given.values, np.float64).reshape(y.shape) - y) ** 2
        scale = np.maximum(np.nanvar(y, axis=0), np.finfo(float).tiny)
        known = np.isfinite(apart).all(axis=1)
        value = float(np.mean(apart[known].mean(axis=0) / scale)) if known.any() else np.nan
    else:
        if given.scores is None:
            return None
        scores = np.asarray(given.scores, np.float64)
        known = np.isfinite(scores).reshape(len(scores), -1).all(axis=1)
        if y.ndim == 1:
            known &= (y >= 0) & (y < len(case.classes))
        if not known.any():
            return None
        value = float(log_losses(y[known].astype(np.int64), scores[known], epsilon=SURE).mean())
    return float(np.log(max(FLOOR, value))) if np.isfinite(value) else None
