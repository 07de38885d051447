"""Sequences of numbers moved by one step, and which arrays are sequences at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.diagnostics.sensitivity.asking import Ints
from reportgen.diagnostics.sensitivity.columns import Ask, Columns
from reportgen.diagnostics.sensitivity.subject import Subject
from reportgen.evidence import Case

#: Steps of which one is so few that a shift by it means nothing.
LONG = 28
#: Fewer tokens than this are columns of their own, and no text.
LEAST_WIDTH = 8
#: Layers that read rows step by step, and layers that read images.
BY_STEP = ("LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM1D", "Conv1D", "MultiHeadAttention")
OF_IMAGES = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "MaxPooling2D", "AveragePooling2D")


def shifts(case: Case, table: Columns, rows: Ints) -> dict[str, Ask]:
    """Sequences of 28 steps or more moved by one, the first or last step repeated."""
    if table.steps < LONG or any(table.is_tokens(j) for j in range(table.width)):
        return {}
    later = case.rng("steps").random(len(rows)) < 0.5
    moved = {}
    for j in range(table.width):
        values = table.numbers(j, rows)
        forth = np.concatenate([values[:, :1], values[:, :-1]], axis=1)
        back = np.concatenate([values[:, 1:], values[:, -1:]], axis=1)
        moved[j] = np.where(later[:, None], forth, back)
    return {"steps": Ask(rows, moved)}


def are_tokens(case: Case, X: Any) -> bool:
    """Whether rows are indices of tokens, which the network embeds: numbers without an order."""
    if not isinstance(X, np.ndarray) or X.ndim != 2 or case.preprocess.steps:
        return False
    kinds = layers_of(case)
    if X.dtype.kind not in "iuf" or "Embedding" not in kinds or "Discretization" in kinds:
        return False
    return bool((np.round(X) == X).all() and X.min() >= 0)


def are_steps(subject: Subject) -> bool:
    """Whether arrays of three axes, which might be grey images, are sequences of numbers."""
    if np.ndim(subject.X) != 3:
        return False
    kinds = layers_of(subject.case)
    if subject.steps is not None:
        return True
    return bool(kinds & set(BY_STEP)) and not kinds & set(OF_IMAGES)


def layers_of(case: Case) -> set[str]:
    """Kinds of layers of a Keras network; empty of other models."""
    if case.predictor.framework not in ("keras", "tf_keras"):
        return set()
    from reportgen.models.training_mode import layers_within

    return {type(layer).__name__ for layer in layers_within(case.predictor.model)}
