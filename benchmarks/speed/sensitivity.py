"""All that ``sensitivity`` asks a model, against one plain prediction of the test split.

The limit is twice the plain prediction for every ten columns. What does not depend on rows (looking
at the columns, one more call, intervals) takes about half a millisecond a column, which is more
than twice what a small network takes for 2,000 rows: up to ``FLOOR`` in all are within the limit.
A model that raises a suspicion is asked once more, and ``preprocessing`` and ``metrics`` look at
the same splits: printed without a limit.
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
from reportgen.retraining.results import Trained

#: More of what takes milliseconds: a busy moment must not hit all of them.
ROUNDS, OF_FEW = 5, 60
#: Seconds in all that are within the limit, whatever the plain prediction takes.
FLOOR = 0.010
#: Of the columns that tell something.
WEIGHTS = (1.0, 0.8, 0.6, 0.4, 0.2)
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
    reported: [{metric: accuracy, split: test, value: 0.8}]
  sklearn-boosting:
    dataset: d
    model: {sklearn: boosting.skops}
    reported: [{metric: accuracy, split: test, value: 0.8}]
  sklearn-forest:
    dataset: d
    model: {sklearn: forest.skops}
    reported: [{metric: accuracy, split: test, value: 0.8}]
"""


def measured() -> Iterator[Measured]:
    for rows, columns in ((100_000, 10), (50_000, 40), (2_000, 10)):
        for case in cases(rows, columns):
            yield compared(case, rows, columns)
            for name in ("preprocessing", "metrics"):
                yield beside(case, name, rows, columns)
    for case in cases(2_000, 10, decided=True):
        yield compared(case, 2_000, 10, suspected=True)


def cases(rows: int, columns: int, decided: bool = False) -> Iterator[Case]:
    """One split and three models; ``decided`` by one column alone, which is a finding."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _files(folder, rows, columns, decided)
        job = load(folder / "job.yaml", {n: d.settings for n, d in suite().items()})
        for model in job.models:
            yield load_case(job, model)


def beside(case: Case, name: str, rows: int, columns: int) -> Measured:
    """Another diagnostic of the same split, whole, against the plain prediction."""
    diagnostic = suite()[name]
    answers(case, "test")
    shared = {key: value for key, value in case._memory.items() if key[0] == "copied rows"}
    plain, whole = [], []
    for _ in range(ROUNDS):
        view = replace(case, _memory=dict(shared)).view(name, diagnostic.settings())
        plain.append(_taken(partial(view.predict, "test"))[0])
        whole.append(_taken(partial(_examined, view, name))[0])
    how = f"{rows:,} × {columns}: {min(whole):.3f} s, plain {min(plain):.4f} s"
    return Measured(f"{name} beside predict, {case.name}", min(whole) / min(plain), "times",
                    how=how)  # fmt: skip


def _examined(view: Case, name: str) -> None:
    diagnostic = suite()[name]
    diagnostic.examine(view, diagnostic.prepare(view), Trained({}))


def compared(case: Case, rows: int, columns: int, suspected: bool = False) -> Measured:
    """Rounds of both in turn, so that a busy moment hits both; processor time beside wall time."""
    diagnostic = suite()["sensitivity"]
    wall: dict[str, list[float]] = {"plain": [], "all": []}
    cpu: dict[str, list[float]] = {"plain": [], "all": []}
    sent = 0
    answers(case, "test")
    # Which rows are copies is asked once an audit, by whoever comes first.
    shared = {key: value for key, value in case._memory.items() if key[0] == "copied rows"}
    for _ in range(ROUNDS if rows * columns > 100_000 else OF_FEW):
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
        f"{rows:,} × {columns}: {sent:,} changed rows {min(wall['all']):.4f} s, plain "
        f"{min(wall['plain']):.4f} s; processor {used:.2f} times; load {os.getloadavg()[0]:.0f}"
    )
    if suspected:
        return Measured(f"sensitivity, a second look, {case.name}", ratio, "times", how=how)
    limit = max(2.0 * columns / 10, FLOOR / min(wall["plain"]))
    return Measured(f"sensitivity against predict, {case.name}", ratio, "times", limit, how)


def _taken(call: Callable[[], Any]) -> tuple[float, float, Any]:
    start, used = time.perf_counter(), time.process_time()
    value = call()
    return time.perf_counter() - start, time.process_time() - used, value


def _files(folder: Path, rows: int, columns: int, decided: bool = False) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import skops.io
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

    rng = np.random.default_rng(0)
    weights = np.array(WEIGHTS if not decided else (2.0, 0.2, 0.2, 0.2, 0.2), dtype=np.float32)
    for split, n in (("train", 5000), ("test", rows)):
        X = rng.normal(size=(n, columns)).astype(np.float32)
        y = (X[:, :5] @ weights + rng.normal(size=n) > 0).astype(np.int64)
        np.savez(folder / f"{split}.npz", X=X, y=y)
        if split == "train":
            trained = X, y
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
    model.compile("adam", "binary_crossentropy", metrics=["accuracy", keras.metrics.AUC()])
    model.fit(trained[0], trained[1], epochs=3, batch_size=256, verbose=0)
    model.save(folder / "model.keras")
    (folder / "job.yaml").write_text(JOB)
