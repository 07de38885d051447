"""A network's answers as it gives them while it is being trained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.models.randomness import untouched
from reportgen.models.tables import n_rows, take

if TYPE_CHECKING:
    from reportgen.models.keras import KerasPredictor

#: Layers that draw at random in training, and those that look at their batch.
RANDOM = (
    "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout",
    "GaussianDropout", "GaussianNoise",
)  # fmt: skip
BATCHED = ("BatchNormalization", "SyncBatchNormalization")


def layers_within(model: Any) -> Iterator[Any]:
    """Every layer of a model, those of models inside it and wrapped ones included."""
    for layer in getattr(model, "layers", ()):
        yield layer
        yield from layers_within(layer)
        inner = getattr(layer, "layer", None)
        if inner is not None:
            yield inner
            yield from layers_within(inner)


def generators(model: Any) -> list[Any]:
    """The seed generators of Keras 3's random layers, each once."""
    found: dict[int, Any] = {}
    for layer in layers_within(model):
        for value in vars(layer).values():
            if type(value).__name__ == "SeedGenerator" and hasattr(value, "state"):
                found[id(value)] = value
    return list(found.values())


def is_random(model: Any) -> bool:
    """Whether some layer draws at random in training: dropout, noise, augmentation."""
    names = [type(layer).__name__ for layer in layers_within(model)]
    return any(n in RANDOM or n.startswith("Random") for n in names) or any(
        getattr(layer, "dropout", 0) for layer in layers_within(model)
    )


def only_augments(model: Any) -> bool:
    """Whether all that differs in training are random changes of the inputs (``RandomFlip``)."""
    names = [type(layer).__name__ for layer in layers_within(model)]
    drops = any(n in RANDOM for n in names) or any(
        getattr(layer, "dropout", 0) for layer in layers_within(model)
    )
    return any(n.startswith("Random") for n in names) and not drops and not is_batched(model)


def own_scaling(model: Any) -> tuple[float, float] | None:
    """Scale and offset of the network's own Rescaling layer, the first one; None without one."""
    for layer in layers_within(model):
        if type(layer).__name__ == "Rescaling":
            scale, offset = getattr(layer, "scale", None), getattr(layer, "offset", 0.0)
            if isinstance(scale, (int, float)) and isinstance(offset, (int, float)):
                return float(scale), float(offset)
    return None


def is_batched(model: Any) -> bool:
    """Whether some layer normalises by the statistics of its batch in training."""
    return any(type(layer).__name__ in BATCHED for layer in layers_within(model))


def answers(predictor: KerasPredictor, inputs: Any, batch_size: int, seed: int) -> np.ndarray:
    """``model(x, training=True)`` batch by batch, without leaving a trace in the model.

    Parameters
    ----------
    inputs : preprocessed rows, n of them.
    batch_size : rows a call; batch normalisation uses the statistics of each.
    seed : of the random layers.

    Returns
    -------
    Raw outputs, (n, K).
    """
    import importlib

    keras = importlib.import_module(predictor.framework)
    model = predictor.model
    before = model.get_weights()
    drawn = [generator.state for generator in generators(model)]
    states = [np.array(state) for state in drawn]
    with untouched():
        keras.utils.set_random_seed(seed)
        for k, state in enumerate(drawn):  # layers draw from states of their own
            state.assign(np.array([seed, k], dtype=np.uint32))
        try:
            parts = []
            for start in range(0, n_rows(inputs), batch_size):
                rows = predictor.rows(take(inputs, start, start + batch_size))
                parts.append(np.asarray(predictor.one_of(model(rows, training=True))))
        finally:
            model.set_weights(before)
            for state, value in zip(drawn, states, strict=True):
                state.assign(value)
    return np.concatenate(parts)
