"""Mistakes of loaders and loops: order, batches, rows that come twice or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn import metrics

from benchmarks.faults.reconciliation import said, works
from benchmarks.faults.reconciliation.evaluated import raw
from benchmarks.faults.reconciliation.networks import printed, trained
from benchmarks.faults.reconciliation.questions import Question, named
from benchmarks.faults.reconciliation.rows import Rng, pick
from benchmarks.faults.reconciliation.works import Work
from reportgen.evidence import Case


def _stream(work: Work) -> Any:
    """The test rows as a tf.data stream."""
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((work.X(), work.y()))


def _shuffling_loader(rng: Rng) -> Case:
    """Labels are read in one pass over a loader that shuffles, predictions made in another."""
    work = trained("softmax", rng).work(rng, least=400)
    loader = _stream(work).shuffle(10_000, seed=int(rng.integers(1000))).batch(32)
    given = work.estimator.predict(loader, verbose=0).argmax(1)
    y = np.concatenate([labels for _, labels in loader.as_numpy_iterator()])
    return work.case(*said.report(y, given, work.classes, digits=pick(rng, (2, 3, 4))))


def _permuted_frame(rng: Rng) -> Case:
    """Rows were shuffled for scoring, their labels were not."""
    work = works.unequal(rng)
    order = rng.permutation(work.n())
    given = work.labels(work.X()[order])
    return work.case(*said.matrix(work.y(), given, work.classes))


def _peeked(rng: Rng) -> Case:
    """A batch was taken from an endless generator to look at its shape."""
    work = trained("softmax", rng).work(rng, least=300)
    X, y = work.X(), work.y()
    batch = 32

    def endless() -> Iterator[np.ndarray]:
        at = 0
        while True:
            yield np.take(X, np.arange(at, at + batch), axis=0, mode="wrap")
            at = (at + batch) % len(X)

    stream = endless()
    next(stream)
    parts = [work.estimator.predict_on_batch(next(stream)) for _ in range(-(-len(X) // batch))]
    given = np.concatenate(parts)[: len(X)].argmax(1)
    return work.case(*said.report(y, given, work.classes, digits=3))


def _mean_of_batches(rng: Rng) -> Case:
    """Scores of each batch, averaged: the last one counts as much as the others."""
    work = works.imbalanced(rng)
    size = pick(rng, (32, 64, 100))
    while work.n() % size == 0:
        size += 1
    y, given = work.y(), work.labels()
    batches = [slice(i, i + size) for i in range(0, len(y), size)]
    values = {
        "accuracy": np.mean([metrics.accuracy_score(y[b], given[b]) for b in batches]),
        "f1": np.mean([metrics.f1_score(y[b], given[b], zero_division=0) for b in batches]),
        "recall": np.mean([metrics.recall_score(y[b], given[b], zero_division=0) for b in batches]),
    }
    return work.case(*said.numbers(values, "binary"))


def _mean_of_losses(rng: Rng) -> Case:
    """The loss is a mean of batch means, the accuracy counts rows."""
    import keras

    work = trained("softmax", rng).work(rng)
    X, y = work.X(), work.y()
    while len(y) % 64 in (0, 63):
        work = trained("softmax", rng).work(rng)
        X, y = work.X(), work.y()
    crossentropy = keras.losses.SparseCategoricalCrossentropy()
    accuracy = keras.metrics.SparseCategoricalAccuracy()
    losses = []
    for i in range(0, len(y), 64):
        given = work.estimator.predict_on_batch(X[i : i + 64])
        losses.append(float(crossentropy(y[i : i + 64], given)))
        accuracy.update_state(y[i : i + 64], given)
    values = {"loss": np.mean(losses), "accuracy": float(accuracy.result())}
    return work.case(*said.numbers(values, "multiclass", 5))


def _without_the_last_batch(rng: Rng) -> Case:
    """``batch(64, drop_remainder=True)``."""
    work = trained("softmax", rng).work(rng)
    while work.n() % 64 < 20:
        work = trained("softmax", rng).work(rng)
    loader = _stream(work).batch(64, drop_remainder=True)
    text = printed(lambda: work.estimator.evaluate(loader, verbose=2))
    return work.case(*said.log(text, "multiclass"))


def _too_few_steps(rng: Rng) -> Case:
    """``evaluate(steps=n // batch)`` of a stream."""
    work = trained("sigmoid", rng).work(rng)
    loader = _stream(work).batch(50)
    steps = max(2, work.n() // 50 - int(rng.integers(1, 6)))
    values = work.estimator.evaluate(loader, steps=steps, verbose=0)
    return work.case(*said.numbers(dict(zip(("loss", "accuracy"), values, strict=True)), "binary"))


def _even_shards(rng: Rng) -> Case:
    """Rows that do not divide by eight replicas are left out."""
    work = works.unequal(rng)
    while work.n() % 8 < 3:
        work = works.unequal(rng)
    shards = np.stack(np.split(np.arange(work.n() // 8 * 8), 8))
    order = shards.ravel()
    given, y = work.labels()[order], work.y()[order]
    values = {
        "accuracy": metrics.accuracy_score(y, given),
        "f1": metrics.f1_score(y, given, average="macro"),
        "log_loss": metrics.log_loss(y, work.proba()[order], labels=list(range(len(work.classes)))),
    }
    return work.case(*said.numbers(values, work.task, 6))


def _wrapped(rng: Rng) -> Case:
    """The stream repeats: the last batch is filled with the first rows."""
    work = trained("softmax", rng).work(rng)
    while work.n() % 64 > 40 or work.n() % 64 == 0:
        work = trained("softmax", rng).work(rng)
    steps = -(-work.n() // 64)
    loader = _stream(work).repeat().batch(64)
    text = printed(lambda: work.estimator.evaluate(loader, steps=steps, verbose=2))
    return work.case(*said.log(text, "multiclass"))


def _two_workers(rng: Rng) -> Case:
    """Two workers replay the same stream, and evaluation stops after as many batches as there are.

    Every batch comes twice, so that the second half of the rows is never seen.
    """
    import tensorflow as tf

    work = trained("softmax", rng).work(rng)
    batches = _stream(work).batch(32)
    steps = -(-work.n() // 32)
    both = tf.data.Dataset.range(2).interleave(lambda _: batches, cycle_length=2, block_length=1)
    y, given = [], []
    for X, labels in both.take(steps).as_numpy_iterator():
        y.append(labels)
        given.append(work.estimator.predict_on_batch(X).argmax(1))
    return work.case(*said.report(np.concatenate(y), np.concatenate(given), work.classes, digits=3))


def _last_batch(rng: Rng) -> Case:
    """A loop that keeps what the last batch gave."""
    work = trained("softmax", rng).work(rng)
    while work.n() % 64 < 25:
        work = trained("softmax", rng).work(rng)
    X, y = work.X(), work.y()
    for i in range(0, len(y), 64):
        given = work.estimator.predict_on_batch(X[i : i + 64]).argmax(1)
        part = y[i : i + 64]
    values = {
        "accuracy": metrics.accuracy_score(part, given),
        "f1": metrics.f1_score(part, given, average="macro", zero_division=0),
        "precision": metrics.precision_score(part, given, average="macro", zero_division=0),
        "mcc": metrics.matthews_corrcoef(part, given),
    }
    return work.case(*said.numbers(values, "multiclass"))


def _on_batches(rng: Rng) -> Case:
    """The mean over what ``test_on_batch`` returned."""
    import keras

    work = trained("softmax", rng).work(rng)
    while work.n() % 32 in (0, 31):
        work = trained("softmax", rng).work(rng)
    X, y = work.X(), work.y()
    model = keras.models.clone_model(work.estimator)
    model.set_weights(work.estimator.get_weights())
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    seen = [model.test_on_batch(X[i : i + 32], y[i : i + 32]) for i in range(0, len(y), 32)]
    loss, accuracy = np.mean(np.array(seen, dtype=np.float64), axis=0)
    return work.case(*said.numbers({"loss": loss, "accuracy": accuracy}, "multiclass"))


def _running_values(rng: Rng) -> Case:
    """Metrics that nobody resets run on from batch to batch, and what they say is averaged."""
    import keras

    work = trained("softmax", rng).work(rng)
    X, y = work.X(), work.y()
    loss = keras.metrics.SparseCategoricalCrossentropy()
    accuracy = keras.metrics.SparseCategoricalAccuracy()
    seen = []
    for i in range(0, len(y), 32):
        given = work.estimator.predict_on_batch(X[i : i + 32])
        for metric in (loss, accuracy):
            metric.update_state(y[i : i + 32], given)
        seen.append([float(loss.result()), float(accuracy.result())])
    values = dict(zip(("loss", "accuracy"), np.mean(seen, axis=0), strict=True))
    return work.case(*said.numbers(values, "multiclass"))


def _permuted_labels_against_order(rng: Rng) -> Case:
    """Names of classes permuted, where a shuffled loader would look alike at first sight."""
    work = trained("softmax", rng).work(rng, least=400)
    order = np.array([1, 2, 3, 0])
    given = order[raw(work).argmax(1)]
    return work.case(*said.report(work.y(), given, work.classes, digits=2))


def _of(function: Callable[..., Case], *arguments: Any) -> Callable[[Rng], Case]:
    return lambda rng: function(*arguments, rng)


PLANTED: tuple[Question, ...] = (
    named("a shuffling loader", "shuffled-alignment", _shuffling_loader),
    named("a generator not rewound", "prediction-offset", _peeked),
    named("a mean of batches", "batch-mean", _mean_of_batches),
    named(
        "the loss a mean of batches", "loss-only-batch-mean", _mean_of_losses,
        equal=("batch-mean",),
    ),
    named(
        "the remainder dropped", "dropped-remainder", _without_the_last_batch,
        equal=("replica-remainder",),
    ),
    named("even shards", "replica-remainder", _even_shards, equal=("dropped-remainder",)),
    named("a stream that repeats", "rows-duplicated", _wrapped),
    named("the last batch alone", "last-batch-only", _last_batch),
    named("running values of batches", "cumulative-on-batch", _running_values),
)  # fmt: skip

MORE: tuple[Question, ...] = (
    named(
        "test_on_batch averaged", "batch-mean", _on_batches,
        # Where the accuracy is the same from batches and from rows.
        equal=("loss-only-batch-mean",),
    ),
    named("rows shuffled, labels not", "shuffled-alignment", _permuted_frame, kind="pair"),
    named(
        "too few steps", "dropped-remainder", _too_few_steps, equal=("replica-remainder",)
    ),
    named(
        "two workers on one stream", "rows-duplicated", _two_workers,
        equal=("dropped-remainder", "replica-remainder"),
    ),
    named(
        "labels permuted, against shuffling", "label-order", _permuted_labels_against_order,
        kind="pair", equal=("index-rebuilt",),
    ),
)  # fmt: skip
