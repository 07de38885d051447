"""The judged rows of a split: truth and answers side by side, and how rows count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostic import NotApplicable
from reportgen.evidence import Case
from reportgen.statistics.clusters import clusters, copied_rows
from reportgen.statistics.estimates import Design

Floats = NDArray[np.float64]
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
    codes = clusters(_chosen(split.groups, kept), _chosen(copied, kept), _chosen(split.times, kept))
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
    )


def _chosen(values: Any, kept: NDArray[np.bool_]) -> Any:
    return None if values is None else np.asarray(values)[kept]
