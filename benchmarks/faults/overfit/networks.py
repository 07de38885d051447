"""Keras networks that memorise, want rows, restraint or moved pictures; and sound ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

from benchmarks.faults.cases import case_from_arrays
from benchmarks.faults.seed_ensemble.estimators import seed_of
from reportgen.evidence import Case

Rng = np.random.Generator
Draw = Callable[[Rng], Case]
Rows = tuple[np.ndarray, np.ndarray]
SIDE = 12  # of a picture, in pixels


def trained(
    rng: Rng,
    splits: dict[str, Rows],
    *,
    hidden: tuple[int, ...],
    epochs: int,
    rate: float = 0.003,
    patience: int | None = None,
    class_weight: dict[int, float] | None = None,
) -> Case:
    """A network of dense layers (pictures laid flat), trained by ``fit``; its recipe is declared.

    ``patience``: early stopping on the loss of the validation rows, best weights restored.
    """
    import keras

    from reportgen.models.keras_read import of_live_model

    keras.utils.set_random_seed(seed_of(rng))
    X, y = splits["train"]
    classes = int(y.max()) + 1
    layers: list[Any] = [keras.Input(X.shape[1:])]
    layers += [keras.layers.Flatten()] if X.ndim > 2 else []
    layers += [keras.layers.Dense(units, activation="relu") for units in hidden]
    two = classes == 2
    layers.append(keras.layers.Dense(1 if two else classes, "sigmoid" if two else "softmax"))
    model = keras.Sequential(layers)
    loss = "binary_crossentropy" if two else "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(rate), loss)
    training: dict[str, Any] = {"epochs": epochs, "batch_size": 32}
    more: dict[str, Any] = {}
    if patience is not None:
        more["validation_data"] = splits["validation"]
        more["callbacks"] = [
            keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True)
        ]
        training["early_stopping"] = {
            "monitor": "val_loss", "patience": patience, "restore_best": True,
        }  # fmt: skip
    if class_weight is not None:
        more["class_weight"] = class_weight
        training["class_weight"] = {str(k): w for k, w in class_weight.items()}
    model.fit(X, y, epochs=epochs, batch_size=32, verbose=0, **more)
    task = "binary" if two else "multiclass"
    return case_from_arrays(task, splits, of_live_model(model, task), training=training)  # type: ignore[arg-type]


def classes(rng: Rng, n: int, noise: float, width: int) -> Rows:
    """Two classes by the sum of the first two columns; a share of labels is drawn at random."""
    X = rng.normal(size=(n, width)).astype(np.float32)
    y = (X[:, 0] + X[:, 1] > 0).astype(np.int64)
    wild = rng.random(n) < noise
    y[wild] = rng.integers(0, 2, int(wild.sum()))
    return X, y


def memorised(rng: Rng) -> Case:
    """Labels that are noise, and a network that learns them by heart."""
    splits = {"train": classes(rng, 300, 1.0, 12), "test": classes(rng, 1500, 1.0, 12)}
    return trained(rng, splits, hidden=(128, 128), epochs=60)


def hungry(rng: Rng) -> Case:
    """Sixty columns, two of which matter, from 300 rows."""
    splits = {"train": classes(rng, 300, 0.1, 60), "test": classes(rng, 2000, 0.1, 60)}
    return trained(rng, splits, hidden=(32,), epochs=25)


def unrestrained(rng: Rng) -> Case:
    """A wide network on noisy labels, trained until it knows them."""
    splits = {"train": classes(rng, 600, 0.4, 12), "test": classes(rng, 3000, 0.4, 12)}
    return trained(rng, splits, hidden=(128, 128), epochs=30)


def figures(rng: Rng, n: int) -> Rows:
    """A cross, a frame or a bar, somewhere on a noisy picture: what is where tells nothing."""
    shapes = np.zeros((3, 5, 5))
    shapes[0][[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]] = shapes[0][[0, 1, 2, 3, 4], [4, 3, 2, 1, 0]] = 1
    shapes[1][0], shapes[1][4], shapes[1][:, 0], shapes[1][:, 4] = 1, 1, 1, 1
    shapes[2][:, 2] = shapes[2][2] = 1
    y = rng.integers(0, 3, n)
    X = 0.25 * rng.normal(size=(n, SIDE, SIDE, 1))
    for k, (row, column) in enumerate(rng.integers(2, 6, (n, 2))):
        X[k, row : row + 5, column : column + 5, 0] += shapes[y[k]]
    return X.astype(np.float32), y


def moved(rng: Rng) -> Case:
    """Few pictures of figures that stand anywhere: moved copies would teach that."""
    splits = {"train": figures(rng, 250), "test": figures(rng, 2000)}
    return trained(rng, splits, hidden=(64,), epochs=30)


def places(rng: Rng, n: int) -> Rows:
    """A bright pixel whose column is the class: a picture that is moved shows another class."""
    y = rng.integers(0, 3, n)
    X = 0.1 * rng.normal(size=(n, SIDE, SIDE, 1))
    X[np.arange(n), rng.integers(0, SIDE, n), 4 + y, 0] += 2
    return X.astype(np.float32), y


def in_place(rng: Rng) -> Case:
    """Pictures that must not be moved, and enough of them."""
    splits = {"train": places(rng, 1500), "test": places(rng, 1000)}
    return trained(rng, splits, hidden=(32,), epochs=20)


def capable(rng: Rng) -> Case:
    """Two wide layers on digits, 85,000 weights for 1,100 rows: it knows others too."""
    X, y = load_digits(return_X_y=True)
    X, order = (X / 16).astype(np.float32), rng.permutation(len(y))
    parts = {"train": order[:1100], "validation": order[1100:1300], "test": order[1300:]}
    splits = {name: (X[at], y[at]) for name, at in parts.items()}
    return trained(rng, splits, hidden=(256, 256), epochs=40, rate=0.001, patience=5)


def thirty(rng: Rng) -> Case:
    """A sound network, and thirty rows to judge it on."""
    splits = {
        name: classes(rng, n, 0.2, 6)
        for name, n in (("train", 1500), ("validation", 400), ("test", 30))
    }
    return trained(rng, splits, hidden=(16,), epochs=40, patience=4)


def skewed(share: float, apart: float, *, n: int = 3000, weighed: bool = False) -> Draw:
    """Two normal classes ``apart`` sd from each other, the second with a share of the rows."""

    def rows(rng: Rng, n: int) -> Rows:
        y = np.zeros(n, dtype=np.int64)
        y[: round(share * n)] = 1
        y = rng.permutation(y)
        X = rng.normal(size=(n, 6)).astype(np.float32)
        X[:, 0] += apart * y
        return X, y

    def draw(rng: Rng) -> Case:
        splits = {"train": rows(rng, n), "validation": rows(rng, n), "test": rows(rng, n)}
        weights = {0: 0.5 / (1 - share), 1: 0.5 / share} if weighed else None
        return trained(
            rng, splits, hidden=(16,), epochs=15, patience=3, class_weight=weights
        )  # fmt: skip

    return draw
