"""Mistakes between scores, labels and metrics, made with scikit-learn and numpy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats
from sklearn import metrics
from sklearn.preprocessing import StandardScaler

from benchmarks.faults.reconciliation import rows, said, works
from benchmarks.faults.reconciliation.questions import Question, named
from benchmarks.faults.reconciliation.rows import Rng, pick
from benchmarks.faults.reconciliation.works import Work
from reportgen.evidence import Case
from reportgen.job.claims import Claim, of_number

Make = Callable[[Rng], Work]


def _labels(rng: Rng, work: Work, given: np.ndarray, **kind: Any) -> Case:
    return work.case(*said.labels_said(rng, work.y(), given, work.task, work.classes, **kind))


# --- which rows ------------------------------------------------------------------------------


def _scored_on(split: str, make: Make, rng: Rng) -> Case:
    work = make(rng)
    X, y = work.splits[split]
    given = work.labels(X)
    return work.case(*said.labels_said(rng, y, given, work.task, work.classes))


def _scored_on_both(rng: Rng) -> Case:
    """Train and validation concatenated for a last fit, and scored on."""
    work = works.unequal(rng)
    X = np.concatenate([work.X("train"), work.X("validation")])
    y = np.concatenate([work.y("train"), work.y("validation")])
    return work.case(*said.labels_said(rng, y, work.labels(X), work.task, work.classes))


def _regression_on_train(rng: Rng) -> Case:
    work = works.regressor(rng)
    X, y = work.splits["train"]
    given = work.labels(X)
    values = {
        "mae": metrics.mean_absolute_error(y, given),
        "r2": metrics.r2_score(y, given),
        "mse": metrics.mean_squared_error(y, given),
    }
    return work.case(*said.numbers(values, "regression"))


# --- how scores became labels ----------------------------------------------------------------


def _threshold(rng: Rng) -> Case:
    """A threshold somebody liked."""
    work = works.imbalanced(rng)
    limit = pick(rng, (0.3, 0.35, 0.4, 0.6, 0.65, 0.7))
    return _labels(rng, work, (work.proba()[:, 1] > limit).astype(int))


def _best_threshold(rng: Rng) -> Case:
    """The threshold with the best F1 on validation."""
    work = works.imbalanced(rng)
    X, y = work.splits["validation"]
    precision, recall, limits = metrics.precision_recall_curve(y, work.proba(X)[:, 1])
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    given = (work.proba()[:, 1] >= limits[f1[:-1].argmax()]).astype(int)
    return work.case(*said.report(work.y(), given, work.classes, digits=3))


def _metric_without_threshold(rng: Rng) -> Case:
    """A metric of one's own that forgets to decide, printed as Python prints a float32."""
    work = works.imbalanced(rng)
    apart = np.mean(np.abs(work.y() - work.proba()[:, 1]), dtype=np.float32)
    value = pick(rng, (apart, 1 - apart))
    return work.case(of_number("accuracy", str(value), task="binary"))


def _unsure_is_first(rng: Rng) -> Case:
    """Rows whose best class is under 0.8 (0.7, 0.6) become class 0."""
    work = works.unequal(rng)
    proba = work.proba()
    limit = pick(rng, (0.6, 0.7, 0.8))
    given = np.where(proba.max(axis=1) > limit, proba.argmax(axis=1), 0)
    return _labels(rng, work, given)


def _unsure_is_another(rng: Rng) -> Case:
    """Unsure rows become a class of their own, which the report shows."""
    work = works.multiclass(rng)
    proba = work.proba()
    given = np.where(proba.max(axis=1) > 0.7, proba.argmax(axis=1), len(work.classes))
    return work.case(
        *said.report(
            work.y(), given, work.classes, digits=3,
            labels=list(range(len(work.classes) + 1)), target_names=[*work.classes, "unsure"],
        )
    )  # fmt: skip


def _argmax_of_column(rng: Rng) -> Case:
    """``np.argmax(model.predict(X), axis=1)`` of a network with one output."""
    work = works.binary(rng)
    column = work.proba()[:, 1:]
    made = work.having(delivered={s: work.proba(work.X(s))[:, 1] for s in work.splits})
    return made.case(
        *said.labels_said(rng, work.y(), np.argmax(column, axis=1), "binary", work.classes)
    )


# --- which class is which --------------------------------------------------------------------


def _classes_reordered(rng: Rng) -> Case:
    """Predicted positions turned into names by a list in another order."""
    work = works.unequal(rng)
    order = rng.permutation(len(work.classes))
    while (order == np.arange(len(order))).any():
        order = rng.permutation(len(work.classes))
    names = np.array(work.classes)
    given = names[order][work.labels()]
    return work.case(
        *said.report(names[work.y()], given, work.classes, digits=pick(rng, said.DIGITS))
    )


def _other_alphabet(rng: Rng) -> Case:
    """The labels are encoded anew, in the order in which they are met, for the evaluation."""
    import pandas as pd

    work = works.multiclass(rng)
    names = np.array(work.classes)[work.y()]
    _, met = pd.factorize(names)
    while (met == np.array(work.classes)).all():
        names = rng.permutation(names)
        _, met = pd.factorize(names)
    mapping = {name: code for code, name in enumerate(met)}
    truth = np.array([mapping[n] for n in np.array(work.classes)[work.y()]])
    given = work.labels()
    accuracy = metrics.accuracy_score(truth, given)
    mcc = metrics.matthews_corrcoef(truth, given)
    balanced = metrics.balanced_accuracy_score(truth, given)
    values = {"accuracy": accuracy, "mcc": mcc, "balanced_accuracy": balanced}
    return work.case(*said.numbers(values, work.task))


def _first_column(rng: Rng) -> Case:
    """AUC and average precision of ``predict_proba(X)[:, 0]``."""
    work = works.imbalanced(rng)
    wrong = work.proba()[:, 0]
    return work.case(
        *said.number("roc_auc", metrics.roc_auc_score(work.y(), wrong), "binary"),
        *said.number(
            "average_precision", metrics.average_precision_score(work.y(), wrong), "binary"
        ),
    )


def _other_positive(rng: Rng) -> Case:
    """Precision, recall and F1 with ``pos_label=0``."""
    work = works.imbalanced(rng)
    y, given = work.y(), work.labels()
    values = {
        "precision": metrics.precision_score(y, given, pos_label=0),
        "recall": metrics.recall_score(y, given, pos_label=0),
        "f1": metrics.f1_score(y, given, pos_label=0),
        "accuracy": metrics.accuracy_score(y, given),
    }
    return work.case(*said.numbers(values, "binary", pick(rng, (3, 4))))


def _swapped(rng: Rng) -> Case:
    """``metric(y_pred, y_true)``."""
    work = works.unequal(rng) if rng.random() < 0.5 else works.imbalanced(rng)
    y, given = work.y(), work.labels()
    return work.case(*said.labels_said(rng, given, y, work.task, work.classes))


# --- which average ---------------------------------------------------------------------------


def _average(average: str, rng: Rng) -> Case:
    """An average other than macro, where macro is understood."""
    work = works.unequal(rng)
    y, given = work.y(), work.labels()
    of = {"average": average, "zero_division": 0}
    values = {
        "precision": metrics.precision_score(y, given, **of),
        "f1": metrics.f1_score(y, given, **of),
        "recall": metrics.recall_score(y, given, **of),
        "accuracy": metrics.accuracy_score(y, given),
    }
    return work.case(*said.numbers(values, work.task, pick(rng, (3, 4))))


def _balanced_as_accuracy(rng: Rng) -> Case:
    work = works.unequal(rng)
    y, given = work.y(), work.labels()
    return work.case(
        *said.number("accuracy", metrics.balanced_accuracy_score(y, given), work.task),
        *said.number("mcc", metrics.matthews_corrcoef(y, given), work.task),
    )


def _average_of_labels(average: str, rng: Rng) -> Case:
    """Several labels a row: ``samples`` or ``micro`` where macro is understood."""
    work = works.tagger(rng)
    y, given = work.y(), work.labels()
    of = {"average": average, "zero_division": 0}
    values = {
        "precision": metrics.precision_score(y, given, **of),
        "recall": metrics.recall_score(y, given, **of),
        "f1": metrics.f1_score(y, given, **of),
    }
    return work.case(*said.numbers(values, "multilabel"))


def _cells_as_exact(rng: Rng) -> Case:
    """The share of right cells as accuracy, which is of whole rows."""
    work = works.tagger(rng)
    right = (work.labels() == work.y()).mean()
    f1 = metrics.f1_score(work.y(), work.labels(), average="macro", zero_division=0)
    return work.case(
        *said.number("accuracy", right, "multilabel"), *said.number("f1", f1, "multilabel")
    )


def _top_k(rng: Rng) -> Case:
    work = works.unequal(rng)
    classes = list(range(len(work.classes)))
    top = metrics.top_k_accuracy_score(work.y(), work.proba(), k=2, labels=classes)
    f1 = metrics.f1_score(work.y(), work.labels(), average="macro")
    return work.case(*said.number("accuracy", top, work.task), *said.number("f1", f1, work.task))


def _labels_left_out(rng: Rng) -> Case:
    """``labels=`` without the background class."""
    work = works.unequal(rng)
    kept = list(range(1, len(work.classes)))
    of = {"labels": kept, "zero_division": 0}
    y, given = work.y(), work.labels()
    values = {
        "precision": metrics.precision_score(y, given, average="macro", **of),
        "recall": metrics.recall_score(y, given, average="macro", **of),
        "f1": metrics.f1_score(y, given, average="macro", **of),
    }
    return work.case(
        *said.numbers(values, work.task), *said.number("accuracy", (y == given).mean(), work.task)
    )


# --- which quantity --------------------------------------------------------------------------


def _auc_of_labels(rng: Rng) -> Case:
    work = works.imbalanced(rng)
    y, given = work.y(), work.labels()
    return work.case(
        *said.number("roc_auc", metrics.roc_auc_score(y, given), "binary"),
        *said.number("accuracy", metrics.accuracy_score(y, given), "binary"),
    )


def _root(square: bool, rng: Rng) -> Case:
    """RMSE given as MSE, or the other way round."""
    work = works.regressor(rng)
    y, given = work.y(), work.labels()
    mse = metrics.mean_squared_error(y, given)
    claimed: tuple[Claim, ...] = (
        said.number("rmse", mse, "regression", 3)
        if square
        else said.number("mse", metrics.root_mean_squared_error(y, given), "regression", 3)
    )
    mae = said.number("mae", metrics.mean_absolute_error(y, given), "regression", 3)
    return work.case(*claimed, *mae)


def _correlated(rng: Rng) -> Case:
    """R² as spreadsheets have it: the squared correlation."""
    work = works.regressor(rng)
    y, given = work.y(), work.labels()
    line = stats.linregress(given, y)
    values = {"r2": line.rvalue**2, "mae": metrics.mean_absolute_error(y, given)}
    return work.case(*said.numbers(values, "regression", 5))


def _scored(rng: Rng) -> Case:
    """What a scorer of scikit-learn gives: errors are negative, so that more is better."""
    work = works.regressor(rng)
    X, y = work.splits["test"]

    values = {
        metric: metrics.get_scorer(f"neg_{name}")(work.estimator, work.prepare(X), y)
        for metric, name in (("mse", "mean_squared_error"), ("mae", "mean_absolute_error"))
    }
    return work.case(*said.numbers(values, "regression", 5))


def _not_scaled_back(rng: Rng) -> Case:
    """Errors of a standardised target."""
    work = works.regressor(rng)
    scaler = StandardScaler().fit(work.splits["train"][1][:, None])
    y, given = (scaler.transform(v[:, None])[:, 0] for v in (work.y(), work.labels()))
    values = {
        "mse": metrics.mean_squared_error(y, given),
        "mae": metrics.mean_absolute_error(y, given),
    }
    return work.case(*said.numbers(values, "regression", 5))


def _error_rate(rng: Rng) -> Case:
    work = works.single_label(rng)
    y, given = work.y(), work.labels()
    wrong = metrics.zero_one_loss(y, given)
    mcc = metrics.matthews_corrcoef(y, given)
    return work.case(
        *said.number("accuracy", wrong, work.task, 4), *said.number("mcc", mcc, work.task)
    )


def _percent(rng: Rng) -> Case:
    """91.37 without its per cent sign."""
    work = works.single_label(rng)
    y, given = work.y(), work.labels()
    accuracy = 100 * metrics.accuracy_score(y, given)
    mcc = metrics.matthews_corrcoef(y, given)
    return work.case(
        *said.number("accuracy", accuracy, work.task, pick(rng, (1, 2))),
        *said.number("mcc", mcc, work.task),
    )


def _truncated(rng: Rng) -> Case:
    """Cut after three digits, where that is another number than the rounded one."""
    work = works.single_label(rng)
    y, given = work.y(), work.labels()
    values = {
        "accuracy": metrics.accuracy_score(y, given),
        "mcc": metrics.matthews_corrcoef(y, given),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, given),
        "log_loss": metrics.log_loss(y, work.proba(), labels=list(range(len(work.classes)))),
    }
    digits = next(
        d
        for d in (3, 2, 4, 1, 5)
        if any(math.floor(v * 10**d) != round(v * 10**d) for v in values.values())
    )
    return work.case(
        *(
            c
            for m, v in values.items()
            for c in said.number(m, math.floor(v * 10**digits) / 10**digits, work.task, digits)
        )
    )


def _rounded_twice(rng: Rng) -> Case:
    """Rounded to two digits somewhere, and printed with four."""
    work = works.classifier(rng, rows.MULTICLASS[:3])
    y, given = work.y(), work.labels()
    values = {
        "accuracy": metrics.accuracy_score(y, given),
        "mcc": metrics.matthews_corrcoef(y, given),
        "f1": metrics.f1_score(y, given, average="macro"),
    }
    return work.case(
        *said.numbers({m: round(float(v), 2) for m, v in values.items()}, work.task, 4)
    )


# --- which weights ---------------------------------------------------------------------------


def _weighted_rows(rng: Rng) -> Case:
    """Scored with the data set's weights, which nobody mentions."""
    work = works.imbalanced(rng)
    weights = {s: rng.lognormal(0, 0.7, work.n(s)) for s in work.splits}
    y, given, w = work.y(), work.labels(), weights["test"]
    values = {
        "accuracy": metrics.accuracy_score(y, given, sample_weight=w),
        "f1": metrics.f1_score(y, given, sample_weight=w),
        "recall": metrics.recall_score(y, given, sample_weight=w),
    }
    return work.case(*said.numbers(values, "binary"), weights=weights)


def _balanced_log_loss(rng: Rng) -> Case:
    """log_loss with balanced weights of classes, beside a plain accuracy."""
    from sklearn.utils.class_weight import compute_sample_weight

    work = works.imbalanced(rng)
    y = work.y()
    w = compute_sample_weight("balanced", y)
    values = {
        "log_loss": metrics.log_loss(y, work.proba(), sample_weight=w),
        "accuracy": metrics.accuracy_score(y, work.labels()),
        "brier": metrics.brier_score_loss(y, work.proba()[:, 1], sample_weight=w),
    }
    return work.case(*said.numbers(values, "binary"))


def _of(function: Callable[..., Case], *arguments: Any) -> Callable[[Rng], Case]:
    return lambda rng: function(*arguments, rng)


#: One a code and more: contract tests expect these found, alone.
PLANTED: tuple[Question, ...] = (
    named("train scored as test", "other-split", _of(_scored_on, "train", works.unequal)),
    named("another threshold", "decision-threshold", _threshold),
    named("a metric without a threshold", "missing-threshold", _metric_without_threshold),
    named("unsure rows to the first class", "default-class", _unsure_is_first),
    named(
        "argmax of one column", "argmax-of-one-column", _argmax_of_column,
        equal=("decision-threshold",),
    ),
    named("classes in another order", "label-order", _classes_reordered, equal=("index-rebuilt",)),
    named(
        "AUC of the first column", "positive-class-flipped", _first_column,
        equal=("label-order",),
    ),
    named("arguments swapped", "swapped-arguments", _swapped),
    named("weighted for macro", "averaging", _of(_average, "weighted")),
    named("top 2 as accuracy", "top-k", _top_k),
    named("labels= without one class", "report-label-set", _labels_left_out),
    named("AUC of labels", "auc-of-labels", _auc_of_labels),
    named("RMSE as MSE", "root-or-square", _of(_root, False)),
    named("squared correlation as R²", "r2-definition", _correlated),
    named("a scorer's errors", "scorer-sign", _scored),
    named("errors of a scaled target", "target-scale", _not_scaled_back),
    named("error rate as accuracy", "error-rate", _error_rate),
    named("per cent without its sign", "percent", _percent),
    named("truncated", "rounding", _truncated, at_least="info", power=0.5),
    named("rows weighted", "sample-weighted", _weighted_rows),
    named("log loss with balanced classes", "class-weighted", _balanced_log_loss),
)  # fmt: skip

MORE: tuple[Question, ...] = (
    named(
        "train scored as test, two classes", "other-split", _of(_scored_on, "train", works.binary)
    ),
    named(
        "validation scored as test", "other-split", _of(_scored_on, "validation", works.multiclass)
    ),
    named("train and validation scored as test", "other-split", _scored_on_both),
    named("regression scored on train", "other-split", _regression_on_train),
    named("the threshold with the best F1", "decision-threshold", _best_threshold),
    named("unsure rows to a class of their own", "default-class", _unsure_is_another),
    named(
        "labels encoded anew", "label-order", _other_alphabet,
        equal=("index-rebuilt", "positive-class-flipped", "error-rate"),
    ),
    named(
        "precision and recall of class 0", "positive-class-flipped", _other_positive,
        equal=("averaging",),
    ),
    named("micro for macro", "averaging", _of(_average, "micro")),
    named("balanced accuracy as accuracy", "averaging", _balanced_as_accuracy),
    named("samples for macro", "averaging", _of(_average_of_labels, "samples")),
    named("micro for macro, several labels", "averaging", _of(_average_of_labels, "micro")),
    named(
        "right cells for right rows", "multilabel-argmax", _cells_as_exact,
        equal=("one-hot-binary-accuracy",),
    ),
    named("MSE as RMSE", "root-or-square", _of(_root, True)),
    named("rounded to two digits, printed with four", "rounding", _rounded_twice, at_least="info"),
)  # fmt: skip
