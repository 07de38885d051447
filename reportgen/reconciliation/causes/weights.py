"""Causes in which rows counted with weights, or ought to have and did not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import (
    Candidate,
    Hypothesis,
    declared,
    instead,
    is_off,
)
from reportgen.reconciliation.quantities import possible
from reportgen.reconciliation.row_losses import detailed
from reportgen.reconciliation.world import Floats, World

_LOSSES = ("loss", "log_loss", "brier")


def _class_weighted(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    if not any(c.metric in _LOSSES for c in evaluation.claims):
        return  # without the loss, accuracy with balanced weights is macro recall: averaging
    world = detailed(evidence, evaluation.split)
    for name, by_class in _class_weights(evidence, evaluation.split).items():
        weights = by_class[np.clip(world.truth, 0, world.k)]
        yield from _weighted(evidence, evaluation, world, weights, weights_are=name)


def _class_weights(evidence: Evidence, split: str) -> dict[str, Floats]:
    """Weights by class code, (K + 1,): as the job has them, and balanced ones."""
    k = len(evidence.classes)
    found: dict[str, Floats] = {}
    given = evidence.class_weight
    if given is not None and not isinstance(given, str):
        found["those of the job"] = np.array([*(given.get(c, 1.0) for c in evidence.classes), 1.0])
    for name in dict.fromkeys(["train", split]):
        if name not in evidence.splits:
            continue
        truth = evidence.world(name).truth
        if truth.ndim != 1:
            continue
        counts = np.bincount(np.clip(truth, 0, k), minlength=k + 1)[:k].astype(np.float64)
        if counts.min() > 0:
            found[f"balanced, from the counts of {name}"] = np.r_[counts.sum() / (k * counts), 1.0]
            found[f"1 / count in {name}"] = np.r_[1.0 / counts, 1.0]
    return found


def _weighted(
    evidence: Evidence, evaluation: Evaluation, world: World, weights: Floats, **parameters: object
) -> Iterator[Candidate]:
    """Loss weighted alone, then metrics too; over n, then over the sum of weights."""
    heavy = replace(world, weights=weights)
    for metrics in (False, True):
        for over in ("n", "the sum of weights"):
            changed: dict[Claim, float | None] = {}
            # Losses first: where one does not come out, the rest need not be computed.
            for claim in sorted(evaluation.claims, key=lambda c: c.metric not in _LOSSES):
                if claim.metric == "loss":
                    changed[claim] = _loss(world, weights, over)
                elif claim.metric not in _LOSSES and _refuted(changed):
                    break
                elif metrics or claim.metric in _LOSSES:
                    changed[claim] = possible(replace(claim, weighted=True), heavy)
            if metrics and all(c.metric in _LOSSES for c in evaluation.claims):
                continue
            if over != "n" and not any(c.metric == "loss" for c in evaluation.claims):
                continue
            yield instead(
                evidence,
                evaluation,
                changed,
                **parameters,
                divided_by=over,
                metrics="weighted" if metrics else "unweighted",
            )


def _refuted(values: dict[Claim, float | None]) -> bool:
    return any(v is not None and not digits.prints_same(v, c.value) for c, v in values.items())


def _loss(world: World, weights: Floats, over: str) -> float | None:
    """Σ w·l / n as Keras has it, or / Σ w; penalties are added unweighted."""
    if world.row_losses is None:
        return None
    total = float(world.row_losses() @ weights)
    penalty = world.penalty() if world.penalty is not None else 0.0
    return total / (world.n if over == "n" else float(weights.sum())) + penalty


def _sample_weighted(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """Everything by the weight column that is said to be unweighted, or the other way round."""
    world = detailed(evidence, evaluation.split)
    if world.weights is None:
        return
    for over in ("n", "the sum of weights"):
        if over != "n" and not any(c.metric == "loss" for c in evaluation.claims):
            continue
        changed: dict[Claim, float | None] = {}
        for claim in evaluation.claims:
            if claim.weighted:
                continue
            if claim.metric == "loss":
                changed[claim] = _loss(world, world.weights, over)
            else:
                changed[claim] = possible(replace(claim, weighted=True), world)
        yield instead(evidence, evaluation, changed, rows="weighted", divided_by=over)
    if any(c.weighted for c in evaluation.claims):
        plain = {c: declared(evidence, replace(c, weighted=False)) for c in evaluation.claims}
        yield instead(evidence, evaluation, plain, rows="unweighted")
        if any(c.metric == "loss" for c in evaluation.claims):
            other = {
                c: _loss(world, world.weights, "the sum of weights")
                for c in evaluation.claims
                if c.metric == "loss" and c.weighted
            }
            yield instead(
                evidence, evaluation, other, rows="weighted", divided_by="the sum of weights"
            )


def _loss_alone(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """Weights in the loss beside metrics that come out without them."""
    world = detailed(evidence, evaluation.split)
    losses = [c for c in evaluation.claims if c.metric == "loss" and not c.weighted]
    others = [c for c in evaluation.claims if c.metric != "loss"]
    beside = [c for c in others if not is_off(evidence, c) and declared(evidence, c) is not None]
    if world.weights is None or not losses or not beside:
        return
    for over in ("n", "the sum of weights"):
        value = _loss(world, world.weights, over)
        yield instead(
            evidence, evaluation, dict.fromkeys(losses, value), weights="loss only", divided_by=over
        )


HYPOTHESES = [
    Hypothesis(
        "class-weighted",
        "Rows were weighted by their class.",
        "loss = Σ wᵢlᵢ / n, or / Σ wᵢ, with weights n / (K · count of the class)",
        "Evaluate without class weights; `class_weight` belongs to training alone.",
        _class_weighted,
        wrong="model.evaluate(X, y, sample_weight=compute_sample_weight('balanced', y))",
        right="model.evaluate(X, y)",
        source="keras.Model.fit: class_weight; losses are summed over the batch size",
        tasks=("binary", "multiclass"),
    ),
    Hypothesis(
        "sample-weighted",
        "Rows were weighted by the weight column, and the numbers are told as unweighted; or the "
        "other way round.",
        "metrics Σ wᵢmᵢ / Σ wᵢ; loss Σ wᵢlᵢ / n in Keras, or / Σ wᵢ",
        "Say `weighted: true` beside weighted numbers.",
        _sample_weighted,
        wrong="accuracy_score(y, y_pred, sample_weight=w)   # told as accuracy",
        right="accuracy_score(y, y_pred)",
        source="keras.losses.Loss: reduction sum_over_batch_size",
    ),
    Hypothesis(
        "weights-reach-loss-only",
        "The weights entered the loss, but not the metrics beside it.",
        "loss = Σ wᵢlᵢ / n, or / Σ wᵢ, while the metrics count every row alike",
        "Pass metrics as `weighted_metrics=`, or evaluate without weights.",
        _loss_alone,
        wrong="model.compile(loss=…, metrics=['accuracy'])",
        right="model.compile(loss=…, weighted_metrics=['accuracy'])",
        source="keras#15373",
        same_as=("sample-weighted",),
    ),
]
