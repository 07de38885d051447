"""Is the way that a plan chooses ever slower than a loop of build, compile, fit?

Small and large networks, few members and rows and many; the cache is cold for each.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.retraining import Problem, looped
from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.costs import Cost
from reportgen.retraining.engine import Round
from reportgen.retraining.member import Member, Recipe
from reportgen.retraining.plan import Budget, plan
from reportgen.retraining.process import Worker

#: (members, epochs, batch size, width, rows); the corners, and between them.
POINTS = (
    (1, 1, 32, 16, 200), (1, 5, 32, 16, 200), (2, 1, 32, 16, 200), (2, 5, 1024, 128, 200),
    (10, 1, 32, 16, 200), (10, 5, 1024, 16, 200), (1, 5, 32, 128, 5_000), (2, 5, 32, 128, 5_000),
    (10, 1, 1024, 128, 5_000), (1, 1, 32, 1024, 1_000), (2, 1, 32, 1024, 1_000),
    (10, 1, 32, 1024, 1_000), (2, 5, 1024, 1024, 2_000), (10, 1, 1024, 1024, 2_000),
    (1, 1, 1024, 16, 50_000), (2, 1, 32, 16, 50_000), (10, 1, 32, 128, 20_000),
)  # fmt: skip
#: Timings of so short runs differ by so much from one to the next.
NOISE = 1.1


def grid() -> bool:
    """Print a line for each point; whether none is slower."""
    import keras

    head = ("members", "epochs", "batch", "width", "rows", "way", "loop", "chosen", "ratio", "load")
    print(*(f"{word:>8}" for word in head))
    never = True
    with tempfile.TemporaryDirectory() as folder, Worker(root=Path(folder) / "cache") as worker:
        worker.wait_ready()
        looped(_problem(1, 1, 32, 16, 200), keras, 1)  # what is imported late
        for point in POINTS:
            problem = _problem(*point)
            way, took = _chosen(problem, keras, Path(folder), worker)
            loop = looped(problem, keras, 1) * problem.members
            never &= took <= NOISE * loop
            told = f"{loop:7.2f}s {took:7.2f}s {loop / took:7.2f}x {os.getloadavg()[0]:8.1f}"
            print(*(f"{value:8}" for value in point), f"{way:>8}", told, flush=True)
    return never


def _chosen(problem: Problem, keras: Any, folder: Path, worker: Worker) -> tuple[str, float]:
    file = folder / "model.keras"
    model = problem.build(keras)
    model.save(file)
    recipe = Recipe(str(file), problem.epochs, problem.batch)
    members = [Member(k, k) for k in range(problem.members)]
    blueprint = Blueprint.read(file)
    delivered = {"test": np.asarray(model.predict(problem.tested, verbose=0))}
    started = time.perf_counter()
    made = plan(
        {"grid": members}, recipe, problem.pool, Cost.of(model), Budget(cores=worker.cores),
        unstackable=blueprint.unstackable(), rowwise=blueprint.rowwise,
    )  # fmt: skip
    Round(recipe, problem.pool, lambda: worker, delivered=delivered).run(made)
    took = time.perf_counter() - started
    return made.groups[0].way, took


def _problem(members: int, epochs: int, batch: int, width: int, rows: int) -> Problem:
    rng = np.random.default_rng(rows)
    x = rng.standard_normal((rows, 20)).astype(np.float32)
    y = (x @ rng.standard_normal((20, 1))).astype(np.float32)

    def build(keras: Any) -> Any:
        la = keras.layers
        model = keras.Sequential(
            [keras.Input((20,)), la.Dense(width, "relu"), la.Dense(width, "relu"), la.Dense(1)]
        )
        model.compile("adam", "mse")
        return model

    return Problem("grid", build, x, y, epochs, members, 1.0, batch=batch)
