"""Is the way that a plan chooses ever slower than a loop of build, compile, fit?

Small and large networks of many kinds, few members, rows and epochs and many. The stack is
measured whether it was chosen or not: with an empty cache, and by a second worker with what the
first has kept. The loop is timed for one member, times their number. A worker's start is in no
figure, and the plan knows that it is over: an audit's worker starts while its data is read.
"""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.retraining import Problem, looped
from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.costs import Cost
from reportgen.retraining.engine import Round
from reportgen.retraining.member import Member, Recipe
from reportgen.retraining.plan import Budget, Group, Plan, plan
from reportgen.retraining.process import Worker

#: (kind, members, epochs, batch size, width, rows); the corners, and between them.
POINTS = (
    ("MLP", 1, 1, 32, 16, 200), ("MLP", 1, 5, 32, 16, 200), ("MLP", 2, 1, 32, 16, 200),
    ("MLP", 3, 5, 1024, 128, 200), ("MLP", 10, 1, 32, 16, 200), ("MLP", 10, 5, 1024, 16, 200),
    ("MLP", 1, 5, 32, 128, 5_000), ("MLP", 2, 5, 32, 128, 5_000), ("MLP", 10, 1, 1024, 128, 5_000),
    ("MLP", 1, 1, 32, 1024, 1_000), ("MLP", 2, 1, 32, 1024, 1_000), ("MLP", 10, 1, 32, 1024, 1_000),
    ("MLP", 2, 5, 1024, 1024, 2_000), ("MLP", 10, 1, 1024, 1024, 2_000),
    ("MLP", 1, 1, 1024, 16, 50_000), ("MLP", 2, 1, 32, 16, 50_000), ("MLP", 10, 1, 32, 128, 20_000),
    ("BN", 1, 1, 32, 64, 500), ("BN", 2, 2, 256, 512, 2_000), ("BN", 10, 1, 1024, 64, 20_000),
    ("conv", 1, 1, 32, 16, 500), ("conv", 2, 1, 32, 64, 2_000), ("conv", 10, 1, 256, 32, 2_000),
    ("LSTM", 1, 1, 32, 16, 500), ("LSTM", 2, 1, 32, 128, 2_000), ("LSTM", 10, 1, 256, 64, 2_000),
    ("Embedding", 1, 1, 32, 16, 500), ("Embedding", 2, 1, 32, 256, 2_000),
    ("Embedding", 10, 1, 256, 64, 20_000), ("MLP", 1, 5, 256, 2048, 2_000),
    ("MLP", 3, 5, 256, 2048, 2_000), ("image", 1, 2, 64, 32, 500), ("image", 3, 2, 64, 32, 500),
    ("image", 10, 1, 64, 16, 500), ("series", 1, 1, 32, 64, 1_000), ("series", 3, 1, 32, 64, 1_000),
    ("deep", 1, 1, 32, 64, 500), ("deep", 3, 1, 32, 64, 500),
)  # fmt: skip
#: Inputs of a row, where they are no 64 columns.
SHAPES = {"conv": (8, 8, 1), "image": (32, 32, 3), "LSTM": (8, 8), "series": (100, 8)}
#: Timings of so short runs differ by so much from one to the next.
NOISE = 1.1
#: How often a point that seems slower is timed again, the loop too; the least of each counts.
TURNS = 2
COLUMNS = ("kind", "members", "epochs", "batch", "width", "rows")


@dataclass(frozen=True)
class Told:
    """Of a point: seconds of the loop, of the chosen way cold and warm, of the stack likewise."""

    point: tuple[Any, ...]
    way: str
    loop: float
    chosen: tuple[float, float]
    stacked: tuple[float, float]

    @property
    def slower(self) -> bool:
        return max(self.chosen) > NOISE * self.loop

    def least(self, other: Told) -> Told:
        """Of two timings of a point, the least of each way."""

        def both(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
            return min(a[0], b[0]), min(a[1], b[1])

        return replace(
            self,
            loop=min(self.loop, other.loop),
            chosen=both(self.chosen, other.chosen),
            stacked=both(self.stacked, other.stacked),
        )

    def __str__(self) -> str:
        first = f"{self.point[0]:>9}" + "".join(f"{value:8}" for value in self.point[1:])
        seconds = (self.loop, *self.chosen, *self.stacked)
        ratios = (self.loop / took for took in self.chosen)
        return (
            f"{first} {self.way:>8}" + "".join(f" {s:7.2f}s" for s in seconds)
            + "".join(f" {r:7.1f}x" for r in ratios) + f" {os.getloadavg()[0]:6.1f}"
        )  # fmt: skip


def grid(only: str = "") -> bool:
    """Print a line for each point, and a summary; whether none is slower."""
    import keras

    head = (*COLUMNS, "way", "loop*", "cold", "warm", "st.cold", "st.warm", "cold ×", "warm ×")
    print(
        "\n*: one member's seconds times their number", *(f"{word:>8}" for word in head), "  load"
    )
    found = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "cache"
        with Worker(root=root) as first, Worker(root=root) as second:
            first.wait_ready()
            second.wait_ready()
            looped(_problem("MLP", 1, 1, 32, 16, 200), keras, 1)  # what is imported late
            for point in POINTS:
                if only not in point[0]:
                    continue
                told = _told(point, keras, Path(folder), (first, second))
                for turn in range(TURNS if told.slower else 0):
                    print(told, " again")
                    told = told.least(_anew(point, keras, Path(folder), turn))
                found.append(told)
                print(told, flush=True)
    slow = [told for told in found if told.slower]
    best = [min(told.stacked[0], told.loop) / told.chosen[0] for told in found]
    print(
        f"grid: {len(slow)} of {len(found)} points slower than the loop, cold or warm"
        f" (beyond {NOISE:g}); the chosen way's cold ratio is {_range(found, 0)}, warm"
        f" {_range(found, 1)}; {sum(b < 1 / NOISE for b in best)} choices were not the faster way"
    )
    return not slow


def _anew(point: tuple[Any, ...], keras: Any, folder: Path, turn: int) -> Told:
    """A point again, by workers that have kept nothing."""
    root = folder / f"{'-'.join(map(str, point))}-{turn}"
    with Worker(root=root) as first, Worker(root=root) as second:
        first.wait_ready()
        second.wait_ready()
        return _told(point, keras, folder, (first, second))


def _range(found: list[Told], which: int) -> str:
    ratios = sorted(told.loop / told.chosen[which] for told in found)
    return f"{ratios[0]:.1f} to {ratios[-1]:.0f}, median {ratios[len(ratios) // 2]:.1f}"


def _told(point: tuple[Any, ...], keras: Any, folder: Path, workers: tuple[Worker, Worker]) -> Told:
    problem = _problem(*point)
    file = folder / "model.keras"
    model = problem.build(keras)
    model.save(file)
    recipe = Recipe(str(file), problem.epochs, problem.batch)
    members = [Member(k, k) for k in range(problem.members)]
    blueprint = Blueprint.read(file)
    delivered = {"test": np.asarray(model.predict(problem.tested, verbose=0))}
    started = time.perf_counter()
    made = plan(
        {"grid": members}, recipe, problem.pool, Cost.of(model), Budget(cores=workers[0].cores),
        unstackable=blueprint.unstackable(), rowwise=blueprint.rowwise, started=True,
    )  # fmt: skip
    planning, way = time.perf_counter() - started, made.groups[0].way
    stack = made if way == "stacked" else Plan((Group(tuple(members), "stacked", "", 0.0),))

    def took(plan: Plan, worker: Worker) -> float:
        started = time.perf_counter()
        Round(recipe, problem.pool, lambda: worker, delivered=delivered).run(plan)
        return time.perf_counter() - started + planning

    loop = looped(problem, keras, 1) * problem.members
    cold, warm = (took(stack, worker) for worker in workers)
    chosen = (cold, warm)
    if way != "stacked":
        once = took(made, workers[0])
        chosen = (once, once)
    return Told(point, way, loop, chosen, (cold, warm))


def _problem(kind: str, members: int, epochs: int, batch: int, width: int, rows: int) -> Problem:
    rng = np.random.default_rng(rows)
    x = rng.standard_normal((rows, 64)).astype(np.float32)
    y = (x[:, :20] @ rng.standard_normal((20, 1))).astype(np.float32)
    if kind == "Embedding":
        x = rng.integers(0, 1000, (rows, 20)).astype(np.int32)
    elif kind in SHAPES:
        x = rng.standard_normal((rows, *SHAPES[kind])).astype(np.float32)

    def build(keras: Any) -> Any:
        model = keras.Sequential([*_layers(kind, width, keras), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        return model

    return Problem("grid", build, x, y, epochs, members, 1.0, batch=batch)


def _layers(kind: str, width: int, keras: Any) -> list[Any]:
    la = keras.layers
    if kind == "MLP":
        return [keras.Input((64,)), la.Dense(width, "relu"), la.Dense(width, "relu")]
    if kind == "BN":
        return [
            keras.Input((64,)), la.Dense(width), la.BatchNormalization(), la.ReLU(),
            la.Dropout(0.3), la.Dense(width, "relu"),
        ]  # fmt: skip
    if kind == "deep":
        return [keras.Input((64,)), *(la.Dense(width, "relu") for _ in range(20))]
    if kind in ("conv", "image"):
        conv = la.Conv2D(width, 3, activation="relu")
        more = [la.Conv2D(width, 3), la.MaxPooling2D(), la.Flatten()]
        return [keras.Input(SHAPES[kind]), conv, *more]
    if kind in ("LSTM", "series"):
        return [keras.Input(SHAPES[kind]), la.LSTM(width)]
    tokens = keras.Input((20,), dtype="int32")
    return [tokens, la.Embedding(1000, width), la.GlobalAveragePooling1D(), la.Dense(32, "relu")]
