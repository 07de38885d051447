"""What the model answers once a change of the data is undone: the check that it was one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reportgen.answers import answers
from reportgen.charts.numbers import score
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.preprocessing.answer import Answer
from reportgen.diagnostics.preprocessing.received import Received
from reportgen.errors import ReportgenError
from reportgen.evidence import Case
from reportgen.models.outputs import Predictions
from reportgen.scores.followed import followed
from reportgen.scores.headline import headline
from reportgen.scores.members import of_predictions
from reportgen.scores.page_one import effect
from reportgen.statistics.paired import difference

Floats = NDArray[np.float64]
MOST_ROWS = 20_000
SEEN = 0.005  # difference of two scores that is worth a word
AGAINST = 0.05  # score lost by undoing, from which the model speaks against a change

Undo = Callable[[Mapping[str, Floats], Mapping[str, Floats]], Mapping[str, Floats]]


def weighed(case: Case, rows: Received, answer: Answer) -> Answer:
    """The answer with the score before and after; milder where undoing costs score."""
    if answer.undo is None or not answer.found:
        return answer
    name = str(answer.found[0].evidence.get("split"))
    if not _askable(case, rows, name):
        return answer
    try:
        mended = _mended(case, rows, answer.undo, name)
        given = case.interpreted(case.predictor.predict(case.preprocess(mended)), name)
        before, after = (_score(case, p, name) for p in (case.predict(name), given))
    except (ReportgenError, ValueError, TypeError, KeyError, IndexError):
        return answer  # the mended rows are none that the model takes
    if before is None or after is None or abs(after - before) < SEEN:
        return answer
    lost = _lost(case, given, name)
    word = "R²" if case.task == "regression" else "accuracy"
    first, *rest = answer.found
    message = f"{first.message} Undone, {word} on {name} is {score(after)}, not {score(before)}."
    milder = after < before - AGAINST
    if milder:
        message += " The model speaks against it."
    finding = first.model_copy(
        update={
            "message": message,
            "severity": "warn" if milder and first.severity == "fail" else first.severity,
            "evidence": {
                **first.evidence,
                "score_before": before,
                "score_after": after,
                **(lost if not milder else {}),
            },
        }
    )
    return replace(answer, found=(finding, *rest))


def _lost(case: Case, given: Predictions, name: str) -> dict[str, Any]:
    """What the fault costs of the headline metric, on the same rows; nothing of other splits."""
    if name != "test":
        return {}
    try:
        delivered = answers(case, name)
    except NotApplicable:
        return {}
    metric = headline(case, delivered, followed(delivered))
    mended = of_predictions(delivered, given)
    gain = difference(metric.of(mended), metric.of(delivered), delivered.design).interval
    if metric.better < 0:
        gain = replace(gain, value=-gain.value, low=-gain.high, high=-gain.low)
    return effect(gain, metric.claim) if np.isfinite(gain.value) else {}


def _askable(case: Case, rows: Received, name: str) -> bool:
    split = case.dataset.splits.get(name)
    return bool(
        split is not None
        and case.predictor.framework != "predictions"
        and name in case.splits
        and split.steps is None
        and split.n <= MOST_ROWS
        and not rows.data.left_out
        and isinstance(split.X, (np.ndarray, pl.DataFrame))
    )


def _mended(case: Case, rows: Received, undo: Undo, name: str) -> Any:
    X = case.split(name).X
    place = rows.data
    if isinstance(X, np.ndarray) and X.ndim != 2:
        (block,) = place.blocks
        by = {n: np.asarray(x) for n, x in block.by.items()}
        changed = undo({block.name: by["train"]}, {block.name: by[name]})[block.name]
        return np.asarray(changed).astype(np.float32)
    train = {c.name: c.by["train"] for c in place.numbers}
    split = {c.name: c.by[name] for c in place.numbers}
    changed_columns = undo(train, split)
    if isinstance(X, pl.DataFrame):
        return X.with_columns(pl.Series(c, v) for c, v in changed_columns.items())
    assert isinstance(X, np.ndarray)
    names = [c.name for c in place.columns]
    out = X.astype(np.float64)
    for c, v in changed_columns.items():
        out[:, names.index(c)] = v
    return out


def _score(case: Case, given: Any, name: str) -> float | None:
    """Accuracy, or R²; None where there are neither labels nor values."""
    y = np.asarray(case.split(name).y)
    if case.task == "regression":
        if given.values is None:
            return None
        values = np.asarray(given.values, np.float64).reshape(y.shape)
        total = float(((y - y.mean(axis=0)) ** 2).sum())
        return 1 - float(((y - values) ** 2).sum()) / total if total > 0 else None
    if given.labels is None:
        return None
    return float(np.mean(np.asarray(given.labels) == y))
