"""What a stack needs of a model besides its computation, to be kept between nights.

With these and its compiled programs a model is trained without being built.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from reportgen.retraining.costs import patches_of
from reportgen.retraining.draws import draw, dropout_state
from reportgen.retraining.layout import Layout
from reportgen.retraining.member import Member
from reportgen.retraining.network import Network, Unstackable, Weights, rate_index

#: ``drawn`` by an initialiser, whose configuration ``value`` is; ``seed`` of a seed generator,
#: ``value`` if the model gives one; the ``same`` for every member; ``unknown``, ``value`` says why.
Kind = Literal["drawn", "seed", "same", "unknown"]


@dataclass(frozen=True)
class Start:
    """How a variable starts; ``index`` is its place in the model."""

    index: int
    shape: tuple[int, ...]
    dtype: str
    kind: Kind
    value: Any = None

    @classmethod
    def of(cls, network: Network, variable: Any, index: int) -> Start:
        """How a network's variable starts."""
        import keras

        key, shape, dtype = id(variable), tuple(variable.shape), str(variable.dtype)
        initializer = network._initializers.get(key)
        if key in network._seeds:
            return cls(index, shape, dtype, "seed", network._seeds[key]._initial_seed)
        if key not in network._kept and hasattr(initializer, "get_config"):
            return cls(index, shape, dtype, "drawn", keras.initializers.serialize(initializer))
        try:
            return cls(index, shape, dtype, "same", network._value(variable, index, Member()))
        except Unstackable as why:
            return cls(index, shape, dtype, "unknown", str(why))

    def drawn(self, member: Member, initializer: Any) -> np.ndarray:
        """Its value in a member; ``initializer`` is what ``value`` configures.

        Raises
        ------
        Unstackable
            Nobody knows how it starts.
        """
        if self.kind == "seed":
            if self.value is not None:
                return np.array([self.value, 0]).astype(self.dtype)
            return dropout_state(member.order_seed, self.index).astype(self.dtype)
        if self.kind == "same":
            value: np.ndarray = self.value
            return value
        if self.kind == "unknown":
            raise Unstackable(str(self.value))
        return draw(initializer, self.shape, self.dtype, member.weight_seed, self.index)


@dataclass(frozen=True)
class Facts:
    """Of a model and its optimizer.

    Attributes
    ----------
    trainable, other : how the model's variables start.
    delivered : the values in its file.
    layout : how the trainable variables lie on the devices.
    optimizer : values of a fresh optimizer's variables in that layout; ``rate`` the place of the
        learning rate among them, None for a schedule.
    numbers : that one row needs when it is predicted: what all layers put out, and the largest
        patches of a convolution.
    """

    trainable: tuple[Start, ...]
    other: tuple[Start, ...]
    delivered: Weights
    layout: Layout
    optimizer: list[np.ndarray]
    rate: int | None
    numbers: int

    @classmethod
    def of(cls, network: Network, layout: Layout, optimizer: Any) -> Facts:
        """The facts of a network that is built, and of its optimizer in this layout."""
        model = network.model
        others = enumerate(model.non_trainable_variables, 10_000)
        return cls(
            tuple(Start.of(network, v, i) for i, v in enumerate(model.trainable_variables)),
            tuple(Start.of(network, v, i) for i, v in others),
            network.delivered,
            layout,
            [np.asarray(v) for v in optimizer.variables],
            rate_index(optimizer),
            _numbers(model),
        )


def _numbers(model: Any) -> int:
    total = largest = 0
    for layer in model._flatten_layers(include_self=False):
        shape = getattr(getattr(layer, "output", None), "shape", None) if layer.built else None
        if shape is not None:
            total += int(np.prod([s or 1 for s in shape[1:]]))
            largest = max(largest, patches_of(layer))
    return max(total + largest, 1)
