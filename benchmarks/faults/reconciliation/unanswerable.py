"""Numbers that nothing explains: another model's, invented ones, reports edited by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import metrics
from sklearn.metrics import classification_report, confusion_matrix

from benchmarks.faults.reconciliation import said, works
from benchmarks.faults.reconciliation.networks import trained, with_weights
from benchmarks.faults.reconciliation.questions import UNEXPLAINED, Question, named
from benchmarks.faults.reconciliation.rows import Rng, pick, seed_of
from benchmarks.faults.reconciliation.works import Work
from reportgen.evidence import Case
from reportgen.job.claims import of_matrix, of_report

Make = Callable[[Rng], Work]


def _another_model(make: Make, deliver: Callable[[Work], Work], rng: Rng) -> Case:
    """The report of a forest that was never delivered."""
    from sklearn.ensemble import ExtraTreesClassifier

    work = make(rng)
    other = ExtraTreesClassifier(25, min_samples_leaf=3, random_state=seed_of(rng))
    given = other.fit(*work.splits["train"]).predict(work.X())
    claims = said.labels_said(rng, work.y(), given, work.task, work.classes)
    return deliver(work).case(*claims)


def _another_regression(rng: Rng) -> Case:
    from sklearn.ensemble import ExtraTreesRegressor

    work = works.regressor(rng)
    other = ExtraTreesRegressor(25, random_state=seed_of(rng)).fit(*work.splits["train"])
    y, given = work.y(), other.predict(work.X())
    values = {
        "rmse": metrics.root_mean_squared_error(y, given),
        "mae": metrics.mean_absolute_error(y, given),
        "r2": metrics.r2_score(y, given),
    }
    return work.case(*said.numbers(values, "regression"))


def _another_tagger(rng: Rng) -> Case:
    from sklearn.ensemble import ExtraTreesClassifier

    work = works.tagger(rng)
    other = ExtraTreesClassifier(25, min_samples_leaf=3, random_state=seed_of(rng))
    given = other.fit(*work.splits["train"]).predict(work.X())
    return work.case(*said.report(work.y(), given, work.classes, digits=3))


def _another_training(rng: Rng) -> Case:
    """The same recipe from another seed: loss and accuracy as Keras prints them."""
    import keras

    found = trained("softmax", rng)
    work = found.work(rng)
    keras.utils.set_random_seed(seed_of(rng))
    fresh = keras.models.clone_model(found.model)
    other = with_weights(found, fresh.get_weights())
    other.fit(*found.splits["train"], epochs=3, batch_size=64, verbose=0)
    loss, accuracy = other.evaluate(work.X(), work.y(), verbose=0)
    given = other.predict(work.X(), verbose=0).argmax(1)
    values = {
        "loss": loss,
        "accuracy": accuracy,
        "f1": metrics.f1_score(work.y(), given, average="macro"),
    }
    return work.case(*said.numbers(values, "multiclass"))


def _other_rows(rng: Rng) -> Case:
    """A report of other rows than those of the test split, as many."""
    work = works.unequal(rng)
    X, y = work.splits["train"]
    n = min(work.n(), len(y))
    kept = rng.permutation(len(y))[:n]
    noisy = X[kept] + rng.normal(0, 0.3 * X.std(0), X[kept].shape)
    return work.case(*said.report(y[kept], work.labels(noisy), work.classes, digits=2))


def _invented(rng: Rng) -> Case:
    """Plausible numbers out of the air."""
    work = works.single_label(rng)
    accuracy = metrics.accuracy_score(work.y(), work.labels())
    values = {
        m: float(np.clip(accuracy + rng.normal(0.02, 0.03), 0.01, 0.999))
        for m in ("accuracy", "precision", "recall", "f1")
    }
    return work.case(*said.numbers(values, work.task, 4))


def _two_invented(rng: Rng) -> Case:
    """Two numbers of three digits: many readings can meet them by chance."""
    work = works.single_label(rng)
    accuracy = metrics.accuracy_score(work.y(), work.labels())
    values = {
        m: float(np.clip(accuracy + rng.normal(0.02, 0.03), 0.01, 0.999))
        for m in ("accuracy", "balanced_accuracy")
    }
    return work.case(*said.numbers(values, work.task, 3))


def _one_invented(rng: Rng) -> Case:
    """One number: a threshold or some other freedom gives nearly any."""
    work = works.single_label(rng)
    accuracy = metrics.accuracy_score(work.y(), work.labels())
    digits = pick(rng, (2, 3, 4))
    honest = said.number("accuracy", accuracy, work.task, digits)
    while True:
        value = float(np.clip(accuracy + rng.normal(0.02, 0.04), 0.01, 0.999))
        invented = said.number("accuracy", value, work.task, digits)
        if invented != honest:
            return work.case(*invented)


def _improved_by_hand(rng: Rng) -> Case:
    """The accuracy and two cells of an honest report raised in an editor."""
    work = works.unequal(rng)
    text = classification_report(
        work.y(), work.labels(), digits=2, target_names=work.classes, zero_division=0
    )
    lines = text.splitlines()

    def raised(match: re.Match[str]) -> str:
        value = float(match[0])
        return f"{min(value + 0.03, 0.99) if value < 0.96 else value - 0.03:.2f}"

    changed = [
        re.sub(r"\d\.\d\d", raised, line, count=1)
        if line.split()[:1] in (["accuracy"], [work.classes[1]], [work.classes[-1]])
        else line
        for line in lines
    ]
    return work.case(*of_report("\n".join(changed), classes=work.classes, file="report.txt"))


def _matrix_by_hand(rng: Rng) -> Case:
    """Rows of a confusion matrix moved to the diagonal."""
    work = works.unequal(rng)
    counts = confusion_matrix(work.y(), work.labels())
    for row in range(len(counts)):
        wrong = [c for c in range(len(counts)) if c != row and counts[row, c] > 1]
        for column in wrong[:1]:
            moved = int(rng.integers(1, counts[row, column]))
            counts[row, column] -= moved
            counts[row, row] += moved
    return work.case(
        *of_matrix(counts.tolist(), classes=work.classes, origin="reported.confusion_matrix")
    )


def _as_delivered(work: Work) -> Work:
    return work


def _as_labels(work: Work) -> Work:
    return works.stored(work, labels=True)


def _of(function: Callable[..., Case], *arguments: Any) -> Callable[[Rng], Case]:
    return lambda rng: function(*arguments, rng)


def _none(name: str, draw: Callable[[Rng], Case]) -> Question:
    return named(name, UNEXPLAINED, draw, kind="unanswerable")


PLANTED: tuple[Question, ...] = (
    _none("a report edited", _improved_by_hand),
    named("one invented number", "ambiguous", _one_invented, kind="unanswerable",
          at_least="info", equal=(UNEXPLAINED,)),
)  # fmt: skip

MORE: tuple[Question, ...] = (
    _none("another model, two classes", _of(_another_model, works.binary, _as_delivered)),
    _none("another model, stored scores", _of(_another_model, works.multiclass, works.stored)),
    _none("another model, stored labels", _of(_another_model, works.multiclass, _as_labels)),
    _none("another regression", _another_regression),
    _none("another tagger", _another_tagger),
    _none("another training", _another_training),
    _none("other rows", _other_rows),
    _none("four invented numbers", _invented),
    _none("two invented numbers", _two_invented),
    _none("another model, several classes", _of(_another_model, works.unequal, _as_delivered)),
    _none("a matrix edited", _matrix_by_hand),
)
