"""Keras models: loaded without compiling and without running code, asked in large batches."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reportgen.errors import ModelError, Problem
from reportgen.models import headers, keras_config, stateful
from reportgen.models.inference import checked, declared, from_network
from reportgen.models.keras_inputs import Feeder, specs_of
from reportgen.models.keras_loss import (
    DEFAULT_BATCH,
    Evaluator,
    step_targets,
    targets_for,
)
from reportgen.models.keras_size import batch_size, count, describe
from reportgen.models.predictor import Output
from reportgen.models.randomness import untouched
from reportgen.models.tables import chunks, n_rows, take

if TYPE_CHECKING:
    from reportgen.job.schema import ModelEntry

Framework = Literal["keras", "tf_keras"]

#: Rows converted to float32 at a time, at most.
FEED_BYTES = 256 << 20


class KerasPredictor:
    """A Keras model behind the :class:`~reportgen.models.predictor.Predictor` protocol.

    Parameters
    ----------
    model : the live model, of ``keras`` or of ``tf_keras``.
    config : its architecture as JSON, or None when it does not give one.
    loss : its loss as serialised, or None.
    task : of the data set.
    custom_objects : name -> object, from the job.
    compiled : arguments it was compiled with, as serialised, or None.
    file : that it was loaded from, or None; ``build`` makes another one like it, or None.
    head : which of several outputs is asked; ``loss`` is that of this output then.
    """

    def __init__(
        self,
        model: Any,
        framework: Framework,
        *,
        config: Mapping[str, Any] | None,
        loss: Any,
        task: str,
        custom_objects: Mapping[str, Any] | None = None,
        notes: tuple[str, ...] = (),
        compiled: Mapping[str, Any] | None = None,
        file: Path | None = None,
        build: Callable[[], Any] | None = None,
        head: str | None = None,
    ) -> None:
        self.model = model
        self.head = head
        self.compiled = compiled
        self.file, self.build = file, build
        self.framework: Framework = framework
        self._config = config
        self._loss = loss
        self._task = task
        self.custom = dict(custom_objects or {})
        self._notes = notes
        self.feeder = Feeder(specs_of(model))
        self._evaluator: Evaluator | None = None
        self._activation = keras_config.last_layer(config, head)[0] if config else None
        self.stateful = bool(stateful.stateful_layers(model))
        self._delivered_state = stateful.states(model) if self.stateful else []
        self._fixed = stateful.fixed_batch(model)
        self._batch = self._fixed or batch_size(model)
        self.n_weights: int | None = count(model)
        self.output: Output = from_network(self._activation, loss, task)
        self.description = describe(config, self.feeder, self.n_weights)

    @property
    def notes(self) -> tuple[str, ...]:
        """Facts for the report, those about rows that were predicted included."""
        missing = self.feeder.missing_rows
        said_missing = (f"{missing:,} rows reached the model with missing values (NaN)",)
        return (*self._notes, *self.feeder.notes, *(said_missing if missing else ()))

    def look_at(self, probe: np.ndarray, entry: ModelEntry) -> None:
        """Settles what the output means, given raw outputs for some rows."""
        inferred = from_network(self._activation, self._loss, self._task, probe)
        output = declared(entry, inferred)
        self.output = checked(output, probe, self._task)

    def predict(self, inputs: Any) -> np.ndarray:
        """``model.predict`` for rows of preprocessed inputs: float array (n, K).

        Layers that carry a state begin with none.

        Raises
        ------
        ModelError
            if the inputs do not fit the model, it raises, or it has several outputs.
        """
        if self.stateful:
            stateful.reset(self.model)
        return self._passed(inputs)

    def carried(self, before: Sequence[Any], inputs: Any, *, delivered: bool = False) -> np.ndarray:
        """As :meth:`predict`, with the state that rows asked before have left.

        Parameters
        ----------
        before : rows that were asked since the last reset, in order.
        delivered : the state that the model came with, in place of none.
        """
        stateful.reset(self.model)
        if delivered:
            stateful.put(self.model, self._delivered_state)
        for rows in before:
            self._passed(rows)
        return self._passed(inputs)

    @property
    def came_with_state(self) -> bool:
        """Whether the model was delivered with a state that is not zero."""
        return any(state.any() for state in self._delivered_state)

    def _passed(self, inputs: Any) -> np.ndarray:
        total = n_rows(inputs)
        counted = self.feeder.missing_rows
        result: np.ndarray | None = None
        for start, rows in chunks(inputs, self._feed_rows(inputs)):
            fed = self.feeder(rows)
            for at in range(0, max(n_rows(fed), 1), self._batch):
                batch = take(fed, at, at + self._batch)
                part = self._ask(batch)
                if result is None:
                    result = np.empty((total, *part.shape[1:]), dtype=part.dtype)
                result[start + at : start + at + len(part)] = part
        self.feeder.missing_rows = max(counted, self.feeder.missing_rows - counted)
        assert result is not None
        return result

    def predict_split(self, name: str) -> np.ndarray | None:
        """None: a network computes."""
        return None

    def fresh(self) -> Any:
        """The same architecture with new initial weights, compiled as this one was.

        Draws from the process's random state; this model stays as it is.

        Raises
        ------
        ModelError
            if it does not say how it was compiled, or cannot be built from its configuration.
        """
        if not self.compiled or not self.compiled.get("optimizer"):
            raise ModelError(Problem("the model does not say how it was compiled"))
        keras = importlib.import_module(self.framework)
        try:
            with keras.utils.custom_object_scope(self.custom):
                model = keras.models.clone_model(self.model)
                model.compile_from_config(dict(self.compiled))
        except Exception as error:
            raise ModelError(
                Problem(f"the model cannot be built anew: {first_line(error)}")
            ) from error
        if not getattr(model, "compiled", False):
            raise ModelError(Problem("its optimizer or loss cannot be made from the file"))
        return model

    def copied(self) -> Any:
        """The same architecture as another live model, not compiled, its weights not yet set.

        Raises
        ------
        Exception
            whatever Keras says of a model that it cannot clone.
        """
        keras = importlib.import_module(self.framework)
        with keras.utils.custom_object_scope(self.custom):
            return keras.models.clone_model(self.model)

    def around(self, model: Any) -> KerasPredictor:
        """A predictor around another model of this architecture, with this one's loss and task."""
        return KerasPredictor(
            model,
            self.framework,
            config=self._config,
            loss=self._loss,
            task=self._task,
            custom_objects=self.custom,
            notes=self._notes,
            compiled=self.compiled,
            head=self.head,
        )

    def of_head(self, head: str, task: str) -> KerasPredictor:
        """The same model asked for another of its outputs, which is of this task.

        Raises
        ------
        ModelError
            if it has no such output.
        """
        names = output_names(self.model)
        if head not in names:
            raise headers.no_such_output(head, names)
        return KerasPredictor(
            self.model,
            self.framework,
            config=self._config,
            loss=headers.of_heads((self.compiled or {}).get("loss"), names)[head],
            task=task,
            custom_objects=self.custom,
            compiled=self.compiled,
            head=head,
        )

    @property
    def loss_weights(self) -> dict[str, float]:
        """By output, what its loss is multiplied with in the sum of all; outputs without a loss
        are left out.
        """
        names, compiled = output_names(self.model), self.compiled or {}
        losses = headers.of_heads(compiled.get("loss"), names)
        weights = headers.of_heads(compiled.get("loss_weights"), names)
        return {
            head: 1.0 if weights.get(head) is None else float(weights[head])
            for head in names
            if losses.get(head) is not None
        }

    def rows(self, inputs: Any) -> Any:
        """Rows of preprocessed inputs as the network takes them: an array, or one an input."""
        return Feeder(self.feeder.specs)(inputs)

    def loss(self, inputs: Any, y: np.ndarray, sample_weight: np.ndarray | None = None) -> float:
        """What ``evaluate`` returns as loss: through logits, penalties included.

        Parameters
        ----------
        inputs : as for :meth:`predict`, n rows.
        y : the split's target, as in ``data.table.Split.y``.
        sample_weight : shape (n,), or None.

        Raises
        ------
        ModelError
            if the file keeps no loss, or one that cannot be made.
        """
        with untouched():
            evaluator, targets = self._evaluation(y)
            feed = Feeder(self.feeder.specs)
            return evaluator(feed, inputs, targets, sample_weight, self._batch)

    def row_losses(self, inputs: Any, y: np.ndarray) -> np.ndarray:
        """The loss of each row before averaging, penalties apart, shape (n,).

        Parameters as for :meth:`loss`, and raises as it does.
        """
        with untouched():
            evaluator, targets = self._evaluation(y)
            return evaluator.rows(Feeder(self.feeder.specs), inputs, targets, self._batch)

    def loss_of(self, raw: np.ndarray, y: np.ndarray) -> float:
        """The loss of given outputs, penalties included; raises as :meth:`loss`."""
        with untouched():
            evaluator, targets = self._evaluation(y)
            return evaluator.of_outputs(raw, targets)

    def penalty(self) -> float:
        """What regularizers of weights add to every loss; raises as :meth:`loss`."""
        with untouched():
            return self._evaluation(np.zeros(0, dtype=np.int64))[0].penalty()

    def step_losses(self, inputs: Any, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """The loss of each step of sequences, (n, T), and the mask that the model itself makes.

        Parameters
        ----------
        truth : of all steps, padded ones included, as in ``data.steps.Steps.truth``.

        Raises
        ------
        ModelError
            as :meth:`loss`, and if the loss does not give a value a step.
        """
        with untouched():
            evaluator, targets = self._of_steps(truth)
            return evaluator.steps(Feeder(self.feeder.specs), inputs, targets, self._batch)

    def masked_loss(self, inputs: Any, truth: np.ndarray) -> float:
        """What ``evaluate`` returns of sequences whose padding the model masks by itself.

        Each batch of 32 is averaged over its own steps; parameters and errors as before.
        """
        with untouched():
            evaluator, targets = self._of_steps(truth)
            feed = Feeder(self.feeder.specs)
            return evaluator(feed, inputs, targets, None, DEFAULT_BATCH)

    def _of_steps(self, truth: np.ndarray) -> tuple[Evaluator, np.ndarray]:
        shape = self._output_shape() or (None, None, 1)
        evaluator, _ = self._evaluation(np.zeros(0, dtype=np.int64))
        return evaluator, step_targets(truth, self._loss, shape, self._task)

    def _evaluation(self, y: np.ndarray) -> tuple[Evaluator, np.ndarray]:
        """The model ready to be evaluated, and a split's target as its loss wants it."""
        framework = importlib.import_module(self.framework)
        if self._evaluator is None:
            model = self.model
            if self.head is not None:
                model = framework.Model(model.inputs, _outputs(model)[self.head])
            self._evaluator = Evaluator(model, framework, self._loss, self.custom)
        shape = self._output_shape() or (None, 1)
        return self._evaluator, targets_for(y, self._loss, int(shape[-1] or 1), self._task)

    def _output_shape(self) -> tuple[int | None, ...] | None:
        if self.head is not None:
            return tuple(_outputs(self.model)[self.head].shape)
        shape = getattr(self.model, "output_shape", None)
        return shape if isinstance(shape, tuple) else None

    def _feed_rows(self, inputs: Any) -> int:
        row = sum(math.prod(s or 1 for s in spec.shape) for spec in self.feeder.specs) or 64
        rows = max(FEED_BYTES // (4 * row), self._batch)
        return rows - rows % self._batch

    def _ask(self, batch: Any) -> np.ndarray:
        rows = n_rows(batch)
        if self._fixed is not None and 0 < rows < self._fixed:
            return self._ask(_filled(batch, self._fixed))[:rows]
        try:
            answer = self.model.predict_on_batch(batch)
        except ModelError:
            raise
        except Exception as error:
            raise _failed(error) from error
        array = np.asarray(self.one_of(answer))
        if len(array) != n_rows(batch):
            raise ModelError(
                Problem(f"the model gave {len(array)} rows for {n_rows(batch)} rows of inputs")
            )
        return array

    def one_of(self, answer: Any) -> Any:
        """The answer of the output that is asked, of what a call of the model gave.

        Raises
        ------
        ModelError
            if there are several, and none is named.
        """
        if not isinstance(answer, (list, tuple, dict)):
            return answer
        if len(answer) == 1:
            return next(iter(answer.values())) if isinstance(answer, dict) else answer[0]
        if isinstance(answer, dict):
            names = tuple(map(str, answer))
            if self.head in answer:
                return answer[self.head]
        else:
            names = output_names(self.model) or tuple(map(str, range(len(answer))))
            if self.head in names:
                return answer[names.index(self.head)]
        raise headers.several_outputs(names)


def _filled(batch: Any, rows: int) -> Any:
    """A batch with its last row again and again, for networks that take one size alone."""
    if isinstance(batch, (list, tuple)):
        return [_filled(part, rows) for part in batch]
    array = np.asarray(batch)
    return np.concatenate([array, np.repeat(array[-1:], rows - len(array), axis=0)])


def output_names(model: Any) -> tuple[str, ...]:
    """Names of a live model's outputs, in Keras's order; () where it does not say."""
    return tuple(_outputs(model))


def _outputs(model: Any) -> dict[str, Any]:
    """A functional model's outputs by their names: keys of a mapping, or names of layers."""
    tensors = getattr(model, "outputs", None) or []
    made = getattr(model, "_outputs_struct", getattr(model, "_nested_outputs", None))
    if isinstance(made, Mapping):
        return {str(key): made[key] for key in sorted(made)}
    names = list(getattr(model, "output_names", None) or [])
    if len(names) != len(tensors):
        names = [str(k) for k in range(len(tensors))]
    return dict(zip(names, tensors, strict=True))


def first_line(error: BaseException) -> str:
    """The first telling line of an exception."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300]


def _failed(error: Exception) -> ModelError:
    return ModelError(
        Problem(
            f"the model failed on the data: {type(error).__name__}: {first_line(error)}",
            advice="It loads, but cannot compute: compare the shape and type of its inputs with "
            "what it was trained on.",
        )
    )
