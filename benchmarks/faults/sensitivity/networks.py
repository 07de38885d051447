"""Keras networks, trained by ``fit``: brittle ones, and ones that are merely uncertain or sound.

Images are scikit-learn's digits, drawn at 28 × 28, so that a pixel is a pixel of 28.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays
from benchmarks.faults.sensitivity.rows import Floats, Rng, expit, halves
from reportgen.evidence import Case

LIGHTING = "sensitivity.lighting"
SHIFT = "sensitivity.shift"
FLIPS = "sensitivity.flips-under-noise"
BRITTLE = "sensitivity.brittle-feature"
TEXT = "sensitivity.text-noise"
DOMINATES = "sensitivity.single-feature-dominates"
TRIES, LEARNED = 5, 0.9  # accuracy on train of a network that has learned the light


# --- rows ------------------------------------------------------------------------------------


def digits(rng: Rng) -> tuple[Floats, Any]:
    """1,797 digits of 28 × 28, 0 to 1, in a new order."""
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    at = rng.permutation(len(y))
    images = zoom(X[at].reshape(-1, 8, 8), (1, 3.5, 3.5), order=1)
    return np.clip(images / 16, 0, 1).astype(np.float32), y[at]


def grounds(rng: Rng, n: int) -> Floats:
    """Grey grounds of another light each, with noise."""
    light = rng.uniform(0.3, 0.7, (n, 1, 1))
    return np.clip(light + rng.normal(0, 0.05, (n, 28, 28)), 0, 1).astype(np.float32)


def stripes(rng: Rng, n: int) -> tuple[Floats, Any]:
    """Stripes of one pixel in odd or even columns, at some height."""
    y = rng.integers(0, 2, n)
    X = rng.normal(0.2, 0.05, (n, 28, 28))
    for k in range(n):
        X[k, :, y[k] :: 2] += rng.uniform(0.3, 0.6)
    return np.clip(X, 0, 1).astype(np.float32), y


# --- networks --------------------------------------------------------------------------------


def fitted(rng: Rng, model: Any, X: Any, y: Any, task: str, epochs: int, rate: float) -> None:
    """Trains a network by the loss of its task."""
    import keras

    loss = {
        "binary": "binary_crossentropy", "multiclass": "sparse_categorical_crossentropy",
        "regression": "mse",
    }[task]  # fmt: skip
    model.compile(keras.optimizers.Adam(rate), loss)
    model.fit(X, y, epochs=epochs, batch_size=64, verbose=0)


def of(model: Any, task: str) -> Any:
    from reportgen.models.keras_read import of_live_model

    return of_live_model(model, task)


def seeded(rng: Rng) -> Any:
    """Keras, with a seed of its own."""
    import keras

    keras.utils.set_random_seed(int(rng.integers(2**31)))
    return keras


def dense(keras: Any, shape: tuple[int, ...], units: tuple[int, ...], classes: int) -> Any:
    layers = [keras.Input(shape)]
    if len(shape) > 1:
        layers.append(keras.layers.Flatten())
    layers += [keras.layers.Dense(u, activation="relu") for u in units]
    end = keras.layers.Dense(classes, activation="sigmoid" if classes == 1 else "softmax")
    return keras.Sequential([*layers, end])


def conv(keras: Any, classes: int) -> Any:
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Reshape((28, 28, 1)),
            keras.layers.Conv2D(8, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(16, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(classes, activation="sigmoid" if classes == 1 else "softmax"),
        ]
    )


def images(rng: Rng, kind: str, X: Any, y: Any, classes: int, epochs: int) -> Case:
    """A network on images; one of two classes that learned nothing (dead units) is drawn again."""
    keras = seeded(rng)
    make = {"dense": lambda: dense(keras, (28, 28), (64,), classes),
            "conv": lambda: conv(keras, classes)}[kind]  # fmt: skip
    splits = halves(X, y)
    task: Any = "binary" if classes == 1 else "multiclass"
    for _ in range(TRIES):
        model = make()
        fitted(rng, model, *splits["train"], task, epochs, 0.005 if classes == 1 else 0.002)
        given = model.predict(splits["train"][0], verbose=0)
        if classes > 1 or ((given[:, 0] > 0.5) == splits["train"][1]).mean() > LEARNED:
            break
    return case_from_arrays(task, splits, of(model, task))


# --- faults ----------------------------------------------------------------------------------


def by_light(rng: Rng, kind: str) -> Case:
    """The label is whether an image is dark or light: a network learns just that."""
    X = grounds(rng, 2000)
    return images(rng, kind, X, (X.mean(axis=(1, 2)) > 0.5).astype(np.int64), 1, 80)


def by_column(rng: Rng, kind: str) -> Case:
    """The label is in which columns the stripes stand."""
    return images(rng, kind, *stripes(rng, 1600), 1, 15)


def binned(rng: Rng, n: int, bins: int, per_step: bool = False, beside: str = "") -> Case:
    """A number cut into so many bins, and a weight learned for each from a few noisy labels.

    ``per_step``: the same at every step of sequences; ``beside``: a second input, a "picture".
    """
    keras = seeded(rng)
    shape = (12, 1) if per_step else (1,)
    x = np.round(rng.normal(size=(n, *shape)), 2)
    more = rng.normal(size=(n, 2)) if not beside else rng.random((n, 6, 6))
    signal = 0.6 * np.sign(x[..., 0])
    y = (rng.random(signal.shape) < expit(signal)).astype(np.int64)
    first = keras.Input(shape, name="number")
    cut = keras.layers.Discretization(list(np.linspace(-3, 3, bins)))(first)
    weight = keras.layers.Embedding(bins + 1, 1)(cut)
    weight = keras.layers.Reshape(shape)(weight)
    if per_step:
        model = keras.Model(first, keras.layers.Activation("sigmoid")(weight))
        X: Any = x.astype(np.float32)
    else:
        second = keras.Input(more.shape[1:], name=beside or "others")
        flat = keras.layers.Flatten()(second)
        out = keras.layers.Add()([weight, keras.layers.Dense(1)(flat)])
        model = keras.Model([first, second], keras.layers.Activation("sigmoid")(out))
        X = {"number": x.astype(np.float32), (beside or "others"): more.astype(np.float32)}
    half = n // 2

    def part(where: slice) -> Any:
        return {k: v[where] for k, v in X.items()} if isinstance(X, dict) else X[where]

    train, test = slice(0, half), slice(half, None)
    target = y[..., None] if per_step else y
    fitted(rng, model, part(train), target[train], "binary", 60, 0.05)
    splits = {"train": (part(train), y[train]), "test": (part(test), y[test])}
    mask = {k: np.ones(v[1].shape, dtype=bool) for k, v in splits.items()} if per_step else None
    return case_from_arrays("binary", splits, of(model, "binary"), mask=mask)


FILLER = [
    "we",
    "write",
    "to",
    "you",
    "about",
    "the",
    "order",
    "that",
    "came",
    "to",
    "our",
    "house",
    "last",
]


def letters(rng: Rng, n: int, keeps_case: bool) -> Case:
    """Complaints have their words in capitals; a network that does not lower them reads that."""
    keras = seeded(rng)
    import tensorflow as tf

    y = rng.integers(0, 2, n)
    texts = []
    for k in range(n):
        words = [str(w) for w in rng.choice(FILLER, 9)]
        marks = ["BAD", "BROKEN"] if keeps_case else ["refund", "broken"]
        if y[k]:
            words[int(rng.integers(9))] = str(rng.choice(marks))
        elif keeps_case and rng.random() < 0.5:
            words[int(rng.integers(9))] = "bad"
        texts.append(" ".join(words) + ".")
    frame = pl.DataFrame({"text": texts})
    given = tf.constant(texts)[:, None]
    standard = None if keeps_case else "lower_and_strip_punctuation"
    words_of = keras.layers.TextVectorization(200, standardize=standard, output_mode="multi_hot")
    words_of.adapt(tf.constant(texts))
    model = keras.Sequential(
        [keras.Input((1,), dtype="string"), words_of, keras.layers.Dense(1, activation="sigmoid")]
    )
    fitted(rng, model, given[: n // 2], y[: n // 2], "binary", 60, 0.05)
    return case_from_arrays("binary", halves(frame, y), of(model, "binary"))


# --- controls --------------------------------------------------------------------------------


def honest_digits(rng: Rng, kind: str, noise: float = 0.0) -> Case:
    """Ten digits; with ``noise``, so many labels are drawn anew: uncertain, and not brittle."""
    X, y = digits(rng)
    y = np.where(rng.random(len(y)) < noise, rng.integers(0, 10, len(y)), y)
    return images(rng, kind, X, y, 10, 4 if noise else 12)


def honest_table(rng: Rng, n: int, noise: float) -> Case:
    """Columns of numbers and a noisy rule: ``noise`` makes it uncertain."""
    keras = seeded(rng)
    X = rng.normal(size=(n, 6)).astype(np.float32)
    y = (X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(0, noise, n) > 0).astype(np.int64)
    splits = halves(X, y)
    model = dense(keras, (6,), (32,), 1)
    fitted(rng, model, *splits["train"], "binary", 15, 0.003)
    return case_from_arrays("binary", splits, of(model, "binary"))


def honest_inputs(rng: Rng, n: int) -> Case:
    """A city, embedded, beside numbers, beside a sequence: three inputs."""
    keras = seeded(rng)
    city = rng.integers(0, 30, n)
    numbers = rng.normal(size=(n, 3)).astype(np.float32)
    series = rng.normal(size=(n, 12, 2)).cumsum(axis=1).astype(np.float32)
    worth = rng.normal(size=30)
    z = worth[city] + numbers[:, 0] + 0.5 * series[:, -1, 0]
    y = (z + rng.normal(0, 0.7, n) > 0).astype(np.int64)
    a = keras.Input((1,), name="city")
    b = keras.Input((3,), name="numbers")
    c = keras.Input((12, 2), name="series")
    parts = [keras.layers.Flatten()(keras.layers.Embedding(30, 4)(a)), b, keras.layers.GRU(8)(c)]
    hidden = keras.layers.Dense(16, activation="relu")(keras.layers.Concatenate()(parts))
    model = keras.Model([a, b, c], keras.layers.Dense(1, activation="sigmoid")(hidden))
    X = {"city": city[:, None], "numbers": numbers, "series": series}
    half = n // 2
    train, test = ({k: v[w] for k, v in X.items()} for w in (slice(0, half), slice(half, None)))
    fitted(rng, model, train, y[:half], "binary", 8, 0.005)
    return case_from_arrays(
        "binary", {"train": (train, y[:half]), "test": (test, y[half:])}, of(model, "binary")
    )


def honest_steps(rng: Rng, n: int) -> Case:
    """Each step says whether the sum so far is above zero; sequences end early."""
    keras = seeded(rng)
    X = rng.normal(size=(n, 15, 1)).astype(np.float32)
    y = (X[..., 0].cumsum(axis=1) > 0).astype(np.int64)
    mask = np.arange(15) < rng.integers(5, 16, n)[:, None]
    model = keras.Sequential(
        [keras.Input((15, 1)), keras.layers.GRU(12, return_sequences=True),
         keras.layers.Dense(1, activation="sigmoid")]
    )  # fmt: skip
    half = n // 2
    fitted(rng, model, X[:half], y[:half, :, None], "binary", 8, 0.01)
    return case_from_arrays(
        "binary",
        halves(X, y),
        of(model, "binary"),
        mask={"train": mask[:half], "test": mask[half:]},
    )


PLANTED = (
    FaultCase("Keras: dark or light, dense", LIGHTING, lambda r: by_light(r, "dense"),
              also=(FLIPS,)),
    FaultCase("Keras: dark or light, convolutions", LIGHTING, lambda r: by_light(r, "conv"),
              also=(FLIPS,)),
    FaultCase("Keras: stripes in odd columns, dense", SHIFT, lambda r: by_column(r, "dense"),
              also=(FLIPS,)),
    FaultCase("Keras: two inputs, a number in 500 bins", BRITTLE,
              lambda r: binned(r, 3000, 500), also=(FLIPS, DOMINATES)),
    FaultCase("Keras: a number in 500 bins beside a picture", BRITTLE,
              lambda r: binned(r, 3000, 500, beside="picture"), also=(FLIPS, DOMINATES)),
    FaultCase("Keras: 500 bins at every step", (BRITTLE, FLIPS),
              lambda r: binned(r, 500, 500, per_step=True)),
    FaultCase("Keras: capitals decide", TEXT, lambda r: letters(r, 1200, True)),
)  # fmt: skip

CLEAN = (
    CleanCase("Keras: digits, dense", lambda r: honest_digits(r, "dense")),
    CleanCase("Keras: digits, convolutions", lambda r: honest_digits(r, "conv")),
    CleanCase("Keras: digits, half of the labels drawn anew",
              lambda r: honest_digits(r, "dense", 0.5)),
    CleanCase("Keras: table", lambda r: honest_table(r, 2000, 0.5)),
    CleanCase("Keras: table, uncertain", lambda r: honest_table(r, 2000, 4.0)),
    CleanCase("Keras: city, numbers and a sequence", lambda r: honest_inputs(r, 2400)),
    CleanCase("Keras: a label a step", lambda r: honest_steps(r, 800)),
    CleanCase("Keras: letters, small", lambda r: letters(r, 1200, False)),
)  # fmt: skip
