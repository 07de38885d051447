"""Raw outputs of a model become probabilities, labels or values in the data set's terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from reportgen.data.table import Dataset
    from reportgen.job.schema import Decision
    from reportgen.models.predictor import Output


@dataclass(frozen=True, slots=True)
class Predictions:
    """A model's answers for n rows, in the data set's terms.

    Attributes
    ----------
    raw : what the model gave, untouched.
    scores : float64 probabilities. Binary: shape (n,), P(classes[1]). Multiclass: (n, K).
        Multilabel: (n, K), each on its own. None for regression and label outputs.
    labels : int64 class codes of shape (n,) under the declared decision; K stands for an
        ``otherwise`` label that is not one of the classes; -1 for a predicted label that is none.
        Multilabel: int8 of shape (n, K). None for regression.
    values : float64, shape (n,) or (n, T), regression only.
    """

    raw: np.ndarray
    scores: np.ndarray | None = None
    labels: np.ndarray | None = None
    values: np.ndarray | None = None

    @property
    def n(self) -> int:
        return len(self.raw)


def interpret(
    raw: np.ndarray,
    output: Output,
    dataset: Dataset,
    decision: Decision | None,
    *,
    split_name: str,
) -> Predictions:
    raise NotImplementedError
