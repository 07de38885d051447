"""A model rebuilt from its file on whichever backend this process runs, ready to be reset.

Works alike on JAX (the worker) and TensorFlow (the loop): same variables in the same order,
same initial values for the same seeds. It is built when it is first computed with: where what
else is needed of it was kept from another night, and its programs too, it never is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.draws import recorded_initializers
from reportgen.retraining.facts import Facts, Start, Unstackable, Weights, activations, starts
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
    custom : name -> object, for classes and functions of the job's own.
    build : gives the model instead of the file, for one that no file holds.
    live : the delivered model, where ``build`` is given.

    Raises
    ------
    Unstackable
        The member changes layers of a model that only its builder can make.
    """

    def __init__(
        self,
        blueprint: Blueprint,
        member: Member,
        store: Store | None = None,
        *,
        custom: Mapping[str, Any] | None = None,
        build: Callable[[], Any] | None = None,
        live: Any = None,
    ) -> None:
        if build is not None and member.architecture[:2] != ((), ()):
            raise Unstackable("layers of a model that only the job's Python builds cannot change")
        self.blueprint, self._member = blueprint, member
        self._custom, self._builder, self._live = dict(custom or {}), build, live
        self._rebuilt: tuple[int, list[np.ndarray]] | None = None
        self._store = store or Store(None)
        self._built: tuple[Any, Any, Facts] | None = None

    @property
    def model(self) -> Any:
        """The Keras model."""
        return self._build()[0]

    @property
    def variables(self) -> list[Any]:
        """The trainable and then the other variables."""
        return _variables(self.model)

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

        with keras.saving.custom_object_scope(self._custom):
            return {
                start.index: keras.initializers.deserialize(start.value)
                for start in (*self.facts.trainable, *self.facts.other)
                if start.kind == "drawn"
            }

    def initial(self, member: Member) -> Weights:
        """The weights that a member starts from."""
        facts = self.facts
        trainable = [self._value(start, member, i) for i, start in enumerate(facts.trainable)]
        before = len(trainable)
        other = [self._value(start, member, before + i) for i, start in enumerate(facts.other)]
        return Weights(trainable, other)

    def _value(self, start: Start, member: Member, place: int) -> np.ndarray:
        if start.kind == "unknown" and self._builder is not None:
            return self._as_built(member.weight_seed)[place]
        drawn = self._initializers.get(start.index)
        return start.of(member.weight_seed, member.order_seed, drawn)

    def _as_built(self, seed: int) -> list[np.ndarray]:
        """All variables as the builder gives them from this seed."""
        import keras

        assert self._builder is not None
        if self._rebuilt is None or self._rebuilt[0] != seed:
            keras.utils.set_random_seed(seed)
            self._rebuilt = seed, [np.asarray(v) for v in _variables(self._builder())]
        return self._rebuilt[1]

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

        with (
            keras.saving.custom_object_scope(self._custom),
            recorded_initializers() as found,
            warnings.catch_warnings(),
        ):
            # The delivered optimizer's state may not load; a fresh one is built anyway.
            warnings.simplefilter("ignore")
            if self._builder is not None:
                model, delivered = self._builder(), self._live
            else:
                model = delivered = keras.saving.load_model(self.blueprint.file)
            if self._member.architecture[:2] != ((), ()):
                model = keras.saving.deserialize_keras_object(
                    self.blueprint.patched(self._member), safe_mode=True
                )
            optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
        optimizer.build(model.trainable_variables)
        # Those of a model that was built again are named otherwise, and stand where they stood.
        named = _variables(delivered if self._builder is None else model)
        values = {
            str(name.path): np.asarray(v)
            for name, v in zip(named, _variables(delivered), strict=True)
        }
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


def _variables(model: Any) -> list[Any]:
    return [*model.trainable_variables, *model.non_trainable_variables]


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
