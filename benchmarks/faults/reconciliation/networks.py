"""Tiny Keras networks, trained once a process for each kind and variant.

What differs from draw to draw are the rows that they are evaluated on.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.faults.reconciliation import rows
from benchmarks.faults.reconciliation.rows import Rng
from benchmarks.faults.reconciliation.works import NAMES, Work

if TYPE_CHECKING:
    from pathlib import Path

VARIANTS = 2


@dataclass(frozen=True)
class Trained:
    """A fitted network and its data; ``log`` is what ``fit`` printed, ``history`` what it kept.

    ``initial`` are the weights before training; ``epochs`` those after each epoch.
    """

    model: Any
    splits: rows.Splits
    task: str
    log: str
    history: Mapping[str, list[float]]
    initial: list[np.ndarray]
    epochs: tuple[list[np.ndarray], ...]

    def work(self, rng: Rng, least: int = 120, **options: Any) -> Work:
        """The network on a part of its test rows, drawn anew."""
        X, y = self.splits["test"]
        n = int(rng.integers(least, len(X)))
        kept = rng.permutation(len(X))[:n]
        k = y.shape[1] if y.ndim == 2 else int(self.splits["train"][1].max()) + 1
        return Work(
            self.task,
            {**self.splits, "test": (X[kept], y[kept])},
            self.model,
            () if self.task == "regression" else NAMES[:k],
            delivered=predictor(self.model, self.task),
            options=options,
        )


def predictor(model: Any, task: str) -> Any:
    from reportgen.models.keras_read import of_live_model

    return of_live_model(model, task)


def printed(run: Callable[[], Any]) -> str:
    """What a call prints on the console."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        run()
    return out.getvalue()


def trained(kind: str, rng: Rng, **more: Any) -> Trained:
    """A network of a kind, one of a few variants."""
    return _trained(kind, int(rng.integers(VARIANTS)), **more)


@cache
def _trained(kind: str, variant: int, epochs: int = 5) -> Trained:
    import keras

    rng = np.random.default_rng([variant, *kind.encode()])
    keras.utils.set_random_seed(100 + variant)
    task, splits, model, validated = KINDS[kind](rng)
    X, y = splits["train"]
    keeper = Keeper()
    initial = model.get_weights()
    result: dict[str, Any] = {}

    def fit() -> None:
        found = model.fit(
            X, y, epochs=epochs, batch_size=64, verbose=2,
            validation_data=splits["validation"] if validated else None,
            callbacks=[keeper.callback()],
        )  # fmt: skip
        result.update(found.history)

    log = printed(fit)
    return Trained(model, splits, task, log, result, initial, tuple(keeper.seen))


class Keeper:
    """Keeps the weights after each epoch, as ModelCheckpoint does on disk."""

    def __init__(self) -> None:
        self.seen: list[list[np.ndarray]] = []

    def callback(self) -> Any:
        import keras

        def keep(epoch: int, logs: Any) -> None:
            self.seen.append(made.model.get_weights())

        made = keras.callbacks.LambdaCallback(on_epoch_end=keep)
        return made


def with_weights(found: Trained, weights: list[np.ndarray]) -> Any:
    """A copy of the network with other weights, compiled alike."""
    import keras

    model = keras.models.clone_model(found.model)
    model.compile_from_config(found.model.get_compile_config())
    model.set_weights(weights)
    return model


def saved(found: Trained, weights: list[np.ndarray], folder: Path, name: str) -> Path:
    """A checkpoint's file."""
    path = folder / f"{name}.weights.h5"
    with_weights(found, weights).save_weights(path)
    return path


# --- kinds: (task, splits, compiled model, whether validation is watched) --------------------

Made = tuple[str, rows.Splits, Any, bool]


def _blobs(rng: Rng, n: int, classes: int, **more: Any) -> rows.Splits:
    X, y = rows.generated(rng, n, classes, **more)
    return _floats(rows.cut(rng, (X.astype(np.float32), y), 0.5))


def _floats(splits: rows.Splits) -> rows.Splits:
    return {name: (X.astype(np.float32), y) for name, (X, y) in splits.items()}


def _dense(inputs: int, *layers: Any) -> Any:
    import keras

    return keras.Sequential([keras.Input((inputs,)), *layers])


def _sigmoid(rng: Rng) -> Made:
    import keras

    splits = _blobs(rng, 6000, 2, weights=(0.75, 0.25), gap=0.8)
    model = _dense(10, keras.layers.Dense(12, "relu"), keras.layers.Dense(1, activation="sigmoid"))
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    return "binary", splits, model, True


def _logits(rng: Rng) -> Made:
    import keras

    splits = _blobs(rng, 5000, 2, weights=(0.6, 0.4), gap=0.8)
    model = _dense(10, keras.layers.Dense(12, "relu"), keras.layers.Dense(1))
    model.compile(
        keras.optimizers.Adam(0.01),
        keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=["accuracy", keras.metrics.AUC(name="auc")],
    )
    return "binary", splits, model, True


def _softmax(rng: Rng) -> Made:
    import keras

    splits = _blobs(rng, 6000, 4, weights=(0.45, 0.3, 0.15, 0.1), gap=0.9)
    model = _dense(10, keras.layers.Dense(16, "relu"), keras.layers.Dense(4, activation="softmax"))
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return "multiclass", splits, model, True


def _softmax_logits(rng: Rng) -> Made:
    import keras

    splits = _blobs(rng, 6000, 5, weights=(0.35, 0.3, 0.2, 0.1, 0.05), gap=0.9)
    model = _dense(10, keras.layers.Dense(16, "relu"), keras.layers.Dense(5))
    model.compile(
        keras.optimizers.Adam(0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return "multiclass", splits, model, True


def _penalised(rng: Rng) -> Made:
    import keras

    splits = _blobs(rng, 4000, 3, weights=(0.5, 0.3, 0.2), gap=0.9)
    model = _dense(
        10,
        keras.layers.Dense(16, "relu", kernel_regularizer=keras.regularizers.L2(0.005)),
        keras.layers.Dense(3, activation="softmax", kernel_regularizer="l1"),
    )
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return "multiclass", splits, model, True


def _dropped(rng: Rng) -> Made:
    import keras

    splits = _blobs(rng, 6000, 4, weights=(0.4, 0.3, 0.2, 0.1), gap=0.9)
    model = _dense(
        10,
        keras.layers.Dense(32, "relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(4, activation="softmax"),
    )
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return "multiclass", splits, model, True


def _normalised(rng: Rng) -> Made:
    """Batch normalisation with moving statistics that lag far behind."""
    import keras

    splits = _blobs(rng, 3000, 3, weights=(0.5, 0.3, 0.2), gap=0.9)
    splits = {s: (1.7 * X + 0.8, y) for s, (X, y) in splits.items()}
    model = _dense(
        10,
        keras.layers.BatchNormalization(momentum=0.995),
        keras.layers.Dense(16, "relu"),
        keras.layers.BatchNormalization(momentum=0.995),
        keras.layers.Dense(3, activation="softmax"),
    )
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return "multiclass", splits, model, True


def _tagger(rng: Rng) -> Made:
    import keras

    X, y = rows.several_labels(rng, 5000, 5)
    splits = _floats(rows.cut(rng, (X, y), 0.5))
    model = _dense(15, keras.layers.Dense(24, "relu"), keras.layers.Dense(5, activation="sigmoid"))
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    return "multilabel", splits, model, True


def _regressor(rng: Rng) -> Made:
    import keras

    splits = _floats(rows.cut(rng, rows.friedman(rng, 4000), 0.5))
    model = _dense(
        10,
        keras.layers.Dense(24, "relu", kernel_regularizer=keras.regularizers.L2(0.01)),
        keras.layers.Dense(1),
    )
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    return "regression", splits, model, True


def _images(rng: Rng) -> Made:
    """Blurred digits in two colours, 0–255; the network rescales by itself."""
    import keras

    splits = coloured_digits(rng)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(8, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return "multiclass", splits, model, False


def _scaled_images(rng: Rng) -> Made:
    """The same, for inputs of 0–1."""
    import keras

    splits = coloured_digits(rng)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(8, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model_splits = {s: (X / np.float32(255), y) for s, (X, y) in splits.items()}
    return "multiclass", model_splits, model, False


def _augmented(rng: Rng) -> Made:
    """Random shifts and flips inside the network."""
    import keras

    splits = coloured_digits(rng)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.RandomTranslation(0.2, 0.2, seed=3),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(12, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return "multiclass", splits, model, False


def coloured_digits(rng: Rng) -> rows.Splits:
    from sklearn.datasets import load_digits

    images, y = load_digits(return_X_y=True)
    grey = images.reshape(-1, 8, 8).astype(np.float32) * (255 / 16)
    tint = rng.uniform(0.2, 1.0, (len(y), 1, 1, 3)).astype(np.float32)
    tint[..., 2] = 0.3 * tint[..., 0]  # blue is weak: channels are not exchangeable
    noise = rng.normal(0, 40, (len(y), 8, 8, 3))
    coloured = np.clip(grey[..., None] * tint + noise, 0, 255).astype(np.float32)
    return rows.cut(rng, (coloured, y), 0.5)


KINDS: dict[str, Callable[[Rng], Made]] = {
    "sigmoid": _sigmoid,
    "logits": _logits,
    "softmax": _softmax,
    "softmax logits": _softmax_logits,
    "penalised": _penalised,
    "dropped": _dropped,
    "normalised": _normalised,
    "tagger": _tagger,
    "regressor": _regressor,
    "images": _images,
    "scaled images": _scaled_images,
    "augmented": _augmented,
}


def scaled(found: Trained, divisor: float) -> Trained:
    """The same data before it was divided: the audit divides."""
    return replace(
        found,
        splits={s: (X * np.float32(divisor), y) for s, (X, y) in found.splits.items()},
    )
