"""A network's layers that were adapted to data: ``Normalization`` and vocabularies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from reportgen.evidence import Case
from reportgen.fitted.parts import Part

VOCABULARIES = ("TextVectorization", "StringLookup", "IntegerLookup")


def of_network(case: Case) -> Iterator[Part]:
    """Adapted layers that the network's inputs reach first."""
    from reportgen.models.keras_inputs import Feeder, specs_of

    model: Any = case.predictor.model
    layers = [(layer, input_of(model, layer)) for layer in getattr(model, "layers", ())]
    wanted = [(layer, i) for layer, i in layers if i is not None and _adapted(layer)]
    if not wanted:
        return
    feed = Feeder(specs_of(model))
    fed = {name: as_arrays(feed(case.inputs(name))) for name in case.dataset.splits}
    for layer, i in wanted:
        kind = type(layer).__name__
        yield Part(
            path=f"the model: {layer.name}",
            kind=kind,
            inputs={name: arrays[i] for name, arrays in fed.items()},
            columns=case.dataset.features if len(next(iter(fed.values()))) == 1 else (),
            stored=_vocabulary(layer) if kind in VOCABULARIES else _moments(layer),
            refit=_reader(layer) if kind in VOCABULARIES else _moments_of(layer),
            layer=(layer, i),
        )


def _adapted(layer: Any) -> bool:
    kind = type(layer).__name__
    if kind in VOCABULARIES:
        return True
    # Given its figures when it was made, it has not seen rows.
    return kind == "Normalization" and getattr(layer, "input_mean", None) is None


def input_of(model: Any, layer: Any) -> int | None:
    """Which of the model's inputs a layer is given as it comes; None for another's output."""
    try:
        source = layer.input
        if isinstance(source, (list, tuple)):
            return None
        inputs = model.inputs
    except (AttributeError, ValueError):
        return None
    found = [i for i, given in enumerate(inputs) if given is source]
    return found[0] if found else None


def as_arrays(fed: Any) -> list[np.ndarray]:
    arrays = fed if isinstance(fed, (list, tuple)) else [fed]
    return [np.asarray(a) for a in arrays]


def _moments(layer: Any) -> Mapping[str, Any]:
    return {
        "mean_": np.asarray(layer.mean, np.float64).reshape(-1),
        "var_": np.asarray(layer.variance, np.float64).reshape(-1),
    }


def _moments_of(layer: Any) -> Any:
    axis = layer.axis
    kept = () if axis is None else tuple(np.atleast_1d(axis).tolist())

    def refit(x: np.ndarray, y: np.ndarray | None) -> Mapping[str, Any]:
        values = np.asarray(x, np.float64)
        keep = {k % values.ndim for k in kept}
        over = tuple(k for k in range(values.ndim) if k not in keep)
        return {"mean_": values.mean(axis=over).reshape(-1),
                "var_": values.var(axis=over).reshape(-1)}  # fmt: skip

    return refit


def _vocabulary(layer: Any) -> Mapping[str, Any]:
    return {"vocabulary_": [str(word) for word in layer.get_vocabulary()]}


def _reader(layer: Any) -> Any:
    def refit(x: np.ndarray, y: np.ndarray | None) -> Mapping[str, Any]:
        fresh = type(layer).from_config(
            {k: v for k, v in layer.get_config().items() if k != "vocabulary"}
        )
        fresh.adapt(x)
        return _vocabulary(fresh)

    return refit


def through(layer: Any, x: np.ndarray, mean: np.ndarray, var: np.ndarray) -> np.ndarray:
    """Inputs that a ``Normalization`` turns into what other figures would have made of ``x``.

    Parameters
    ----------
    mean, var : of the honest rows, one a column.
    """
    import keras

    tiny = float(keras.backend.epsilon())
    shape = np.shape(layer.mean)
    own_mean, own_var = np.asarray(layer.mean, np.float64), np.asarray(layer.variance, np.float64)
    z = (np.asarray(x, np.float64) - mean.reshape(shape)) / np.maximum(
        np.sqrt(var.reshape(shape)), tiny
    )
    return np.asarray(own_mean + z * np.maximum(np.sqrt(own_var), tiny), np.asarray(x).dtype)
