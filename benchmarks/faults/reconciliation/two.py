"""Two mistakes at once."""

from __future__ import annotations

import numpy as np
from sklearn import metrics

from benchmarks.faults.reconciliation import said, works
from benchmarks.faults.reconciliation.evaluated import raw
from benchmarks.faults.reconciliation.networks import trained
from benchmarks.faults.reconciliation.questions import Question, named
from benchmarks.faults.reconciliation.rows import Rng
from reportgen.evidence import Case


def _train_weighted(rng: Rng) -> Case:
    """Scored on train, and weighted averages for macro ones."""
    work = works.unequal(rng)
    X, y = work.splits["train"]
    given = work.labels(X)
    of = {"average": "weighted", "zero_division": 0}
    values = {
        "accuracy": metrics.accuracy_score(y, given),
        "precision": metrics.precision_score(y, given, **of),
        "f1": metrics.f1_score(y, given, **of),
    }
    return work.case(*said.numbers(values, work.task))


def _validation_in_percent(rng: Rng) -> Case:
    """Scored on validation, per cent without their sign."""
    work = works.unequal(rng)
    X, y = work.splits["validation"]
    given = work.labels(X)
    values = {
        "accuracy": 100 * metrics.accuracy_score(y, given),
        "f1": 100 * metrics.f1_score(y, given, average="macro"),
        "mcc": metrics.matthews_corrcoef(y, given),
    }
    return work.case(*said.numbers(values, work.task, 2))


def _auc_of_labels_weighted_f1(rng: Rng) -> Case:
    """AUC of labels, and the weighted F1 for the binary one."""
    work = works.imbalanced(rng)
    y, given = work.y(), work.labels()
    values = {
        "roc_auc": metrics.roc_auc_score(y, given),
        "f1": metrics.f1_score(y, given, average="weighted"),
        "accuracy": metrics.accuracy_score(y, given),
    }
    return work.case(*said.numbers(values, "binary"))


def _train_root(rng: Rng) -> Case:
    """A regression scored on train, and RMSE given as MSE."""
    work = works.regressor(rng)
    X, y = work.splits["train"]
    given = work.labels(X)
    values = {
        "mse": metrics.root_mean_squared_error(y, given),
        "mae": metrics.mean_absolute_error(y, given),
        "r2": metrics.r2_score(y, given),
    }
    return work.case(*said.numbers(values, "regression"))


def _threshold_and_first_class(rng: Rng) -> Case:
    """Another threshold, and precision, recall and F1 of class 0."""
    work = works.imbalanced(rng)
    y, given = work.y(), (work.proba()[:, 1] > 0.3).astype(int)
    of = {"pos_label": 0, "zero_division": 0}
    values = {
        "precision": metrics.precision_score(y, given, **of),
        "recall": metrics.recall_score(y, given, **of),
        "f1": metrics.f1_score(y, given, **of),
        "accuracy": metrics.accuracy_score(y, given),
        "mcc": metrics.matthews_corrcoef(y, given),
    }
    return work.case(*said.numbers(values, "binary"))


def _penalty_and_top_k(rng: Rng) -> Case:
    """The loss with penalties as cross-entropy, and top 2 as accuracy."""
    work = trained("penalised", rng).work(rng)
    loss, _ = work.estimator.evaluate(work.X(), work.y(), verbose=0)
    given = raw(work).astype(np.float64)
    values = {
        "log_loss": loss,
        "accuracy": metrics.top_k_accuracy_score(work.y(), given, k=2),
        "f1": metrics.f1_score(work.y(), given.argmax(1), average="macro"),
    }
    return work.case(*said.numbers(values, "multiclass"))


def _refit_and_swapped(rng: Rng) -> Case:
    """A scaler refit on test, and arguments swapped."""
    from sklearn.preprocessing import StandardScaler

    work = works.scaled(rng, "multiclass")
    given = work.estimator.predict(StandardScaler().fit_transform(work.X()))
    return work.case(*said.report(given, work.y(), work.classes, digits=3))


PLANTED: tuple[Question, ...] = ()
MORE: tuple[Question, ...] = (
    named(
        "train, and weighted for macro", ("other-split", "averaging"), _train_weighted, kind="two"),
    named(
        "validation, in per cent", ("other-split", "percent"), _validation_in_percent, kind="two"),
    named(
        "AUC of labels, and weighted F1", ("auc-of-labels", "averaging"),
        _auc_of_labels_weighted_f1, kind="two",
    ),
    named("train, and RMSE as MSE", ("other-split", "root-or-square"), _train_root, kind="two"),
    named(
        "a threshold, and the other class", ("decision-threshold", "positive-class-flipped"),
        _threshold_and_first_class, kind="two",
    ),
    named(
        "penalties, and top 2", ("penalty-in-loss", "top-k"), _penalty_and_top_k, kind="two"
    ),
    named(
        "a scaler refit, arguments swapped", ("scaler-refit", "swapped-arguments"),
        _refit_and_swapped, kind="two",
    ),
)  # fmt: skip
