"""A model rebuilt from its file on whichever backend this process runs, ready to be reset.

Works alike on JAX (the worker) and TensorFlow (the loop): same variables in the same order,
same initial values for the same seeds.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.draws import (
    draw,
    dropout_state,
    recorded_initializers,
    without_kernels,
)  # fmt: skip
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
    custom : name -> object, for classes and functions of the job's own.
    build : gives the model instead of the file, for one that no file holds.
    live : the delivered model, where ``build`` is given.

    Raises
    ------
    Unstackable
        The member changes layers of a model that only its builder can make.
    ValueError
        The member changes what the model does not have.
    """

    def __init__(
        self,
        blueprint: Blueprint,
        member: Member,
        *,
        custom: Mapping[str, Any] | None = None,
        build: Callable[[], Any] | None = None,
        live: Any = None,
    ) -> None:
        import keras

        self.blueprint, self._build = blueprint, build
        shaping = member.architecture[:2] != ((), ())
        if shaping and build is not None:
            raise Unstackable("layers of a model that only the job's Python builds cannot change")
        scope = keras.saving.custom_object_scope(dict(custom or {}))
        quiet = warnings.catch_warnings()
        with scope, without_kernels(), recorded_initializers() as found, quiet:
            # The delivered optimizer's state may not load; a fresh one is built anyway.
            warnings.simplefilter("ignore")
            self.model: Any = keras.saving.load_model(blueprint.file) if build is None else build()
            delivered = self.model if live is None else live
            if shaping:
                self.model = keras.saving.deserialize_keras_object(
                    blueprint.patched(member), safe_mode=True
                )
        self.delivered = Weights(
            [np.asarray(v) for v in delivered.trainable_variables],
            [np.asarray(v) for v in delivered.non_trainable_variables],
        )
        self._delivered = _by_variable(self.variables, _variables(delivered), by_path=shaping)
        self._kept = _kept_variables(self.model)
        self._seeds = _seed_generators(self.model)
        self._initializers = {id(v): found.get(id(v)) for v in self.variables}
        self._rebuilt: tuple[int, list[np.ndarray]] | None = None
        self._deterministic: dict[tuple[int, int], np.ndarray] = {}
        self._scope = scope

    @property
    def variables(self) -> list[Any]:
        """The trainable and then the other variables."""
        return _variables(self.model)

    @cached_property
    def optimizer(self) -> Any:
        """A fresh optimizer of the model's trainable variables."""
        return self.optimizer_of(self.model.trainable_variables)

    def optimizer_of(self, variables: list[Any]) -> Any:
        """A fresh optimizer like the model's, built for these variables."""
        delivered = self.model.optimizer
        with self._scope:
            optimizer = type(delivered).from_config(delivered.get_config())
        with without_kernels():
            optimizer.build(variables)
        return optimizer

    @cached_property
    def _optimizer_start(self) -> list[np.ndarray]:
        return [np.asarray(v) for v in self.optimizer.variables]

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
        values = list(self._optimizer_start)
        rate, index = member.override("learning_rate"), rate_index(self.optimizer)
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
            kept = self._delivered.get(id(variable))
            if kept is None or kept.shape != shape:
                raise Unstackable(f"the fixed weights {variable.path} do not fit the changed model")
            return kept
        initializer = self._initializers[id(variable)]
        if initializer is None and self._build is not None:
            return self._as_built(member.weight_seed, variable)
        if initializer is None:
            raise Unstackable(f"how the weights {variable.path} start is not known")
        if hasattr(initializer, "get_config"):
            return draw(initializer, shape, dtype, member.weight_seed, index)
        key = (id(variable), index)  # a function, such as the forget gate's bias: draws nothing
        if key not in self._deterministic:
            self._deterministic[key] = draw(initializer, shape, dtype, 0, index)
        return self._deterministic[key]

    def _as_built(self, seed: int, variable: Any) -> np.ndarray:
        """What the builder gives a variable whose initialiser is not known, from this seed."""
        import keras

        assert self._build is not None
        if self._rebuilt is None or self._rebuilt[0] != seed:
            keras.utils.set_random_seed(seed)
            self._rebuilt = seed, [np.asarray(v) for v in _variables(self._build())]
        place = next(i for i, v in enumerate(self.variables) if v is variable)
        return self._rebuilt[1][place]


def rate_index(optimizer: Any) -> int | None:
    """Where the learning rate stands among an optimizer's variables; None for a schedule."""
    rate = getattr(optimizer, "_learning_rate", None)
    for index, variable in enumerate(optimizer.variables):
        if variable is rate:
            return index
    return None


def _variables(model: Any) -> list[Any]:
    return [*model.trainable_variables, *model.non_trainable_variables]


def _by_variable(mine: list[Any], theirs: list[Any], *, by_path: bool) -> dict[int, np.ndarray]:
    """``id`` of my variables -> values of the delivered model's.

    By path where layers were changed; else by place, since names are numbered by what was built
    before.
    """
    if by_path:
        values = {str(v.path): np.asarray(v) for v in theirs}
        return {id(v): values[str(v.path)] for v in mine if str(v.path) in values}
    return {id(v): np.asarray(w) for v, w in zip(mine, theirs, strict=True)}


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
