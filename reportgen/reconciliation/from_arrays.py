"""Evidence from arrays alone: labels and scores of one or more splits, without a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.data.labels import encode, label_text
from reportgen.data.table import Dataset, Split
from reportgen.errors import DataError, Problem
from reportgen.job.schema import Decision
from reportgen.models.outputs import interpret
from reportgen.models.predictor import Output, OutputKind
from reportgen.reconciliation.evidence import Evidence
from reportgen.reconciliation.world import World

#: A target of numbers with more values than this is one of regression.
MOST_CLASSES = 100


@dataclass(frozen=True, slots=True)
class Given:
    """What was given of a split: the truth and what the model said, n rows each.

    ``columns`` are the names of the answers' columns, where they have any.
    """

    y: NDArray[Any]
    answers: NDArray[Any]
    source: str = ""
    columns: tuple[str, ...] = ()


def evidence(
    splits: Mapping[str, Given],
    *,
    task: str | None = None,
    classes: Sequence[str] = (),
    positive: str | None = None,
    output: OutputKind | None = None,
    threshold: float | None = None,
) -> Evidence:
    """Evidence of splits by name; task, classes and the meaning of scores are told from them.

    Raises
    ------
    DataError
        if lengths differ, or a label is none of the classes.
    """
    for name, given in splits.items():
        if len(given.y) != len(given.answers):
            raise DataError(
                Problem(
                    f"{name} has {len(given.y):,} labels and {len(given.answers):,} predictions",
                    file=given.source or None,
                    expected="as many predictions as labels",
                )
            )
        if not len(given.y):
            raise DataError(Problem(f"{name} has no rows", file=given.source or None))
    task = task or _task(splits)
    names = tuple(classes) or _classes(splits, task)
    splits = {name: _in_order(given, names) for name, given in splits.items()}
    index = None
    if task == "binary":
        if positive is not None and positive not in names:
            raise DataError(Problem(f"there is no class {positive!r}", expected=", ".join(names)))
        index = len(names) - 1 if positive is None else names.index(positive)
    dataset = Dataset(
        "given", task, "array", (), names, index,
        {k: _split(k, g, task, names) for k, g in splits.items()},
        target=names if task == "multilabel" else (),
    )  # fmt: skip
    kind = output or _kind(splits, task, names)
    decision = None if threshold is None else Decision(threshold=threshold)

    def make(name: str) -> World:
        split = dataset.splits[name]
        found = interpret(
            splits[name].answers, Output(kind, "the numbers"), dataset, decision, split_name=name
        )
        raw = found.raw
        limits = np.finfo(raw.dtype) if raw.dtype.kind == "f" else np.finfo(np.float64)
        return World(
            task, names, index, np.asarray(split.y), labels=found.labels, scores=found.scores,
            values=found.values, raw=raw, resolution=float(limits.eps),
        )  # fmt: skip

    usual = 0.5 if threshold is None else threshold
    return Evidence(task, names, index, tuple(splits), make, threshold=usual)


def _in_order(given: Given, classes: Sequence[str]) -> Given:
    """Columns that are named as the classes are, in the classes' order."""
    if given.columns == tuple(classes) or sorted(given.columns) != sorted(classes):
        return given
    order = [given.columns.index(c) for c in classes]
    return replace(given, answers=given.answers[:, order], columns=tuple(classes))


def _split(name: str, given: Given, task: str, classes: tuple[str, ...]) -> Split:
    y: NDArray[Any]
    if task == "regression":
        y = np.asarray(given.y, dtype=np.float64)
    elif task == "multilabel":
        y = np.asarray(given.y).astype(np.int8)
    else:
        y = encode(given.y, classes)
        if (y < 0).any():
            row = int(np.flatnonzero(y < 0)[0])
            raise DataError(
                Problem(
                    "a label is none of the classes",
                    file=given.source or None,
                    row=row,
                    expected=", ".join(classes[:8]),
                    got=str(label_text(given.y[row : row + 1])[0]),
                )
            )
    return Split(name, np.empty((len(y), 0)), y, np.arange(len(y)), given.source, "")


def _task(splits: Mapping[str, Given]) -> str:
    y = next(iter(splits.values())).y
    if y.ndim == 2 and y.shape[1] > 1:
        return "multilabel"
    if y.dtype.kind == "f" and (len(np.unique(y)) > MOST_CLASSES or (y != np.round(y)).any()):
        return "regression"
    return "binary" if len(_classes(splits, "multiclass")) <= 2 else "multiclass"


def _classes(splits: Mapping[str, Given], task: str) -> tuple[str, ...]:
    if task == "regression":
        return ()
    first = next(iter(splits.values()))
    if task == "multilabel":
        return tuple(f"label {k}" for k in range(first.y.shape[1]))
    values = np.unique(np.concatenate([np.ravel(g.y) for g in splits.values()]))
    texts = tuple(str(t) for t in label_text(values))
    wide = first.answers.shape[1] if first.answers.ndim == 2 else 0
    codes = all(t.isdigit() for t in texts)
    if codes and wide > len(texts) and max(int(t) for t in texts) < wide:
        return tuple(str(k) for k in range(wide))
    return ("0", "1") if texts in (("0",), ("1",)) else texts


def _kind(splits: Mapping[str, Given], task: str, classes: Sequence[str]) -> OutputKind:
    """What the answers are, told from the numbers."""
    if task == "regression":
        return "value"
    answers = next(iter(splits.values())).answers
    if answers.dtype.kind not in "fiub":
        return "label"
    whole = answers.dtype.kind in "iub" or bool((answers == np.round(answers)).all())
    if whole and (answers.ndim == 1 or answers.shape[1] == 1) and task != "multilabel":
        return "label"
    inside = answers.min() >= -1e-6 and answers.max() <= 1 + 1e-6
    return "probability" if inside else "logit"
