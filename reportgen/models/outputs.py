"""Raw outputs of a model become probabilities, labels or values in the data set's terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.errors import ModelError, Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reportgen.data.table import Dataset
    from reportgen.job.schema import Decision
    from reportgen.models.predictor import Output

#: A row of probabilities may miss 1 by this much: float16 and rounding to three decimals.
SUM_TOLERANCE = 5e-3
#: A probability may leave 0-1 by this much before it is called something else.
RANGE_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Predictions:
    """A model's answers for n rows, in the data set's terms.

    Attributes
    ----------
    raw : what the model gave, untouched.
    scores : float64 probabilities. Binary: shape (n,), P(classes[1]). Multiclass: (n, K).
        Multilabel: (n, K), each on its own. None for regression and label outputs.
    labels : int64 class codes of shape (n,) under the declared decision; K stands for an
        ``otherwise`` label that is not one of the classes; -1 for a predicted label that is none.
        Multilabel: int8 of shape (n, K). None for regression.
    values : float64, shape (n,) or (n, T), regression only.
    notes : what was done to the numbers, in words ("rows do not sum to 1; divided by their sum").
    """

    raw: np.ndarray
    scores: np.ndarray | None = None
    labels: np.ndarray | None = None
    values: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        return len(self.raw)

    @property
    def epsilon(self) -> float:
        """Where log loss clips these probabilities, as scikit-learn does.

        The least step of the float type that the model gave: in float32 a probability of 1 stands
        for all above 1 - 6e-8, and is no certainty of 36 nats.
        """
        kind = self.raw.dtype if self.raw.dtype.kind == "f" else np.dtype(np.float64)
        return float(np.finfo(kind).eps)


def interpret(
    raw: np.ndarray,
    output: Output,
    dataset: Dataset,
    decision: Decision | None,
    *,
    split_name: str,
) -> Predictions:
    """Raw outputs of a split in the data set's terms.

    One column is P(classes[1]) whichever class is positive. Logits become probabilities in
    float64. A label is positive when the positive class's score is above the threshold;
    otherwise, and for two columns without a declared threshold, the class with the highest score
    is the label.

    Parameters
    ----------
    raw : shape (n,), (n, 1) or (n, K).
    output : what the numbers mean.
    decision : how scores become labels; None for 0.5 (binary, multilabel) or the highest.

    Raises
    ------
    ModelError
        if numbers are not finite, the columns do not match the classes, or labels are unknown.
    """
    raw = np.asarray(raw)
    columns = np.squeeze(raw, axis=1) if raw.ndim == 2 and raw.shape[1] == 1 else raw
    if raw.ndim == 0 or raw.ndim > 2:
        raise _shape_error(raw, dataset, split_name)
    require_finite(raw, dataset, split_name)
    if dataset.task == "regression":
        return Predictions(raw, values=_values(columns, dataset, split_name))
    if output.kind == "label":
        labels, notes = _given_labels(columns, dataset, decision, split_name)
        return Predictions(raw, labels=labels, notes=notes)
    if columns.dtype.kind not in "fiub":
        raise ModelError(
            Problem(
                f"the model's output is said to be a {output.kind}, but it is not numbers",
                got=f"{columns.ravel()[0]!r} in the first row of {split_name}",
                advice="Write `output: label` in the job if it gives labels.",
            )
        )
    scores, notes = _scores(columns, output, dataset, split_name)
    return Predictions(
        raw, scores=scores, labels=_decide(scores, columns, output, dataset, decision), notes=notes
    )


def require_finite(raw: np.ndarray, dataset: Dataset, split_name: str) -> None:
    """Raises a ModelError with count and first row when a prediction is NaN or infinite."""
    if raw.dtype.kind != "f":
        return
    bad = ~np.isfinite(raw)
    if not bad.any():
        return
    rows = np.flatnonzero(bad.reshape(len(raw), -1).any(axis=1))
    split = dataset.splits.get(split_name)
    first = int(rows[0])
    at = int(split.rows[first]) if split is not None and first < len(split.rows) else first
    what = "NaN" if np.isnan(raw.reshape(len(raw), -1)[first]).any() else "infinite"
    raise ModelError(
        Problem(
            f"{len(rows):,} of {len(raw):,} predictions on {split_name} are not finite",
            file=split.source if split is not None else None,
            row=at,
            expected="finite numbers",
            got=what,
            advice="Look for missing or extreme values in that row's inputs, "
            "or for weights that training has driven to NaN.",
        )
    )


def sigmoid(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + exp(-z)) without overflow."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def softmax(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of exp(z) over their sum, without overflow."""
    shifted = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _scores(
    columns: np.ndarray, output: Output, dataset: Dataset, split_name: str
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    numbers = np.asarray(columns, dtype=np.float64)
    k = len(dataset.classes)
    single = numbers.ndim == 1
    if dataset.task == "multilabel":
        numbers = numbers.reshape(len(numbers), -1)
    if dataset.task == "binary" and not single and numbers.shape[1] != 2:
        raise _shape_error(columns, dataset, split_name)
    if dataset.task != "binary" and (numbers.ndim == 1 or numbers.shape[1] != k):
        raise _shape_error(columns, dataset, split_name)
    if output.kind == "logit":
        if dataset.task == "multilabel" or single:
            return sigmoid(numbers), ()
        probabilities = softmax(numbers)
        return (probabilities[:, 1] if dataset.task == "binary" else probabilities), ()
    numbers, notes = _within_range(numbers)
    if dataset.task == "multilabel" or single:
        return numbers, notes
    sums = numbers.sum(axis=1)
    if len(sums) and np.abs(sums - 1).max() > SUM_TOLERANCE:
        numbers = np.divide(
            numbers, sums[:, None], out=np.full_like(numbers, 1 / k), where=sums[:, None] > 0
        )
        notes += (
            f"rows do not sum to 1 (from {sums.min():.3g} to {sums.max():.3g} on {split_name}): "
            "divided by their sum",
        )
    return (numbers[:, 1] if dataset.task == "binary" else numbers), notes


def _within_range(
    numbers: NDArray[np.float64],
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    if not numbers.size:
        return numbers, ()
    low, high = float(numbers.min()), float(numbers.max())
    if low >= 0 and high <= 1:
        return numbers, ()
    notes: tuple[str, ...] = ()
    if low < -RANGE_TOLERANCE or high > 1 + RANGE_TOLERANCE:
        notes = (f"values from {low:.3g} to {high:.3g} are cut to 0–1",)
    return np.clip(numbers, 0.0, 1.0), notes


def _decide(
    scores: NDArray[np.float64],
    columns: np.ndarray,
    output: Output,
    dataset: Dataset,
    decision: Decision | None,
) -> np.ndarray:
    threshold = None if decision is None else decision.threshold
    otherwise = None if decision is None else decision.otherwise
    if dataset.task == "multilabel":
        return (scores > _limit(threshold, columns, output)).astype(np.int8)
    table = np.column_stack([1.0 - scores, scores]) if scores.ndim == 1 else scores
    if otherwise is not None:
        limit = 0.5 if threshold is None else _limit(threshold, columns, output)
        best = table.argmax(axis=1)
        sure = table[np.arange(len(table)), best] > limit
        return np.where(sure, best, _code(otherwise, dataset)).astype(np.int64)
    undeclared = threshold is None and not (decision is not None and decision.argmax)
    if dataset.task == "binary" and undeclared and columns.ndim == 2:
        # As the estimator's own `predict` has it: of two that are equal, the first.
        return np.asarray(columns.argmax(axis=1), dtype=np.int64)
    if dataset.task == "binary" and not (decision is not None and decision.argmax):
        positive = 1 if dataset.positive is None else dataset.positive
        above = table[:, positive] > _limit(threshold, columns, output)
        return np.where(above, positive, 1 - positive).astype(np.int64)
    if threshold is not None and dataset.task == "multiclass":
        raise ModelError(
            Problem(
                "a threshold alone does not decide between several classes",
                expected="{threshold: 0.8, otherwise: LABEL} or {argmax: true}",
                advice="Say under `decision:` which label the rows below the threshold get.",
            )
        )
    best_class: np.ndarray = table.argmax(axis=1)
    return best_class.astype(np.int64)


def _limit(threshold: float | None, columns: np.ndarray, output: Output) -> float:
    """The threshold in the precision of the model's own numbers: float32 0.8 is not above 0.8."""
    value = 0.5 if threshold is None else threshold
    if output.kind != "logit" and columns.dtype.kind == "f":
        return float(columns.dtype.type(value))
    return value


def _code(label: str, dataset: Dataset) -> int:
    from reportgen.data.labels import encode

    code = int(encode([label], dataset.classes)[0])
    return len(dataset.classes) if code < 0 else code


def _given_labels(
    columns: np.ndarray, dataset: Dataset, decision: Decision | None, split_name: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    k = len(dataset.classes)
    if dataset.task == "multilabel":
        table = columns.reshape(len(columns), -1)
        if table.shape[1] != k:
            raise _shape_error(columns, dataset, split_name)
        return (table.astype(np.float64) > 0.5).astype(np.int8), ()
    if columns.ndim == 2:
        if columns.shape[1] == k and columns.dtype.kind in "fiub":
            return columns.argmax(axis=1).astype(np.int64), ("one-hot labels are taken as such",)
        raise _shape_error(columns, dataset, split_name)
    return label_codes(columns, dataset, split_name, None if decision is None else decision)


def label_codes(
    labels: np.ndarray, dataset: Dataset, split_name: str, decision: Decision | None = None
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Class codes of predicted labels, and notes.

    Labels are compared as canonical text. Where none of them is a class but all are 0 … K−1,
    they are taken as positions, with a note.

    Raises
    ------
    ModelError
        if none is a class.
    """
    from reportgen.data.labels import encode, label_text

    k = len(dataset.classes)
    codes = encode(labels, dataset.classes)
    if decision is not None and decision.otherwise is not None:
        extra = label_text([decision.otherwise])[0]
        codes = np.where((codes < 0) & (label_text(labels) == extra), k, codes)
    unknown = codes < 0
    if not len(codes) or not unknown.any():
        return codes, ()
    if unknown.all():
        positions = _positions(labels, k)
        if positions is not None:
            return positions, (
                "predicted labels are numbers, taken as positions in the list of classes",
            )
    strange = sorted({str(t) for t in label_text(np.asarray(labels)[unknown][:1000])})[:5]
    if unknown.all():
        raise ModelError(
            Problem(
                f"none of the labels predicted on {split_name} is a class of the data set",
                expected=", ".join(dataset.classes[:8]),
                got=", ".join(strange),
            )
        )
    return codes, (
        f"{int(unknown.sum()):,} labels predicted on {split_name} are no class of the data set "
        f"({', '.join(strange)}): counted as wrong",
    )


def _positions(labels: np.ndarray, k: int) -> NDArray[np.int64] | None:
    try:
        numbers = np.asarray(labels, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    whole = np.isfinite(numbers) & (numbers == np.round(numbers))
    if not (whole & (numbers >= 0) & (numbers < k)).all():
        return None
    return numbers.astype(np.int64)


def _values(columns: np.ndarray, dataset: Dataset, split_name: str) -> NDArray[np.float64]:
    try:
        values = np.asarray(columns, dtype=np.float64)
    except (TypeError, ValueError):
        raise ModelError(
            Problem(
                "a regression model must give numbers",
                got=f"{np.ravel(columns)[0]!r} in the first row of {split_name}",
            )
        ) from None
    require_finite(values, dataset, split_name)
    split = dataset.splits.get(split_name)
    y = None if split is None else split.y
    targets = (len(dataset.target) if y is None else (1 if y.ndim == 1 else int(y.shape[1]))) or 1
    given = 1 if values.ndim == 1 else values.shape[1]
    if given != targets:
        raise ModelError(
            Problem(
                f"the model gives {given} {'column' if given == 1 else 'columns'}, but the data "
                f"set has {targets} {'target' if targets == 1 else 'targets'}",
                expected=", ".join(dataset.target) or f"{targets} columns",
                got=f"predictions of shape {columns.shape}",
            )
        )
    return values if y is None or y.ndim == 1 else values.reshape(len(values), -1)


def _shape_error(columns: np.ndarray, dataset: Dataset, split_name: str) -> ModelError:
    k = len(dataset.classes)
    given = 1 if columns.ndim == 1 else columns.shape[-1]
    noun = "labels" if dataset.task == "multilabel" else "classes"
    advice = "Write the classes in the order of the model's outputs under `classes:`."
    if dataset.task == "regression":
        noun, k, advice = "targets", max(len(dataset.target), 1), "Is the task regression?"
    elif columns.ndim > 2:
        advice = "Outputs per time step or per pixel are not supported."
    elif given == 1 and dataset.task == "multiclass":
        advice = "If the column holds labels, write `output: label` in the job."
    shown = ", ".join(dataset.classes[:8]) + (" …" if k > 8 else "")
    return ModelError(
        Problem(
            f"the model gives {given} {'column' if given == 1 else 'columns'}, but the data set "
            f"has {k} {noun}" + (f" ({shown})" if dataset.classes else ""),
            expected="1 or 2 columns" if dataset.task == "binary" else f"{k} columns",
            got=f"predictions of shape {columns.shape} on {split_name}",
            advice=advice,
        )
    )
