"""Predictions through a case against the model's own ``predict`` on the same rows."""

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
from reportgen.diagnostics import suite
from reportgen.evidence import Case
from reportgen.job.load import load
from reportgen.pipeline import load_case

ROWS, COLUMNS, ROUNDS = 300_000, 30, 4
JOB = """
version: 1
name: speed
datasets:
  d: {task: binary, test: test.npz}
models:
  keras-mlp:
    dataset: d
    model: {keras: model.keras}
  sklearn-boosting:
    dataset: d
    model: {sklearn: model.skops}
"""


def measured() -> Iterator[Measured]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _files(folder)
        job = load(folder / "job.yaml", {n: d.settings for n, d in suite().items()})
        for model in job.models:
            yield compared(load_case(job, model))


def compared(case: Case) -> Measured:
    """Rounds of both in turn, so that a busy moment hits both."""
    X, model = case.inputs("test"), case.predictor.model
    alone = {"predict_proba": lambda: model.predict_proba(X)}
    if case.predictor.framework == "keras":
        alone = {
            "predict in batches of 4,096": lambda: model.predict(X, batch_size=4096, verbose=0),
            "of 65,536": lambda: model.predict(X, batch_size=65536, verbose=0),
            "in Keras's 32": lambda: model.predict(X, verbose=0),
        }
    taken: dict[str, list[float]] = {name: [] for name in ("evidence", *alone)}
    for _ in range(ROUNDS):
        fresh = replace(case, _memory={("inputs", "test"): X})
        taken["evidence"].append(_taken(partial(fresh.predict, "test")))
        for name, call in alone.items():
            taken[name].append(_taken(call))
    best = {name: min(values) for name, values in taken.items()}
    ratio = best["evidence"] / min(best[name] for name in alone)  # its fastest way, not ours
    how = "; ".join(f"{name} {value:.2f} s" for name, value in best.items())
    return Measured(
        f"evidence against predict, {case.name}", ratio, "times", 1.1, f"{ROWS:,} rows: {how}"
    )


def _taken(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _files(folder: Path) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import skops.io
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, COLUMNS)).astype(np.float32)
    y = (X[:, 0] + rng.normal(size=ROWS) > 0).astype(np.int64)
    np.savez(folder / "test.npz", X=X, y=y)
    model = keras.Sequential(
        [
            keras.Input((COLUMNS,)),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.save(folder / "model.keras")
    boosting = HistGradientBoostingClassifier(max_iter=100, random_state=0)
    skops.io.dump(boosting.fit(X[:20_000], y[:20_000]), folder / "model.skops")
    (folder / "job.yaml").write_text(JOB)
