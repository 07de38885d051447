"""Padded steps that counted, where labels stand step by step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, declared
from reportgen.reconciliation.quantities import Unknown, possible
from reportgen.reconciliation.world import World

#: Means over rows, which padding thins out when it stands in the denominator alone.
_MEANS = ("accuracy", "log_loss", "brier", "top_k_accuracy", "mse", "mae")
_NO, _YES, _BELOW = "of real steps", "of all steps", "of real steps over all"


def _padding(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """Metrics and loss each without padding, with it, or over it: they need not be alike.

    Keras masks what the network's own mask says, in loss and metrics; ``sample_weight`` reaches
    the loss, which is divided by all steps, and leaves plain metrics as they are.
    """
    padded = evidence.padded.get(evaluation.split, 0)
    if not padded or evaluation.split not in evidence.splits:
        return
    metrics = [c for c in evaluation.claims if c.metric != "loss" and not c.weighted]
    losses = [c for c in evaluation.claims if c.metric == "loss" and not c.weighted]
    for of_metrics in (_NO, _YES, _BELOW) if metrics else (_NO,):
        for of_loss in (_NO, _YES, _BELOW) if losses else (_NO,):
            if of_metrics == of_loss == _NO:
                continue
            found = {
                **_counted(evidence, evaluation.split, metrics, of_metrics),
                **_counted(evidence, evaluation.split, losses, of_loss),
            }
            parameters = {"metrics": of_metrics} if metrics else {}
            if losses:
                parameters["loss"] = of_loss
            yield Candidate(
                tuple(found.get(c) for c in evaluation.claims),
                {"padded_steps": padded, **parameters},
                world=_all(evidence, evaluation.split) if of_metrics == _YES else None,
                expressions=_expressions(evidence, evaluation, metrics)
                if of_metrics == _BELOW
                else {},
            )


def _all(evidence: Evidence, split: str) -> World | None:
    laboratory = evidence.laboratory
    if laboratory is None:
        return None
    for variation in laboratory.variations("steps"):
        return laboratory.world(split, variation)
    return None


def _counted(
    evidence: Evidence, split: str, claims: list[Claim], how: str
) -> dict[Claim, float | None]:
    if how == _NO:
        return {c: declared(evidence, c) for c in claims}
    if how == _YES:
        world = _all(evidence, split)
        return {c: None if world is None else possible(c, world) for c in claims}
    world = evidence.world(split)
    share = world.n / (world.n + evidence.padded[split])
    return {c: _thinned(evidence, c, world, share) for c in claims}


def _thinned(evidence: Evidence, claim: Claim, world: World, share: float) -> float | None:
    """A sum over the steps that count, divided by all."""
    if claim.metric == "loss":
        rows = None if world.row_losses is None else world.row_losses()
        if rows is None or not np.isfinite(rows).all():
            return None
        try:
            return float(rows.mean()) * share + (world.penalty() if world.penalty else 0.0)
        except Unknown:
            return None
    value = declared(evidence, claim)
    if value is None:
        return None
    if claim.metric == "rmse":
        return value * float(np.sqrt(share))
    return value * share if claim.metric in _MEANS else value


def _expressions(
    evidence: Evidence, evaluation: Evaluation, metrics: list[Claim]
) -> dict[Claim, str]:
    """Right steps over all steps."""
    world = evidence.world(evaluation.split)
    if world.labels is None or world.truth.ndim != 1:
        return {}
    right = int((world.truth == world.labels).sum())
    text = f"{right} / {world.n + evidence.padded[evaluation.split]}"
    return {c: text for c in metrics if c.metric == "accuracy"}


HYPOTHESES = [
    Hypothesis(
        "padding-counted",
        "Padded steps counted as if they were labels, or stood in the denominator.",
        "the same numbers over all n · T steps; or the sum over real steps divided by n · T",
        "Mask padding in loss and metrics alike: `mask_zero=True` in the Embedding, or a Masking "
        "layer; outside Keras, drop masked steps before scoring.",
        _padding,
        wrong="accuracy_score(y.ravel(), y_pred.ravel())",
        right="accuracy_score(y[mask], y_pred[mask])",
        source="Keras guide, Understanding masking & padding; keras.losses.Loss: "
        "sum_over_batch_size divides by every step when sample_weight zeroes some",
        cost=1,
    ),
]
