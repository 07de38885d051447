"""A network that is built only when it is computed with.

Where what else is needed of it was kept from another night, and its programs too, it never is.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.draws import without_kernels
from reportgen.retraining.facts import Facts
from reportgen.retraining.layout import Layout
from reportgen.retraining.member import Member
from reportgen.retraining.network import Network, Weights
from reportgen.retraining.store import Store


class Remembered:
    """As a stack uses a :class:`Network`.

    Parameters
    ----------
    blueprint : of its file.
    member : whose overrides and patches shape it; members of one architecture share a network.
    store : where facts are kept between nights.
    """

    def __init__(self, blueprint: Blueprint, member: Member, store: Store) -> None:
        self.blueprint, self._member, self._store = blueprint, member, store

    @cached_property
    def _network(self) -> Network:
        return Network(self.blueprint, self._member)

    @property
    def model(self) -> Any:
        """The Keras model."""
        return self._network.model

    @cached_property
    def _laid_out(self) -> Layout:
        return Layout.of(self.model.optimizer, self.model.trainable_variables)

    @cached_property
    def optimizer(self) -> Any:
        """A fresh optimizer, built for the trainable variables as they are laid out."""
        import keras

        if self._laid_out.shapes is None:
            return self._network.optimizer
        like = self.model.trainable_variables
        length, dtype = sum(int(np.prod(v.shape)) for v in like), str(like[0].dtype)
        with without_kernels():
            vector = keras.Variable("zeros", shape=(length,), dtype=dtype, name="weights")
        return self._network.optimizer_of([vector])

    @cached_property
    def facts(self) -> Facts:
        """What is known without computing. Layers of somebody's own are asked every night."""
        if self.blueprint.foreign:
            return Facts.of(self._network, self._laid_out, self.optimizer)
        import keras

        shaping = repr(self._member.architecture[:2])
        words = (self.blueprint.content, shaping, keras.config.floatx())
        kept = self._store.get("facts", *words)
        if isinstance(kept, Facts):
            return kept
        facts = Facts.of(self._network, self._laid_out, self.optimizer)
        self._store.put(facts, "facts", *words)
        return facts

    @property
    def layout(self) -> Layout:
        """How the trainable variables lie on the devices."""
        return self.facts.layout

    @property
    def delivered(self) -> Weights:
        """The weights in the file."""
        return self.facts.delivered

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
            [start.drawn(member, self._initializers.get(start.index)) for start in those]
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
