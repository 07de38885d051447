"""What a constant answer would score: how much of a score is skill."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reportgen.answers import Answers
from reportgen.evidence import Case


def constant(case: Case, delivered: Answers) -> Answers:
    """The answers of a model that learned nothing but how frequent its targets are in train.

    The most frequent class (each label's, in multilabel tasks), with the classes' shares as
    scores; the mean in regression. Shares are of the judged rows where there is no train.
    """
    split = case.dataset.splits.get("train")
    y = delivered.y if split is None or split.y is None else np.asarray(split.y)
    n = delivered.n
    if delivered.values is not None:
        mean = np.nanmean(y.astype(np.float64).reshape(len(y), -1), axis=0)
        return replace(delivered, values=np.tile(mean, (n, 1)))
    if y.ndim == 2:
        shares = (y == 1).mean(axis=0)
        labels = np.tile((shares > 0.5).astype(y.dtype), (n, 1))
        return replace(delivered, labels=labels, scores=_tiled(delivered, shares))
    counts = np.bincount(y[y >= 0].astype(np.int64), minlength=len(case.classes))
    shares = counts / max(counts.sum(), 1)
    labels = np.full(n, int(counts.argmax()), dtype=np.int64)
    if delivered.task == "binary" and delivered.positive is not None:
        return replace(
            delivered,
            labels=labels,
            scores=None if delivered.scores is None else np.full(n, shares[delivered.positive]),
        )
    return replace(delivered, labels=labels, scores=_tiled(delivered, shares))


def _tiled(delivered: Answers, shares: np.ndarray) -> np.ndarray | None:
    return None if delivered.scores is None else np.tile(shares, (delivered.n, 1))
