"""What a stack needs of a model besides its computation, to be kept between nights.

With these and its compiled programs a model is trained without being built.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from reportgen.retraining.draws import draw, dropout_state

#: ``drawn`` by an initialiser, whose configuration ``value`` is; ``seed`` of a seed generator,
#: ``value`` if the model gives one; ``same`` for every member; ``unknown``.
Kind = Literal["drawn", "seed", "same", "unknown"]


class Unstackable(Exception):
    """The model cannot be trained this way; the reason is shown in the report."""


@dataclass(frozen=True)
class Weights:
    """Values of a model's variables, in the order of ``model.trainable_variables`` and
    ``model.non_trainable_variables``.
    """

    trainable: list[np.ndarray]
    other: list[np.ndarray]


@dataclass(frozen=True)
class Start:
    """How a variable starts; ``path`` tells which it is, ``index`` its place in the model."""

    path: str
    index: int
    shape: tuple[int, ...]
    dtype: str
    kind: Kind
    value: Any = None

    def of(self, weight_seed: int, order_seed: int, initializer: Any) -> np.ndarray:
        """Its value in a member; ``initializer`` is what ``value`` configures.

        Raises
        ------
        Unstackable
            Nobody knows how it starts.
        """
        if self.kind == "seed":
            if self.value is not None:
                return np.array([self.value, 0]).astype(self.dtype)
            return dropout_state(order_seed, self.index).astype(self.dtype)
        if self.kind == "same":
            value: np.ndarray = self.value
            return value
        if self.kind == "unknown":
            raise Unstackable(str(self.value))
        return draw(initializer, self.shape, self.dtype, weight_seed, self.index)


@dataclass(frozen=True)
class Facts:
    """Of a model and its optimizer.

    Attributes
    ----------
    trainable, other : how the model's variables start.
    delivered : the values in its file.
    optimizer : values of a fresh optimizer's variables; ``rate`` the place of the learning rate
        among them, None for a schedule.
    activations : numbers that all layers put out for a row.
    """

    trainable: tuple[Start, ...]
    other: tuple[Start, ...]
    delivered: Weights
    optimizer: list[np.ndarray]
    rate: int | None
    activations: int


def starts(
    variables: Sequence[Any],
    first: int,
    found: dict[int, Any],
    kept: dict[int, np.ndarray | None],
    seeds: dict[int, Any],
) -> tuple[Start, ...]:
    """How each variable starts.

    Parameters
    ----------
    first : index of the first.
    found : ``id(variable) -> initialiser``.
    kept : ``id(variable) -> delivered value`` of those that training leaves alone; None where
        the delivered value has another shape.
    seeds : ``id(variable) -> generator`` of seed generators' states.
    """
    return tuple(
        _start(variable, first + place, found, kept, seeds)
        for place, variable in enumerate(variables)
    )


def _start(
    variable: Any,
    index: int,
    found: dict[int, Any],
    kept: dict[int, np.ndarray | None],
    seeds: dict[int, Any],
) -> Start:
    import keras

    path, shape, dtype = str(variable.path), tuple(variable.shape), str(variable.dtype)

    def start(kind: Kind, value: Any) -> Start:
        return Start(path, index, shape, dtype, kind, value)

    key = id(variable)
    if key in seeds:
        return start("seed", seeds[key]._initial_seed)
    if key in kept:
        if kept[key] is None:
            return start("unknown", f"the fixed weights {path} do not fit the changed model")
        return start("same", kept[key])
    initializer = found.get(key)
    if initializer is None:
        return start("unknown", f"how the weights {path} start is not known")
    if hasattr(initializer, "get_config"):
        return start("drawn", keras.initializers.serialize(initializer))
    # A function, such as the forget gate's bias: it draws nothing.
    return start("same", draw(initializer, shape, dtype, 0, index))


def activations(model: Any) -> int:
    """Numbers that all layers put out for a row, at least one."""
    total = 0
    for layer in model._flatten_layers(include_self=False):
        shape = getattr(getattr(layer, "output", None), "shape", None) if layer.built else None
        if shape is not None:
            total += int(np.prod([s or 1 for s in shape[1:]]))
    return max(total, 1)
