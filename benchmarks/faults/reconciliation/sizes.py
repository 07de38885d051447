"""The same mistakes on few rows and on many, in every task, from models and from files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn import metrics

from benchmarks.faults.reconciliation import said
from benchmarks.faults.reconciliation.falsehoods import Audited, audited
from benchmarks.faults.reconciliation.questions import Question, named
from benchmarks.faults.reconciliation.rows import Rng, pick
from benchmarks.faults.reconciliation.works import Work
from reportgen.evidence import Case
from reportgen.job.claims import Claim

SIZES = (50, 120, 1_000, 10_000)
Claims = tuple[Claim, ...]
#: What is said by mistake, and what would be said without it, in the same form.
Said = Callable[[Rng, Audited], tuple[Claims, Claims]]


def _report(work: Work, given: Any, digits: int, split: str = "test") -> Claims:
    """A report of the rows of a split, said of test."""
    return said.report(
        work.y(split), given, work.classes, digits=digits, labels=range(len(work.classes)),
        target_names=work.classes,
    )  # fmt: skip


def _asked(drawn: Audited, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels or values, and scores."""
    given = np.asarray(drawn.work.estimator.predict(X))
    if drawn.work.task == "regression":
        return given, given
    return given, drawn.work.proba(X)


def _threshold(rng: Rng, drawn: Audited) -> tuple[Claims, Claims]:
    """A threshold that somebody liked, one for all labels."""
    work, digits = drawn.work, pick(rng, (2, 3))
    given, scores = _asked(drawn, work.X())
    limit = pick(rng, (0.25, 0.3, 0.4, 0.65, 0.7))
    column = scores if work.task == "multilabel" else scores[:, 1]
    return _report(work, (column > limit).astype(int), digits), _report(work, given, digits)


def _train(rng: Rng, drawn: Audited) -> tuple[Claims, Claims]:
    """Train scored as test: a report, or errors of values."""
    work, digits = drawn.work, pick(rng, (2, 3))
    both = []
    for split in ("train", "test"):
        given, _ = _asked(drawn, work.X(split))
        if work.task == "regression":
            y = work.y(split)
            values = {
                "mae": metrics.mean_absolute_error(y, given),
                "rmse": metrics.root_mean_squared_error(y, given),
                "r2": metrics.r2_score(y, given),
            }
            both.append(said.numbers(values, "regression"))
        else:
            both.append(_report(work, given, digits, split))
    return both[0], both[1]


def _average(rng: Rng, drawn: Audited) -> tuple[Claims, Claims]:
    """Weighted averages where macro is understood, beside an accuracy."""
    work = drawn.work
    y, (given, _) = work.y(), _asked(drawn, work.X())
    both = []
    for average in ("weighted", "macro"):
        of = {"average": average, "zero_division": 0}
        values = {
            "accuracy": metrics.accuracy_score(y, given),
            "precision": metrics.precision_score(y, given, **of),
            "recall": metrics.recall_score(y, given, **of),
            "f1": metrics.f1_score(y, given, **of),
        }
        both.append(said.numbers(values, work.task))
    return both[0], both[1]


def _swapped(rng: Rng, drawn: Audited) -> tuple[Claims, Claims]:
    """``classification_report(y_pred, y_true)``."""
    work, digits = drawn.work, pick(rng, (2, 3))
    given, _ = _asked(drawn, work.X())
    names: Mapping[str, Any] = {
        "labels": range(len(work.classes)), "target_names": work.classes, "digits": digits,
    }  # fmt: skip
    wrong = said.report(given, work.y(), work.classes, **names)
    return wrong, _report(work, given, digits)


def _root(rng: Rng, drawn: Audited) -> tuple[Claims, Claims]:
    """RMSE given as MSE."""
    work = drawn.work
    y, (given, _) = work.y(), _asked(drawn, work.X())
    mse, mae = metrics.mean_squared_error(y, given), metrics.mean_absolute_error(y, given)
    both = [said.numbers({"mse": v, "mae": mae}, "regression", 4) for v in (mse**0.5, mse)]
    return both[0], both[1]


def _until_it_shows(task: str, n: int, say: Said, rng: Rng) -> Case:
    """Drawn anew where the mistake changes no printed digit: then nothing is wrong."""
    while True:
        drawn = audited(rng, task, n)
        wrong, usual = say(rng, drawn)
        if wrong != usual:
            return drawn.work.case(*wrong)


def _asked_of(task: str, n: int, say: Said) -> Callable[[Rng], Case]:
    return lambda rng: _until_it_shows(task, n, say, rng)


MISTAKES: tuple[tuple[str, str, str, Said], ...] = (
    ("another threshold", "binary", "decision-threshold", _threshold),
    ("another threshold", "multilabel", "decision-threshold", _threshold),
    ("train scored as test", "binary", "other-split", _train),
    ("train scored as test", "multiclass", "other-split", _train),
    ("train scored as test", "regression", "other-split", _train),
    ("weighted for macro", "multiclass", "averaging", _average),
    ("weighted for macro", "multilabel", "averaging", _average),
    ("arguments swapped", "multiclass", "swapped-arguments", _swapped),
    ("RMSE as MSE", "regression", "root-or-square", _root),
)

PLANTED: tuple[Question, ...] = ()
MORE: tuple[Question, ...] = tuple(
    named(f"{name}, {task}, {n:,} rows", code, _asked_of(task, n, say))
    for n in SIZES
    for name, task, code, say in MISTAKES
)
