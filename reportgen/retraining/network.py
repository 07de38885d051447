"""A model rebuilt from its file on whichever backend this process runs, ready to be reset.

Works alike on JAX (the worker) and TensorFlow (the loop): same variables in the same order,
same initial values for the same seeds.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.draws import draw, dropout_state, recorded_initializers
from reportgen.retraining.member import Member


@dataclass(frozen=True)
class Weights:
    """Values of a model's variables, in the order of ``model.trainable_variables`` and
    ``model.non_trainable_variables``.
    """

    trainable: list[np.ndarray]
    other: list[np.ndarray]


class Unstackable(Exception):
    """The model cannot be trained this way; the reason is shown in the report."""


class Network:
    """A compiled model with a fresh optimizer.

    Parameters
    ----------
    blueprint : of its file.
    member : whose overrides and patches shape it; members of one architecture share a network.
    """

    def __init__(self, blueprint: Blueprint, member: Member) -> None:
        import keras

        self.blueprint = blueprint
        shaping = member.architecture[:2] != ((), ())
        with recorded_initializers() as found, warnings.catch_warnings():
            # The delivered optimizer's state may not load; a fresh one is built anyway.
            warnings.simplefilter("ignore")
            self.model: Any = keras.saving.load_model(blueprint.file)
            delivered = self.model
            if shaping:
                self.model = keras.saving.deserialize_keras_object(
                    blueprint.patched(member), safe_mode=True
                )
        self.delivered = Weights(
            [np.asarray(v) for v in delivered.trainable_variables],
            [np.asarray(v) for v in delivered.non_trainable_variables],
        )
        self._delivered_by_path = {
            _path(v): np.asarray(v)
            for v in (*delivered.trainable_variables, *delivered.non_trainable_variables)
        }
        self._kept = _kept_variables(self.model)
        self._seeds = _seed_generators(self.model)
        self._initializers = {
            id(v): found.get(id(v))
            for v in (*self.model.trainable_variables, *self.model.non_trainable_variables)
        }
        self._deterministic: dict[tuple[int, int], np.ndarray] = {}
        optimizer = self.model.optimizer
        self.optimizer: Any = type(optimizer).from_config(optimizer.get_config())
        self.optimizer.build(self.model.trainable_variables)
        self.optimizer_start = [np.asarray(v) for v in self.optimizer.variables]

    @property
    def learning_rate_index(self) -> int | None:
        """Where the learning rate stands among the optimizer's variables; None for a schedule."""
        rate = getattr(self.optimizer, "_learning_rate", None)
        for index, variable in enumerate(self.optimizer.variables):
            if variable is rate:
                return index
        return None

    def initial(self, member: Member) -> Weights:
        """The weights that a member starts from."""
        return Weights(
            [self._value(v, i, member) for i, v in enumerate(self.model.trainable_variables)],
            [
                self._value(v, 10_000 + i, member)
                for i, v in enumerate(self.model.non_trainable_variables)
            ],
        )

    def optimizer_initial(self, member: Member) -> list[np.ndarray]:
        """The optimizer's variables that a member starts from."""
        values = list(self.optimizer_start)
        rate, index = member.override("learning_rate"), self.learning_rate_index
        if rate is not None and index is not None:
            values[index] = np.asarray(rate, values[index].dtype)
        return values

    def _value(self, variable: Any, index: int, member: Member) -> np.ndarray:
        shape, dtype = tuple(variable.shape), str(variable.dtype)
        if id(variable) in self._seeds:
            generator = self._seeds[id(variable)]
            if generator._initial_seed is not None:
                return np.array([generator._initial_seed, 0]).astype(dtype)
            return dropout_state(member.order_seed, index).astype(dtype)
        if id(variable) in self._kept:
            kept = self._delivered_by_path.get(_path(variable))
            if kept is None or kept.shape != shape:
                raise Unstackable(f"the fixed weights {variable.path} do not fit the changed model")
            return kept
        initializer = self._initializers[id(variable)]
        if initializer is None:
            raise Unstackable(f"how the weights {variable.path} start is not known")
        if hasattr(initializer, "get_config"):
            return draw(initializer, shape, dtype, member.weight_seed, index)
        key = (id(variable), index)  # a function, such as the forget gate's bias: draws nothing
        if key not in self._deterministic:
            self._deterministic[key] = draw(initializer, shape, dtype, 0, index)
        return self._deterministic[key]


def _path(variable: Any) -> str:
    """A variable's path; seed generators are numbered anew with every model, so not theirs."""
    return str(variable.path)


def _kept_variables(model: Any) -> set[int]:
    """Variables that training leaves alone: frozen layers', and what ``adapt`` has measured."""
    kept: set[int] = set()
    for layer in model._flatten_layers(include_self=False):
        if not layer.trainable or hasattr(layer, "adapt"):
            kept.update(id(v) for v in layer.variables)
    return kept


def _seed_generators(model: Any) -> dict[int, Any]:
    """``id(state) -> generator`` of all seed generators in the model."""
    found = {}
    for layer in model._flatten_layers():
        for generator in getattr(layer, "_seed_generators", ()):
            found[id(generator.state)] = generator
    return found
