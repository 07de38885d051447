"""``python -m benchmarks.speed.retraining``: retraining stacked, against loops of ``fit``.

Four ways in one run, imports not counted: a loop of build, compile, fit and predict for each
seed; one compiled model with its weights reset; the engine with an empty cache; the engine in a
new process with the cache of the first. The engine's figures have everything in them from the
order to the results: checking the delivered model too. Of loops some members are timed and the
rest reckoned. A worker's start (imports, a rehearsal) stands in brackets. Loops, cold and warm take
turns, and the least of each counts, so that what else the machine does is taken from all alike;
``cpu ×`` compares the processor time of the loop and of a warm worker, which other work on the
machine hardly changes. Then a grid: is the way that the plan chooses ever slower than the loop?
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

from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.engine import Round
from reportgen.retraining.loop import Loop
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.network import Network
from reportgen.retraining.plan import Group, Plan
from reportgen.retraining.process import Worker
from reportgen.retraining.results import Trained

#: How often cold and warm have their turn.
TURNS = 2


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

    @property
    def tested(self) -> np.ndarray:
        return self.x[:360]

    @property
    def pool(self) -> Pool:
        return Pool((self.x,), self.y, len(self.y), splits={"test": (self.tested,)})


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


def looped(problem: Problem, keras: Any, members: int) -> float:
    """Seconds of building, compiling, fitting and predicting for each of the first members."""
    started = time.perf_counter()
    for seed in range(members):
        keras.utils.set_random_seed(seed)
        model = problem.build(keras)
        model.fit(problem.x, problem.y, epochs=problem.epochs, batch_size=problem.batch, verbose=0)
        model.predict(problem.tested, verbose=0)
    return time.perf_counter() - started


def measure(problem: Problem, folder: Path, timed: int) -> dict[str, Any]:
    """Seconds of each way, and the largest difference of the loop's and the stack's weights."""
    import keras

    file = folder / "model.keras"
    model = problem.build(keras)
    model.save(file)
    delivered = {"test": np.asarray(model.predict(problem.tested, verbose=0))}
    recipe = Recipe(str(file), problem.epochs, problem.batch)
    pool = problem.pool
    members = tuple(Member(k, k) for k in range(problem.members))
    scale = len(members) / timed
    told: dict[str, Any] = {"loop": np.inf, "cold": np.inf, "warm": np.inf, "cpu loop": np.inf}

    def loop() -> None:
        began = time.process_time()
        told["loop"] = min(told["loop"], looped(problem, keras, timed) * scale)
        told["cpu loop"] = min(told["cpu loop"], (time.process_time() - began) * scale)

    def engine(way: str, root: Path) -> Trained:
        begun = time.perf_counter()
        with Worker(root=root, log=folder / "worker.log") as worker:
            worker.wait_ready()
            started, before = time.perf_counter(), _processor(worker)
            round_ = Round(recipe, pool, lambda: worker, delivered=delivered, keep_weights=True)
            trained = round_.run(Plan((Group(members, "stacked", "", 0.0),)))
            took, used = time.perf_counter() - started, _processor(worker) - before
        if took < told[way]:
            told[way], told[f"cpu {way}"] = took, used
            told[f"{way} phases"] = {"(start": started - begun, **trained.seconds}
        return trained

    for turn in range(TURNS):
        for way in ("cold", "warm"):
            loop()
            trained = engine(way, folder / f"cache-{turn}")
    loop()
    started = time.perf_counter()
    one_model = Loop(recipe, pool, lambda: Network(Blueprint.read(file), members[0]))
    refitted = [one_model.train(member, "", keep_weights=True) for member in members[:timed]]
    told["refit"] = (time.perf_counter() - started) * scale
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


def _processor(worker: Worker) -> float:
    """Seconds of processor time that a worker has had."""
    fields = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """0 when every target is met."""
    parser = argparse.ArgumentParser(prog="benchmarks.speed.retraining", description=__doc__)
    parser.add_argument("--only", action="append", default=[], help="part of a problem's name")
    parser.add_argument("--looped", type=int, default=1, help="members that the loops train")
    parser.add_argument("--grid", action="store_true", help="only: is it ever slower than a loop?")
    parser.add_argument("--kind", default="", help="of the grid, this kind of network alone")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    met = given.grid or targets(given.only, given.looped)
    if not given.only:
        from benchmarks.speed.never_slower import grid

        met &= grid(given.kind)
    return 0 if met else 1


def targets(only: list[str], timed: int) -> bool:
    """The table of problems; whether each ratio is what was asked for."""
    met = True
    head = (
        "loop",
        "refit",
        "cold",
        "warm",
        "cold ×",
        "warm ×",
        "target",
        "cpu ×",
        "weights",
        "loss",
        "load",
    )
    print(f"{'':20}", *(f"{word:>8}" for word in head))
    for problem in problems():
        if only and not any(word in problem.name for word in only):
            continue
        with tempfile.TemporaryDirectory() as folder:
            told = measure(problem, Path(folder), min(timed, problem.members))
        cold, warm = told["loop"] / told["cold"], told["loop"] / told["warm"]
        met &= warm >= problem.warm and cold >= problem.cold and told["way"] == "stacked"
        seconds = (f"{told[way]:7.2f}s" for way in ("loop", "refit", "cold", "warm"))
        print(
            f"{problem.name:20}", *seconds, f"{cold:7.1f}x {warm:7.1f}x {problem.warm:7.0f}x",
            f"{told['cpu loop'] / told['cpu warm']:7.1f}x",
            f"{told['difference']:8.1e} {told['loss']:8.1e} {os.getloadavg()[0]:8.1f}",
            flush=True,
        )  # fmt: skip
        for way in ("cold", "warm"):
            phases = ", ".join(f"{name} {took:.2f}" for name, took in told[f"{way} phases"].items())
            print(f"    {way}: {phases.replace(',', ')', 1)}", flush=True)
    return met


if __name__ == "__main__":
    sys.exit(main())
