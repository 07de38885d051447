"""The worlds of an audit: its splits and predictions as the evaluations that numbers are of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

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
    losses = losses_of(case.predictor, case, split, case.inputs)
    return seen(case, split, case.predict(split), losses)


#: Rows a batch of ``evaluate``, unless it is told otherwise.
EVALUATE_BATCH = 32


@dataclass(frozen=True)
class Losses:
    """What ``evaluate`` would say of a split: on average, of each row, and what layers add."""

    mean: Callable[[Floats | None], float] | None = None
    rows: Callable[[], Floats] | None = None
    penalty: Callable[[], float] | None = None


def seen(case: Case, split: str, predictions: Predictions, losses: Losses | None = None) -> World:
    """A split with these answers, the model's own or others."""
    rows = case.split(split)
    raw = predictions.raw
    # scikit-learn clips where the dtype it is given ends, and models give float32.
    limits = np.finfo(raw.dtype) if raw.dtype.kind == "f" else np.finfo(np.float64)
    decision = case.entry.decision
    losses = losses or Losses()
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
        loss=losses.mean,
        row_losses=losses.rows,
        penalty=losses.penalty,
        otherwise=None if decision is None else decision.otherwise,
        resolution=float(limits.eps),
    )


def losses_of(
    predictor: Any, case: Case, split: str, inputs: Callable[[str], Any]
) -> Losses | None:
    """The losses of a Keras model on the inputs of a split; None for other models.

    Each is computed when it is first asked for. Where it cannot be, the mean raises
    :class:`Unknown` with the reason, and the others are NaN.
    """
    if getattr(predictor, "loss", None) is None:
        return None
    if getattr(predictor, "stateful", False):
        raw = case.predict(split).raw if predictor is case.predictor else None
        return None if raw is None else losses_of_outputs(predictor, case, split, raw)
    if getattr(predictor, "head", None) is not None:
        return _of_one_output(predictor, case, split, inputs)
    if case.split(split).steps is not None:
        return losses_of_steps(predictor, case, split, inputs)
    target = case.split(split).y
    own = case.split(split).weights
    kept: dict[str, Any] = {}

    def once(name: str, compute: Callable[[], Any], failed: Any) -> Any:
        if name not in kept:
            try:
                kept[name] = compute()
            except ReportgenError:
                kept[name] = failed
        return kept[name]

    def mean(weights: Floats | None) -> float:
        key = "mean" if weights is None else "weighted mean"

        def computed() -> float | str:
            try:
                return float(predictor.loss(inputs(split), target, sample_weight=weights))
            except ReportgenError as error:
                return error.problems[0].message

        known = weights is None or weights is own
        value = once(key, computed, None) if known else computed()
        if isinstance(value, str):
            raise Unknown(value)
        return value

    def rows() -> Floats:
        nothing = np.full(case.split(split).n, np.nan)
        found: Floats = once("rows", lambda: predictor.row_losses(inputs(split), target), nothing)
        return found

    def penalty() -> float:
        return float(once("penalty", predictor.penalty, np.nan))

    whole = hasattr(predictor, "row_losses")
    return Losses(mean, rows if whole else None, penalty if whole else None)


def _of_one_output(predictor: Any, case: Case, split: str, inputs: Callable[[str], Any]) -> Losses:
    """The loss of one of several outputs as ``evaluate`` prints it beside that of all.

    Keras averages it over batches (of 32 rows, unless told otherwise), the last one counting as
    much as the others, and leaves penalties to the loss of all.
    """
    kept: dict[str, Any] = {}

    def rows() -> Floats:
        if "rows" not in kept:
            try:
                kept["rows"] = predictor.row_losses(inputs(split), case.split(split).y)
            except ReportgenError as error:
                kept["rows"] = error.problems[0].message
        if isinstance(kept["rows"], str):
            raise Unknown(kept["rows"])
        found: Floats = kept["rows"]
        return found

    def mean(weights: Floats | None) -> float:
        if weights is not None:
            raise Unknown("the weighted loss of one of several outputs is not computed")
        losses = rows()
        starts = np.arange(0, len(losses), EVALUATE_BATCH)
        sizes = np.diff(np.r_[starts, len(losses)])
        return float(np.mean(np.add.reduceat(losses, starts) / sizes))

    def known_rows() -> Floats:
        try:
            return rows()
        except Unknown:
            return np.full(case.split(split).n, np.nan)

    return Losses(mean, known_rows)


def losses_of_outputs(predictor: Any, case: Case, split: str, raw: np.ndarray) -> Losses | None:
    """The loss of outputs that a second evaluation would not give again."""
    compute: Callable[..., float] | None = getattr(predictor, "loss_of", None)
    if compute is None or case.split(split).steps is not None:
        return None

    def mean(weights: Any) -> float:
        if weights is not None:
            raise Unknown("the weighted loss of these outputs is not computed")
        try:
            return float(compute(raw, case.split(split).y))
        except ReportgenError as error:
            raise Unknown(error.problems[0].message) from None

    return Losses(mean)


def losses_of_steps(
    predictor: Any, case: Case, split: str, inputs: Callable[[str], Any], *, padded: bool = False
) -> Losses | None:
    """The losses of steps: of those that count, or of all.

    Where the network masks exactly the declared padding by itself, the mean is that of ``evaluate``
    as it is, a mean of batches of sequences; else it is the mean over steps.
    """
    steps = case.split(split).steps
    if steps is None or not hasattr(predictor, "step_losses"):
        return None
    kept: dict[str, Any] = {}

    def asked() -> tuple[Floats, Any] | str:
        try:
            found: tuple[Floats, Any] = predictor.step_losses(inputs(split), steps.truth)
            return found
        except ReportgenError as error:
            return error.problems[0].message

    def measured() -> tuple[Floats, Any]:
        if "steps" not in kept:
            own = predictor is case.predictor and inputs == case.inputs
            kept["steps"] = case.memo(("step losses", split), asked) if own else asked()
        if isinstance(kept["steps"], str):
            raise Unknown(kept["steps"])
        found: tuple[Floats, Any] = kept["steps"]
        return found

    def rows() -> Floats:
        losses, _ = measured()
        return losses.ravel() if padded else losses[steps.kept]

    def mean(weights: Floats | None) -> float:
        if weights is not None:
            raise Unknown("the weighted loss of steps is not computed")
        _, mask = measured()
        if not padded and mask is not None and np.array_equal(mask, steps.kept):
            if "mean" not in kept:
                kept["mean"] = predictor.masked_loss(inputs(split), steps.truth)
            return float(kept["mean"])
        return float(rows().mean()) + float(predictor.penalty())

    def known_rows() -> Floats:
        try:
            return rows()
        except Unknown:
            return np.full(steps.kept.size if padded else case.split(split).n, np.nan)

    return Losses(mean, known_rows, lambda: float(predictor.penalty()))


def evidence_of(case: Case, laboratory: Laboratory | None = None) -> Evidence:
    """What hypotheses read of an audit's case."""
    entry = case.entry
    padded = {
        name: int((~s.steps.kept).sum()) for name, s in case.dataset.splits.items() if s.steps
    }
    threshold = 0.5 if entry.decision is None else entry.decision.threshold
    return Evidence(
        case.task,
        case.classes,
        case.dataset.positive,
        tuple(name for name in case.splits if case.split(name).n),
        lambda split: kept_world(case, split),
        threshold=0.5 if threshold is None else threshold,
        # Where a row is a step, a batch is one of sequences: of no fixed number of rows.
        batch_size=None if entry.training is None or padded else entry.training.batch_size,
        history=case.history,
        stopping=None if entry.training is None else entry.training.early_stopping,
        class_weight=None if entry.training is None else entry.training.class_weight,
        laboratory=laboratory,
        padded=padded,
    )


def world_of_all(case: Case, split: str) -> World:
    """All rows of a split that is held in part: truth and answers, without weights and losses.

    Raises
    ------
    Unknown
        where they cannot be had.
    """
    try:
        truth, predictions = case.of_all_rows(split)
    except ReportgenError as error:
        raise Unknown(error.problems[0].message) from error
    return replace(seen(case, split, predictions), truth=truth, weights=None)


def kept_world(case: Case, split: str) -> World:
    """:func:`world_of`, computed once an audit."""
    found: World = case.memo(("world", split), lambda: world_of(case, split))
    return found
