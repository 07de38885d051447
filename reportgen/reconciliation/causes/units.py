"""Causes in which a number is right and stands in another unit, under another name, or cut off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits
from reportgen.reconciliation.causes.outputs import losses_of_others
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import (
    Candidate,
    Hypothesis,
    declared,
    instead,
    is_off,
    read_as,
)
from reportgen.reconciliation.world import World
from reportgen.statistics.assignment import assigned

_SHARES = (
    "accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc", "average_precision",
    "top_k_accuracy", "mcc", "r2",
)  # fmt: skip
_RATES = ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "top_k_accuracy")
_LOSSES = ("loss", "log_loss", "brier")


def _error_rate(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    (claim,) = evaluation.claims
    value = declared(evidence, claim)
    if value is not None and claim.metric in _RATES:
        yield instead(evidence, evaluation, {claim: 1 - value}, **{"is": f"1 - {claim.name}"})


def _percent(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    (claim,) = evaluation.claims
    value = declared(evidence, claim)
    if value is None or claim.metric not in _SHARES:
        return
    yield instead(evidence, evaluation, {claim: value * 100}, unit="percent without its sign")
    if claim.value.percent:
        yield instead(evidence, evaluation, {claim: value / 100}, unit="a fraction with a % sign")


def _loss_as_accuracy(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    (claim,) = evaluation.claims
    others = _LOSSES if claim.metric in _RATES else ("accuracy",)
    if claim.metric not in (*_RATES, *_LOSSES):
        return
    said = set()
    for metric in others:
        reading = Claim(metric, claim.value, claim.split, claim.origin)
        value = declared(evidence, reading)
        if value is None or round(value, 9) in said:
            continue
        said.add(round(value, 9))
        yield read_as(evidence, evaluation, {claim: reading}, **{"is": metric})


def _auc_of_labels(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """Areas under labels in place of scores: one step instead of a curve."""
    (claim,) = evaluation.claims
    world = evidence.world(evaluation.split)
    if claim.metric not in ("roc_auc", "average_precision") or world.labels is None:
        return
    other: Evidence = world.keep(
        "hard labels", lambda: evidence.seeing(evaluation.split, _hard(world))
    )
    candidate = instead(other, evaluation, {})
    hard = other.world(evaluation.split)
    yield replace(candidate, parameters={"scores": "hard labels"}, world=hard)


def _hard(world: World) -> World:
    """Labels in place of scores."""
    assert world.labels is not None
    if world.truth.ndim == 2:
        scores = world.labels.astype(np.float64)
    elif world.task == "binary":
        scores = (world.labels == 1).astype(np.float64)
    else:
        scores = (world.labels[:, None] == np.arange(world.k)).astype(np.float64)
    return replace(world, scores=scores)


def _renamed(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """Right values under wrong names: among the evaluation's own, or another quantity of it."""
    yield from losses_of_others(evidence, evaluation)
    off = [c for c in evaluation.claims if is_off(evidence, c) and c.metric not in _COUNTS]
    if not off:
        return
    yield from _permuted(evidence, evaluation, off)
    if len(off) == 1:
        yield from _another(evidence, evaluation, off[0])


_COUNTS = ("cell", "support")
#: Exchanges that have a cause of their own.
_OWN_CAUSE = (
    {"precision", "recall"},
    {"mse", "rmse"},
    {"accuracy", "loss"},
    {"accuracy", "balanced_accuracy"},
)


def _permuted(evidence: Evidence, evaluation: Evaluation, off: list[Claim]) -> Iterator[Candidate]:
    if not 2 <= len(off) <= 12 or {c.metric for c in off} in _OWN_CAUSE:
        return
    values = [declared(evidence, c) for c in off]
    known = np.array([np.nan if v is None else v for v in values])
    if not np.isfinite(known).all():
        return
    fitting = np.array([digits.same(known, c.value) for c in off])
    readings = {off[i]: off[j] for i, j in enumerate(assigned(~fitting).tolist())}
    if any(a.metric == b.metric and a.per_class != b.per_class for a, b in readings.items()):
        return  # classes exchanged: an order of labels, not of names
    moved = {a.name: b.name for a, b in readings.items() if a != b}
    if moved:
        yield read_as(evidence, evaluation, readings, **{"is": moved})


def _another(evidence: Evidence, evaluation: Evaluation, claim: Claim) -> Iterator[Candidate]:
    world = evidence.world(evaluation.split)
    if claim.per_class is not None or world.truth.ndim == 2:
        return
    average = "binary" if world.task == "binary" else "macro"
    averaged = ("precision", "recall", "f1", "roc_auc", "average_precision")
    names = (
        ("mse", "rmse", "mae", "r2")
        if world.task == "regression"
        else ("accuracy", *averaged, "mcc", "balanced_accuracy")
    )
    said = {_rounded(declared(evidence, claim))}
    for metric in names:
        if metric == claim.metric or {metric, claim.metric} in _OWN_CAUSE:
            continue
        if claim.metric in ("precision", "recall", "f1") and metric == "accuracy":
            continue  # an average: micro
        reading = replace(
            claim, metric=metric, average=average if metric in averaged else None, k=None
        )
        value = declared(evidence, reading)
        if value is None or _rounded(value) in said or _has_own_cause(claim, value, evidence):
            continue
        said.add(_rounded(value))
        yield read_as(evidence, evaluation, {claim: reading}, **{"is": reading.name})


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 10)


def _has_own_cause(claim: Claim, value: float, evidence: Evidence) -> bool:
    """Whether the value is an average, or an area of labels, which have causes of their own."""
    if claim.metric == "accuracy":
        recall = declared(evidence, replace(claim, metric="balanced_accuracy"))
        return recall is not None and abs(recall - value) < 1e-12
    if claim.metric == "roc_auc":
        recall = declared(evidence, replace(claim, metric="balanced_accuracy", average=None))
        return recall is not None and abs(recall - value) < 1e-12
    return False


def _rounding(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """The same number, otherwise cut to its digits."""
    (claim,) = evaluation.claims
    value = declared(evidence, claim)
    if value is None or digits.significant(claim.value) > digits.FLOAT32_DIGITS:
        return
    unit, exact = claim.value.ulp, Decimal(value)
    noise = Decimal("1e-12") * max(abs(exact), unit)
    down = (exact + noise) // unit * unit
    ways = {
        "cut off": down,
        "rounded up": -((-exact + noise) // unit) * unit,
        "rounded twice": _half_up(_half_up(exact, unit / 10), unit),
    }
    for more in (1, 2, 3):
        coarse = unit.scaleb(more)
        if abs(exact) >= coarse * 10:
            ways[f"printed with {more} more digit{'s' * (more > 1)} than it had"] = _half_up(
                exact, coarse
            )
    said = {_half_up(exact, unit)}
    for way, shown in ways.items():
        if shown not in said:
            said.add(shown)
            text = f"{value:.10g}"
            yield instead(
                evidence, evaluation, {claim: float(shown)}, **{"value": text, "way": way}
            )


def _half_up(value: Decimal, unit: Decimal) -> Decimal:
    sign = -1 if value < 0 else 1
    return sign * ((abs(value) + unit / 2) // unit * unit)


HYPOTHESES = [
    Hypothesis(
        "error-rate",
        "The share of wrong rows was told in place of the share of right ones.",
        "1 - value",
        "Tell the accuracy, or call the number an error rate.",
        _error_rate,
        wrong="np.mean(y_pred != y_true)   # told as accuracy",
        right="np.mean(y_pred == y_true)",
        scope="number",
        same_as=("label-order",),
    ),
    Hypothesis(
        "percent",
        "A percentage was told as a fraction, or the other way round.",
        "value · 100, or value / 100",
        "Write `91.3 %` or `unit: percent`, or the fraction 0.913.",
        _percent,
        wrong="value: 91.3",
        right="value: 91.3 %",
        scope="number",
    ),
    Hypothesis(
        "loss-as-accuracy",
        "The loss was told as the accuracy, or the accuracy as the loss.",
        "evaluate returns [loss, metrics…]: the first is the loss",
        "Take numbers by name: `evaluate(..., return_dict=True)`.",
        _loss_as_accuracy,
        wrong="accuracy = model.evaluate(X_test, y_test)[0]",
        right="accuracy = model.evaluate(X_test, y_test, return_dict=True)['accuracy']",
        source="keras.Model.evaluate: returns the loss first",
        scope="number",
        tasks=("binary", "multiclass", "multilabel"),
    ),
    Hypothesis(
        "auc-of-labels",
        "The area under the curve was computed from hard labels in place of scores.",
        "roc_auc of 0/1 answers: (sensitivity + specificity) / 2, the balanced accuracy in "
        "binary tasks",
        "Give the metric scores: `predict_proba(X)[:, 1]`, not `predict(X)`.",
        _auc_of_labels,
        wrong="roc_auc_score(y_test, model.predict(X_test))",
        right="roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])",
        source="scikit-learn, roc_auc_score: y_score are scores",
        scope="number",
        tasks=("binary", "multiclass", "multilabel"),
    ),
    Hypothesis(
        "metric-name-permuted",
        "The values are right and stand under each other's names.",
        "name i has the value of name j of the same evaluation",
        "Take numbers by name, not by position: names of compiled metrics do not always come in "
        "the order in which they were given.",
        _renamed,
        wrong="dict(zip(['loss', 'accuracy', 'auc'], model.evaluate(X, y)))",
        right="model.evaluate(X, y, return_dict=True)",
        source="keras#20244, keras#20596",
    ),
    Hypothesis(
        "rounding",
        "The number is right; it was cut off, rounded another way, or printed with more digits "
        "than it had been rounded to.",
        "floor(value · 10^d) / 10^d, or the value of fewer digits",
        "Round once, at the end: `f'{value:.4f}'`.",
        _rounding,
        wrong="int(accuracy * 1000) / 1000",
        right="round(accuracy, 3)",
        scope="number",
        at_most="info",
    ),
]
