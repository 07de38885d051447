"""Numbers of the figures: the reported value on the threshold's curve, matrices, near ties."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.diagnostics.reconciliation.measure import Measured
from reportgen.diagnostics.reconciliation.phrases import spoken
from reportgen.job.claims import Claim
from reportgen.reconciliation import digits
from reportgen.reconciliation.evidence import Evidence
from reportgen.reconciliation.quantities import Unknown, of_labels, of_matrices
from reportgen.reconciliation.verdict import Baseline, Verdict
from reportgen.reconciliation.world import Floats, World
from reportgen.statistics import many_matrices

#: Points of the curve over thresholds.
POINTS = 400
#: A matrix of more classes than this is not drawn twice.
MOST_CLASSES = 12
#: Gaps of the top two classes that are counted.
GAPS = (0.001, 0.01, 0.02, 0.05, 0.1)


def series_of(prepared: Measured) -> dict[str, Any]:
    """The series of every figure that this verdict has; none when all comes out."""
    evidence, verdict = prepared.evidence, prepared.verdict
    open_ = [b for b in verdict.baselines if b.off]
    if not open_:
        return {}
    series: dict[str, Any] = {}
    base = open_[0]
    curve = _thresholds(evidence, base, verdict)
    if curve is not None:
        series["thresholds"] = curve
    matrices = _matrices(evidence, verdict)
    if matrices is not None:
        series["matrices"] = matrices
    ties = _ties(evidence, base)
    if ties is not None:
        series["confidence"] = ties
    return series


def _thresholds(evidence: Evidence, base: Baseline, verdict: Verdict) -> dict[str, Any] | None:
    """The first number of labels that is off, over all thresholds of a binary task."""
    world = evidence.of(base.evaluation.output).world(base.evaluation.split)
    scores = world.positive_scores
    claim = next(
        (c for c in base.off if of_labels(c) and c.metric not in ("cell", "support")), None
    )
    if scores is None or claim is None:
        return None
    positive = world.positive or 0
    limits, cells = many_matrices.at_thresholds(world.truth == positive, scores)
    cells = cells[:, ::-1, ::-1] if positive == 0 else cells
    try:
        values = np.asarray(of_matrices(claim, cells, world), dtype=np.float64)
    except Unknown:
        return None
    grid = np.linspace(0, 1, POINTS + 1)
    # Rule i holds for t in [limits[i], limits[i - 1]): the first limit at or below t.
    place = np.searchsorted(-limits, -grid, side="left")
    declared = _value_at(claim, evidence.threshold, limits, values)
    low, high = digits.interval(claim.value)
    return {
        "metric": spoken(claim),
        "split": claim.split,
        "n": world.n,
        "positive": world.classes[positive],
        "threshold": grid,
        "value": values[np.minimum(place, len(values) - 1)],
        "reported": str(claim.value),
        "low": low,
        "high": high,
        "declared": {"threshold": evidence.threshold, "value": declared},
        "fits": _fitting(verdict),
    }


def _value_at(claim: Claim, threshold: float, limits: Floats, values: Floats) -> float:
    return float(values[min(int(np.searchsorted(-limits, -threshold)), len(values) - 1)])


def _fitting(verdict: Verdict) -> list[list[float]]:
    """The intervals of thresholds, or single ones, that explain everything."""
    found: list[list[float]] = []
    for answer in verdict.answers:
        for explanation in answer.explanations:
            for candidates in explanation.candidates:
                for candidate in candidates:
                    t = candidate.parameters.get("threshold")
                    if isinstance(t, float):
                        found.append([t, t])
                    elif isinstance(t, list) and len(t) == 2:
                        found.append([float(v) for v in t])
    return found[:8]


def _matrices(evidence: Evidence, verdict: Verdict) -> dict[str, Any] | None:
    """The confusion matrix as declared, and under the one cause left where it is another."""
    first = next((a for a in verdict.answers if a.sole is not None), None)
    if first is None or first.sole is None:
        return None
    evaluation = first.baselines[0].evaluation
    split = evaluation.split
    world = evidence.of(evaluation.output).world(split)
    other = first.sole.candidates[0][-1].world
    if other is None or not (_drawable(world) and _drawable(other)):
        return None
    if other.matrix.shape != world.matrix.shape or np.array_equal(other.matrix, world.matrix):
        return None
    return {
        "classes": list(world.classes),
        "split": split,
        "declared": world.matrix.astype(int),
        "explained": other.matrix.astype(int),
    }


def _drawable(world: World) -> bool:
    if world.labels is None or world.truth.ndim != 1 or world.k > MOST_CLASSES:
        return False
    return len(world.matrix) == world.k


def _ties(evidence: Evidence, base: Baseline) -> dict[str, Any] | None:
    """Several classes: accuracy of the rows above a confidence, and near ties."""
    world = evidence.of(base.evaluation.output).world(base.evaluation.split)
    if world.task != "multiclass" or world.scores is None or world.labels is None:
        return None
    top = np.sort(world.scores, axis=1)[:, -2:]
    best, gap = top[:, 1], top[:, 1] - top[:, 0]
    right = world.labels == world.truth
    order = np.argsort(-best, kind="stable")
    covered = np.arange(1, world.n + 1)
    accuracy = np.cumsum(right[order]) / covered
    at = np.unique(np.linspace(0, world.n - 1, min(world.n, POINTS)).astype(int))
    return {
        "split": base.evaluation.split,
        "n": world.n,
        "confidence": best[order][at],
        "coverage": covered[at] / world.n,
        "accuracy": accuracy[at],
        "gap": GAPS,
        "near": [float((gap < g).mean()) for g in GAPS],
    }
