"""``python -m benchmarks.speed.retraining``: retraining stacked, against loops of ``fit``.

Four ways in one run, imports not counted: a loop of build, compile, fit for each seed; one
compiled model with its weights reset; the engine with an empty cache; the engine in a new process
with the cache of the first. Of long loops some members are timed and the rest reckoned.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.retraining.engine import Round
from reportgen.retraining.loop import Loop
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.plan import Group, Plan
from reportgen.retraining.process import Worker


@dataclass(frozen=True)
class Problem:
    """What is trained: ``build(keras)`` gives a compiled model; targets are ``warm``'s ratio."""

    name: str
    build: Callable[[Any], Any]
    x: np.ndarray
    y: np.ndarray
    epochs: int
    members: int
    warm: float
    cold: float = 10.0
    batch: int = 32


def problems() -> list[Problem]:
    """The issue's: digits four ways, words, a hundred small models, twenty points."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    x, y = (digits.data[:1437] / 16).astype(np.float32), digits.target[:1437].astype(np.int32)
    rng = np.random.default_rng(0)
    words = rng.integers(0, 500, (1437, 20)).astype(np.int32)
    line = rng.uniform(-1, 1, (20, 1)).astype(np.float32)
    noisy = (np.sin(3 * line) + 0.1 * rng.standard_normal(line.shape)).astype(np.float32)
    return [
        Problem("MLP", _mlp, x, y, 20, 10, 60),
        Problem("batch norm, dropout", _normalised, x, y, 5, 10, 60),
        Problem("conv", _conv, x.reshape(-1, 8, 8, 1), y, 5, 10, 25),
        Problem("LSTM", _lstm, x.reshape(-1, 8, 8), y, 5, 10, 40),
        Problem("Embedding", _words, words, (words[:, 0] % 10).astype(np.int32), 5, 10, 40),
        Problem("100 MLPs", _small, x[:500], y[:500], 5, 100, 80),
        Problem("20 points", _regression, line, noisy, 2000, 5, 300),
    ]


def _digits(keras: Any, *layers: Any) -> Any:
    model = keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def _mlp(keras: Any) -> Any:
    return _digits(keras, keras.Input((64,)), keras.layers.Dense(32, activation="relu"))


def _small(keras: Any) -> Any:
    return _digits(keras, keras.Input((64,)), keras.layers.Dense(8, activation="relu"))


def _normalised(keras: Any) -> Any:
    la = keras.layers
    return _digits(
        keras, keras.Input((64,)), la.Dense(64), la.BatchNormalization(), la.ReLU(), la.Dropout(0.3)
    )


def _conv(keras: Any) -> Any:
    la = keras.layers
    return _digits(
        keras, keras.Input((8, 8, 1)), la.Conv2D(16, 3, activation="relu"),
        la.Conv2D(16, 3, activation="relu"), la.MaxPooling2D(), la.Flatten(),
    )  # fmt: skip


def _lstm(keras: Any) -> Any:
    return _digits(keras, keras.Input((8, 8)), keras.layers.LSTM(16))


def _words(keras: Any) -> Any:
    la = keras.layers
    return _digits(
        keras, keras.Input((20,), dtype="int32"), la.Embedding(500, 16),
        la.GlobalAveragePooling1D(), la.Dense(16, activation="relu"),
    )  # fmt: skip


def _regression(keras: Any) -> Any:
    la = keras.layers
    model = keras.Sequential([keras.Input((1,)), la.Dense(16, activation="tanh"), la.Dense(1)])
    model.compile("adam", "mse")
    return model


def measure(problem: Problem, folder: Path, looped: int) -> dict[str, Any]:
    """Seconds of each way, and the largest difference of the loop's and the stack's weights."""
    import keras

    file = folder / "model.keras"
    problem.build(keras).save(file)
    recipe = Recipe(str(file), problem.epochs, problem.batch)
    n = len(problem.y)
    pool = Pool((problem.x,), problem.y, n, splits={"test": (problem.x[: min(n, 360)],)})
    members = tuple(Member(k, k) for k in range(problem.members))
    timed = members[:looped]
    scale = len(members) / len(timed)
    told: dict[str, Any] = {}

    started = time.perf_counter()
    for k in range(len(timed)):
        keras.utils.set_random_seed(k)
        model = problem.build(keras)
        model.fit(problem.x, problem.y, epochs=problem.epochs, batch_size=problem.batch, verbose=0)
        model.predict(pool.splits["test"][0], verbose=0)  # type: ignore[index]
    told["loop"] = (time.perf_counter() - started) * scale

    started = time.perf_counter()
    loop = Loop(recipe, pool, members[0])
    refitted = [loop.train(member, "", keep_weights=True) for member in timed]
    told["refit"] = (time.perf_counter() - started) * scale

    cache = folder / "cache"
    for way in ("cold", "warm"):
        with Worker(root=cache, log=folder / "worker.log") as worker:
            worker.wait_ready()
            started = time.perf_counter()
            engine = Round(recipe, pool, lambda w=worker: w, keep_weights=True)
            trained = engine.run(Plan((Group(members, "stacked", "", 0.0),)))
            told[way] = time.perf_counter() - started
            told[f"{way} phases"] = dict(trained.seconds)
    told["way"] = trained.way
    told["difference"] = max(
        float(np.abs(np.asarray(a) - np.asarray(b)).max())
        for one in refitted
        for a, b in zip(one.weights or (), trained[one.member].weights or (), strict=True)
        if np.asarray(a).dtype.kind == "f"
    )
    told["loss"] = max(
        float(np.abs(one.losses["loss"] / trained[one.member].losses["loss"] - 1).max())
        for one in refitted
    )
    return told


def main() -> int:
    """0 when every target is met."""
    parser = argparse.ArgumentParser(prog="benchmarks.speed.retraining", description=__doc__)
    parser.add_argument("--only", action="append", default=[], help="part of a problem's name")
    parser.add_argument("--looped", type=int, default=3, help="members that the loops train")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", file=sys.stderr)
    met = True
    head = ("", "loop", "refit", "cold", "warm", "cold ×", "warm ×", "target", "weights", "loss")
    print("  ".join(f"{word:>8}" if word else f"{'':22}" for word in head))
    for problem in problems():
        if given.only and not any(word in problem.name for word in given.only):
            continue
        with tempfile.TemporaryDirectory() as folder:
            told = measure(problem, Path(folder), min(given.looped, problem.members))
        cold, warm = told["loop"] / told["cold"], told["loop"] / told["warm"]
        met &= warm >= problem.warm and cold >= problem.cold and told["way"] == "stacked"
        seconds = "  ".join(f"{told[way]:7.2f}s" for way in ("loop", "refit", "cold", "warm"))
        print(
            f"{problem.name:22}  {seconds}  {cold:7.1f}x  {warm:7.1f}x  {problem.warm:7.0f}x  "
            f"{told['difference']:8.1e}  {told['loss']:8.1e}",
            flush=True,
        )
        for way in ("cold", "warm"):
            phases = told[f"{way} phases"]
            print("    " + way, *(f"{k} {v:.2f}" for k, v in phases.items()), flush=True)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
