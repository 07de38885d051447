"""Numbers of several labels a row under one threshold for all of them, for every threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation.world import Floats, World

#: Thresholds times labels that are gone through one by one; above it, those that people write.
MOST_CELLS = 20_000_000
WRITTEN = np.arange(1, 200) / 200


def limits_of(scores: Floats) -> Floats:
    """Every rule "present when the score is above t" once, descending; the last is -infinity."""
    if scores.size * scores.shape[1] > MOST_CELLS:
        return np.asarray(WRITTEN[::-1])
    found: Floats = np.r_[np.unique(scores)[::-1], -np.inf]
    return found


def at_limits(claims: Sequence[Claim], world: World, limits: Floats) -> Floats:
    """Each number under each rule, (claims, m); NaN where it is none of label sets.

    Cells become present one after the other as the threshold falls, so that running sums over the
    rules give counts of labels, and of what each row adds to averages over rows.
    """
    assert world.scores is not None
    truth = np.asarray(world.truth, dtype=np.int64)
    k, m = truth.shape[1], len(limits)
    # The first rule under which a cell is present; m where there is none.
    place = m - np.searchsorted(limits[::-1], world.scores, side="left")
    index = np.minimum(place, m) * k + np.arange(k)
    given, hits = (
        _running(np.bincount(index.ravel(), weights=w, minlength=(m + 1) * k), k, m)
        for w in (np.ones(index.size), truth.ravel().astype(np.float64))
    )
    support = truth.sum(0).astype(np.float64)
    found = np.full((len(claims), m), np.nan)
    rows: dict[str, Floats] = {}
    for i, claim in enumerate(claims):
        if claim.metric == "accuracy" or claim.average == "samples":
            rows = rows or _of_rows(truth, place, m)
            found[i] = rows.get(claim.metric, np.nan)
        elif claim.metric in ("precision", "recall", "f1"):
            found[i] = _of_counts(claim, hits, given, support, world.classes)
    return found


def _running(counts: NDArray[Any], k: int, m: int) -> Floats:
    return np.asarray(np.cumsum(counts.reshape(-1, k)[:m], axis=0))


def _of_counts(
    claim: Claim, hits: Floats, given: Floats, support: Floats, classes: Sequence[str]
) -> Floats | float:
    if claim.average == "micro" and claim.per_class is None:
        hits, given = hits.sum(1, keepdims=True), given.sum(1, keepdims=True)
        support = support.sum(keepdims=True)
    truth = np.broadcast_to(support, hits.shape)
    below = {"precision": given, "recall": truth, "f1": (given + truth) / 2}[claim.metric]
    each = np.divide(hits, below, out=np.zeros_like(hits), where=below > 0)
    if claim.per_class is not None:
        return each[:, classes.index(claim.per_class)] if claim.per_class in classes else np.nan
    if claim.average == "weighted":
        return np.asarray(each @ support / support.sum()) if support.sum() > 0 else np.nan
    return np.asarray(each.mean(1)) if claim.average in ("macro", "micro") else np.nan


def _of_rows(truth: NDArray[np.int64], place: NDArray[np.int64], m: int) -> dict[str, Floats]:
    """Means over rows: exactly right, and each row's precision, recall and F1."""
    n, k = truth.shape
    order = np.argsort(place, axis=1, kind="stable")
    own = np.take_along_axis(truth, order, axis=1)
    tp = np.concatenate([np.zeros((n, 1)), np.cumsum(own, axis=1)], axis=1)
    present = np.arange(k + 1.0)
    wanted = truth.sum(1, keepdims=True).astype(np.float64)
    # Between two of its cells a row's values stand still.
    starts = np.concatenate(
        [np.zeros((n, 1), dtype=np.int64), np.take_along_axis(place, order, axis=1)], axis=1
    )
    ends = np.concatenate([starts[:, 1:], np.full((n, 1), m)], axis=1)
    none = np.zeros_like(tp)
    values = {
        "accuracy": ((tp == present) & (tp == wanted)).astype(np.float64),
        "precision": np.divide(tp, present, out=none.copy(), where=present > 0),
        "recall": np.divide(tp, wanted, out=none.copy(), where=wanted > 0),
        "f1": np.divide(2 * tp, present + wanted, out=none.copy(), where=present + wanted > 0),
    }
    found = {}
    for metric, each in values.items():
        change = np.bincount(starts.ravel(), weights=each.ravel(), minlength=m + 1)
        change -= np.bincount(ends.ravel(), weights=each.ravel(), minlength=m + 1)
        found[metric] = np.cumsum(change[:m]) / n
    return found
