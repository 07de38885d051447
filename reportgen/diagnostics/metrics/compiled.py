"""Metrics that a Keras model has compiled in: its own classes, rebuilt from their configuration.

Nothing of a model's file is run: a metric counts as standard when its class stands in
``keras.metrics`` under the name in the file; whatever else is there is named and left alone.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.diagnostics.metrics.forms import Form, forms
from reportgen.diagnostics.metrics.rows import Rows
from reportgen.errors import in_words
from reportgen.models import keras_config
from reportgen.models.custom_metrics.messages import Call, Loaded, Reply

#: What Keras's classes are, in the words of :mod:`names`; others are not judged.
STANDARD = {
    "BinaryAccuracy": "accuracy", "CategoricalAccuracy": "accuracy", "Accuracy": "accuracy",
    "SparseCategoricalAccuracy": "accuracy", "Precision": "precision", "Recall": "recall",
    "F1Score": "f1", "AUC": "auc", "BinaryIoU": "iou", "MeanIoU": "iou", "OneHotIoU": "iou",
    "OneHotMeanIoU": "iou", "MeanSquaredError": "mse", "RootMeanSquaredError": "rmse",
    "MeanAbsoluteError": "mae", "MeanAbsolutePercentageError": "mape",
    "MeanSquaredLogarithmicError": "msle", "R2Score": "r2", "BinaryCrossentropy": "log_loss",
    "CategoricalCrossentropy": "log_loss", "SparseCategoricalCrossentropy": "log_loss",
    "TopKCategoricalAccuracy": "top_5_accuracy", "SparseTopKCategoricalAccuracy": "top_5_accuracy",
}  # fmt: skip
#: Names as people compile them, and the class that Keras takes for them.
SHORT = {
    "mse": "MeanSquaredError", "mean_squared_error": "MeanSquaredError",
    "mae": "MeanAbsoluteError", "mean_absolute_error": "MeanAbsoluteError",
    "mape": "MeanAbsolutePercentageError", "msle": "MeanSquaredLogarithmicError",
    "auc": "AUC", "AUC": "AUC", "precision": "Precision", "recall": "Recall",
    "binary_accuracy": "BinaryAccuracy", "categorical_accuracy": "CategoricalAccuracy",
    "sparse_categorical_accuracy": "SparseCategoricalAccuracy",
    "binary_crossentropy": "BinaryCrossentropy",
    "root_mean_squared_error": "RootMeanSquaredError", "r2_score": "R2Score",
    "f1_score": "F1Score",
}  # fmt: skip


@dataclass(frozen=True)
class Compiled:
    """``standard`` are (name, class, configuration); ``foreign`` the names of the others."""

    standard: tuple[tuple[str, str, Mapping[str, Any]], ...] = ()
    foreign: tuple[str, ...] = ()


def compiled(arguments: Mapping[str, Any] | None, task: str, sparse: bool) -> Compiled:
    """What the arguments of ``compile`` name; ``sparse`` where labels are whole numbers."""
    standard: dict[str, tuple[str, str, Mapping[str, Any]]] = {}
    foreign: list[str] = []
    for node in _each(arguments or {}):
        if isinstance(node, str):
            name, kind = node, _class_of(node, task, sparse)
            config: Mapping[str, Any] = {}
        else:
            name = keras_config.spoken(node) or "metric"
            kind, config = _standard(node)
            inner = node.get("config")
            wrapped = isinstance(inner, Mapping) and isinstance(inner.get("fn"), str)
            if kind is None and (isinstance(inner, str) or wrapped):  # a function by its name
                kind = _class_of(name, task, sparse)
        if kind is None:
            foreign.append(name)
        else:
            standard.setdefault(f"{kind} {config}", (str(config.get("name") or name), kind, config))
    return Compiled(tuple(standard.values()), tuple(dict.fromkeys(foreign)))


def of_output(arguments: Mapping[str, Any], head: str, heads: Sequence[str]) -> dict[str, Any]:
    """The metrics, and the loss, of one of several outputs, as ``compile`` takes them.

    Keras takes a mapping by the names of the outputs, or a list with an entry for each; metrics
    that are not told apart so are those of a network with one output, and are left out.

    Parameters
    ----------
    heads : the outputs' names, in the network's order.
    """
    found: dict[str, Any] = {}
    for key in ("metrics", "weighted_metrics", "loss"):
        given = arguments.get(key)
        if isinstance(given, Mapping) and "class_name" not in given:
            found[key] = given.get(head)
        elif isinstance(given, (list, tuple)) and len(given) == len(heads) and head in heads:
            found[key] = given[list(heads).index(head)]
        elif key == "loss":
            found[key] = given
    return found


def _each(arguments: Mapping[str, Any]) -> Iterator[Any]:
    def parts(value: Any) -> Iterator[Any]:
        if isinstance(value, (list, tuple)):
            for part in value:
                yield from parts(part)
        elif isinstance(value, Mapping) and "class_name" not in value:
            yield from parts(list(value.values()))
        elif isinstance(value, (str, Mapping)):
            yield value

    yield from parts(arguments.get("metrics") or [])
    yield from parts(arguments.get("weighted_metrics") or [])


def _class_of(name: str, task: str, sparse: bool) -> str | None:
    if name in ("accuracy", "acc"):
        if task == "multiclass" and sparse:
            return "SparseCategoricalAccuracy"
        # Keras looks at the number of outputs: several labels are taken for one-hot.
        of_task = {"binary": "BinaryAccuracy", "multiclass": "CategoricalAccuracy",
                   "multilabel": "CategoricalAccuracy"}  # fmt: skip
        return of_task.get(task)
    return SHORT.get(name) or (name if name in STANDARD else None)


def _standard(node: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
    kind, config = str(node.get("class_name")), node.get("config")
    own = str(node.get("module") or "keras.metrics").startswith(
        ("keras.metrics", "keras.src.metrics")
    )
    registered = node.get("registered_name")
    if kind not in STANDARD or not own or registered not in (None, kind):
        return None, {}
    plain = {k: v for k, v in config.items() if k != "dtype"} if isinstance(config, Mapping) else {}
    if any(isinstance(v, Mapping) for v in plain.values()):
        return None, {}
    return kind, plain


class StandardMetric:
    """One of Keras's own, asked as a job's metrics are, but here: it is no foreign code."""

    needs = "keras"

    def __init__(self, kind: str, config: Mapping[str, Any], framework: str) -> None:
        self.kind, self.config, self.framework = kind, dict(config), framework
        self.name = f"{framework}.metrics.{kind}"

    def load(self) -> Loaded:
        """Whether it can be made."""
        try:
            self._made()
        except Exception as error:
            return Loaded(error=f"it cannot be made: {in_words(error).splitlines()[0][:160]}")
        return Loaded("class")

    def _made(self) -> Any:
        metrics = importlib.import_module(f"{self.framework}.metrics")
        return getattr(metrics, self.kind)(**self.config)

    def __call__(self, calls: Sequence[Call]) -> list[Reply]:
        """The replies, in order."""
        return [self._reply(call) for call in calls]

    def _reply(self, call: Call) -> Reply:
        try:
            metric = self._made()
            step = call.chunk or max(len(call.y), 1)
            first, second = (call.p, call.y) if call.swap else (call.y, call.p)
            for at in range(0, len(first), step):
                metric.update_state(first[at : at + step], second[at : at + step])
            value = np.asarray(metric.result(), np.float64)
        except Exception as error:
            return Reply(error=f"it raises {in_words(error)[:160]}")
        if value.size == 1 and np.isfinite(value).all():
            return Reply(float(value.reshape(())))
        if value.ndim == 1 and np.isfinite(value).all():  # F1Score(average=None): one a class
            return Reply(float(value.mean()))
        return Reply(error="it gives NaN" if value.size == 1 else "it gives several numbers")


def as_handed(rows: Rows, kind: str, *, logits: bool, sparse: bool) -> list[Form]:
    """The one form in which Keras hands truth and output to a compiled metric."""
    wanted = {
        "binary": "logits-column" if logits else "column",
        "multilabel": "logits" if logits else "float32",
        "regression": "column" if rows.y.ndim == 1 else "float32",
    }.get(rows.task)
    if wanted is None:
        sparse = sparse or kind.startswith("Sparse")
        wanted = ("logits" if logits else "float32") if sparse else (
            "logits-column" if logits else "one-hot")  # fmt: skip
    return [f for f in forms(rows, keras=True, logits=logits) if f.name == wanted]
