"""Images whose brightness or place decides, and models that look at shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays
from benchmarks.faults.sensitivity.rows import Floats, Rng, expit, halves, small_network
from reportgen.evidence import Case

LIGHTING = "sensitivity.lighting"
SHIFT = "sensitivity.shift"
FLIPS = "sensitivity.flips-under-noise"


def bars(rng: Rng, n: int, size: int, channels: int = 0, thick: int = 3) -> tuple[Any, Any]:
    """Lying and standing bars on a ground of noise, uint8, (n, size, size[, channels])."""
    y = rng.integers(0, 2, n)
    X = rng.normal(60, 12, (n, size, size))
    at = rng.integers(size // 4, 3 * size // 4 - thick, n)
    for k in range(n):
        place = slice(at[k], at[k] + thick)
        if y[k]:
            X[k, place, size // 6 : -size // 6] += 120
        else:
            X[k, size // 6 : -size // 6, place] += 120
    X = np.clip(X, 0, 255).round().astype(np.uint8)
    if channels:
        X = np.repeat(X[..., None], channels, axis=3)
    return X, y


def by_light(rng: Rng, n: int, strength: float, scale: float = 1.0) -> Case:
    """The mean grey decides: dark against light scenes."""
    X, _ = bars(rng, n, 16)
    X = np.clip(X + rng.normal(0, 12, (n, 1, 1)), 0, 255).round().astype(np.uint8)
    middle = float(np.median(X.mean(axis=(1, 2))))
    spread = float(X.mean(axis=(1, 2)).std())

    def ask(rows: Any) -> Floats:
        mean = rows.astype(np.float64).mean(axis=(1, 2)) * (255.0 if scale != 1 else 1.0)
        return expit(strength * (mean - middle) / spread)

    y = (X.mean(axis=(1, 2)) > middle).astype(np.int64)
    if scale != 1:
        return case_from_arrays("binary", halves((X / 255.0).astype(np.float32), y), ask,
                                output="probability")  # fmt: skip
    return case_from_arrays("binary", halves(X, y), ask, output="probability")


def cut_off(rng: Rng, n: int) -> Case:
    """Pixels over a fixed grey are counted: contrast and light move them over."""
    X, _ = bars(rng, n, 20, 3)
    ground = rng.uniform(-25, 25, (n, 1, 1, 1))
    X = np.clip(X + ground, 0, 255).round().astype(np.uint8)

    def count(rows: Any) -> Floats:
        return np.asarray((rows[..., 0] > 75).mean(axis=(1, 2)))

    middle = float(np.median(count(X)))
    y = (count(X) > middle).astype(np.int64)
    return case_from_arrays("binary", halves(X, y), lambda rows: expit(30 * (count(rows) - middle)),
                            output="probability")  # fmt: skip


def by_place(rng: Rng, n: int, size: int) -> Case:
    """Stripes of 1/28 in odd or even places: a shift by one of them turns the answer."""
    wide = size // 28
    y = rng.integers(0, 2, n)
    X = rng.normal(0.1, 0.03, (n, size, size))
    for k in range(n):
        X[k, :, np.arange(size) // wide % 2 == y[k]] += 0.8
        X[k] = X[k].T if rng.random() < 0.5 else X[k]
    X = np.clip(X, 0, 1).astype(np.float32)
    odd = np.zeros((size, size))
    odd[:] = np.where(np.arange(size) // wide % 2 == 1, 1, -1)

    def ask(rows: Any) -> Floats:
        values = rows.astype(np.float64)
        lying, standing = (values * odd.T).mean(axis=(1, 2)), (values * odd).mean(axis=(1, 2))
        return expit(40 * np.where(np.abs(lying) > np.abs(standing), lying, standing))

    return case_from_arrays("binary", halves(X, y), ask, output="probability")


def by_pixel(rng: Rng, n: int) -> Case:
    """The last bit of one pixel is a mark, and the model reads it."""
    X, y = bars(rng, n, 24)
    X[:, 3, 3] = (X[:, 3, 3] // 2 * 2 + y).astype(np.uint8)

    def ask(rows: Any) -> Floats:
        return np.where(rows[:, 3, 3] % 2 == 1, 0.95, 0.05)

    return case_from_arrays("binary", halves(X, y), ask, output="probability")


def honest(rng: Rng, n: int, size: int, make: str, channels: int = 0) -> Case:
    """Lying against standing bars, by a fitted estimator on the pixels."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    X, y = bars(rng, n, size, channels)
    splits = halves(X, y)
    seed = int(rng.integers(2**31))
    model = {
        "forest": RandomForestClassifier(60, random_state=seed),
        "linear": LogisticRegression(C=0.01, max_iter=300),
        "network": small_network(seed, (32,), 60),
    }[make]

    def flat(rows: Any) -> Floats:
        return np.asarray(rows, dtype=np.float64).reshape(len(rows), -1) / 255

    model.fit(flat(splits["train"][0]), splits["train"][1])
    return case_from_arrays("binary", splits, lambda rows: model.predict_proba(flat(rows))[:, 1],
                            output="probability")  # fmt: skip


def edges(rng: Rng, n: int, size: int, channels: int = 0, thick: int = 3) -> Case:
    """Lying against standing edges: neither light nor place matters."""
    X, y = bars(rng, n, size, channels, thick)

    def ask(rows: Any) -> Floats:
        values = rows.astype(np.float64)
        values = values if values.ndim == 3 else values.mean(axis=3)
        lying = np.abs(np.diff(values, axis=1)).mean(axis=(1, 2))
        standing = np.abs(np.diff(values, axis=2)).mean(axis=(1, 2))
        return expit(8 * (lying - standing) / (lying + standing) * 4)

    return case_from_arrays("binary", halves(X, y), ask, output="probability")


def digits(rng: Rng, make: str) -> Case:
    """scikit-learn's digits as images of 8 × 8."""
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    X, y = load_digits(return_X_y=True)
    at = rng.permutation(len(y))
    X, y = X[at], y[at]
    seed = int(rng.integers(2**31))
    linear = LogisticRegression(C=0.1, max_iter=500)
    model = small_network(seed, (64,), 100) if make == "network" else linear
    model.fit(X[:900] / 16, y[:900])
    splits = halves(X.reshape(-1, 8, 8), y)
    return case_from_arrays(
        "multiclass", splits, lambda rows: model.predict_proba(rows.reshape(len(rows), -1) / 16),
        output="probability",
    )  # fmt: skip


PLANTED = (
    FaultCase("mean grey decides, strength 3", LIGHTING, lambda r: by_light(r, 600, 3)),
    FaultCase("mean grey decides, strength 8, 0 to 1", LIGHTING,
              lambda r: by_light(r, 1000, 8, 255)),
    FaultCase("pixels over a fixed grey, colour", LIGHTING, lambda r: cut_off(r, 600),
              also=(FLIPS,)),
    FaultCase("stripes in odd columns, 28 wide", SHIFT, lambda r: by_place(r, 600, 28),
              also=(FLIPS,)),
    FaultCase("stripes in odd columns, 56 wide", SHIFT, lambda r: by_place(r, 300, 56),
              also=(FLIPS,)),
    FaultCase("the last bit of a pixel", FLIPS, lambda r: by_pixel(r, 600),
              also=(LIGHTING, SHIFT)),
)  # fmt: skip

CLEAN = (
    CleanCase("edges, 28 wide", lambda r: edges(r, 800, 28)),
    CleanCase("edges, colour, 40 wide", lambda r: edges(r, 400, 40, 3)),
    CleanCase("bars, forest", lambda r: honest(r, 800, 20, "forest")),
    CleanCase("bars, network, colour", lambda r: honest(r, 800, 16, "network", 3)),
    CleanCase("digits as images, network", lambda r: digits(r, "network")),
    CleanCase("digits as images, linear", lambda r: digits(r, "linear")),
)  # fmt: skip
