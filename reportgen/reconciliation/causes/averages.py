"""Causes in which a number is another average, or that of another class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, declared, instead, read_as
from reportgen.reconciliation.ranked import above
from reportgen.reconciliation.world import Floats, World

_OF_CLASSES = ("precision", "recall", "f1")
_RANKED = ("roc_auc", "average_precision")
#: One-against-one areas of more pairs than this are not computed.
MOST_PAIRS = 300


def _averaging(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    world = evidence.world(evaluation.split)
    (claim,) = evaluation.claims
    usual = declared(evidence, claim)
    kept: dict[float, tuple[Claim, list[str]]] = {}
    for reading in _readings(claim, world):
        value = declared(evidence, reading)
        if value is None or (usual is not None and abs(value - usual) < 1e-12):
            continue
        _, names = kept.setdefault(round(value, 12), (reading, []))
        names.append(_named(reading))
    for reading, names in kept.values():
        parameters: dict[str, object] = {"is": reading.per_class or reading.average or names[0]}
        if len(names) > 1:
            parameters["equivalent"] = names
        yield read_as(evidence, evaluation, {claim: reading}, **parameters)
    yield from _mixed(evidence, evaluation, claim, world)


def _named(claim: Claim) -> str:
    if claim.metric in ("accuracy", "balanced_accuracy"):
        return claim.metric
    return f"{claim.metric}, {claim.per_class or claim.average}"


def _readings(claim: Claim, world: World) -> Iterator[Claim]:
    """Every other average and class of the same quantity, the plainest first."""
    plain = replace(claim, average=None, per_class=None, k=None)
    if claim.metric in ("accuracy", "balanced_accuracy"):
        if world.truth.ndim == 2:  # exact match against averages over labels
            for average in ("micro", "macro", "samples"):
                yield replace(plain, metric="recall", average=average)
                yield replace(plain, metric="f1", average=average)
            return
        yield replace(plain, metric="accuracy")
        yield replace(plain, metric="balanced_accuracy")
        yield replace(plain, metric="recall", average="macro")
        for label in world.classes:
            yield replace(plain, metric="recall", per_class=label)
        return
    if claim.metric not in (*_OF_CLASSES, *_RANKED):
        return
    for average in ("binary", "macro", "weighted", "micro", "samples"):
        if average == "binary" and world.positive is None:
            continue
        if average == "samples" and (world.truth.ndim == 1 or claim.metric in _RANKED):
            continue
        yield replace(plain, average=average)
    if claim.metric in _OF_CLASSES and world.truth.ndim == 1:
        yield replace(plain, metric="accuracy")
    if claim.average == "binary":
        return  # the other class alone is positive-class-flipped
    for label in world.classes:
        yield replace(plain, per_class=label)


def _mixed(
    evidence: Evidence, evaluation: Evaluation, claim: Claim, world: World
) -> Iterator[Candidate]:
    """F1 of averaged precision and recall; one-against-one areas; means over labels alone."""
    if claim.metric == "f1" and claim.per_class is None:
        for average in ("macro", "weighted"):
            p, r = (
                declared(evidence, replace(claim, metric=m, average=average))
                for m in ("precision", "recall")
            )
            if p is not None and r is not None and p + r > 0:
                value = {claim: 2 * p * r / (p + r)}
                named = f"F1 of {average} precision and {average} recall"
                yield instead(evidence, evaluation, value, **{"is": named})
    if claim.metric == "roc_auc" and claim.per_class is None and world.task == "multiclass":
        for average, area in _one_against_one(evidence, evaluation.split).items():
            named = f"roc_auc, one against one, {average}"
            yield instead(evidence, evaluation, {claim: area}, **{"is": named})


def _one_against_one(evidence: Evidence, split: str) -> dict[str, float]:
    """Hand and Till's areas, averaged over pairs as scikit-learn does; {} where undefined."""

    def computed() -> dict[str, float]:
        world = evidence.world(split)
        k = world.k
        counts = np.bincount(np.clip(world.truth, 0, k), minlength=k + 1)[:k]
        if world.scores is None or k * (k - 1) // 2 > MOST_PAIRS or counts.min(initial=1) == 0:
            return {}
        areas, shares = [], []
        each = _areas_of_pairs(world)
        for a in range(k):
            for b in range(a + 1, k):
                areas.append((each[a, b] + each[b, a]) / 2)
                shares.append(counts[a] + counts[b])
        return {
            "macro": float(np.mean(areas)),
            "weighted": float(np.average(areas, weights=shares)),
        }

    found: dict[str, float] = evidence.keep(("one against one", split), computed)
    return found


def _areas_of_pairs(world: World) -> Floats:
    """[a, b]: the area of class a among the rows of classes a and b, by the scores of a, (K, K)."""
    assert world.scores is not None
    rows = [np.flatnonzero(world.truth == k) for k in range(world.k)]
    found = np.zeros((world.k, world.k))
    for a in range(world.k):
        column = np.ascontiguousarray(world.scores[:, a])
        ordered = [np.sort(column[of_class]) for of_class in rows]
        for b in range(world.k):
            found[a, b] = above(ordered[a], ordered[b])
    return found


HYPOTHESES = [
    Hypothesis(
        "averaging",
        "The number is another average over the classes, or that of one class, than it says.",
        "the same counts: the mean over classes (macro), over rows (micro, which is accuracy in "
        "single-label tasks), by support (weighted), over a row's labels (samples), or one class",
        "Name the average beside the number, e.g. `{metric: f1, average: weighted}`, and use one "
        "average in all comparisons.",
        _averaging,
        wrong="f1_score(y_true, y_pred, average='weighted')   # told as macro F1",
        right="f1_score(y_true, y_pred, average='macro')",
        source="scikit-learn, f1_score: average; Hand and Till 2001 for one against one",
        scope="number",
        tasks=("binary", "multiclass", "multilabel"),
    ),
]
