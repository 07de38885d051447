"""Causes in which Keras, or its name for a metric, means another function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits, keras_auc
from reportgen.reconciliation.areas import area, area_of_cells, members
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, declared, instead, read_as
from reportgen.reconciliation.quantities import positive
from reportgen.reconciliation.row_losses import one_hot
from reportgen.reconciliation.world import World

_CLASSWISE = ("precision", "recall", "f1")


def _binary_accuracy(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """Cells of the one-hot table that are on the right side of 0.5."""
    (claim,) = evaluation.claims
    world = evidence.world(evaluation.split)
    if claim.metric != "accuracy" or world.labels is None or world.truth.ndim != 1:
        return
    member = one_hot(world.truth, world.k)
    if world.scores is not None:
        value = float(((world.table > 0.5) == member).mean())
        yield instead(evidence, evaluation, {claim: value}, cells="scores > 0.5")
    hard = float((one_hot(world.labels, world.k) == member).mean())
    yield instead(evidence, evaluation, {claim: hard}, cells="one-hot labels")
    raw = world.raw
    if raw is not None and raw.shape == member.shape and raw.min(initial=0) < 0:
        value = float(((raw > 0.5) == member).mean())
        yield instead(evidence, evaluation, {claim: value}, cells="logits > 0.5")


def _multilabel(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    (claim,) = evaluation.claims
    world = evidence.world(evaluation.split)
    if claim.metric != "accuracy" or world.truth.ndim != 2 or world.labels is None:
        return
    truth, labels = world.truth == 1, world.labels == 1
    if world.scores is not None:
        value = float((truth.argmax(1) == world.scores.argmax(1)).mean())
        yield instead(evidence, evaluation, {claim: value}, **{"is": "argmax of both"})
        own = truth[np.arange(world.n), world.scores.argmax(1)]
        yield instead(
            evidence, evaluation, {claim: float(own.mean())}, **{"is": "highest score is a label"}
        )
    yield instead(
        evidence, evaluation, {claim: float((truth == labels).mean())}, **{"is": "mean over cells"}
    )
    both, either = (truth & labels).sum(1), (truth | labels).sum(1)
    overlap = np.divide(both, either, out=np.ones(world.n), where=either > 0)
    yield instead(
        evidence, evaluation, {claim: float(overlap.mean())}, **{"is": "overlap of label sets"}
    )


def _top_k(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    (claim,) = evaluation.claims
    world = evidence.world(evaluation.split)
    if claim.metric not in ("accuracy", "top_k_accuracy") or world.k < 3:
        return
    own = claim.k if claim.metric == "top_k_accuracy" else 1
    ks = [k for k in (1, 2, 3, 4, 5, 10) if k != own and k < world.k]
    for k in ks:
        reading = replace(claim, metric="top_k_accuracy", average=None, k=k)
        yield read_as(evidence, evaluation, {claim: reading}, k=k)


def _re_resolved(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """What Keras's accuracies give when they meet labels of another shape."""
    (claim,) = evaluation.claims
    world = evidence.world(evaluation.split)
    if claim.metric != "accuracy" or world.truth.ndim != 1 or world.labels is None:
        return
    zero = float((world.labels == 0).mean())
    truth_zero = float((world.truth == 0).mean())
    ways = {"categorical accuracy of integer labels: the share given class 0": zero}
    if world.task == "binary":
        ways = {
            "sparse categorical accuracy of one column: the share of class 0": truth_zero,
            "categorical accuracy of one column: always right": 1.0,
        }
        if world.raw is not None and world.raw.ndim == 2 and world.raw.shape[1] == 2:
            ways["categorical accuracy of integer labels: the share given class 0"] = zero
    elif world.scores is not None:
        over = world.scores > 0.5
        ways["binary accuracy of integer labels against every output"] = float(
            (over == world.truth[:, None]).mean()
        )
    own = declared(evidence, claim)
    for name, value in ways.items():
        if own is None or abs(own - value) > 1e-12:
            yield instead(evidence, evaluation, {claim: value}, **{"is": name})


def _softmax_threshold(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """Keras's Precision and Recall: all outputs at once, each above 0.5 or not."""
    world = evidence.world(evaluation.split)
    if world.scores is None or world.truth.ndim != 1:
        return
    changed = _over_half(evaluation, world)
    if changed:
        yield instead(evidence, evaluation, changed, counted="all outputs above 0.5")


def _over_half(evaluation: Evaluation, world: World) -> dict[Claim, float | None]:
    over, member = world.table > 0.5, one_hot(world.truth, world.k)
    hits, given = int((over & member).sum()), int(over.sum())
    ways = {
        "precision": hits / given if given else 0.0,
        "recall": hits / world.n,
        "f1": 2 * hits / (given + world.n),
    }
    return {
        c: ways[c.metric]
        for c in evaluation.claims
        if c.metric in _CLASSWISE and c.per_class is None and not c.weighted
    }


def _buckets(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    (claim,) = evaluation.claims
    world = evidence.world(evaluation.split)
    if claim.metric not in ("roc_auc", "average_precision") or world.scores is None:
        return
    own = declared(evidence, claim)
    said: set[float] = {round(own, 12)} if own is not None else set()
    for which, ways in _other_areas(claim, world).items():
        for name, value in ways.items():
            if np.isfinite(value) and round(value, 12) not in said:
                said.add(round(value, 12))
                keras = name.startswith("Keras")  # which adds up in float32
                shown = digits.as_float32(value, claim.value) if keras else value
                yield instead(evidence, evaluation, {claim: shown}, area=name, of=which)


def _other_areas(claim: Claim, world: World) -> dict[str, dict[str, float]]:
    """Areas by which columns are counted together, and how."""
    curve = "ROC" if claim.metric == "roc_auc" else "PR"
    if world.task == "binary" or claim.per_class is not None:
        if claim.per_class is not None and claim.per_class not in world.classes:
            return {}
        one = world.task != "binary"
        k = world.classes.index(claim.per_class) if one else positive(world)
        ways = {"one class" if one else "one column": _areas(world, curve, (k,))}
        if curve == "PR":
            next(iter(ways.values()))["trapezia"] = area("trapezia", k, world)
        return ways
    every = tuple(range(world.k))
    cells = _areas(world, curve, every, together=True)
    each = _areas(world, curve, every)
    if curve == "PR":
        cells["trapezia"] = area_of_cells("trapezia", world)
        each["trapezia"] = float(np.mean([area("trapezia", k, world) for k in every]))
    else:
        cells["all cells, exact"] = area_of_cells("roc_auc", world)
    return {"all outputs together": cells, "mean over outputs": each}


def _areas(
    world: World, curve: str, columns: tuple[int, ...], *, together: bool = False
) -> dict[str, float]:
    def computed() -> dict[str, float]:
        counts = [world.keep(("counts", k), partial(_counted, world, k)) for k in columns]
        return keras_auc.areas([keras_auc.together(counts)] if together else counts, curve)

    return dict(world.keep(("areas of buckets", curve, columns, together), computed))


def _counted(world: World, k: int) -> keras_auc.Column:
    return keras_auc.column(members(world, k), world.table[:, k])


HYPOTHESES = [
    Hypothesis(
        "one-hot-binary-accuracy",
        "The accuracy is that of the cells of a one-hot table: every class that was rightly not "
        "chosen counts too.",
        "the share of cells (row, class) on the right side of 0.5: about 1 - 2(1 - a) / K",
        "Use `CategoricalAccuracy`, or `SparseCategoricalAccuracy` for integer labels.",
        _binary_accuracy,
        wrong="model.compile(loss='categorical_crossentropy', metrics=['binary_accuracy'])",
        right="model.compile(loss='categorical_crossentropy', metrics=['categorical_accuracy'])",
        source="keras.metrics.BinaryAccuracy",
        scope="number",
        tasks=("multiclass",),
    ),
    Hypothesis(
        "multilabel-argmax",
        "The accuracy of label sets is another one than exact match: by the highest score, or "
        "over single labels.",
        "the share of rows with argmax(y) = argmax(p), or the share of right cells, or of overlap",
        "Say which accuracy it is; for single labels name it `BinaryAccuracy`.",
        _multilabel,
        wrong="model.compile(loss='binary_crossentropy', metrics=['accuracy'])",
        right="model.compile(loss='binary_crossentropy', metrics=[keras.metrics.BinaryAccuracy()])",
        source="Keras resolves 'accuracy' from shapes: several outputs are categorical",
        scope="number",
        tasks=("multilabel",),
    ),
    Hypothesis(
        "top-k",
        "The accuracy counts a row as right when its class is among the k highest scores.",
        "the share of rows whose class has one of the k highest scores",
        "Call it top-k accuracy and say k.",
        _top_k,
        wrong="metrics=['sparse_top_k_categorical_accuracy']   # told as accuracy",
        right="metrics=['sparse_categorical_accuracy']",
        source="keras.metrics.TopKCategoricalAccuracy: k = 5",
        scope="number",
        tasks=("multiclass",),
    ),
    Hypothesis(
        "metric-re-resolved-on-load",
        "'accuracy' became another function than in training when the model was loaded.",
        "with integer labels categorical accuracy is the share of rows that are given class 0",
        "Compile with the metric's class, not with the text 'accuracy'; after loading compile "
        "again.",
        _re_resolved,
        wrong="model.compile(metrics=['accuracy']); load_model(path).evaluate(X, y)",
        right="model.compile(metrics=[keras.metrics.SparseCategoricalAccuracy(name='accuracy')])",
        source="tensorflow#41958, tensorflow#42459, keras#16023",
        scope="number",
        tasks=("binary", "multiclass"),
    ),
    Hypothesis(
        "threshold-on-softmax",
        "Precision and recall count every output above 0.5 of all classes together, as Keras does "
        "with a softmax.",
        "cells with p > 0.5: hits / cells above 0.5, and hits / rows",
        "Take the argmax first, or give the metric one class: `Precision(class_id=…)`.",
        _softmax_threshold,
        wrong="metrics=[keras.metrics.Precision(), keras.metrics.Recall()]   # on a softmax",
        right="classification_report(y_true, model.predict(X).argmax(axis=1))",
        source="keras.metrics.Precision: thresholds = 0.5 on every output",
        tasks=("multiclass",),
    ),
    Hypothesis(
        "auc-buckets",
        "The area was computed from 200 thresholds, as Keras does, or by another rule between the "
        "points of the curve.",
        "trapezia between the points at thresholds i / 199; for PR curves Keras's interpolation, "
        "or trapezia, in place of steps",
        "Use `roc_auc_score` and `average_precision_score`, or more thresholds: "
        "`AUC(num_thresholds=10_000)`.",
        _buckets,
        wrong="keras.metrics.AUC()",
        right="sklearn.metrics.roc_auc_score(y_true, y_score)",
        source="keras.metrics.AUC: num_thresholds = 200; Davis and Goadrich 2006",
        scope="number",
        tasks=("binary", "multiclass", "multilabel"),
    ),
]
