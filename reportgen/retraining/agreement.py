"""Whether a model predicts here what it predicts in TensorFlow."""

from __future__ import annotations

import numpy as np

#: Of the spread (standard deviation) of the outputs.
TOLERANCE = 1e-4


def disagreement(got: np.ndarray, expected: np.ndarray) -> str | None:
    """Why two predictions of the same rows are not the same, in words; None when they are.

    They are when no output differs by more than 1e-4 of the spread of all outputs, and no row's
    largest output is another one but for ties (outputs closer than that).
    """
    got = np.asarray(got, np.float64).reshape(len(got), -1)
    expected = np.asarray(expected, np.float64).reshape(len(expected), -1)
    if got.shape != expected.shape:
        return f"its outputs have shape {got.shape[1:]} on JAX, {expected.shape[1:]} in TensorFlow"
    if not np.isfinite(got).all():
        return "it predicts numbers that are not finite on JAX"
    spread = float(expected.std()) or float(np.abs(expected).max()) or 1.0
    worst = float(np.abs(got - expected).max()) / spread
    if worst > TOLERANCE:
        return f"it predicts otherwise on JAX than in TensorFlow, by {worst:.1e} of the spread"
    if got.shape[1] > 1:
        mine, theirs = got.argmax(axis=1), expected.argmax(axis=1)
        rows = np.arange(len(got))
        gap = np.abs(expected[rows, mine] - expected[rows, theirs])
        if (gap > TOLERANCE * spread).any():
            return "it gives other labels on JAX than in TensorFlow"
    return None
