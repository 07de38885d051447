"""Lines as Keras prints them: epochs of ``fit`` and lines of ``evaluate``, of any version.

Progress bars are redrawn with carriage returns or backspaces, or, into a file, on a line each;
what counts is the last state of each bar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from reportgen.errors import DataError, Problem
from reportgen.job.keypath import quoted
from reportgen.job.printed import Printed
from reportgen.job.schema import EarlyStopping
from reportgen.job.stopping import kept

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_REDRAWN = re.compile(r"[\r\x08]+")
_EPOCH = re.compile(r"\s*Epoch (\d{1,9})/(\d{1,9})\s*\Z")
_STEPS = re.compile(r"\s*(\d{1,15})/(\d{1,15}|Unknown|None)(?:\s|\Z)")
_TIME = re.compile(r"\s*-?\s*\d+(?:\.\d+)?(?:us|ms|s|m|h)\b")
_METRIC = re.compile(r"([A-Za-z_][\w./-]*):\s*(\S.*?)\s*\Z")
_BAR = re.compile(r"[━╸╺]|\[[=>.]+\]")
_RESTORED = re.compile(r"Restoring model weights from the end of the best epoch:? (\d{1,9})")
_NOT_FINITE = ("nan", "inf", "-inf", "-nan")

_NAMES = {
    "loss": "loss",
    "acc": "accuracy",
    "accuracy": "accuracy",
    "binary_accuracy": "accuracy",
    "categorical_accuracy": "accuracy",
    "sparse_categorical_accuracy": "accuracy",
    "top_k_categorical_accuracy": "top_k_accuracy",
    "sparse_top_k_categorical_accuracy": "top_k_accuracy",
    "auc": "roc_auc",
    "mse": "mse",
    "mean_squared_error": "mse",
    "rmse": "rmse",
    "root_mean_squared_error": "rmse",
    "mae": "mae",
    "mean_absolute_error": "mae",
    "r2_score": "r2",
}
_BINARY_NAMES = {"precision": "precision", "recall": "recall"}
_NO_METRICS = ("lr", "learning_rate", "ETA")
_KERAS_TOP_K = 5  # its default


@dataclass(slots=True)
class Block:
    """One bar's final state: the metrics as printed, and the line they stand on (1-based)."""

    epoch: int | None
    metrics: dict[str, str] = field(default_factory=dict)
    line: int = 0
    step: int = 0
    total: str | None = None
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Log:
    """The last ``fit`` of a log, and what ``evaluate`` printed after it (or without one)."""

    epochs: tuple[Block, ...]
    evaluations: tuple[Block, ...]
    restored: int | None

    def delivered(self, stopping: EarlyStopping | None, file: str) -> Block | None:
        """The epoch whose weights were kept: the best with ``restore_best``, else the last.

        Raises
        ------
        DataError
            if the quantity that was watched is not in the log.
        """
        if not self.epochs:
            return None
        if self.restored is not None:
            for block in self.epochs:
                if block.epoch == self.restored:
                    return block
        numbers = [
            {name: _float(number(text, e.line, file)) for name, text in e.metrics.items()}
            for e in self.epochs
        ]
        lines = [e.line for e in self.epochs]
        return self.epochs[kept(numbers, stopping, file, lines)]


def _float(value: Printed | None) -> float | None:
    return None if value is None else float(value)


def parse(text: str) -> Log:
    """The epochs and evaluations of a log; other lines are passed over."""
    epochs: list[Block] = []
    evaluations: list[Block] = []
    restored: int | None = None
    current: Block | None = None
    for line, part in _states(text):
        head = _EPOCH.match(part)
        if head is not None:
            number_of = int(head[1])
            if epochs and epochs[-1].epoch is not None and number_of <= epochs[-1].epoch:
                epochs, evaluations, restored = [], [], None  # another fit begins
            elif not epochs:
                evaluations = []  # printed before the training
            current = Block(number_of)
            epochs.append(current)
            continue
        back = _RESTORED.search(part)
        if back is not None:
            restored = int(back[1])
            continue
        metrics = _metrics(part)
        if not metrics:
            continue
        steps = _STEPS.match(part)
        step, total = (int(steps[1]), steps[2]) if steps is not None else (0, None)
        bar = _BAR.search(part) is not None
        if current is None or not _continues(current, step, total, bar=bar):
            current = Block(None)
            evaluations.append(current)
        current.metrics, current.line, current.step, current.total = metrics, line, step, total
        current.finished = not bar or any(name.startswith("val_") for name in metrics)
    return Log(tuple(e for e in epochs if e.metrics), tuple(evaluations), restored)


def number(printed: str, line: int, file: str) -> Printed | None:
    """The number of a metric; None for nan, inf and vectors.

    Raises
    ------
    DataError
        if it is none.
    """
    if printed.lower() in _NOT_FINITE or printed.startswith("["):
        return None
    try:
        return Printed.parse(printed)
    except ValueError:
        raise DataError(
            Problem("this is not a number", file=file, line=line, got=quoted(printed))
        ) from None


def metric_of(name: str, task: str) -> tuple[str | None, int | None]:
    """The job's metric, and k, for Keras's name; its own name where there is none.

    None for what is no metric, such as the learning rate. Keras's precision and recall of
    several classes count scores above 0.5, which no average of scikit-learn's does, so that
    they keep Keras's names.
    """
    base = re.sub(r"_\d+\Z", "", name)
    if base in _NO_METRICS:
        return None, None
    metric = _NAMES.get(base) or (_BINARY_NAMES.get(base) if task == "binary" else None)
    if metric is None:
        return f"keras {name}", None
    return metric, _KERAS_TOP_K if metric == "top_k_accuracy" else None


def _states(text: str) -> Iterator[tuple[int, str]]:
    """Each state of each line with its line number, without escapes."""
    for line, raw in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        for part in _REDRAWN.split(_ANSI.sub("", raw)):
            if part.strip():
                yield line, part


def _metrics(part: str) -> dict[str, str]:
    """``name: value`` pairs of a line that begins with steps or a time; empty for others."""
    if not (_STEPS.match(part) or _TIME.match(part)):
        return {}
    found = {}
    for piece in re.split(r" - ", part):
        match = _METRIC.match(piece.strip())
        if match is not None and match[1] not in _NO_METRICS:
            found[match[1]] = match[2]
    return found


def _continues(block: Block, step: int, total: str | None, *, bar: bool) -> bool:
    """Whether a state belongs to the bar of ``block``, or begins another."""
    if not block.metrics:
        return True
    return bar and not block.finished and total == block.total and step >= block.step
