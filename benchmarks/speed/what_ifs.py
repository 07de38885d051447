"""What imbalance and overfit cost on the demo's network, against one ``fit`` of it.

Both in one run, the compilation cache warm: the first audit of the model fills it and is not
counted. A worker's start (its imports) is.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.speed.measure import Measured
from reportgen.diagnostics import suite
from reportgen.evidence import Case
from reportgen.job.load import load
from reportgen.job.schema import Job
from reportgen.pipeline import load_case
from reportgen.pipeline.sections import examined, prepared, trained
from reportgen.retraining.plan import Budget
from reportgen.retraining.rounds import Rounds

JOB = Path(__file__).parents[2] / "configs/demo.yaml"
MODEL = "churn-mlp"
ASKED = ("imbalance", "overfit")
ROUNDS = 3


def measured() -> Iterator[Measured]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    job = load(JOB, {n: d.settings for n, d in suite().items()})
    folder = tempfile.TemporaryDirectory()
    with folder, mock.patch.dict(os.environ, REPORTGEN_CACHE=folder.name):
        audited(job)
        both = [(fit_of(load_case(job, MODEL)), audited(job)) for _ in range(ROUNDS)]
    alone = min(fit for fit, _ in both)
    whole = min((told for _, told in both), key=lambda told: told["all"])
    took, members = whole["all"], whole.pop("members")
    phases = ", ".join(f"{name} {value:.2f}" for name, value in whole.items() if name != "all")
    how = (
        f"{members:.0f} members; one fit {alone:.2f} s, both diagnostics {took:.2f} s with the "
        f"worker's start ({phases})"
    )
    yield Measured(f"imbalance and overfit against one fit, {MODEL}", took / alone, "times", 3, how)


def fit_of(case: Case) -> float:
    """Seconds of what the recipe says, with plain Keras: built anew, compiled, fitted."""
    import keras

    from reportgen.models.training import train_split

    network: Any = case.predictor
    training = case.entry.training
    assert training is not None
    stop = training.early_stopping
    assert stop is not None
    X, y = train_split(case.dataset, case.preprocess, training)
    held = (case.inputs("validation"), case.split("validation").y)
    start = time.perf_counter()
    model = network.fresh()
    watch = keras.callbacks.EarlyStopping(
        stop.monitor, patience=stop.patience, restore_best_weights=stop.restore_best
    )
    model.fit(
        X, y, epochs=training.epochs, batch_size=training.batch_size, validation_data=held,
        callbacks=[watch], verbose=0,
    )  # fmt: skip
    return time.perf_counter() - start


def audited(job: Job) -> dict[str, float]:
    """Seconds of both diagnostics on a case that nobody has looked at."""
    case = load_case(job, MODEL)
    for name in case.splits:
        case.predict(name)  # every audit has asked that already
    diagnostics = suite()
    start = time.perf_counter()
    asked = [prepared(diagnostics[n], case, job.diagnostics.get(n)) for n in ASKED]
    told = {"prepare": time.perf_counter() - start}
    rounds = Rounds(case, Budget())
    found = trained(asked, rounds.run)
    told |= found.seconds
    begun = time.perf_counter()
    sections = [examined(one, found) for one in asked]
    told["examine"] = time.perf_counter() - begun
    told["all"] = time.perf_counter() - start
    told["members"] = len(found.members)
    assert all(s.status == "completed" for s in sections), [s.reason for s in sections]
    return told
