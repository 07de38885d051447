"""The forms in which a metric may want truth and output, and how it is asked in one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from reportgen.diagnostics.metrics.rows import Floats, Rows
from reportgen.models.custom_metrics.messages import Call, Loaded, Reply

Arrays = tuple[np.ndarray, np.ndarray]


class Metric(Protocol):
    """What is asked: a job's metric in its process, or one of Keras's own."""

    name: str
    needs: Any

    def load(self) -> Loaded:
        """Make it ready."""

    def __call__(self, calls: Sequence[Call]) -> list[Reply]:
        """The replies, in order."""


@dataclass(frozen=True)
class Form:
    """``name`` for series, ``words`` for sentences; ``logits`` where it gives log-odds.

    ``last`` is asked only where no other gives a number: a metric that is wrong on what it is
    promised may be right by accident on another shape.
    """

    name: str
    words: str
    of: Callable[[Rows], Arrays]
    tensor: bool = False
    logits: bool = False
    last: bool = False


def _single(a: Any) -> np.ndarray:
    return np.asarray(a, np.float32)


def _log_odds(rows: Rows) -> Floats:
    p = np.clip(rows.p, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(p) if rows.task == "multiclass" else np.log(p / (1 - p)))


def _one_hot(rows: Rows) -> np.ndarray:
    return np.asarray(np.eye(rows.k, dtype=np.float32)[rows.y])


def forms(rows: Rows, *, keras: bool, logits: bool) -> list[Form]:
    """Those that a metric may want, the likeliest first.

    The contract is arrays, ``y_pred`` the probability of the positive class in a binary task; what
    Keras hands to a compiled metric is float32, a column, and one-hot where it was trained so.
    """
    found: list[Form] = []
    if rows.task == "regression":
        found = [
            Form("arrays", "float64 arrays", lambda r: (r.y.astype(float), r.p)),
            Form("float32", "float32 arrays", lambda r: (_single(r.y), _single(r.p)), keras),
        ]
        if rows.y.ndim == 1:
            found.append(
                Form("column", "float32 columns (n, 1)",
                     lambda r: (_single(r.y)[:, None], _single(r.p)[:, None]), keras,
                     last=not keras)
            )  # fmt: skip
    else:
        found = [
            Form("codes", "labels as whole numbers", lambda r: (r.y.astype(np.int64), r.p)),
            Form("float32", "labels as float32", lambda r: (_single(r.y), _single(r.p)), keras),
        ]
        if rows.task == "binary":
            found += [
                Form("column", "columns (n, 1)",
                     lambda r: (_single(r.y)[:, None], _single(r.p)[:, None]), keras,
                     last=not keras),
                Form("one-hot", "one-hot labels, and both classes' probabilities",
                     lambda r: (_one_hot(r), _single(np.column_stack([1 - r.p, r.p]))), keras,
                     last=True),
            ]  # fmt: skip
        if rows.task == "multiclass" and rows.p.ndim == 2:
            found += [
                Form("one-hot", "one-hot labels", lambda r: (_one_hot(r), _single(r.p)), keras),
                Form("column", "whole numbers in a column (n, 1)",
                     lambda r: (_single(r.y)[:, None], _single(r.p)), keras),
            ]  # fmt: skip
        if logits and rows.scored:
            found += [
                Form("logits", "logits", _logits, keras, True),
                Form("logits-column", "logits in a column (n, 1)" if rows.task == "binary" else
                     "logits and one-hot labels", _logit_column, keras, True),
            ]  # fmt: skip
    if keras:  # what it was written for comes first
        found.sort(key=lambda f: (f.logits, not f.tensor))
    return found


def _logits(rows: Rows) -> Arrays:
    return _single(rows.y), _single(_log_odds(rows))


def _logit_column(rows: Rows) -> Arrays:
    z = _single(_log_odds(rows))
    if rows.task == "binary":
        return _single(rows.y)[:, None], z[:, None]
    return (_one_hot(rows) if rows.task == "multiclass" else _single(rows.y)), z


@dataclass(frozen=True)
class Asked:
    """A metric, asked in one form."""

    metric: Metric
    form: Form

    def call(self, rows: Rows, **how: Any) -> Call:
        y, p = self.form.of(rows)
        return Call(
            np.ascontiguousarray(y), np.ascontiguousarray(p), tensor=self.form.tensor, **how
        )

    def __call__(self, many: Sequence[Rows], **how: Any) -> list[Reply]:
        return self.metric([self.call(rows, **how) for rows in many])

    def values(self, many: Sequence[Rows], **how: Any) -> list[float | None]:
        return [reply.value for reply in self(many, **how)]
