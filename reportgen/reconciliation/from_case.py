"""The worlds of an audit: its splits and predictions as the evaluations that numbers are of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from reportgen.errors import ReportgenError
from reportgen.reconciliation.evidence import Evidence, Laboratory
from reportgen.reconciliation.quantities import Unknown
from reportgen.reconciliation.world import Floats, World

if TYPE_CHECKING:
    from reportgen.evidence import Case
    from reportgen.models.outputs import Predictions


def world_of(case: Case, split: str) -> World:
    """A split as the job declares it."""
    return seen(case, split, case.predict(split), _loss(case, split))


def seen(
    case: Case,
    split: str,
    predictions: Predictions,
    loss: Callable[[Floats | None], float] | None = None,
) -> World:
    """A split with these answers, the model's own or others."""
    rows = case.split(split)
    raw = predictions.raw
    # scikit-learn clips where the dtype it is given ends, and models give float32.
    limits = np.finfo(raw.dtype) if raw.dtype.kind == "f" else np.finfo(np.float64)
    decision = case.entry.decision
    return World(
        case.task,
        case.classes,
        case.dataset.positive,
        np.asarray(rows.y),
        labels=predictions.labels,
        scores=predictions.scores,
        values=predictions.values,
        raw=raw,
        weights=rows.weights,
        loss=loss,
        penalty=_penalty(case),
        otherwise=None if decision is None else decision.otherwise,
        resolution=float(limits.eps),
    )


def _loss(case: Case, split: str) -> Callable[[Floats | None], float] | None:
    compute: Callable[..., float] | None = getattr(case.predictor, "loss", None)
    if compute is None:
        return None

    def loss(weights: Floats | None) -> float:
        def measured() -> float | str:
            target = case.split(split).y
            try:
                return float(compute(case.inputs(split), target, sample_weight=weights))
            except ReportgenError as error:
                return error.problems[0].message

        own = case.split(split).weights
        if weights is None or weights is own:
            value = case.memo(("evaluated loss", split, weights is None), measured)
        else:
            value = measured()
        if isinstance(value, str):
            raise Unknown(value)
        return value

    return loss


def _penalty(case: Case) -> Callable[[], float] | None:
    """Σ model.losses of a Keras model; None where its layers add nothing."""
    if case.predictor.framework not in ("keras", "tf_keras"):
        return None
    terms = getattr(case.predictor.model, "losses", None)
    if not terms:
        return None
    total = float(sum(float(np.asarray(term)) for term in terms))
    return (lambda: total) if np.isfinite(total) and total != 0 else None


def evidence_of(case: Case, laboratory: Laboratory | None = None) -> Evidence:
    """What hypotheses read of an audit's case."""
    entry = case.entry
    threshold = 0.5 if entry.decision is None else entry.decision.threshold
    return Evidence(
        case.task,
        case.classes,
        case.dataset.positive,
        tuple(name for name in case.splits if case.split(name).n),
        lambda split: _kept(case, split),
        threshold=0.5 if threshold is None else threshold,
        batch_size=None if entry.training is None else entry.training.batch_size,
        history=case.history,
        stopping=None if entry.training is None else entry.training.early_stopping,
        class_weight=None if entry.training is None else entry.training.class_weight,
        laboratory=laboratory,
    )


def _kept(case: Case, split: str) -> World:
    found: World = case.memo(("world", split), lambda: world_of(case, split))
    return found
