"""Each reported number beside the one that this model, on this data, gives for the same quantity.

Nothing is explained here; where a number cannot be computed again, that is said in words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from reportgen.errors import ReportgenError
from reportgen.job.claims import Claim
from reportgen.job.keypath import meant
from reportgen.job.printed import Printed
from reportgen.job.reported import claims
from reportgen.job.rules.reported import metrics_of
from reportgen.results import Restated

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from reportgen.evidence import Case
    from reportgen.job.schema import Job

#: A report or matrix with more numbers than this is shown as those that differ, and a count.
MOST_LISTED = 24
MOST_DIFFERING = 12
FLOAT32_DIGITS = 7
RUNNING = (
    "printed by fit for train: a mean over the epoch while the weights moved, "
    "so that it need not come out"
)
KERAS_AUC = "Keras sums AUC over 200 thresholds; this is the exact area"


class _Unknown(Exception):
    """Why a number cannot be computed again."""


def restate(case: Case, job: Job) -> tuple[Restated, ...]:
    """The reported numbers of a model with what they are.

    Single numbers of the job come first, in its order, then those of files and matrices. A file
    or matrix with many numbers is shown as those that differ and the count of all.

    Raises
    ------
    DataError
        when a reported file cannot be read.
    """
    reported = claims(job, case.entry, case.task, case.classes)
    rows: list[Restated] = [_restated(c, case) for c in reported if c.form == "number"]
    for source in dict.fromkeys(c.source for c in reported if c.form != "number"):
        listed = [c for c in reported if c.source == source]
        listed.sort(key=lambda c: _WEIGHT.get(c.metric, 0))
        rows += _condensed([_restated(c, case) for c in listed], listed)
    return tuple(rows)


_WEIGHT = {"accuracy": -1, "support": 1, "cell": 1}


def prints_same(value: float, printed: Printed) -> bool:
    """Whether a value, rounded to the printed digits, gives the printed number.

    Half a unit of the last digit either way; a truncated number does not agree. More than seven
    significant digits are those of a float32, and both are compared as such.
    """
    import numpy as np

    if not np.isfinite(value):
        return False
    digits = len(Decimal(printed.text).as_tuple().digits)
    if digits > FLOAT32_DIGITS:
        return bool(np.float32(value) == np.float32(float(printed)))
    # The value carries the rounding of its own sums; a tie is a tie all the same.
    noise = Decimal(8 * float(np.spacing(abs(value) or 1e-300)))
    return abs(Decimal(value) - printed.decimal) <= printed.ulp / 2 + noise


def _restated(claim: Claim, case: Case) -> Restated:
    row = Restated(metric=claim.name, split=claim.split, reported=str(claim.value))
    try:
        value = _recomputed(claim, case)
    except _Unknown as why:
        return row.model_copy(update={"reason": str(why)})
    agrees: bool | None = prints_same(value, claim.value)
    reason: str | None = None
    if not agrees and claim.running:
        agrees, reason = None, RUNNING
    elif not agrees and claim.form == "log" and claim.metric == "roc_auc":
        agrees, reason = None, KERAS_AUC
    return row.model_copy(update={"recomputed": value, "agrees": agrees, "reason": reason})


def _condensed(rows: Sequence[Restated], listed: Sequence[Claim]) -> list[Restated]:
    if len(rows) <= MOST_LISTED:
        return list(rows)
    differing = [r for r in rows if r.agrees is False]
    kept = [r for r, c in zip(rows, listed, strict=True) if c.per_class is None]
    kept += [r for r in differing if r not in kept][:MOST_DIFFERING]
    origin = listed[0].origin.rpartition(".confusion_matrix")[0]
    name = "cells" if origin else f"numbers of {listed[0].origin.rpartition(':')[0]}"
    same = sum(r.agrees is True for r in rows)
    unknown = sum(r.agrees is None for r in rows)
    reason = f"{len(differing)} of {len(rows)} differ" if differing else None
    if unknown:
        reason = f"{reason + '; ' if reason else ''}{unknown} cannot be computed again"
    whole = Restated(
        metric=f"{name} that agree",
        split=listed[0].split,
        reported=str(len(rows)),
        recomputed=float(same),
        agrees=False if differing else (None if unknown else True),
        reason=reason,
    )
    return [*kept, whole]


def _recomputed(claim: Claim, case: Case) -> float:
    """The number that is claimed, computed from the evidence.

    Raises
    ------
    _Unknown
        with the reason when it cannot be computed.
    """
    import numpy as np

    split = _split(claim, case)
    weights = _weights(claim, case)
    if claim.metric == "loss":
        return _loss(case, claim.split, weights)
    if claim.metric == "support":
        return _support(claim, case, weights)
    if claim.metric != "cell" and claim.metric not in metrics_of(case.task):
        if claim.metric in {*metrics_of("regression"), *metrics_of("multiclass")}:
            raise _Unknown(f"{claim.metric} is no metric of a {case.task} task")
        raise _Unknown(f"{claim.metric} is a metric that this audit does not know")
    predictions = case.predict(claim.split)
    truth = np.asarray(split.y)
    if case.task == "regression":
        if predictions.values is None:
            raise _Unknown("the model gives no values")
        value = _of_values(claim.metric, truth, predictions.values, weights)
    elif claim.metric in ("roc_auc", "average_precision", "log_loss", "brier", "top_k_accuracy"):
        if predictions.scores is None:
            raise _Unknown("the model gives labels, and this needs scores")
        value = _of_scores(claim, case, truth, predictions.scores, weights)
    else:
        if predictions.labels is None:
            raise _Unknown("the model gives no labels")
        value = _of_labels(claim, case, truth, predictions.labels, weights)
    if not np.isfinite(value):
        raise _Unknown("it is not defined on these rows")
    return float(value)


def _split(claim: Claim, case: Case) -> Any:
    if claim.split not in case.dataset.splits:
        raise _Unknown(f"there is no {claim.split} split")
    if claim.split not in case.splits:
        missing = case.split(claim.split).y is None
        what = "no labels" if missing else "no predictions"
        raise _Unknown(f"there are {what} for {claim.split}")
    split = case.split(claim.split)
    if split.n == 0:
        raise _Unknown(f"the {claim.split} split has no rows")
    return split


def _weights(claim: Claim, case: Case) -> NDArray[np.float64] | None:
    if not claim.weighted:
        return None
    weights = case.split(claim.split).weights
    if weights is None:
        raise _Unknown(f"there are no weights for {claim.split}")
    return weights


def _class(label: str | None, case: Case) -> int:
    if label in case.classes:
        return case.classes.index(label)
    hint = meant(str(label), case.classes)
    raise _Unknown(f"there is no class {label!r}" + (f"; {hint}" if hint else ""))


def _loss(case: Case, name: str, weights: NDArray[np.float64] | None) -> float:
    compute: Callable[..., float] | None = getattr(case.predictor, "loss", None)
    if compute is None:
        raise _Unknown("only a Keras model has the loss that evaluate returns")
    split = case.split(name)

    def measured() -> float | str:
        try:
            return float(compute(case.inputs(name), split.y, sample_weight=weights))
        except ReportgenError as error:
            return error.problems[0].message

    value = case.memo(("restated loss", name, weights is None), measured)
    if isinstance(value, str):
        raise _Unknown(value)
    return value


def _support(claim: Claim, case: Case, weights: NDArray[np.float64] | None) -> float:
    import numpy as np

    truth = np.asarray(case.split(claim.split).y)
    if claim.per_class is None:
        return float(truth.sum()) if truth.ndim == 2 else float(len(truth))
    code = _class(claim.per_class, case)
    own = truth[:, code] == 1 if truth.ndim == 2 else truth == code
    return float(own.sum() if weights is None else weights[own].sum())


def _of_values(metric: str, truth: Any, values: Any, weights: NDArray[np.float64] | None) -> float:
    from reportgen.statistics import regression

    compute: dict[str, Callable[..., float]] = {
        "mse": regression.mse,
        "rmse": regression.rmse,
        "mae": regression.mae,
        "r2": regression.r2,
    }
    return compute[metric](truth, values, weights)


def _of_labels(
    claim: Claim, case: Case, truth: Any, labels: Any, weights: NDArray[np.float64] | None
) -> float:
    from reportgen.statistics import classification

    n = len(case.classes)
    if claim.metric == "accuracy":
        return classification.accuracy(truth, labels, weights)
    if claim.metric == "balanced_accuracy":
        return classification.balanced_accuracy(truth, labels, n, weights)
    if claim.metric == "mcc":
        return classification.mcc(truth, labels, n, weights)
    if claim.metric == "cell":
        return _cell(claim, case, truth, labels, weights)
    average = None if claim.per_class is not None else claim.average
    found = classification.precision_recall_f1(
        truth,
        labels,
        n,
        average,
        positive=_positive(case) if average == "binary" else 1,
        sample_weight=weights,
    )
    value = getattr(found, claim.metric)
    return float(value if average is not None else value[_class(claim.per_class, case)])


def _cell(
    claim: Claim, case: Case, truth: Any, labels: Any, weights: NDArray[np.float64] | None
) -> float:
    rows, columns = truth == _code(claim.per_class, case), labels == _code(claim.predicted, case)
    both = rows & columns
    return float(both.sum() if weights is None else weights[both].sum())


def _code(label: str | None, case: Case) -> int:
    decision = case.entry.decision
    if label is not None and decision is not None and label == decision.otherwise:
        return case.classes.index(label) if label in case.classes else len(case.classes)
    return _class(label, case)


def _positive(case: Case) -> int:
    if case.dataset.positive is None:
        raise _Unknown("the data set has no positive class")
    return case.dataset.positive


def _of_scores(
    claim: Claim, case: Case, truth: Any, scores: Any, weights: NDArray[np.float64] | None
) -> float:
    import numpy as np

    from reportgen.statistics import classification, losses, ranking

    known = truth >= 0 if truth.ndim == 1 else truth.min(axis=1) >= 0
    if not known.all():
        raise _Unknown("some rows have a label that is none of the classes")
    columns = np.column_stack([1 - scores, scores]) if scores.ndim == 1 else scores
    if claim.metric == "log_loss":
        raw = case.predict(claim.split).raw
        # scikit-learn clips where the dtype it is given ends, and models give float32.
        limits = np.finfo(raw.dtype) if raw.dtype.kind == "f" else np.finfo(np.float64)
        return losses.log_loss(truth, scores, weights, epsilon=float(limits.eps))
    if claim.metric == "brier":
        return losses.brier(truth, scores, weights)
    if claim.metric == "top_k_accuracy":
        return classification.top_k_accuracy(truth, columns, claim.k or 1, weights)
    measure = ranking.roc_auc if claim.metric == "roc_auc" else ranking.average_precision
    member = truth == 1 if truth.ndim == 2 else truth[:, None] == np.arange(len(case.classes))
    if claim.per_class is not None or case.task == "binary":  # an average of two is that of one
        code = _class(claim.per_class, case) if claim.per_class else _positive(case)
        return measure(member[:, code], columns[:, code], weights)
    return _averaged(measure, claim.average, member, columns, weights)


def _averaged(
    measure: Callable[..., float],
    average: str | None,
    member: NDArray[np.bool_],
    columns: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
) -> float:
    """One-vs-rest scores, averaged as scikit-learn does. ``member`` and ``columns``: (n, K)."""
    import numpy as np

    if average == "micro":
        repeated = None if weights is None else np.repeat(weights, member.shape[1])
        return measure(member.ravel(), columns.ravel(), repeated)
    if average == "samples":
        each = [measure(m, c) for m, c in zip(member, columns, strict=True)]
        return float(np.average(each, weights=weights))
    each = [measure(member[:, k], columns[:, k], weights) for k in range(member.shape[1])]
    if average == "macro":
        return float(np.mean(each))
    own = np.ones(len(member)) if weights is None else weights
    supports = own @ member
    present = supports > 0
    return float(np.average(np.array(each)[present], weights=supports[present]))
