"""The protocol behind which every kind of model stands, and what its outputs mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np

OutputKind = Literal["probability", "logit", "label", "value"]
Framework = Literal["keras", "tf_keras", "savedmodel", "sklearn", "predictions", "python"]


@dataclass(frozen=True, slots=True)
class Output:
    """What a model's output means, and how we know.

    ``kind`` as in the job's ``output:``; ``origin`` completes "read from ..." in the report, e.g.
    "the last layer (sigmoid)", "the job", "predict_proba". ``note`` is set when the numbers
    contradict it ("rows do not sum to 1; divided by their sum").
    """

    kind: OutputKind
    origin: str
    note: str | None = None


@runtime_checkable
class Predictor(Protocol):
    """A model that can be asked for predictions.

    Attributes
    ----------
    framework : which stack it runs on.
    description : "Keras network, 18 inputs, two hidden layers, 3,329 weights."
    output : what its output means.
    n_weights : number of trained parameters, or None where it is not known.
    model : the object itself (Keras model, estimator), or None for prediction files.
    """

    framework: Framework
    description: str
    output: Output
    n_weights: int | None
    model: Any

    @property
    def notes(self) -> tuple[str, ...]:
        """Facts for the report; there may be more of them once rows were predicted."""
        ...

    def predict(self, inputs: Any) -> np.ndarray:
        """Raw outputs for rows of preprocessed inputs, in batches that fit memory.

        Parameters
        ----------
        inputs : what the last preprocessing step gives, n rows.

        Returns
        -------
        array of shape (n,), (n, K) or, for labels, (n,) of strings or numbers.
        """
        ...

    def predict_split(self, name: str) -> np.ndarray | None:
        """Stored outputs for a whole split (prediction files); None for models that compute."""
        ...
