"""Embeddings as TensorFlow trains them.

TensorFlow's gradient of an embedding is a list of slices, in which a token that comes twice
stands twice. Keras optimizers square it slice by slice, so that Adam's second moment grows by
the sum of squares, not by the square of the sum that a dense gradient gives. Here a zero is
added to the layer's output and differentiated: its gradient holds the slices, and the optimizer
is given the sum of their squares.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from reportgen.retraining.blueprint import SQUARING
from reportgen.retraining.remembered import Remembered


@dataclass
class Slices:
    """The embeddings of a model whose gradients TensorFlow keeps as slices.

    ``layers`` by place among the trainable variables; ``outputs`` a call of one of them:
    (that place, the output's shape without the batch axis, dtype).
    """

    network: Remembered
    layers: dict[int, Any] = field(default_factory=dict)
    outputs: list[tuple[int, tuple[int, ...], Any]] = field(default_factory=list)

    @classmethod
    def of(cls, network: Remembered, example: tuple[np.ndarray, ...]) -> Slices:
        """Find them, by calling the model on an example batch without computing anything."""
        import keras

        found = cls(network)
        if type(network.optimizer).__name__ not in SQUARING:
            return found
        model = network.model
        places = {id(v): i for i, v in enumerate(model.trainable_variables)}
        for layer in model._flatten_layers():
            if isinstance(layer, keras.layers.Embedding) and layer.embeddings_regularizer is None:
                place = places.get(id(layer._embeddings))
                if place is not None:
                    found.layers[place] = layer
        if not found.layers:
            return found

        def outputs(x: Any) -> Any:
            with found._calling(lambda place, inputs, output: _noted(found, place, output)):
                return model.stateless_call(
                    [v.value for v in model.trainable_variables],
                    [v.value for v in model.non_trainable_variables],
                    x if len(example) > 1 else x[0],
                    training=True,
                )[0]

        x = (
            keras.tree.pack_sequence_as(model._inputs_struct, list(example))
            if len(example) > 1
            else list(example)
        )
        jax.eval_shape(outputs, x)
        return found

    def zeros(self, batch: int) -> list[Any]:
        """A zero for each call, to be differentiated."""
        return [jnp.zeros((batch, *shape), dtype) for _, shape, dtype in self.outputs]

    @contextlib.contextmanager
    def probing(self, probes: list[Any]) -> Iterator[list[Any]]:
        """Within it, each call's output gets its zero added; yields the tokens of each call."""
        tokens: list[Any] = []
        waiting = iter(probes)

        def probe(place: int, inputs: Any, output: Any) -> Any:
            tokens.append(jnp.asarray(inputs).astype(jnp.int32))
            return output + next(waiting)

        with self._calling(probe):
            yield tokens

    @contextlib.contextmanager
    def _calling(self, change: Any) -> Iterator[None]:
        originals = {}
        for place, layer in self.layers.items():
            originals[place] = layer.call
            object.__setattr__(layer, "call", _changed(layer.call, place, change))
        try:
            yield
        finally:
            for place, layer in self.layers.items():
                object.__setattr__(layer, "call", originals[place])

    @contextlib.contextmanager
    def squares(self, by_probe: list[Any], tokens: list[Any]) -> Iterator[None]:
        """Within it, the optimizer's square of such a gradient is the sum of the squares."""
        if not self.layers:
            yield
            return
        from keras.src import ops

        sums: dict[int, Any] = {}
        for (place, _, _), gradient, ids in zip(self.outputs, by_probe, tokens, strict=True):
            weights = self.layers[place]._embeddings
            table = sums.get(place, jnp.zeros(weights.shape, str(weights.dtype)))
            squared = jnp.square(gradient).reshape(-1, gradient.shape[-1])
            sums[place] = table.at[ids.reshape(-1)].add(squared.astype(table.dtype))
        optimizer, layout = self.network.optimizer, self.network.layout
        places = {id(v): i for i, v in enumerate(optimizer._trainable_variables)}
        update_step, square = optimizer.update_step, ops.square

        def squared_of(gradient: Any, place: int) -> Any:
            """The sum of squares of a variable; the squares where it is none of these."""
            if layout.shapes is None:
                return sums.get(place, square(gradient))
            parts = layout.parted([gradient])
            (joined,) = layout.joined([sums.get(i, square(g)) for i, g in enumerate(parts)])
            return joined

        def step(gradient: Any, variable: Any, learning_rate: Any) -> None:
            # The first square that an optimizer takes is the gradient's.
            waiting = [squared_of(gradient, places[id(variable)])]
            ops.square = lambda x: waiting.pop() if waiting else square(x)
            try:
                update_step(gradient, variable, learning_rate)
            finally:
                ops.square = square

        object.__setattr__(optimizer, "update_step", step)
        try:
            yield
        finally:
            object.__delattr__(optimizer, "update_step")


def _noted(found: Slices, place: int, output: Any) -> Any:
    found.outputs.append((place, tuple(output.shape[1:]), output.dtype))
    return output


def _changed(call: Any, place: int, change: Any) -> Any:
    def changed(inputs: Any, *args: Any, **named: Any) -> Any:
        return change(place, inputs, call(inputs, *args, **named))

    return changed
