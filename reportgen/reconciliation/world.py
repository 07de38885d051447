"""What an evaluation saw: the truth and the answers, row by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.reconciliation.ranked import Ranking
from reportgen.statistics.matrix import confusion_matrix

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """One split as one evaluation saw it; n rows in one order.

    Attributes
    ----------
    task : binary, multiclass, multilabel or regression.
    classes : label texts in the order of the outputs; positive : index of the positive class.
    truth : codes (n,), 0/1 of (n, K) for several labels, values (n,) or (n, T) in regression.
    labels : the answers as codes (n,) or 0/1 (n, K); K is a label that is no class.
    scores : P(classes[1]) of shape (n,), or (n, K); None where a model gives labels alone.
    values : regression answers.
    raw : what the model gave, untouched.
    weights : the data set's weight column; used by numbers that are said to be weighted.
    loss : what ``evaluate`` returns here, with the given row weights; None where there is none.
    row_losses : the same before averaging, shape (n,), penalties apart; None where not at hand.
    penalty : what the layers add to the loss, Σ model.losses.
    otherwise : the label below a confidence threshold, where there is one.
    resolution : spacing of the dtype that scores came in; where scikit-learn clips them.
    ranking : the order of the scores; shared by worlds of the same ones, and told by whoever
        takes rows or moves columns.
    """

    task: str
    classes: tuple[str, ...]
    positive: int | None
    truth: NDArray[Any]
    labels: NDArray[Any] | None = None
    scores: Floats | None = None
    values: Floats | None = None
    raw: NDArray[Any] | None = None
    weights: Floats | None = None
    loss: Callable[[Floats | None], float] | None = None
    row_losses: Callable[[], Floats] | None = None
    penalty: Callable[[], float] | None = None
    otherwise: str | None = None
    resolution: float = float(np.finfo(np.float64).eps)
    ranking: Ranking | None = field(default=None, repr=False, compare=False)
    _kept: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.scores is None:
            object.__setattr__(self, "ranking", None)
        elif self.ranking is None or self.ranking.scores is not self.scores:
            object.__setattr__(self, "ranking", Ranking(self.scores))

    def keep(self, key: Any, compute: Callable[[], Any]) -> Any:
        """``compute()``, once for each key of this world; another world begins anew."""
        if key not in self._kept:
            self._kept[key] = compute()
        return self._kept[key]

    @property
    def n(self) -> int:
        return len(self.truth)

    @property
    def k(self) -> int:
        return len(self.classes)

    @cached_property
    def matrix(self) -> Floats:
        """Counts by truth and answer, (K, K) or one larger with labels that are no class."""
        if self.labels is None or self.truth.ndim != 1:
            raise ValueError("only single labels have a confusion matrix")
        return confusion_matrix(self.truth, self.labels, self.k)

    @cached_property
    def weighted_matrix(self) -> Floats:
        """As :attr:`matrix`, in weights."""
        assert self.labels is not None
        return confusion_matrix(self.truth, self.labels, self.k, self.weights)

    @property
    def table(self) -> Floats:
        """Scores of every class, (n, K)."""
        assert self.scores is not None
        if self.scores.ndim == 1:
            return np.column_stack([1.0 - self.scores, self.scores])
        return self.scores

    @property
    def positive_scores(self) -> Floats | None:
        """Binary tasks: P(positive), shape (n,)."""
        if self.task != "binary" or self.scores is None or self.positive is None:
            return None
        return self.scores if self.positive == 1 else 1.0 - self.scores

    def rows(self, index: Any) -> World:
        """The same evaluation on some of its rows, in that order."""

        def taken(part: Any) -> Any:
            return None if part is None else part[index]

        each, penalty = self.row_losses, self.penalty

        def losses() -> Floats:
            assert each is not None
            return np.asarray(each()[index])

        def loss(weights: Floats | None) -> float:
            own = losses() if weights is None else losses() * weights
            return float(own.mean()) + (penalty() if penalty is not None else 0.0)

        scores = taken(self.scores)
        return replace(
            self,
            truth=self.truth[index],
            labels=taken(self.labels),
            scores=scores,
            ranking=self.ranking.of_rows(scores, index) if self.ranking is not None else None,
            values=taken(self.values),
            raw=taken(self.raw),
            weights=taken(self.weights),
            loss=None if each is None else loss,
            row_losses=None if each is None else losses,
        )
