"""The judged rows of a split: truth and answers side by side, and how rows count."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.charts.numbers import number
from reportgen.diagnostic import NotApplicable
from reportgen.evidence import Case
from reportgen.statistics import estimates, influence, losses
from reportgen.statistics.clusters import clusters, copied_rows
from reportgen.statistics.estimates import Design
from reportgen.statistics.intervals import Interval

Floats = NDArray[np.float64]
SEEN = 5e-5  # difference of two losses that their four decimals show
ORDER = ("test", "validation", "train")


@dataclass(frozen=True)
class Answers:
    """Rows of one split that can be judged.

    Attributes
    ----------
    y : codes (n,), 0/1 (n, K), or float64 of shape (n, T) in regression.
    labels : codes (n,) or 0/1 (n, K); None in regression.
    scores : P(positive) of shape (n,) in binary tasks, (n, K) otherwise; None without.
    values : float64 (n, T), regression only.
    kept : which rows of the split these are, bool of shape (rows of the split,).
    positive : index of the positive class, binary only.
    copies : rows that are copies of other rows.
    epsilon : where log loss clips probabilities; see ``Predictions`` of :mod:`reportgen.models`.
    undecided : the label of rows that the decision leaves open, where it is no class; else None.
    """

    split: str
    task: str
    classes: tuple[str, ...]
    y: NDArray[Any]
    labels: NDArray[Any] | None
    scores: Floats | None
    values: Floats | None
    kept: NDArray[np.bool_]
    design: Design
    positive: int | None = None
    copies: int = 0
    epsilon: float = losses.EPSILON
    undecided: str | None = None

    @property
    def n(self) -> int:
        return len(self.y)

    @property
    def left_out(self) -> int:
        return int((~self.kept).sum())

    @property
    def right(self) -> Floats:
        """Each row's share of right answers, shape (n,); classification only."""
        assert self.labels is not None
        right = np.asarray(self.y == self.labels, dtype=np.float64)
        return np.asarray(right.mean(axis=1) if right.ndim == 2 else right)

    @property
    def decided(self) -> NDArray[np.bool_]:
        """Which rows are given an answer, shape (n,)."""
        if self.undecided is None or self.labels is None:
            return np.ones(self.n, dtype=bool)
        return np.asarray(self.labels != len(self.classes))

    @property
    def log_losses(self) -> Floats:
        """Cross-entropy of each row's probabilities, shape (n,); multilabel: mean over labels."""
        assert self.scores is not None
        truth = np.asarray(self.y == self.positive) if self.task == "binary" else self.y
        return losses.log_losses(truth.astype(np.int64), self.scores, epsilon=self.epsilon)

    def log_loss(self) -> Interval:
        """Their mean; the one definition of log loss in a report."""
        return estimates.positive_mean(
            influence.mean(self.log_losses, self.design.weights), self.design
        )

    def keras_loss(self) -> float:
        """The same, clipped at 1e-7 as Keras does it."""
        clipped = replace(self, epsilon=losses.FLOOR).log_losses
        return influence.mean(clipped, self.design.weights).value

    def loss_words(self) -> str:
        """Why Keras's loss is another number than :meth:`log_loss`; empty where it is not."""
        own, keras = self.log_loss().value, self.keras_loss()
        if not abs(own - keras) >= SEEN:
            return ""
        most = -float(np.log(self.epsilon))
        return (
            f"Log loss is scikit-learn's: probabilities are kept {self.epsilon:.2g} from 0 and 1, "
            f"so that a row costs at most {most:.1f}. Clipped at 1e-7 as Keras does it, a row "
            f"costs at most 16.1 and the loss is {number(keras, 'loss')}."
        )

    def part(self, chosen: NDArray[np.bool_]) -> Answers:
        """Some of the rows; ``chosen`` is bool of shape (n,)."""
        kept = self.kept.copy()
        kept[kept] = chosen
        return replace(
            self,
            y=self.y[chosen],
            labels=_chosen(self.labels, chosen),
            scores=_chosen(self.scores, chosen),
            values=_chosen(self.values, chosen),
            kept=kept,
            design=self.design.rows(chosen),
        )


def judged_split(case: Case) -> str:
    """Test, or what comes nearest to it.

    Raises
    ------
    NotApplicable
        when no split has a target and predictions.
    """
    for name in ORDER:
        if name in case.splits and case.split(name).n > 0:
            return name
    raise NotApplicable("no split has both a target and predictions")


def answers(case: Case, name: str) -> Answers:
    """A split's answers, without rows whose label is no class or whose answer is not a number.

    Raises
    ------
    NotApplicable
        when no row is left.
    """
    split, given = case.split(name), case.predict(name)
    y = np.asarray(split.y)
    labels = None if given.labels is None else np.asarray(given.labels)
    scores = None if given.scores is None else np.asarray(given.scores, dtype=np.float64)
    values = None
    kept: NDArray[np.bool_] = np.ones(split.n, dtype=bool)
    if case.task == "regression":
        y = y.astype(np.float64).reshape(len(y), -1)
        values = np.asarray(given.values, dtype=np.float64).reshape(y.shape)
        kept = np.asarray(np.isfinite(y).all(axis=1) & np.isfinite(values).all(axis=1))
    elif y.ndim == 1:
        kept = np.asarray((y >= 0) & (y < len(case.classes)))
    if scores is not None:
        kept = np.asarray(kept & np.isfinite(scores).reshape(len(scores), -1).all(axis=1))
    if split.weights is not None:
        kept = np.asarray(kept & np.isfinite(split.weights) & (split.weights > 0))
    if not kept.any():
        raise NotApplicable(f"no row of {name} has both a known target and a finite prediction")
    if case.task == "binary" and scores is not None and case.dataset.positive == 0:
        scores = 1.0 - scores
    copied = case.memo(("copied rows", name), lambda: copied_rows(split.X))
    if split.steps is not None:
        copied = split.steps.spread(copied)
    codes = clusters(_chosen(split.units, kept), _chosen(copied, kept), _chosen(split.times, kept))
    return Answers(
        split=name,
        task=case.task,
        classes=case.classes,
        y=y[kept],
        labels=_chosen(labels, kept),
        scores=_chosen(scores, kept),
        values=_chosen(values, kept),
        kept=kept,
        design=Design(int(kept.sum()), _chosen(split.weights, kept), codes),
        positive=case.dataset.positive,
        copies=0 if copied is None else len(copied) - len(np.unique(copied)),
        epsilon=given.epsilon,
        undecided=_undecided(case),
    )


def _undecided(case: Case) -> str | None:
    decision = case.entry.decision
    if decision is None or decision.otherwise is None or case.task == "multilabel":
        return None
    label = str(decision.otherwise)
    return None if label in case.classes else label


def _chosen(values: Any, kept: NDArray[np.bool_]) -> Any:
    return None if values is None else np.asarray(values)[kept]
