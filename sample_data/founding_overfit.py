"""Makes the models of ``configs/founding-overfit.yaml`` and ``founding-imbalance.yaml``.

``python sample_data/founding_overfit.py``. Questions people ask about scores that were too good,
each as the example that stands in the question. Nothing is fetched; models trained elsewhere
differ in the last digits, and the audits find the same causes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent / "founding"
EPOCHS = 2000
Rows = tuple[np.ndarray, np.ndarray]


def points(n: int, draws: np.random.RandomState) -> Rows:
    """``y = 3 * X + np.random.randn(n) * 5`` at n places from 0 to 10."""
    X = np.linspace(0, 10, n)
    return X[:, None], 3 * X + draws.randn(n) * 5


def few_points(folder: Path, seed: int) -> dict[str, float]:
    """Twenty and two hundred points, with and without dropout; the test losses that are printed."""
    draws = np.random.RandomState(42)  # the question's own numbers
    twenty, many = points(20, draws), points(200, draws)
    X = np.linspace(0, 10, 100)[:, None]
    exact = X, 3 * X[:, 0]
    noise = np.random.default_rng(seed)
    noisy = X, 3 * X[:, 0] + 5 * noise.normal(size=100)
    for name, rows in (("train", twenty), ("train-200", many), ("test", exact), ("noisy", noisy)):
        _write(folder / f"points-{name}.npz", *rows)
    losses = {}
    for name, rows, dropout in (
        ("points", twenty, 0.0),
        ("points-dropout", twenty, 0.2),
        ("points-200", many, 0.0),
    ):
        model = _regression(dropout, seed)
        steps = EPOCHS * -(-len(rows[1]) // 32)
        model.fit(_batches(*rows, np.random.default_rng(seed)), steps_per_epoch=steps, verbose=0)
        model.save(folder / f"{name}.keras")
        losses[name] = float(model.evaluate(*exact, verbose=0))
    return losses


def _regression(dropout: float, seed: int) -> Any:
    import keras

    keras.utils.set_random_seed(seed)
    layers = [keras.Input((1,)), keras.layers.Dense(128, activation="relu")]
    layers += [keras.layers.Dropout(dropout)] if dropout else []
    layers += [keras.layers.Dense(64, activation="relu")]
    layers += [keras.layers.Dropout(dropout)] if dropout else []
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mean_squared_error")
    return model


def _batches(X: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> Iterator[Rows]:
    """What ``fit(epochs=2000)`` trains on, as one long epoch: a minute less of its bookkeeping."""
    for _ in range(EPOCHS):
        order = rng.permutation(len(y))
        for start in range(0, len(y), 32):
            rows = order[start : start + 32]
            yield X[rows].astype(np.float32), y[rows, None].astype(np.float32)


def shifted(n: int, rare: int, rng: np.random.Generator) -> Rows:
    """``np.random.rand(n, 10)``, and ``rare`` rows that lie two higher in each column."""
    X = np.concatenate([rng.random((n, 10)), rng.random((rare, 10)) + 2])
    return X, np.repeat([0, 1], [n, rare])


def payments(n: int, rng: np.random.Generator) -> Rows:
    """Payments of which one in a hundred is fraud, which shows faintly in one column."""
    y = (np.arange(n) < n // 100).astype(np.int64)
    X = rng.normal(size=(n, 10))
    X[:, 0] += 1.5 * y
    return X, y


def classes(folder: Path, seed: int) -> None:
    """The questions about accuracy: ten rows among a hundred, noise, and one in a hundred."""
    rng = np.random.default_rng(seed)
    problems = {
        "shifted": (shifted(100, 10, rng), shifted(1000, 100, rng)),
        "halves": tuple((rng.random((n, 10)), rng.integers(0, 2, n)) for n in (200, 1000)),
        "payments": (payments(4000, rng), payments(4000, rng)),
    }
    for name, (train, test) in problems.items():
        _write(folder / f"{name}-train.npz", *train)
        _write(folder / f"{name}-test.npz", *test)
        model = _classifier(seed)
        model.fit(*train, epochs=10, verbose=0)
        model.save(folder / f"{name}.keras")


def _classifier(seed: int) -> Any:
    import keras

    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((10,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def _write(path: Path, X: np.ndarray, y: np.ndarray) -> None:
    np.savez_compressed(path, X=X.astype(np.float32), y=y)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=HERE)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for name, loss in few_points(given.folder, given.seed).items():
        print(f"{name}: test loss {loss:.4f}")
    classes(given.folder, given.seed)


if __name__ == "__main__":
    main()
