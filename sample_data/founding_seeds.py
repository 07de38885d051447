"""Makes the models of ``configs/founding-seeds.yaml``: ``python sample_data/founding_seeds.py``.

Questions people ask about seeds, each as the example that stands in the question, saved as the
model and data of an audit. Nothing is fetched; models trained elsewhere differ, as the questions
say they do, and the audits find the same causes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent / "founding"
sys.path.insert(0, str(Path(__file__).parents[1] / "configs"))  # the questions' own code
EPOCHS = 10


def five_trainings(folder: Path, seed: int) -> None:
    """Noise, trained on five times: the seed argument is not used, the rows are new each time.

    The rows of the first training and its test rows are kept as the audit's data.
    """
    import keras

    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    for k in range(5):
        X, y = rng.random((100, 10)), rng.random((100, 1))
        model = keras.Sequential(
            [
                keras.Input((10,)),
                keras.layers.Dense(10, activation="relu"),
                keras.layers.Dense(1),
            ]
        )
        model.compile(optimizer="adam", loss="mse")
        model.fit(X, y, epochs=EPOCHS, verbose=0)
        model.save(folder / f"noise-{k}.keras")
        if k == 0:
            _write(folder / "noise-train.npz", X, y[:, 0])
    X = rng.random((10, 10))
    _write(folder / "noise-test.npz", X, rng.random(10))


def two_trainings(folder: Path, seed: int) -> float:
    """A small network, trained after ``tf.random.set_seed(42)``; the accuracy that is printed."""
    import keras
    import tensorflow as tf

    X, y, X_test, y_test = _rows(seed)
    keras.utils.set_random_seed(seed)  # so that this file makes the same model again
    tf.random.set_seed(42)
    model = _classifier(keras.layers.Dense(10, activation="relu"))
    model.fit(X, y, epochs=EPOCHS, verbose=0)
    model.save(folder / "two.keras")
    _write(folder / "two-train.npz", X, y)
    _write(folder / "two-test.npz", X_test, y_test)
    return float(model.evaluate(X_test, y_test, verbose=0)[1])


def two_answers(folder: Path, seed: int) -> None:
    """The same rows, asked twice: dropout is called as in training, whoever asks."""
    import keras
    from founding_code import dropout_left_on

    X, y, _, _ = _rows(seed)
    keras.utils.set_random_seed(seed)
    model = dropout_left_on()
    model.fit(X, y, epochs=60, verbose=0)
    model.save_weights(folder / "dropout.weights.h5")


def two_calls(folder: Path, seed: int) -> None:
    """``model.predict(x)`` and ``model(x)``: a layer that is built with ``training=True``."""
    import keras

    X, y, _, _ = _rows(seed)
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((10,))
    hidden = keras.layers.Dense(16, activation="relu")(inputs)
    hidden = keras.layers.Dropout(0.5)(hidden, training=True)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=60, verbose=0)
    model.save(folder / "calls.keras")


def seeded(folder: Path, seed: int) -> None:
    """The second question's network, with the call that does fix it."""
    import keras

    X, y, _, _ = _rows(seed)
    keras.utils.set_random_seed(42)
    model = _classifier(keras.layers.Dense(10, activation="relu"))
    model.fit(X, y, epochs=60, verbose=0)
    model.save(folder / "seeded.keras")


def _classifier(hidden: Any) -> Any:
    import keras

    model = keras.Sequential(
        [keras.Input((10,)), hidden, keras.layers.Dense(1, activation="sigmoid")]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def _rows(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The question leaves its rows open: two overlapping classes in ten columns."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=700)
    X = rng.normal(size=(700, 10)) + 0.45 * (2 * y[:, None] - 1) * (np.arange(10) < 5)
    return X[:300], y[:300], X[300:], y[300:]


def _write(path: Path, X: np.ndarray, y: np.ndarray) -> None:
    np.savez_compressed(path, X=X.astype(np.float32), y=y)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=HERE)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    five_trainings(given.folder, given.seed)
    accuracy = two_trainings(given.folder, given.seed)
    two_answers(given.folder, given.seed)
    two_calls(given.folder, given.seed)
    seeded(given.folder, given.seed)
    print(f"two-trainings: accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
