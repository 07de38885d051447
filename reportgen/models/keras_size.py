"""How large a Keras network is: in words, in weights, in rows that fit a batch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from reportgen.models import keras_config
from reportgen.models.keras_inputs import Feeder, said

#: Memory for one batch's inputs and activations.
BATCH_BYTES = 64 << 20
MIN_BATCH, MAX_BATCH = 32, 8192
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def batch_size(model: Any) -> int:
    """Rows a batch so that inputs and activations stay within ``BATCH_BYTES``; a power of two."""
    values = 0
    for layer in getattr(model, "layers", ()):
        try:
            shape = layer.output.shape
        except (AttributeError, ValueError, RuntimeError):
            continue
        values += math.prod(int(s) if s else 64 for s in tuple(shape)[1:])
    if not values:
        return 256
    rows = BATCH_BYTES // (8 * values)
    return min(max(1 << max(rows, 1).bit_length() - 1, MIN_BATCH), MAX_BATCH)


def describe(config: Mapping[str, Any] | None, feeder: Feeder, n_weights: int | None) -> str:
    """``Keras network, 18 inputs, two hidden layers, 3,329 weights.``"""
    parts = ["Keras network"]
    specs = feeder.specs
    if len(specs) == 1:
        shape = specs[0].shape
        one = shape[0] if len(shape) == 1 else None
        noun = "input" if one == 1 else "inputs"
        parts.append(f"{one:,} {noun}" if one else f"inputs of {said(shape)}")
    elif specs:
        parts.append(f"{len(specs)} inputs ({', '.join(s.name for s in specs[:4])})")
    if config is not None:
        weighted = [
            layer
            for layer in keras_config.layers(config)
            if {"units", "filters", "depth_multiplier", "num_heads"} & set(layer.config)
        ]
        hidden = max(len(weighted) - 1, 0)
        counted = _WORDS[hidden] if hidden < len(_WORDS) else f"{hidden:,}"
        parts.append(f"{counted} hidden {'layer' if hidden == 1 else 'layers'}")
    if n_weights is not None:
        parts.append(f"{n_weights:,} {'weight' if n_weights == 1 else 'weights'}")
    return ", ".join(parts) + "."


def count(model: Any) -> int | None:
    """Its weights; None before it is built."""
    try:
        return int(model.count_params())
    except (ValueError, AttributeError):
        return None
