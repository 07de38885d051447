"""All that ``sensitivity`` asks a model, against one plain prediction of the test split.

The limit is twice the plain prediction for every ten columns. Small splits are asked more than
that, for 10,000 rows at least are asked whatever the split: their ratio is printed without a limit.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.measure import Measured
from reportgen.answers import answers
from reportgen.diagnostics import suite
from reportgen.evidence import Case
from reportgen.job.load import load
from reportgen.pipeline import load_case

ROUNDS = 3
JOB = """
version: 1
name: speed
datasets:
  d: {task: binary, train: train.npz, test: test.npz}
models:
  keras-mlp:
    dataset: d
    model: {keras: model.keras}
    preprocess: {standardize: train}
  sklearn-boosting:
    dataset: d
    model: {sklearn: boosting.skops}
  sklearn-forest:
    dataset: d
    model: {sklearn: forest.skops}
"""


def measured() -> Iterator[Measured]:
    for rows, columns in ((100_000, 10), (50_000, 40), (2_000, 10)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            _files(folder, rows, columns)
            settings = {n: d.settings for n, d in suite().items()}
            job = load(folder / "job.yaml", settings)
            for model in job.models:
                yield compared(load_case(job, model), rows, columns)


def compared(case: Case, rows: int, columns: int) -> Measured:
    """Rounds of both in turn, so that a busy moment hits both; processor time beside wall time."""
    diagnostic = suite()["sensitivity"]
    wall: dict[str, list[float]] = {"plain": [], "all": []}
    cpu: dict[str, list[float]] = {"plain": [], "all": []}
    sent = 0
    answers(case, "test")
    # Which rows are copies is asked once an audit, by whoever comes first.
    shared = {key: value for key, value in case._memory.items() if key[0] == "copied rows"}
    for _ in range(ROUNDS):
        view = replace(case, _memory=dict(shared)).view("sensitivity", diagnostic.settings())
        calls = {"plain": partial(view.predict, "test"), "all": partial(diagnostic.prepare, view)}
        for what, call in calls.items():
            taken, used, value = _taken(call)
            wall[what].append(taken)
            cpu[what].append(used)
            sent = value.sent if what == "all" else sent
    ratio = min(wall["all"]) / min(wall["plain"])
    used = min(cpu["all"]) / min(cpu["plain"])
    how = (
        f"{rows:,} × {columns}: {sent:,} changed rows {min(wall['all']):.2f} s, plain "
        f"{min(wall['plain']):.3f} s; processor {used:.2f} times; load {os.getloadavg()[0]:.0f}"
    )
    limit = 2.0 * columns / 10 if rows * columns >= 100_000 else None
    return Measured(f"sensitivity against predict, {case.name}", ratio, "times", limit, how)


def _taken(call: Callable[[], Any]) -> tuple[float, float, Any]:
    start, used = time.perf_counter(), time.process_time()
    value = call()
    return time.perf_counter() - start, time.process_time() - used, value


def _files(folder: Path, rows: int, columns: int) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import skops.io
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

    rng = np.random.default_rng(0)
    for split, n in (("train", 5000), ("test", rows)):
        X = rng.normal(size=(n, columns)).astype(np.float32)
        y = (X[:, 0] + 0.5 * X[:, 1] + rng.normal(size=n) > 0).astype(np.int64)
        np.savez(folder / f"{split}.npz", X=X, y=y)
        if split == "train":
            boosting = HistGradientBoostingClassifier(max_iter=100, random_state=0).fit(X, y)
            forest = RandomForestClassifier(50, max_depth=12, random_state=0).fit(X, y)
    skops.io.dump(boosting, folder / "boosting.skops")
    skops.io.dump(forest, folder / "forest.skops")
    model = keras.Sequential(
        [
            keras.Input((columns,)),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.save(folder / "model.keras")
    (folder / "job.yaml").write_text(JOB)
