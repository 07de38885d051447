"""Layers that carry a state from batch to batch, and networks that take batches of one size."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.models.training_mode import layers_within


def stateful_layers(model: Any) -> list[Any]:
    """Recurrent layers that keep their state after a batch."""
    return [layer for layer in layers_within(model) if getattr(layer, "stateful", False)]


def fixed_batch(model: Any) -> int | None:
    """The one batch size that a network takes; None where any will do."""
    inputs = getattr(model, "inputs", None) or []
    sizes = {size for tensor in inputs for size in tuple(tensor.shape)[:1]}
    known = {int(size) for size in sizes if size is not None}
    return known.pop() if len(known) == 1 else None


def reset(model: Any) -> None:
    """All states to zero."""
    for layer in stateful_layers(model):
        (getattr(layer, "reset_state", None) or layer.reset_states)()


def states(model: Any) -> list[np.ndarray]:
    """The states as they are now."""
    return [np.array(state) for state in _variables(model)]


def put(model: Any, values: list[np.ndarray]) -> None:
    """The states as they were."""
    for state, value in zip(_variables(model), values, strict=True):
        state.assign(value)


def _variables(model: Any) -> list[Any]:
    found: list[Any] = []
    for layer in stateful_layers(model):
        own = getattr(layer, "states", None)
        found += [s for s in (own if isinstance(own, (list, tuple)) else [own]) if s is not None]
    return found
