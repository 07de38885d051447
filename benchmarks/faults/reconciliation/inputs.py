"""Mistakes before the network: rows not scaled, scaled twice or otherwise; layers left training."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
from sklearn import metrics

from benchmarks.faults.reconciliation import said, works
from benchmarks.faults.reconciliation.networks import predictor, scaled, trained, with_weights
from benchmarks.faults.reconciliation.questions import Question, named
from benchmarks.faults.reconciliation.rows import Rng, pick
from benchmarks.faults.reconciliation.works import Work
from reportgen.evidence import Case
from reportgen.models.preprocess import Preprocess, Scale


def _of_estimator(rng: Rng, prepared: Callable[[Work], np.ndarray]) -> Case:
    """What the estimator says of rows that somebody prepared; not what it says of them as usual."""
    while True:
        work = works.scaled(rng)
        twin = deepcopy(rng)
        claims, usual = (
            said.labels_said(source, work.y(), given, work.task, work.classes)
            for source, given in (
                (rng, work.estimator.predict(prepared(work))), (twin, work.labels()),
            )
        )  # fmt: skip
        if claims != usual:
            return work.case(*claims)


def _raw(rng: Rng) -> Case:
    return _of_estimator(rng, lambda work: work.X())


def _twice(rng: Rng) -> Case:
    return _of_estimator(rng, lambda work: work.prepare(work.prepare(work.X())))


def _refit(rng: Rng) -> Case:
    """``StandardScaler().fit_transform(X_test)``."""
    from sklearn.preprocessing import StandardScaler

    return _of_estimator(rng, lambda work: StandardScaler().fit_transform(work.X()))


def _images(kind: str, rng: Rng) -> Work:
    """A network of images; one for 0–1 is audited behind its division."""
    found = trained(kind, rng)
    if kind == "scaled images":
        step = Preprocess((Scale(255.0),), ("scale: 255",))
        return scaled(found, 255.0).work(rng, preprocess=step)
    return found.work(rng)


def _seen(rng: Rng, work: Work, X: np.ndarray, model: Any = None) -> Case:
    """What a network says of images that somebody prepared: loss and accuracy, or a report."""
    model = work.estimator if model is None else model
    y = work.y()
    if rng.random() < 0.5:
        given = model.predict(X, verbose=0).argmax(1)
        return work.case(*said.report(y, given, work.classes, labels=range(len(work.classes))))
    loss, accuracy = model.evaluate(X, y, verbose=0)
    return work.case(*said.numbers({"loss": loss, "accuracy": accuracy}, work.task))


def _not_divided(rng: Rng) -> Case:
    work = _images("scaled images", rng)
    return _seen(rng, work, work.X())


def _divided_twice(rng: Rng) -> Case:
    work = _images("scaled images", rng)
    return _seen(rng, work, work.X() / 255 / 255)


def _minus_one_to_one(rng: Rng) -> Case:
    """Scaled to −1 … 1, as other networks want it."""
    work = _images("scaled images", rng)
    return _seen(rng, work, work.X() / 127.5 - 1)


def _blue_first(rng: Rng) -> Case:
    work = _images(pick(rng, ("scaled images", "images")), rng)
    X = work.X()[..., ::-1]
    divided = X / 255 if "preprocess" in work.options else X
    return _seen(rng, work, np.ascontiguousarray(divided))


def _rescaled_before_rescaling(rng: Rng) -> Case:
    """The network divides by 255, and so did the caller."""
    work = _images("images", rng)
    return _seen(rng, work, work.X() / 255)


# --- layers left in training -----------------------------------------------------------------


def shares(given: np.ndarray) -> np.ndarray:
    """Rows that sum to 1 in float64, as scikit-learn wants them."""
    values = given.astype(np.float64)
    return np.asarray(values / values.sum(axis=1, keepdims=True))


def _copy(work: Work) -> Any:
    """Calls in training mode move the statistics of batch normalisation: not those delivered."""
    import keras

    model = keras.models.clone_model(work.estimator)
    model.compile_from_config(work.estimator.get_compile_config())
    model.set_weights(work.estimator.get_weights())
    return model


def _training_mode(kind: str, batch: int | None, rng: Rng) -> Case:
    """``model(X, training=True)``, at once or in batches."""
    work = trained(kind, rng).work(rng, least=400)
    model, X, y = _copy(work), work.X(), work.y()
    import keras

    keras.utils.set_random_seed(int(rng.integers(2**31)))
    step = batch or len(X)
    parts = [np.asarray(model(X[i : i + step], training=True)) for i in range(0, len(X), step)]
    given = np.concatenate(parts)
    values = {
        "accuracy": (given.argmax(1) == y).mean(),
        "log_loss": metrics.log_loss(y, shares(given)),
        "f1": metrics.f1_score(y, given.argmax(1), average="macro"),
    }
    return work.case(*said.numbers(values, "multiclass", 4))


def _statistics_moved(rng: Rng) -> Case:
    """Weights with batch normalisation that was never settled: what is delivered scores badly.

    What was said comes from a forward pass in training mode, in batches of 32.
    """
    return _training_mode("normalised", 32, rng)


def _raw_for_normalised(rng: Rng) -> Case:
    """Unscaled rows for a network with batch normalisation: not the lag of its statistics."""
    found = trained("normalised", rng)
    step = Preprocess((Scale(4.0),), ("scale: 4",))
    work = scaled(found, 4.0).work(rng, preprocess=step)
    loss, accuracy = work.estimator.evaluate(work.X(), work.y(), verbose=0)
    return work.case(*said.numbers({"loss": loss, "accuracy": accuracy}, "multiclass"))


def _state_carried(rng: Rng) -> Case:
    """A stateful layer that was asked once before, and not reset."""
    import keras

    keras.utils.set_random_seed(7)
    n, steps, batch = 320, 6, 32
    X = rng.normal(size=(3 * n, steps, 2)).astype(np.float32)
    X += rng.normal(size=(3 * n, 1, 1)).astype(np.float32)
    y = (X[:, -1, 0] + 0.5 * X[:, :, 1].mean(1) > 0).astype(int)
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(batch, steps, 2)),
            keras.layers.SimpleRNN(8, stateful=True),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    model.fit(X[:n], y[:n], epochs=3, batch_size=batch, verbose=0)
    for layer in model.layers:
        if hasattr(layer, "reset_states"):
            layer.reset_states()
    other = keras.models.clone_model(model)
    other.set_weights(model.get_weights())
    other.predict(X[2 * n :], batch_size=batch, verbose=0)
    first = other.predict(X[n : 2 * n], batch_size=batch, verbose=0)[:, 0]
    splits = {"train": (X[:n], y[:n]), "test": (X[n : 2 * n], y[n : 2 * n])}
    work = Work("binary", splits, model, ("no", "yes"), delivered=predictor(model, "binary"))
    values = {
        "accuracy": ((first > 0.5) == work.y()).mean(),
        "roc_auc": metrics.roc_auc_score(work.y(), first),
        "log_loss": metrics.log_loss(work.y(), first.astype(np.float64)),
    }
    return work.case(*said.numbers(values, "binary"))


def _augmented(rng: Rng) -> Case:
    """Evaluated with its random layers active."""
    import keras

    found = trained("augmented", rng)
    work = found.work(rng, least=400)
    model = with_weights(found, work.estimator.get_weights())
    keras.utils.set_random_seed(int(rng.integers(2**31)))
    given = np.asarray(model(work.X(), training=True))
    y = work.y()
    values = {
        "accuracy": (given.argmax(1) == y).mean(),
        "log_loss": metrics.log_loss(y, shares(given)),
    }
    return work.case(*said.numbers(values, "multiclass", 3))


def _of(function: Callable[..., Case], *arguments: Any) -> Callable[[Rng], Case]:
    return lambda rng: function(*arguments, rng)


PLANTED: tuple[Question, ...] = (
    named("rows not scaled", "preprocessing-missing", _raw),
    named("rows scaled twice", "preprocessing-doubled", _twice),
    named("images from −1 to 1", "preprocessing-other-scale", _minus_one_to_one),
    named("blue for red", "channel-order", _blue_first),
    named("scaler refit on test", "scaler-refit", _refit),
    named(
        "rescaled before Rescaling", "preprocessing-in-model", _rescaled_before_rescaling,
        equal=("preprocessing-doubled", "preprocessing-other-scale"),
    ),
    named("dropout left on", "training-mode", _of(_training_mode, "dropped", None)),
    named("random layers left on", "augmented-evaluation", _augmented, equal=("training-mode",)),
)  # fmt: skip

MORE: tuple[Question, ...] = (
    named(
        "images not divided", "preprocessing-missing", _not_divided,
        equal=("preprocessing-other-scale",),
    ),
    named("images divided twice", "preprocessing-doubled", _divided_twice),
    named(
        "batch normalisation in training mode", "training-mode",
        _of(_training_mode, "normalised", None),
    ),
    named("dropout left on, in batches", "training-mode", _of(_training_mode, "dropped", 32)),
    named(
        "batch normalisation by batches, against scaling", "training-mode", _statistics_moved,
        kind="pair",
    ),
    named(
        "rows not scaled, against batch normalisation", "preprocessing-missing",
        _raw_for_normalised, kind="pair",
    ),
)  # fmt: skip
#: Stateful layers are audited in fixed batches: what the audit makes of them is its own question.
STATEFUL = named("a state carried over", "state-carried-over", _state_carried)
