"""The loss that ``evaluate`` of a Keras file returns, from the loss compiled into the file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import numpy as np

from reportgen.errors import ModelError, Problem
from reportgen.models import keras_config
from reportgen.models.tables import chunks, n_rows

#: What ``evaluate`` uses by default; matters only where batches do not simply average.
DEFAULT_BATCH = 32


def targets_for(y: np.ndarray, loss: Any, n_outputs: int, task: str) -> np.ndarray:
    """A split's target as the loss wants it.

    Class codes (n,) stay codes for sparse losses, become float (n, 1) for one output and one-hot
    float (n, K) for several. Multilabel and regression targets become float32 of two dimensions.

    Raises
    ------
    ModelError
        if some label is no class, or a code is past the outputs.
    """
    if task in ("regression", "multilabel"):
        return np.asarray(y, dtype=np.float32).reshape(len(y), math.prod(np.shape(y)[1:]))
    unknown = int((y < 0).sum())
    if unknown:
        raise ModelError(
            Problem(
                f"the loss is not defined for {unknown:,} rows whose label is no class",
                advice="Name all labels under `classes:`.",
            )
        )
    name = (keras_config.spoken(loss) or "").lower().replace("_", "")
    if "sparse" in name:
        return np.asarray(y, dtype=np.int32)
    if n_outputs == 1:
        return np.asarray(y, dtype=np.float32).reshape(-1, 1)
    if len(y) and int(y.max()) >= n_outputs:
        raise ModelError(
            Problem(f"class code {int(y.max())} is past the model's {n_outputs} outputs")
        )
    one_hot: np.ndarray = np.eye(n_outputs, dtype=np.float32)[y]
    return one_hot


def step_targets(
    truth: np.ndarray, loss: Any, output_shape: tuple[int | None, ...], task: str
) -> np.ndarray:
    """Targets of all steps, (n, T), as the loss wants them; padding that is no class is class 0.

    Sparse losses get codes (n, T), others float (n, T) or (n, T, 1) for one output a step, and
    one-hot (n, T, K) for several.
    """
    if task != "regression":
        truth = np.maximum(truth, 0)
        if "sparse" in (keras_config.spoken(loss) or "").lower():
            return np.asarray(truth, dtype=np.int32)
    numbers = np.asarray(truth, dtype=np.float32)
    if len(output_shape) < 3:
        return numbers
    k = int(output_shape[-1] or 1)
    if k == 1 or task == "regression":
        return numbers[..., None]
    one_hot: np.ndarray = np.eye(k, dtype=np.float32)[truth]
    return one_hot


def serialised_loss(model: Any) -> Any:
    """The loss compiled into a live model, as Keras serialises it; None when there is none."""
    if not getattr(model, "compiled", getattr(model, "_is_compiled", False)):
        return None
    try:
        config = model.get_compile_config() or {}
    except (AttributeError, NotImplementedError, TypeError, ValueError):
        config = {}
    loss = config.get("loss")
    return loss if loss is not None else getattr(model, "loss", None)


class Evaluator:
    """A model compiled with its file's loss alone, sharing the delivered model's weights.

    Parameters
    ----------
    model : the loaded model, which stays as it is.
    framework : the module ``keras`` or ``tf_keras`` that the model belongs to.
    loss : as serialised in the file, or a live loss.
    custom_objects : name -> object, from the job.

    Raises
    ------
    ModelError
        if the loss cannot be made.
    """

    def __init__(
        self, model: Any, framework: Any, loss: Any, custom_objects: Mapping[str, Any]
    ) -> None:
        self._model = _shared(model, framework)
        live = _live_loss(loss, framework, custom_objects)
        self._model.compile(optimizer="sgd", loss=live)
        self._loss = live
        self._by_batch = _depends_on_batches(live, model)

    def __call__(
        self,
        feed: Any,
        inputs: Any,
        y: np.ndarray,
        sample_weight: np.ndarray | None,
        batch_size: int,
    ) -> float:
        """Mean loss over the rows, penalties included; parameters as ``evaluate`` has them."""
        size = DEFAULT_BATCH if self._by_batch else batch_size
        total = 0.0
        for start, rows in chunks(inputs, 65_536):
            stop = start + n_rows(rows)
            loss = self._model.evaluate(
                feed(rows),
                y[start:stop],
                sample_weight=None if sample_weight is None else sample_weight[start:stop],
                batch_size=size,
                verbose=0,
            )
            total += float(np.ravel(loss)[0]) * (stop - start)
        return total / n_rows(inputs)

    def rows(self, feed: Any, inputs: Any, y: np.ndarray, batch_size: int) -> np.ndarray:
        """The loss of each row before averaging, penalties apart, shape (n,).

        Computed in a graph, as ``evaluate`` does: there Keras finds the logits behind a softmax.
        """
        import tensorflow as tf

        # A loss object averages when it is called; a loss function gives a value a row.
        call = getattr(self._loss, "call", self._loss)
        model = self._model

        def of(x: Any, target: Any) -> Any:
            values = call(target, model(x, training=False))
            return tf.reduce_mean(tf.reshape(values, (tf.shape(values)[0], -1)), axis=1)

        graph = tf.function(of, reduce_retracing=True)
        found: np.ndarray = np.empty(n_rows(inputs))
        for start, rows in chunks(inputs, batch_size):
            stop = start + n_rows(rows)
            found[start:stop] = graph(feed(rows), y[start:stop]).numpy()
        return found

    def steps(
        self, feed: Any, inputs: Any, y: np.ndarray, batch_size: int
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """The loss of each step, (n, T), and the mask that the model's own output carries, or None.

        Parameters
        ----------
        y : from :func:`step_targets`.

        Raises
        ------
        ModelError
            if the loss does not give a value a step.
        """
        import tensorflow as tf

        call = getattr(self._loss, "call", self._loss)
        model = self._model
        masks: list[bool] = []

        def of(x: Any, target: Any) -> Any:
            answers = model(x, training=False)
            mask = getattr(answers, "_keras_mask", None)
            masks.append(mask is not None)
            values = call(target, answers)
            kept = tf.ones_like(values, dtype=tf.bool) if mask is None else tf.cast(mask, tf.bool)
            return values, kept

        graph = tf.function(of, reduce_retracing=True)
        losses, kept = [], []
        for start, rows in chunks(inputs, batch_size):
            values, mask = graph(feed(rows), y[start : start + n_rows(rows)])
            losses.append(values.numpy())
            kept.append(mask.numpy())
        found = np.concatenate(losses).astype(np.float64)
        if found.shape != y.shape[:2]:
            raise ModelError(
                Problem(
                    "the loss does not give a value a step",
                    expected=f"values of shape {y.shape[:2]}",
                    got=f"values of shape {found.shape}",
                )
            )
        return found, np.concatenate(kept) if any(masks) else None

    def of_outputs(self, raw: np.ndarray, y: np.ndarray) -> float:
        """The loss of given outputs, penalties included, computed eagerly."""
        value = float(np.mean(np.asarray(self._loss(y, raw))))
        return value + self.penalty()

    def penalty(self) -> float:
        """What regularizers of weights add to the loss of every batch."""
        return float(sum(float(value) for value in self._model.losses))


def _shared(model: Any, framework: Any) -> Any:
    """Another model over the same layers, so that compiling leaves the delivered one alone."""
    try:
        return framework.Model(model.inputs, model.outputs)
    except (AttributeError, TypeError, ValueError):
        return framework.Sequential([model])  # subclassed models: wrapped, weights shared


def _live_loss(loss: Any, framework: Any, custom_objects: Mapping[str, Any]) -> Any:
    if loss is None:
        raise ModelError(
            Problem(
                "the model file keeps no loss, so what `evaluate` returned cannot be computed",
                advice="Save the model after `compile`, or report `log_loss` instead.",
            )
        )
    if not isinstance(loss, (str, Mapping)):
        if isinstance(loss, (list, tuple)) and len(loss) != 1:
            raise _unknown(loss)
        return loss[0] if isinstance(loss, (list, tuple)) else loss
    _refuse_foreign(loss, custom_objects)
    saving = getattr(framework, "saving", None) or framework.utils
    scope = saving.custom_object_scope(dict(custom_objects)) if custom_objects else nullcontext()
    try:
        with scope:
            name = keras_config.spoken(loss) if _is_function(loss) else loss
            return framework.losses.get(name)
    except (ValueError, TypeError, KeyError, ImportError, AttributeError) as error:
        raise _unknown(loss) from error


def _is_function(loss: Any) -> bool:
    return isinstance(loss, Mapping) and loss.get("class_name") in ("function", "Function")


def _refuse_foreign(loss: Any, custom_objects: Mapping[str, Any]) -> None:
    for node in keras_config.walk(loss):
        module = str(node.get("module") or "keras").partition(".")[0]
        if module in ("keras", "tf_keras", "builtins"):
            continue
        if keras_config.spoken(node) not in custom_objects:
            raise _unknown(loss)


def _unknown(loss: Any) -> ModelError:
    return ModelError(
        Problem(
            f"the model's loss ({keras_config.spoken(loss) or loss!r}) is not one of Keras's",
            advice="Name it: {keras: FILE, custom_objects: [pkg.mod:loss]}.",
        )
    )


def _depends_on_batches(loss: Any, model: Any) -> bool:
    """Whether the value of ``evaluate`` changes with the batch size."""
    reduction = str(getattr(loss, "reduction", "sum_over_batch_size")).lower()
    if reduction not in ("sum_over_batch_size", "mean", "auto", "none"):
        return True
    return any(
        getattr(layer, "activity_regularizer", None) is not None
        for layer in getattr(model, "layers", ())
    )
