"""Mistakes that are easily taken for one another, each made; and two evaluations at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import metrics
from sklearn.utils.class_weight import compute_sample_weight

from benchmarks.faults.reconciliation import said, works
from benchmarks.faults.reconciliation.networks import trained
from benchmarks.faults.reconciliation.questions import Question, named
from benchmarks.faults.reconciliation.rows import Rng, pick
from reportgen.evidence import Case
from reportgen.job import history as histories


def _history(found: Any) -> Any:
    import json

    return histories.parse(json.dumps(dict(found.history)), "history.json")


# --- a running mean against another split ----------------------------------------------------


def _running_by_hand(rng: Rng) -> Case:
    """The last row of the history, said of train: a mean while the weights moved."""
    found = trained("softmax", rng)
    values = {"loss": found.history["loss"][-1], "accuracy": found.history["accuracy"][-1]}
    return found.work(rng).case(
        *said.numbers(values, found.task, split="train"), history=_history(found)
    )


def _validation_as_train(rng: Rng) -> Case:
    """What ``evaluate`` says of validation, said of train."""
    found = trained("softmax", rng)
    X, y = found.splits["validation"]
    loss, accuracy = found.model.evaluate(X, y, verbose=0)
    return found.work(rng).case(
        *said.numbers({"loss": loss, "accuracy": accuracy}, found.task, split="train"),
        history=_history(found),
    )


# --- weights against macro recall: the loss tells --------------------------------------------


def _balanced(weighted_loss: bool, rng: Rng) -> Case:
    """Balanced accuracy as accuracy, beside a log loss with balanced weights or without."""
    work = works.unequal(rng)
    y, classes = work.y(), list(range(len(work.classes)))
    w = compute_sample_weight("balanced", y)
    loss = metrics.log_loss(
        y, work.proba(), labels=classes, sample_weight=w if weighted_loss else None
    )
    accuracy = metrics.accuracy_score(y, work.labels(), sample_weight=w)
    return work.case(*said.numbers({"accuracy": accuracy, "log_loss": loss}, work.task))


# --- 0.5 of logits against another threshold -------------------------------------------------


def _cut_of_probabilities(rng: Rng) -> Case:
    """A network of logits, whose probabilities were cut where somebody liked."""
    import keras

    work = trained("logits", rng).work(rng, least=400)
    logits = work.estimator.predict(work.X(), verbose=0)
    given = (np.asarray(keras.ops.sigmoid(logits))[:, 0] > pick(rng, (0.4, 0.55, 0.7))).astype(int)
    return work.case(*said.report(work.y(), given, work.classes, digits=3))


# --- penalties against weights: both are of the loss alone -----------------------------------


def _weighted_beside_penalties(rng: Rng) -> Case:
    """A network with penalties, whose cross-entropy was weighted by class."""
    work = trained("penalised", rng).work(rng)
    w = compute_sample_weight("balanced", work.y())
    given = work.estimator.predict(work.X(), verbose=0).astype(np.float64)
    given /= given.sum(1, keepdims=True)
    values = {
        "log_loss": metrics.log_loss(work.y(), given, sample_weight=w),
        "accuracy": (given.argmax(1) == work.y()).mean(),
    }
    return work.case(*said.numbers(values, "multiclass"))


# --- two evaluations -------------------------------------------------------------------------


def _one_cause_for_both(rng: Rng) -> Case:
    """A report and single numbers, both of train."""
    work = works.unequal(rng)
    X, y = work.splits["train"]
    given = work.labels(X)
    values = {
        "mcc": metrics.matthews_corrcoef(y, given),
        "log_loss": metrics.log_loss(y, work.proba(X), labels=range(len(work.classes))),
    }
    report = said.report(y, given, work.classes, digits=2, labels=range(len(work.classes)))
    return work.case(*report, *said.numbers(values, work.task))


def _a_cause_for_each(rng: Rng) -> Case:
    """A report with its arguments swapped, and areas of hard labels."""
    work = works.imbalanced(rng)
    y, given = work.y(), work.labels()
    values = {
        "roc_auc": metrics.roc_auc_score(y, given),
        "mcc": metrics.matthews_corrcoef(y, given),
    }
    report = said.report(given, y, work.classes, digits=3, labels=range(2))
    return work.case(*report, *said.numbers(values, "binary", 5))


def _a_split_for_one(rng: Rng) -> Case:
    """A report of train, and the weighted F1 of test for the macro one."""
    work = works.unequal(rng)
    X, y = work.splits["train"]
    report = said.report(y, work.labels(X), work.classes, digits=3, labels=range(len(work.classes)))
    of = {"average": "weighted", "zero_division": 0}
    y, given = work.y(), work.labels()
    values = {
        "f1": metrics.f1_score(y, given, **of),
        "precision": metrics.precision_score(y, given, **of),
        "accuracy": metrics.accuracy_score(y, given),
    }
    return work.case(*report, *said.numbers(values, work.task, 5))


PLANTED: tuple[Question, ...] = ()
MORE: tuple[Question, ...] = (
    named("a running mean by hand, against another split", "running-epoch-mean", _running_by_hand,
          kind="pair", at_least="info"),
    named("validation as train, against a running mean", "other-split", _validation_as_train,
          kind="pair"),
    named("balanced weights, against macro recall", "class-weighted",
          lambda rng: _balanced(True, rng), kind="pair"),
    named("macro recall, against balanced weights", "averaging",
          lambda rng: _balanced(False, rng), kind="pair"),
    named("a threshold, against 0.5 of logits", "decision-threshold", _cut_of_probabilities,
          kind="pair"),
    named("class weights, against penalties", "class-weighted", _weighted_beside_penalties,
          kind="pair"),
    named("two evaluations of train", "other-split", _one_cause_for_both),
    named("two evaluations, a cause for each", ("swapped-arguments", "auc-of-labels"),
          _a_cause_for_each, kind="two"),
    named("two evaluations, of train and another average", ("other-split", "averaging"),
          _a_split_for_one, kind="two"),
)  # fmt: skip
