"""A model rebuilt from its file on whichever backend this process runs, ready to be reset.

Works alike on JAX (the worker) and TensorFlow (the loop): same variables in the same order,
same initial values for the same seeds. It is built when it is first computed with: where what
else is needed of it was kept from another night, and its programs too, it never is.
"""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import Any

import numpy as np

from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.draws import recorded_initializers
from reportgen.retraining.facts import Facts, Unstackable, Weights, activations, starts
from reportgen.retraining.member import Member
from reportgen.retraining.store import Store

__all__ = ["Network", "Unstackable", "Weights"]


class Network:
    """A compiled model with a fresh optimizer.

    Parameters
    ----------
    blueprint : of its file.
    member : whose overrides and patches shape it; members of one architecture share a network.
    store : where facts are kept between nights; by default nowhere.
    """

    def __init__(self, blueprint: Blueprint, member: Member, store: Store | None = None) -> None:
        self.blueprint, self._member = blueprint, member
        self._store = store or Store(None)
        self._built: tuple[Any, Any, Facts] | None = None

    @property
    def model(self) -> Any:
        """The Keras model."""
        return self._build()[0]

    @property
    def optimizer(self) -> Any:
        """A fresh optimizer, built for the model."""
        return self._build()[1]

    @cached_property
    def facts(self) -> Facts:
        """What is known without computing."""
        if self._built is not None or self.blueprint.foreign:
            return self._build()[2]
        import keras

        shaping = self._member.architecture[:2]
        words = (self.blueprint.content, repr(shaping), keras.config.floatx())
        kept = self._store.get("facts", *words)
        if isinstance(kept, Facts):
            return kept
        facts = self._build()[2]
        self._store.put(facts, "facts", *words)
        return facts

    @property
    def delivered(self) -> Weights:
        """The weights in the file."""
        return self.facts.delivered

    @property
    def learning_rate_index(self) -> int | None:
        """Where the learning rate stands among the optimizer's variables; None for a schedule."""
        return self.facts.rate

    @cached_property
    def _initializers(self) -> dict[int, Any]:
        """By index, those that draw."""
        import keras

        return {
            start.index: keras.initializers.deserialize(start.value)
            for start in (*self.facts.trainable, *self.facts.other)
            if start.kind == "drawn"
        }

    def initial(self, member: Member) -> Weights:
        """The weights that a member starts from."""
        trainable, other = (
            [
                start.of(member.weight_seed, member.order_seed, self._initializers.get(start.index))
                for start in those
            ]
            for those in (self.facts.trainable, self.facts.other)
        )
        return Weights(trainable, other)

    def optimizer_initial(self, member: Member) -> list[np.ndarray]:
        """The optimizer's variables that a member starts from."""
        values = list(self.facts.optimizer)
        rate, index = member.override("learning_rate"), self.facts.rate
        if rate is not None and index is not None:
            values[index] = np.asarray(rate, values[index].dtype)
        return values

    def _build(self) -> tuple[Any, Any, Facts]:
        if self._built is not None:
            return self._built
        import keras

        with recorded_initializers() as found, warnings.catch_warnings():
            # The delivered optimizer's state may not load; a fresh one is built anyway.
            warnings.simplefilter("ignore")
            model = delivered = keras.saving.load_model(self.blueprint.file)
            if self._member.architecture[:2] != ((), ()):
                model = keras.saving.deserialize_keras_object(
                    self.blueprint.patched(self._member), safe_mode=True
                )
        optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
        optimizer.build(model.trainable_variables)
        variables = (*delivered.trainable_variables, *delivered.non_trainable_variables)
        values = {str(v.path): np.asarray(v) for v in variables}
        kept, seeds = _kept(model, values), _seed_generators(model)
        facts = Facts(
            starts(model.trainable_variables, 0, found, kept, seeds),
            starts(model.non_trainable_variables, 10_000, found, kept, seeds),
            Weights(
                [np.asarray(v) for v in delivered.trainable_variables],
                [np.asarray(v) for v in delivered.non_trainable_variables],
            ),
            [np.asarray(v) for v in optimizer.variables],
            _rate(optimizer),
            activations(model),
        )
        self._built = model, optimizer, facts
        return self._built


def _rate(optimizer: Any) -> int | None:
    rate = getattr(optimizer, "_learning_rate", None)
    places = (i for i, variable in enumerate(optimizer.variables) if variable is rate)
    return next(places, None)


def _kept(model: Any, delivered: dict[str, np.ndarray]) -> dict[int, np.ndarray | None]:
    """Variables that training leaves alone, frozen layers' and what ``adapt`` has measured, with
    their delivered values (by path); None where that has another shape.
    """
    kept: dict[int, np.ndarray | None] = {}
    for layer in model._flatten_layers(include_self=False):
        if not layer.trainable or hasattr(layer, "adapt"):
            for variable in layer.variables:
                value = delivered.get(str(variable.path))
                fits = value is not None and value.shape == tuple(variable.shape)
                kept[id(variable)] = value if fits else None
    return kept


def _seed_generators(model: Any) -> dict[int, Any]:
    """``id(state) -> generator`` of all seed generators in the model."""
    found = {}
    for layer in model._flatten_layers():
        for generator in getattr(layer, "_seed_generators", ()):
            found[id(generator.state)] = generator
    return found
