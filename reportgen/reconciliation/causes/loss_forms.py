"""Causes in which the loss is right in kind and otherwise computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, declared, instead
from reportgen.reconciliation.row_losses import KERAS_EPSILON, TINY, one_hot
from reportgen.reconciliation.world import Floats, World
from reportgen.statistics.losses import log_losses

_LOSSES = ("loss", "log_loss")


def _from_logits(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    (claim,) = evaluation.claims
    world = evidence.world(evaluation.split)
    if claim.metric not in _LOSSES or world.scores is None or world.truth.min(initial=0) < 0:
        return
    extra = _penalty(claim, world)
    means = world.keep("losses through logits", lambda: _means(_through(world)))
    for name, value in means.items():
        yield instead(evidence, evaluation, {claim: value + extra}, **{"is": name})


def _means(rows: Mapping[str, Floats]) -> dict[str, float]:
    return {name: float(values.mean()) for name, values in rows.items()}


def _penalty(claim: Claim, world: World) -> float:
    return world.penalty() if claim.metric == "loss" and world.penalty is not None else 0.0


def _through(world: World) -> dict[str, Floats]:
    """Row losses of scores taken as logits, and of logits taken as probabilities."""
    scores = world.scores
    assert scores is not None
    found: dict[str, Floats] = {}
    if scores.ndim == 1 or world.truth.ndim == 2:
        name = "cross-entropy of sigmoid(probability)"
        found[name] = _binary(world.truth == 1, scores)
    if world.task != "multilabel":
        table = world.table
        top = table.max(axis=1, keepdims=True)
        total = np.log(np.exp(table - top).sum(axis=1)) + top[:, 0]
        own = table[np.arange(world.n), world.truth.astype(np.int64)]
        found["cross-entropy of softmax(probabilities)"] = total - own
        if scores.ndim == 2:
            member = one_hot(world.truth, world.k)
            found["binary cross-entropy of sigmoid(probabilities), a mean of cells"] = _binary(
                member, scores
            ).mean(axis=1)
    raw = world.raw
    if raw is not None and (raw.min(initial=0) < 0 or raw.max(initial=0) > 1):
        found |= _logits_as_probabilities(world)
    return {name: rows.mean(axis=1) if rows.ndim == 2 else rows for name, rows in found.items()}


def _binary(member: Floats, logits: Floats) -> Floats:
    """Binary cross-entropy with logits, a cell each."""
    return np.asarray(np.maximum(logits, 0) - logits * member + np.log1p(np.exp(-np.abs(logits))))


def _logits_as_probabilities(world: World) -> dict[str, Floats]:
    assert world.raw is not None
    raw = np.asarray(world.raw, dtype=np.float64)
    if world.truth.ndim == 2 or raw.ndim == 1 or raw.shape[1] == 1:
        given = raw if world.truth.ndim == 2 else raw.reshape(-1)
        kept = np.clip(given, KERAS_EPSILON, 1 - KERAS_EPSILON)
        losses = -np.log(np.where(world.truth == 1, kept, 1 - kept))
        return {"cross-entropy of logits taken as probabilities": losses}
    member = one_hot(world.truth, world.k)
    found = {}
    # Keras divides by the sum for one-hot labels; for codes it takes softmax of clipped logarithms.
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = raw / raw.sum(axis=1, keepdims=True)
    for name, values in (("divided by their sum", shares), ("clipped", raw)):
        kept = np.clip(values, KERAS_EPSILON, 1 - KERAS_EPSILON)
        losses = -np.log(kept)[member]
        if np.isfinite(losses).all():
            found[f"cross-entropy of logits taken as probabilities, {name}"] = losses
            again = kept / kept.sum(axis=1, keepdims=True)
            found[f"cross-entropy of logits taken as probabilities, {name}, softmax"] = -np.log(
                again
            )[member]
    return found


#: A clip that moves a loss by a smaller share cannot be told from another precision.
FAINT = 1e-4


def _clipping(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    (claim,) = evaluation.claims
    world = evidence.world(evaluation.split)
    if claim.metric not in _LOSSES or world.scores is None or world.truth.min(initial=0) < 0:
        return
    extra = _penalty(claim, world)
    kept: dict[float, list[str]] = {}
    means = world.keep("losses clipped", lambda: _means(_clipped(world)))
    for name, value in means.items():
        kept.setdefault(round(value + extra, 12), []).append(name)
    usual = declared(evidence, claim)
    for value, names in kept.items():
        if usual is None or abs(value - usual) > FAINT * abs(usual):
            said = names[0] if len(names) == 1 else names
            yield instead(evidence, evaluation, {claim: value}, clipped=said)


def _clipped(world: World) -> dict[str, Floats]:
    scores, truth = world.scores, world.truth
    assert scores is not None
    float32 = float(np.finfo(np.float32).eps)
    found = {
        f"within [{epsilon:g}, 1 - {epsilon:g}]": log_losses(truth, scores, epsilon=epsilon)
        for epsilon in (KERAS_EPSILON, 1e-8, 1e-12, 1e-15, float32, 2.220446049250313e-16)
    }
    found["within [1e-07, 1 - 1e-07] in float32, as Keras does"] = _in_float32(world)
    with np.errstate(divide="ignore"):  # a probability of 1 that is wrong costs without limit
        found["nowhere, as through logits"] = log_losses(truth, scores, epsilon=TINY)
    if scores.ndim == 1 or truth.ndim == 2:
        # Keras 2 adds its epsilon once more inside the logarithm.
        inside = np.clip(scores, KERAS_EPSILON, 1 - KERAS_EPSILON)
        own = np.where(truth == 1, inside, 1 - inside)
        rows = -np.log(own + KERAS_EPSILON)
        found["at 1e-7, and 1e-7 added inside the logarithm"] = (
            rows.mean(axis=1) if rows.ndim == 2 else rows
        )
        added = np.where(truth == 1, scores, 1 - scores)
        for epsilon in (1e-7, 1e-8):
            rows = -np.log(np.maximum(added, 0.0) + epsilon)
            found[f"nowhere, {epsilon:g} added inside the logarithm"] = (
                rows.mean(axis=1) if rows.ndim == 2 else rows
            )
    else:
        own = scores[np.arange(world.n), truth.astype(np.int64)]
        for epsilon in (1e-7, 1e-8):
            found[f"nowhere, {epsilon:g} added inside the logarithm"] = -np.log(own + epsilon)
    return {name: rows for name, rows in found.items() if np.isfinite(rows).all()}


def _in_float32(world: World) -> Floats:
    """Row losses of probabilities that Keras clips in float32.

    There 1 - 1e-7 is 1 - 1.19e-7, so that a sure and wrong row costs at most 16.118 where the
    probability is 0, and 15.942 where it is 1 in binary cross-entropy.
    """
    assert world.scores is not None
    epsilon, one = np.float32(KERAS_EPSILON), np.float32(1)
    kept = np.clip(world.scores.astype(np.float32), epsilon, one - epsilon)
    if kept.ndim == 1 or world.truth.ndim == 2:
        own = np.where(world.truth == 1, kept, one - kept)
    else:
        own = kept[np.arange(world.n), world.truth.astype(np.int64)]
    rows = -np.log(own.astype(np.float64))
    return np.asarray(rows.mean(axis=1) if rows.ndim == 2 else rows)


def _penalty_in_loss(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    (claim,) = evaluation.claims
    world = evidence.world(evaluation.split)
    value = declared(evidence, claim)
    if claim.metric not in (*_LOSSES, "mse", "mae") or world.penalty is None or value is None:
        return
    penalty = world.penalty()
    if penalty == 0:
        return
    shown = f"{penalty:.10g}"
    if claim.metric == "loss":
        yield instead(
            evidence, evaluation, {claim: value - penalty}, penalty=shown, reported="without it"
        )
    yield instead(evidence, evaluation, {claim: value + penalty}, penalty=shown, reported="with it")


HYPOTHESES = [
    Hypothesis(
        "from-logits",
        "The loss took probabilities as logits, so that softmax or sigmoid was applied twice, or "
        "it took logits as probabilities.",
        "cross-entropy of softmax(p), which is never under ln(1 + (K - 1) / e); or of logits "
        "clipped to 0 … 1",
        "Set `from_logits=True` if and only if the last layer has no softmax or sigmoid.",
        _from_logits,
        wrong="Dense(10, activation='softmax'); SparseCategoricalCrossentropy(from_logits=True)",
        right="Dense(10); SparseCategoricalCrossentropy(from_logits=True)",
        source="keras.losses.CategoricalCrossentropy: from_logits",
        scope="number",
        tasks=("binary", "multiclass", "multilabel"),
    ),
    Hypothesis(
        "loss-clipping",
        "Probabilities were kept from 0 and 1 at another place before the logarithm.",
        "-log(max(p, ε)): a row costs at most 16.118 with Keras's ε = 1e-7, 36.04 with "
        "scikit-learn's, and has no limit through logits",
        "Compare losses of one implementation, or compute them from logits.",
        _clipping,
        wrong="log_loss(y, p) beside model.evaluate(X, y)[0]",
        right="model.evaluate(X, y)[0]   # on both sides",
        source="keras.config.epsilon; scikit-learn, log_loss: clipped at the dtype's eps",
        scope="number",
        tasks=("binary", "multiclass", "multilabel"),
    ),
    Hypothesis(
        "penalty-in-loss",
        "One of the two losses holds the penalties of the layers, the other does not.",
        "loss = mean of row losses + Σ model.losses",
        "Compare losses without penalties: add the cross-entropy to `metrics=`.",
        _penalty_in_loss,
        wrong="model.evaluate(X, y)[0]   # told as cross-entropy",
        right="metrics=[keras.metrics.SparseCategoricalCrossentropy()]",
        source="keras.Layer.add_loss; kernel_regularizer",
        scope="number",
    ),
]
