"""How far members agree, row by row and class by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.statistics import agreement as agree
from reportgen.statistics.agreement import Estimate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """Over K sound members and n rows (multilabel: a row's mean over its labels).

    Attributes
    ----------
    churn : share of rows whose label differs between two members; regression: whose predictions
        are further apart than the step.
    excess : churn less what the margins announce; None where there are no probabilities.
    announced : churn that the margins announce.
    consistency : of each row, shape (n,): chance that two members agree.
    by_class : name -> (rows, mean consistency).
    ambiguity : size -> share of rows on which that many members do not all agree.
    most_right : share of members right, by row; None in regression.
    delivered : share of rows on which the delivered model's answer differs from a member's.
    spread : regression: the members' standard deviation by row, in units of the target.
    cells : what shares are of: rows; labels, where a row has several; values, of several targets.
    """

    churn: Estimate
    excess: Estimate | None
    announced: float | None
    kappa: float | None
    consistency: Floats
    by_class: dict[str, tuple[int, float]]
    ambiguity: dict[int, float]
    right: Floats | None
    delivered: float
    spread: Floats | None = None
    cells: str = "rows"


def agreement(members: Sequence[Answers], step: float | None, delivered: Answers) -> Agreement:
    """``step``: regression's distance from which predictions differ."""
    if delivered.task == "regression":
        assert step is not None
        return _values(members, step, delivered)
    return _labels(members, delivered)


def _values(members: Sequence[Answers], step: float, delivered: Answers) -> Agreement:
    values = np.stack([m.values for m in members if m.values is not None])
    k, n, targets = values.shape
    codes = delivered.design.codes
    flat = values.reshape(k, n * targets)
    own = None if codes is None else np.repeat(codes, targets)
    if targets > 1 and own is None:
        own = np.repeat(np.arange(n), targets)
    churn = agree.differing(flat, step, own)
    consistency = 1 - share_apart(flat, step).reshape(n, targets).mean(axis=1)
    assert delivered.values is not None
    apart = np.abs(values - delivered.values) > step
    return Agreement(
        churn,
        churn,
        None,
        None,
        consistency,
        {},
        {},
        None,
        float(apart.mean()),
        values.std(axis=0, ddof=1).mean(axis=1),
        "rows" if targets == 1 else "values",
    )


def share_apart(values: Floats, step: float) -> Floats:
    """Share of the pairs of members (K, n) whose values are further apart than ``step``, by row."""
    k = len(values)
    total = sum((np.abs(values[i] - values) > step).sum(axis=0) for i in range(k))
    return np.asarray(total / (k * (k - 1)))


def _labels(members: Sequence[Answers], delivered: Answers) -> Agreement:
    labels = np.stack([np.asarray(m.labels) for m in members])
    k, n = labels.shape[:2]
    cells = labels.reshape(k, -1)
    many = labels.ndim == 3
    n_classes = 2 if many else len(delivered.classes)
    counts = agree.votes(cells, n_classes)
    width = cells.shape[1] // n
    codes = delivered.design.codes
    own = codes if width == 1 else np.repeat(np.arange(n) if codes is None else codes, width)
    scores = _probabilities(members, many, k)
    churn = agree.excess(cells, None, own)
    beyond = None if scores is None else agree.excess(cells, scores, own)
    consistency = (1 - agree.row_churn(counts)).reshape(n, width).mean(axis=1)
    right = (labels == delivered.y).reshape(k, n, width).mean(axis=(0, 2))
    kappa = agree.fleiss_kappa(counts)
    return Agreement(
        churn,
        beyond,
        None if scores is None else float(agree.row_margins(scores).mean()),
        kappa if np.isfinite(kappa) else None,
        consistency,
        _by_class(delivered, counts, many),
        {s: a for s in agree.FIXED if np.isfinite(a := agree.ambiguity(counts, s))},
        right,
        float((labels != np.asarray(delivered.labels)).mean()),
        cells="labels" if many else "rows",
    )


def _probabilities(members: Sequence[Answers], many: bool, k: int) -> Floats | None:
    if any(m.scores is None for m in members):
        return None
    scores = np.stack([np.asarray(m.scores) for m in members])
    return scores.reshape(k, -1) if many else scores


def _by_class(of: Answers, counts: NDArray[Any], many: bool) -> dict[str, tuple[int, float]]:
    same = 1 - agree.row_churn(counts)
    found = {}
    for k, name in enumerate(of.classes):
        own = same.reshape(of.n, -1)[:, k] if many else same[of.y == k]
        if len(own):
            found[name] = (len(own), float(own.mean()))
    return found
