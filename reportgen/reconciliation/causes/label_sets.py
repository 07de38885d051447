"""Causes in which a report was made over other classes than those of the data."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, instead, is_off
from reportgen.reconciliation.world import Floats

_CLASSWISE = ("precision", "recall", "f1")
#: Classes of which every subset is tried; above it, one or two left out.
MOST_CLASSES = 5


def _label_sets(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    world = evidence.world(evaluation.split)
    if world.labels is None or world.truth.ndim != 1:
        return
    off = [c for c in evaluation.claims if is_off(evidence, c)]
    ours = [c for c in off if _is_average(c)]
    if not ours:
        return
    alone = len(off) == len(ours) == 1  # one number may be of a scorer that has labels= itself
    for labels in _subsets(world.k):
        for zero in (0.0, 1.0):
            changed = {
                c: _average(c, world.matrix, np.array(labels), zero, alone=alone) for c in ours
            }
            names = [world.classes[i] if i < world.k else "a class without rows" for i in labels]
            shown: dict[str, object] = {"labels": names}
            if zero:
                shown["zero_division"] = 1
            yield instead(evidence, evaluation, changed, **shown)


def _is_average(claim: Claim) -> bool:
    if claim.metric == "accuracy" or (claim.metric == "support" and claim.per_class is None):
        return True
    return (
        claim.metric in _CLASSWISE
        and claim.per_class is None
        and claim.average in ("macro", "micro", "weighted")
    )


def _subsets(k: int) -> list[tuple[int, ...]]:
    """Sets of class codes: all (with other zero_division), some left out, and one that is new."""
    every = tuple(range(k))
    found = [every, (*every, k), (*every, k, k)]
    if k <= MOST_CLASSES:
        found += [s for size in range(k - 1, 0, -1) for s in combinations(every, size)]
    else:
        found += list(combinations(every, k - 1))
        if k <= 12:
            found += list(combinations(every, k - 2))
    return found


def _average(
    claim: Claim, matrix: Floats, labels: np.ndarray, zero: float, *, alone: bool
) -> float | None:
    """scikit-learn's averages over ``labels``; codes beyond the matrix have no rows."""
    size = max(len(matrix), int(labels.max()) + 1)
    cells = np.zeros((size, size))
    cells[: len(matrix), : len(matrix)] = matrix
    hits, truth, given = (part[labels] for part in (np.diag(cells), cells.sum(1), cells.sum(0)))
    if claim.metric == "support":
        return float(truth.sum())
    if claim.metric == "accuracy":
        # A report over other labels has "micro avg" where "accuracy" stood: rows of its labels.
        return float(2 * hits.sum() / (truth.sum() + given.sum())) if truth.sum() else None
    below = {"precision": given, "recall": truth, "f1": truth + given}[claim.metric]
    above = 2 * hits if claim.metric == "f1" else hits
    if claim.average == "micro":
        return float(above.sum() / below.sum()) if below.sum() > 0 else None
    each = np.divide(above, below, out=np.full(len(labels), zero), where=below > 0)
    if claim.average == "macro":
        return float(each.mean())
    return float(each @ truth / truth.sum()) if truth.sum() > 0 else None


HYPOTHESES = [
    Hypothesis(
        "report-label-set",
        "The report was made over a subset or a superset of the classes, or with another value "
        "for what is undefined.",
        "averages over `labels=`: macro counts absent classes with zero_division, micro stands "
        "in place of accuracy",
        "Leave `labels=` out or give it all classes, and say `zero_division`.",
        _label_sets,
        wrong="classification_report(y_true, y_pred, labels=np.unique(y_pred))",
        right="classification_report(y_true, y_pred, labels=range(n_classes), zero_division=0)",
        source="scikit-learn#27927, scikit-learn#10573",
        cost=1,
        tasks=("binary", "multiclass"),
    ),
]
