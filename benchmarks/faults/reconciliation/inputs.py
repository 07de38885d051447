"""Mistakes before the network: rows not scaled, scaled twice or otherwise; layers left training."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

import numpy as np
from sklearn import metrics

from benchmarks.faults.cases import CleanCase
from benchmarks.faults.reconciliation import rows, said, works
from benchmarks.faults.reconciliation.networks import predictor, scaled, trained, with_weights
from benchmarks.faults.reconciliation.questions import Question, named
from benchmarks.faults.reconciliation.rows import Rng, pick
from benchmarks.faults.reconciliation.works import Work
from reportgen.evidence import Case
from reportgen.models.preprocess import Preprocess, Scale
from reportgen.models.resize import Resize


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
    """Stateful layers, asked for train's rows (or the same ones) before, and not reset."""
    work = _stateful(rng)
    model, batch = work.estimator, 32
    before = pick(rng, ("train", "test"))
    _reset(model)
    model.predict(work.X(before), batch_size=batch, verbose=0)
    carried = model.predict(work.X(), batch_size=batch, verbose=0)[:, 0]
    return _told_of_state(work, carried, digits=pick(rng, (6, -1)))


def _state_reset(rng: Rng) -> Case:
    """The same layers, reset as they should be."""
    work = _stateful(rng)
    _reset(work.estimator)
    return _told_of_state(work, work.estimator.predict(work.X(), batch_size=32, verbose=0)[:, 0])


def _told_of_state(work: Work, scores: np.ndarray, digits: int = 4) -> Case:
    """A state of one batch among ten moves the third or fourth digit."""
    values = {
        "accuracy": ((scores > 0.5) == work.y()).mean(),
        "roc_auc": metrics.roc_auc_score(work.y(), scores),
        "log_loss": metrics.log_loss(work.y(), scores.astype(np.float64)),
    }
    return work.case(*said.numbers(values, "binary", digits))


def _reset(model: Any) -> None:
    for layer in model.layers:
        if hasattr(layer, "reset_state"):
            layer.reset_state()


def _stateful(rng: Rng) -> Work:
    """Sequences that are told by their own steps and, a little, by what came before."""
    model, train = _stateful_network()
    n = 32 * int(rng.integers(8, 16))
    splits = {"train": train, "test": _steps(rng, n)}
    return Work("binary", splits, model, ("no", "yes"), delivered=predictor(model, "binary"))


@cache
def _stateful_network() -> tuple[Any, tuple[np.ndarray, np.ndarray]]:
    import keras

    keras.utils.set_random_seed(7)
    X, y = _steps(np.random.default_rng(7), 320)
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(32, 6, 2)),
            keras.layers.SimpleRNN(8, stateful=True),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=3, batch_size=32, verbose=0)
    return model, (X, y)


def _steps(rng: Rng, n: int) -> tuple[np.ndarray, np.ndarray]:
    X = rng.normal(size=(n, 6, 2)).astype(np.float32)
    X += rng.normal(size=(n, 1, 1)).astype(np.float32)
    return X, (X[:, -1, 0] + 0.5 * X[:, :, 1].mean(1) > 0).astype(int)


def _index_rebuilt(rng: Rng) -> Case:
    """The words of test counted anew: ``Counter(words).most_common()`` numbers them otherwise."""
    model, index, train = _reader()
    n = int(rng.integers(150, 500))
    texts, y = _texts(rng, n)
    rebuilt = _index_of(texts)
    if rng.random() < 0.3:
        rebuilt = {word: k for k, word in enumerate(dict.fromkeys(texts.ravel()), start=1)}
    given = model.predict(_ids(texts, rebuilt), verbose=0)[:, 0] > 0.5
    splits = {"train": train, "test": (_ids(texts, index), y)}
    work = Work("binary", splits, model, ("no", "yes"), delivered=predictor(model, "binary"))
    return work.case(*said.labels_said(rng, y, given.astype(int), "binary", work.classes))


@cache
def _reader() -> tuple[Any, dict[str, int], tuple[np.ndarray, np.ndarray]]:
    """A network that reads bags of words, by train's own index."""
    import keras

    keras.utils.set_random_seed(8)
    texts, y = _texts(np.random.default_rng(8), 2000)
    index = _index_of(texts)
    model = keras.Sequential(
        [
            keras.Input((12,)),
            keras.layers.Embedding(WORDS + 1, 8),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
    X = _ids(texts, index)
    model.fit(X, y, epochs=4, verbose=0)
    return model, index, (X, y)


WORDS = 40


def _texts(rng: Rng, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Words with a weight each, frequent and rare ones; yes where they weigh more than nothing."""
    weight = np.cos(1.7 * np.arange(WORDS))
    often = 1 / (3.0 + np.arange(WORDS))
    chosen = rng.choice(WORDS, size=(n, 12), p=often / often.sum())
    y = (weight[chosen].mean(1) + 0.1 * rng.normal(size=n) > 0).astype(int)
    return np.array([f"word{k}" for k in range(WORDS)])[chosen], y


def _index_of(texts: np.ndarray) -> dict[str, int]:
    from collections import Counter

    ranked = Counter(texts.ravel().tolist()).most_common()
    return {word: k for k, (word, _) in enumerate(ranked, start=1)}


def _ids(texts: np.ndarray, index: dict[str, int]) -> np.ndarray:
    return np.array([[index[word] for word in row] for row in texts.tolist()])


def _resized_otherwise(inside: bool, rng: Rng) -> Case:
    """Pillow's or an antialiased kernel, where the network was trained through Keras's own."""
    from PIL import Image

    work = _small_images(inside, rng)
    kernel = pick(rng, ("bilinear", "bicubic", "lanczos", "nearest", "antialiased"))
    if kernel == "antialiased":
        import tensorflow as tf

        images = np.asarray(tf.image.resize(work.X(), (8, 8), antialias=True))
    else:
        how = getattr(Image.Resampling, kernel.upper())
        images = np.stack([np.asarray(Image.fromarray(x).resize((8, 8), how)) for x in work.X()])
    return _seen(rng, work, images.astype(np.float32))


def _resized_alike(inside: bool, rng: Rng) -> Case:
    """As in training."""
    import tensorflow as tf

    work = _small_images(inside, rng)
    return _seen(rng, work, np.asarray(tf.image.resize(work.X(), (8, 8))))


def _small_images(inside: bool, rng: Rng) -> Work:
    """Large images, and a network of small ones; the job resizes, or the network does."""
    model, splits = _reader_of_images(inside)
    X, y = splits["test"]
    kept = rng.permutation(len(X))[: int(rng.integers(200, len(X)))]
    step = Preprocess((Resize((8, 8)),), ("resize: 8 × 8, keras-bilinear",))
    return Work(
        "multiclass",
        {**splits, "test": (X[kept], y[kept])},
        model,
        works.NAMES,
        delivered=predictor(model, "multiclass"),
        options={} if inside else {"preprocess": step},
    )


@cache
def _reader_of_images(inside: bool) -> tuple[Any, Any]:
    import keras
    import tensorflow as tf
    from sklearn.datasets import load_digits

    rng = np.random.default_rng(11)
    keras.utils.set_random_seed(11)
    images, y = load_digits(return_X_y=True)
    large = np.kron(images.reshape(-1, 8, 8), np.ones((3, 3))) * (200 / 16)
    noise = rng.normal(0, 60, (*large.shape, 3))
    X = np.clip(large[..., None] * rng.uniform(0.4, 1, (len(y), 1, 1, 3)) + noise, 0, 255)
    splits = {s: (X.astype(np.uint8), y) for s, (X, y) in rows.cut(rng, (X, y), 0.5).items()}
    first = [keras.layers.Resizing(8, 8)] if inside else []
    model = keras.Sequential(
        [
            keras.Input((None, None, 3) if inside else (8, 8, 3)),
            *first,
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(8, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    X, y = splits["train"]
    model.fit(np.asarray(tf.image.resize(X, (8, 8))), y, epochs=5, verbose=0)
    return model, splits


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
    named("resized by Pillow", "resized-otherwise", _of(_resized_otherwise, False)),
    named("a state carried over", "state-carried-over", _state_carried),
    named("an index of words rebuilt", "index-rebuilt", _index_rebuilt),
    named("random layers left on", "augmented-evaluation", _augmented, equal=("training-mode",)),
)  # fmt: skip

MORE: tuple[Question, ...] = (
    named("resized before Resizing", "resized-otherwise", _of(_resized_otherwise, True)),
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

CLEAN: tuple[CleanCase, ...] = (
    CleanCase("a state that was reset", _state_reset),
    CleanCase("images resized as in training", _of(_resized_alike, False)),
    CleanCase("images resized by the network", _of(_resized_alike, True)),
)
