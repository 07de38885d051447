"""What a metric that is not what its name says may be in truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from reportgen.diagnostics.metrics.cells import BOUNDED, CELLS, RANKS, of_cells
from reportgen.diagnostics.metrics.definition import Definition, asked_of, complement, turned
from reportgen.diagnostics.metrics.names import Meaning
from reportgen.diagnostics.metrics.rows import Rows

BITS = float(1 / np.log(2))
FACTORS = (
    (2.0, "twice {}"),
    (0.5, "half of {}"),
    (-1.0, "the negative of {}"),
    (BITS, "{} in bits"),
)


def alternatives(
    meaning: Meaning, rows: Rows, everything: Iterable[Definition]
) -> Iterator[list[Definition]]:
    """Definitions that say in words what they are, the likeliest first."""
    own, family = list(meaning.definitions), str(meaning.family)
    others = [d for d in everything if d.family != family]
    if family in RANKS and rows.scored:
        yield [asked_of(d, "{} of labels in place of scores", Rows.hard) for d in own]
    if rows.task == "binary":
        yield [asked_of(d, "{} of the other class", _exchanged) for d in own]
    elif rows.task != "regression" and family in CELLS:
        yield _single_classes(family, rows.k)
    yield [complement(d) for d in own]
    yield others
    yield [complement(d) for d in others if d.family in BOUNDED]
    for factor, words in FACTORS:
        yield [turned(d, words, partial(_times, factor=factor)) for d in own]
    yield [_summed(d) for d in own]
    yield [turned(d, "{} without the root", lambda value: value * abs(value)) for d in own]
    yield [turned(d, "the root of {}", _root) for d in own]
    if family in ("f1", "dice"):
        yield _means_of_two(rows.task)
    if rows.task == "multiclass" and rows.p.ndim == 2:
        yield [Definition("accuracy", "the share of right cells of one-hot labels", _right_cells)]
    if rows.task == "multilabel":
        words = "the share of rows whose highest score is of the first of their labels (argmax)"
        yield [Definition("accuracy", words, _highest_is_first)]
    if rows.task == "regression":
        yield list(_of_numbers())


def _exchanged(rows: Rows) -> Rows:
    return replace(rows, y=1 - rows.y, p=1 - rows.p, threshold=1 - rows.threshold)


def _times(value: float, factor: float) -> float:
    return factor * value


def _root(value: float) -> float:
    return float(np.sign(value) * np.sqrt(abs(value)))


def _summed(d: Definition) -> Definition:
    of = d.of
    return replace(d, words=f"the sum where {d.words} is the mean", of=lambda r: r.n * of(r))


def _single_classes(family: str, k: int) -> list[Definition]:
    words, function = CELLS[family]
    return [
        Definition(
            family,
            f"{words} of class {c + 1} of {k} alone",
            partial(of_cells, function=function, average=str(c)),
            str(c),
        )
        for c in range(k)
    ]


def _means_of_two(task: str) -> list[Definition]:
    averages = ["binary"] if task == "binary" else ["macro", "weighted", "micro"]
    words = "the arithmetic mean of precision and recall"
    return [Definition("f1", words, partial(_mean_of_two, average=a), a) for a in averages]


def _mean_of_two(rows: Rows, average: str) -> float:
    parts = [of_cells(rows, CELLS[part][1], average) for part in ("precision", "recall")]
    return sum(parts) / 2


def _right_cells(rows: Rows) -> float:
    return float((np.eye(rows.k)[rows.y] == (rows.p > 0.5)).mean())


def _highest_is_first(rows: Rows) -> float:
    """Keras's ``categorical_accuracy``, which "accuracy" is of several outputs."""
    return float((rows.y.argmax(axis=1) == rows.p.argmax(axis=1)).mean())


def _of_numbers() -> Iterator[Definition]:
    signed = "the mean error, signed"
    yield Definition("mae", signed, lambda r: float((r.y - r.p).mean()))
    yield Definition("mae", signed, lambda r: float((r.p - r.y).mean()))
    yield Definition(
        "mape",
        "the sum of errors over the sum of targets",
        lambda r: float(np.abs(r.y - r.p).sum() / max(float(np.abs(r.y).sum()), 1e-12)),
    )
