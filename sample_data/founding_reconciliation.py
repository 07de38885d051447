"""Makes what ``configs/founding-reconciliation.yaml`` audits.

``python sample_data/founding_reconciliation.py`` trains one network of three classes and one of
two, evaluates them as the questions do, and keeps what was printed. Nothing is fetched. A network
trained on another machine prints other digits: all files are written together.
"""

from __future__ import annotations

import argparse
import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent / "founding"
EPOCHS = 15


def three_classes(folder: Path, seed: int) -> None:
    """``classification_report`` against ``model.predict``, seven times of the same network."""
    import keras
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, classification_report
    from sklearn.preprocessing import StandardScaler

    X, y, X_test, y_test = _rows(seed, (0.45, 0.35, 0.2))
    scaler = StandardScaler().fit(X)
    keras.utils.set_random_seed(seed)
    model = _network(3, "softmax", "sparse_categorical_crossentropy")
    model.fit(scaler.transform(X), y, epochs=EPOCHS, verbose=0)
    model.save(folder / "three.keras")
    _write(folder / "three-train.npz", X, y)
    _write(folder / "three-test.npz", X_test, y_test)

    def said(name: str, truth: Any, labels: Any) -> None:
        text = classification_report(truth, labels, digits=4, zero_division=0)
        (folder / f"three-{name}.txt").write_text(str(text))

    inputs = scaler.transform(X_test)
    y_prob = model.predict(inputs, verbose=0)
    y_pred = np.argmax(y_prob, axis=1)
    said("argmax", y_test, y_pred)
    # "Illustrating probability thresholding's impact": the last class where nothing is sure.
    sure = y_prob.max(axis=1) >= 0.8
    said("threshold", y_test, np.where(sure, y_pred, 2))
    # A generator that shuffles: predictions of one order, labels of another.
    order = np.random.default_rng(seed).permutation(len(y_test))
    said("shuffled", y_test, np.argmax(model.predict(inputs[order], verbose=0), axis=1))
    # "Inconsistent normalization": scaler_test = StandardScaler().fit(X_test)
    own = StandardScaler().fit(X_test).transform(X_test)
    said("scaler", y_test, np.argmax(model.predict(own, verbose=0), axis=1))
    # The matrix and the report of the rows that it was trained on.
    said("trained-on", y, np.argmax(model.predict(scaler.transform(X), verbose=0), axis=1))
    print("balanced accuracy", balanced_accuracy_score(y_test, y_pred))
    print("accuracy", accuracy_score(y_test, y_pred))
    # Two evaluations of one model: all rows, and `steps=len(X) // 32`.
    lines = io.StringIO()
    with contextlib.redirect_stdout(lines):
        model.evaluate(inputs, y_test, batch_size=32, verbose=2)
        model.evaluate(inputs, y_test, batch_size=32, steps=len(y_test) // 32, verbose=2)
    whole, steps = [line for line in lines.getvalue().splitlines() if "loss" in line]
    (folder / "three-evaluate.log").write_text(whole + "\n")
    (folder / "three-steps.log").write_text(steps + "\n")


def two_classes(folder: Path, seed: int) -> None:
    """A custom metric without its threshold."""
    import keras

    X, y, X_test, y_test = _rows(seed, (0.6, 0.4))
    keras.utils.set_random_seed(seed)
    model = _network(1, "sigmoid", "binary_crossentropy")
    model.fit(X, y, epochs=EPOCHS, verbose=0)
    model.save(folder / "custom.keras")
    _write(folder / "custom-train.npz", X, y)
    _write(folder / "custom-test.npz", X_test, y_test)
    y_pred = model.predict(X_test, verbose=0)[:, 0]
    print("custom_metric(y_true, y_pred)", float(np.mean(np.abs(y_test - y_pred))))


def _rows(seed: int, shares: tuple[float, ...]) -> tuple[np.ndarray, ...]:
    """1,200 rows to train on and 700 to test on: six columns on scales of their own."""
    rng = np.random.default_rng(seed)
    y = rng.choice(len(shares), 1900, p=shares)
    centres = rng.normal(0, 1.2, (len(shares), 6))
    X = centres[y] + rng.normal(0, 1.3, (1900, 6))
    if len(shares) > 2:
        X = X * [1, 10, 0.1, 100, 5, 1] + [3, -40, 0, 250, 7, 1]
    X = X.astype(np.float32)  # as they are kept
    return X[:1200], y[:1200], X[1200:], y[1200:]


def _network(outputs: int, activation: str, loss: str) -> Any:
    import keras

    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(10, activation="relu"),
            keras.layers.Dense(outputs, activation=activation),
        ]
    )
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model


def _write(path: Path, X: np.ndarray, y: np.ndarray) -> None:
    np.savez_compressed(path, X=X, y=y)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=HERE)
    parser.add_argument("--seed", type=int, default=5)
    given = parser.parse_args()
    three_classes(given.folder, given.seed)
    two_classes(given.folder, given.seed)


if __name__ == "__main__":
    main()
