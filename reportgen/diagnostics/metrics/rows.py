"""Rows that a metric is asked about: truth and output, and the labels that follow from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Truth and output of n rows.

    Attributes
    ----------
    y : binary: 1 for the positive class, (n,). Multiclass: codes (n,). Multilabel: 0/1 (n, K).
        Regression: (n,) or (n, T).
    p : binary: P(positive), (n,). Multiclass and multilabel: (n, K). Regression: as y. Where the
        model gives labels, these: 0/1, codes (n,), or 0/1 (n, K).
    threshold : above which a label is given; binary and multilabel.
    """

    task: str
    y: NDArray[Any]
    p: Floats
    threshold: float = 0.5

    @property
    def n(self) -> int:
        return len(self.y)

    @property
    def k(self) -> int:
        """Classes or labels; 2 of a binary task."""
        if self.task == "binary":
            return 2
        return (
            int(self.p.shape[1]) if self.p.ndim == 2 else int(max(self.y.max(), self.p.max())) + 1
        )

    @property
    def scored(self) -> bool:
        """Whether the output orders the rows, and is not labels already."""
        if self.task == "regression":
            return True
        return (self.p.ndim == 2 and self.task == "multiclass") or bool(
            ((self.p > 0) & (self.p < 1)).any()
        )

    def labels(self) -> NDArray[np.int64]:
        """Hard labels in the form of ``y``."""
        if self.task == "multiclass":
            given = self.p.argmax(axis=1) if self.p.ndim == 2 else self.p
            return np.asarray(given, np.int64)
        return np.asarray(self.p > self.threshold, np.int64)

    def hard(self) -> Rows:
        """The same rows with labels where the output stood, in the output's form."""
        labels = self.labels()
        if self.task == "multiclass" and self.p.ndim == 2:
            return replace(self, p=np.eye(self.k)[labels])
        return replace(self, p=labels.astype(np.float64))

    def codes(self) -> Rows:
        """The same rows with codes of labels where the output stood, (n,); multiclass."""
        return replace(self, p=self.labels().astype(np.float64))

    def swapped(self) -> Rows:
        """Labels as the truth, and the truth as what was given; in regression the values."""
        if self.task == "regression":
            return replace(self, y=self.p, p=np.asarray(self.y, np.float64))
        if self.task == "multiclass":
            given = np.eye(self.k)[self.y] if self.p.ndim == 2 else self.y.astype(np.float64)
            return replace(self, y=self.labels(), p=given)
        return replace(self, y=self.labels(), p=np.asarray(self.y, np.float64))

    def take(self, at: Any) -> Rows:
        return replace(self, y=self.y[at], p=self.p[at])

    def members(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Truth and given labels by class, each bool (n, K); of a binary task negative first."""
        given = self.labels()
        if self.task == "multilabel":
            return np.asarray(self.y == 1), np.asarray(given == 1)
        codes = np.arange(self.k)
        return np.asarray(self.y[:, None] == codes), np.asarray(given[:, None] == codes)

    def score_columns(self) -> Floats:
        """Scores by class, (n, K); of a binary task negative first."""
        return np.column_stack([1 - self.p, self.p]) if self.task == "binary" else self.p
