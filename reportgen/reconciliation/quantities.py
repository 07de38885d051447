"""Any reported number computed from a world, as scikit-learn and Keras define it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from reportgen.job.claims import Claim
from reportgen.job.keypath import meant
from reportgen.job.rules.reported import metrics_of
from reportgen.reconciliation.areas import area, averaged_areas, kept
from reportgen.reconciliation.world import Floats, World
from reportgen.statistics import classification, losses, many_matrices, regression

OF_SCORES = ("roc_auc", "average_precision", "log_loss", "brier", "top_k_accuracy")


class Unknown(Exception):
    """Why a number cannot be computed from this world."""


def quantity(claim: Claim, world: World) -> float:
    """The number that is claimed.

    Raises
    ------
    Unknown
        with the reason when it cannot be computed.
    """
    value = _quantity(claim, world)
    if not np.isfinite(value):
        raise Unknown("it is not defined on these rows")
    return value


def possible(claim: Claim, world: World) -> float | None:
    """:func:`quantity`, or None where it cannot be computed."""
    try:
        return quantity(claim, world)
    except Unknown:
        return None


def of_labels(claim: Claim) -> bool:
    """Whether a number is one of labels alone, and so of the confusion matrix."""
    return claim.metric in LABEL_METRICS


LABEL_METRICS = (
    "accuracy", "balanced_accuracy", "mcc", "precision", "recall", "f1", "support", "cell",
)  # fmt: skip


def _quantity(claim: Claim, world: World) -> float:
    weights = _weights(claim, world)
    if claim.metric == "loss":
        if world.loss is None:
            raise Unknown("only a Keras model has the loss that evaluate returns")
        return world.loss(weights)
    counted = claim.metric in ("support", "cell") and world.task != "regression"
    known = counted or claim.metric in metrics_of(world.task)
    if not known:
        if claim.metric in {*metrics_of("regression"), *metrics_of("multiclass")}:
            raise Unknown(f"{claim.metric} is no metric of a {world.task} task")
        raise Unknown(f"{claim.metric} is a metric that this audit does not know")
    if world.task == "regression":
        if world.values is None:
            raise Unknown("the model gives no values")
        return _of_values(claim.metric, world.truth, world.values, weights)
    if claim.metric in OF_SCORES:
        if world.scores is None:
            raise Unknown("the model gives labels, and this needs scores")
        return _of_scores(claim, world, weights)
    if claim.metric == "support":
        return _support(claim, world, weights)
    if world.labels is None:
        raise Unknown("the model gives no labels")
    if world.truth.ndim == 2:
        return _of_label_sets(claim, world, weights)
    cells = world.matrix if weights is None else world.weighted_matrix
    return float(of_matrices(claim, cells, world))


def of_matrices(claim: Claim, cells: Floats, world: World) -> Any:
    """A number of labels from confusion matrices, (..., R, R) to (...).

    Raises
    ------
    Unknown
        when there is no such class.
    """
    if claim.metric == "accuracy":
        return many_matrices.accuracy(cells)
    if claim.metric == "balanced_accuracy":
        return many_matrices.balanced_accuracy(cells)
    if claim.metric == "mcc":
        return many_matrices.mcc(cells)
    if claim.metric == "support":
        truth = cells.sum(-1)
        return (
            truth.sum(-1) if claim.per_class is None else truth[..., code(claim.per_class, world)]
        )
    if claim.metric == "cell":
        return _cell(claim, cells, world)
    if claim.per_class is not None:
        return many_matrices.per_class(cells, claim.metric)[..., code(claim.per_class, world)]
    if claim.average == "binary":
        return many_matrices.per_class(cells, claim.metric)[..., positive(world)]
    if claim.average not in ("macro", "micro", "weighted"):
        raise Unknown(f"there is no {claim.average} average of single labels")
    return many_matrices.averaged(cells, claim.metric, claim.average)


def code(label: str | None, world: World) -> int:
    """The index of a class.

    Raises
    ------
    Unknown
        when there is no such class.
    """
    if label in world.classes:
        return world.classes.index(label)
    hint = meant(str(label), world.classes)
    raise Unknown(f"there is no class {label!r}" + (f"; {hint}" if hint else ""))


def positive(world: World) -> int:
    if world.positive is None:
        raise Unknown("the data set has no positive class")
    return world.positive


def _cell(claim: Claim, cells: Floats, world: World) -> Any:
    row, column = (cell_code(label, world) for label in (claim.per_class, claim.predicted))
    if max(row, column) >= cells.shape[-1]:
        return np.zeros(cells.shape[:-2])
    return cells[..., row, column]


def cell_code(label: str | None, world: World) -> int:
    """The index of a class, or of the label below a confidence threshold, which is no class."""
    if label is not None and label == world.otherwise and label not in world.classes:
        return world.k
    return code(label, world)


def _weights(claim: Claim, world: World) -> Floats | None:
    if not claim.weighted:
        return None
    if world.weights is None:
        raise Unknown(f"there are no weights for {claim.split}")
    return world.weights


def _support(claim: Claim, world: World, weights: Floats | None) -> float:
    truth = world.truth
    if claim.per_class is None:
        return float(truth.sum()) if truth.ndim == 2 else float(len(truth))
    k = code(claim.per_class, world)
    own = truth[:, k] == 1 if truth.ndim == 2 else truth == k
    return float(own.sum() if weights is None else weights[own].sum())


def _of_values(metric: str, truth: Any, values: Any, weights: Floats | None) -> float:
    compute: dict[str, Callable[..., float]] = {
        "mse": regression.mse,
        "rmse": regression.rmse,
        "mae": regression.mae,
        "r2": regression.r2,
    }
    return compute[metric](truth, values, weights)


def _of_label_sets(claim: Claim, world: World, weights: Floats | None) -> float:
    truth, labels = world.truth, world.labels
    assert labels is not None
    if claim.metric == "accuracy":
        return classification.accuracy(truth, labels, weights)
    if claim.metric not in ("precision", "recall", "f1"):
        raise Unknown(f"{claim.metric} is no metric of several labels a row")
    average = None if claim.per_class is not None else claim.average
    found = world.keep(
        ("label sets", average, weights is None),
        lambda: classification.precision_recall_f1(
            truth, labels, world.k, average, sample_weight=weights
        ),
    )
    value = getattr(found, claim.metric)
    return float(value if average is not None else value[code(claim.per_class, world)])


def _of_scores(claim: Claim, world: World, weights: Floats | None) -> float:
    truth, scores = world.truth, world.scores
    assert scores is not None
    known = truth >= 0 if truth.ndim == 1 else truth.min(axis=1, initial=0) >= 0
    if not known.all():
        raise Unknown("some rows have a label that is none of the classes")
    if claim.metric == "log_loss":
        loss = partial(losses.log_loss, truth, scores, weights, epsilon=world.resolution)
        return float(kept(world, weights, "log_loss", loss))
    if claim.metric == "brier":
        score = partial(losses.brier, truth, scores, weights)
        return float(kept(world, weights, "brier", score))
    if claim.metric == "top_k_accuracy":
        return classification.top_k_accuracy(truth, world.table, claim.k or 1, weights)
    if claim.per_class is not None or world.task == "binary":  # an average of two is that of one
        k = code(claim.per_class, world) if claim.per_class else positive(world)
        return area(claim.metric, k, world, weights)
    return averaged_areas(claim.metric, claim.average, world, weights)
