"""A network computed in another precision than it was trained in."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.errors import ModelError, Problem
from reportgen.models.randomness import untouched

if TYPE_CHECKING:
    from reportgen.models.keras import KerasPredictor


def in_precision(predictor: KerasPredictor, dtype: str) -> KerasPredictor:
    """The delivered network with weights and layers of ``dtype``; the delivered one stays.

    Parameters
    ----------
    dtype : ``float16``, the policy of every layer.

    Raises
    ------
    ModelError
        if some layer cannot be copied or has no such precision.
    """
    keras = importlib.import_module(predictor.framework)

    def other(layer: Any) -> Any:
        return layer.__class__.from_config({**layer.get_config(), "dtype": dtype})

    with untouched():
        try:
            model = keras.models.clone_model(predictor.model, clone_function=other)
            kind = np.dtype(dtype)
            model.set_weights([w.astype(kind) for w in predictor.model.get_weights()])
        except Exception as error:
            raise ModelError(
                Problem(f"the network cannot be computed in {dtype}: {error}"[:300])
            ) from error
    return predictor.around(model)
