"""The rows that calibration is judged on, as logits and class codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostic import NotApplicable
from reportgen.evidence import Case
from reportgen.statistics import clusters as clustering
from reportgen.statistics.recalibration import grounded, log_softmax, logits_of

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
LEAST_VOTE = 1e-6  # no ensemble counts finer
MOST_FLOOR = 0.05


@dataclass(frozen=True)
class Rows:
    """One event a row: which of K classes it is.

    Attributes
    ----------
    split : the split's name.
    classes : label texts, K of them; a multilabel task has one ``Rows`` a label, with K = 2.
    scores : probabilities, shape (n, K).
    z : logits below their row's largest, or log probabilities where there are no logits, (n, K);
        a zero that was counted (see :func:`counted_floor`) is taken for ``floor``.
    log_scores : log probabilities, (n, K); below log 1e-7 only where there are logits.
    y : class codes, shape (n,).
    labels : the model's own labels under the declared decision, shape (n,).
    at : positions in the split, shape (n,).
    clusters : codes of rows that stand or fall together, or None.
    logits : whether the model gave logits.
    threshold : probability of class 1 from which a binary row is given it.
    label : the label's name in multilabel tasks.
    dropped : rows of the split that are left out, for their label is no class.
    floor : what counted zeros are taken for; None where there are none.
    """

    split: str
    classes: tuple[str, ...]
    scores: Floats
    z: Floats
    log_scores: Floats
    y: Codes
    labels: Codes
    at: Codes
    clusters: Codes | None
    logits: bool
    threshold: float = 0.5
    label: str | None = None
    dropped: int = 0
    floor: float | None = None

    @property
    def n(self) -> int:
        return len(self.y)

    @property
    def n_units(self) -> int:
        """Independent units: rows, or clusters."""
        return clustering.count(self.n, self.clusters)

    @property
    def df(self) -> int | None:
        """Degrees of freedom of clustered standard errors; None for rows that stand alone."""
        return None if self.clusters is None else clustering.freedom(self.n, self.clusters)

    @property
    def binary(self) -> bool:
        return len(self.classes) == 2

    def event(self) -> tuple[Floats, Codes]:
        """(p, y): binary P(class 1) and whether it is; else top-label confidence and rightness."""
        if self.binary:
            return self.scores[:, 1], self.y
        top = self.scores.argmax(axis=1)
        return self.scores[np.arange(self.n), top], (top == self.y).astype(np.int64)

    def right(self) -> NDArray[np.bool_]:
        """Whether the model's label is the true one."""
        return np.asarray(self.labels == self.y)

    def losses(self) -> Floats:
        """Log loss of each row; clipped at 16.118 where there are no logits."""
        return -self.log_scores[np.arange(self.n), self.y]

    def part(self, chosen: Codes) -> Rows:
        """The same for some of the rows."""
        codes = None
        if self.clusters is not None:
            codes = np.unique(self.clusters[chosen], return_inverse=True)[1].astype(np.int64)
        return replace(
            self, scores=self.scores[chosen], z=self.z[chosen], y=self.y[chosen],
            log_scores=self.log_scores[chosen], at=self.at[chosen], clusters=codes,
            labels=self.labels[chosen],
        )  # fmt: skip


def judged_split(case: Case) -> str:
    """Test where there is one, else validation, else train.

    Raises
    ------
    NotApplicable
        for regression, for labels without probabilities, and where nothing can be judged.
    """
    if case.task == "regression":
        raise NotApplicable("a regression gives values, not probabilities of classes")
    if case.output.kind not in ("probability", "logit"):
        raise NotApplicable("the model gives labels, not probabilities")
    for name in ("test", "validation", "train"):
        if name in case.splits:
            return name
    raise NotApplicable("no split has both a target and predictions")


def read_rows(case: Case, name: str) -> tuple[Rows, ...]:
    """The rows of a split: one ``Rows``, or one a label in multilabel tasks.

    Raises
    ------
    NotApplicable
        where there are no probabilities, or no row with a known label.
    """
    predictions, split = case.predict(name), case.split(name)
    if predictions.scores is None or predictions.labels is None or split.y is None:
        raise NotApplicable("the model gives labels, not probabilities")
    scores = np.asarray(predictions.scores, dtype=np.float64)
    y, labels = np.asarray(split.y), np.asarray(predictions.labels)
    raw = _given_logits(np.asarray(predictions.raw), scores, case.output.kind)
    threshold = _threshold(case)
    codes = _clusters(case, name)
    if not len(y):
        raise NotApplicable(f"{name} has no rows")
    if case.task == "multilabel":
        return tuple(
            _rows(
                name, (f"not {label}", label), scores[:, k], None if raw is None else raw[:, k],
                y[:, k], labels[:, k], codes, threshold, label,
            )
            for k, label in enumerate(case.classes)
        )  # fmt: skip
    whole = _rows(name, case.classes, scores, raw, y, labels, codes, threshold)
    known = np.flatnonzero(y >= 0)
    if not len(known):
        raise NotApplicable(f"no row of {name} has a label that is one of the classes")
    if len(known) == len(y):
        return (whole,)
    return (replace(whole.part(known), dropped=len(y) - len(known)),)


def _rows(
    name: str,
    classes: Sequence[str],
    scores: Floats,
    raw: Floats | None,
    y: NDArray[np.generic],
    labels: NDArray[np.generic],
    codes: Codes | None,
    threshold: float,
    label: str | None = None,
) -> Rows:
    both = np.column_stack([1 - scores, scores]) if scores.ndim == 1 else scores
    floor = None if raw is not None else counted_floor(both)
    given = both if floor is None else np.where(both == 0, floor, both)
    z = grounded(logits_of(given) if raw is None else raw)
    return Rows(
        split=name,
        classes=tuple(classes),
        scores=both,
        z=z,
        log_scores=logits_of(both) if raw is None else log_softmax(z),
        y=y.astype(np.int64),
        labels=labels.astype(np.int64),
        at=np.arange(len(y)),
        clusters=codes,
        logits=raw is not None,
        threshold=threshold,
        label=label,
        floor=floor,
    )


def counted_floor(scores: Floats) -> float | None:
    """Half of the least probability above zero, where zeros are counts of votes; else None.

    A forest, a tree or neighbours of whom none says so give 0, which is no certainty of
    sixteen nats: the next value is that of a single vote. Sigmoids that underflow have tiny
    neighbours instead.
    """
    zero = scores == 0
    if zero.any(axis=1).mean() < 0.01:
        return None
    least = float(np.min(scores, where=~zero, initial=1.0))
    return min(least / 2, MOST_FLOOR) if least > LEAST_VOTE else None


def _given_logits(raw: NDArray[np.generic], scores: Floats, kind: str) -> Floats | None:
    """The model's logits, shaped like ``scores``; None where it gives probabilities."""
    if kind != "logit":
        return None
    given = np.asarray(raw, dtype=np.float64)
    if given.ndim == 2 and scores.ndim == 1:
        given = given[:, 0] if given.shape[1] == 1 else given[:, 1] - given[:, 0]
    return given.reshape(scores.shape)


def _threshold(case: Case) -> float:
    """Probability of class 1 from which it is predicted."""
    decision = case.entry.decision
    if decision is None or decision.threshold is None:
        return 0.5
    return 1 - decision.threshold if case.dataset.positive == 0 else decision.threshold


def _clusters(case: Case, name: str) -> Codes | None:
    split = case.split(name)
    copied = case.memo(("copied rows", name), lambda: clustering.copied_rows(split.X))
    if split.steps is not None:
        copied = split.steps.spread(copied)
    return clustering.clusters(split.units, copied, split.times)
