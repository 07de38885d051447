"""The delivered model, asked the same rows twice, and called as hand-written loops call it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.evidence import Case
from reportgen.models.randomness import untouched
from reportgen.models.tables import take

#: Share of an output's spread: two answers of one model that differ by more are not the same.
REPEATED = 1e-4
#: Rows that are enough to see whether a call repeats.
ROWS = 256


@dataclass(frozen=True)
class Asked:
    """Two answers to the same rows.

    Attributes
    ----------
    apart : largest difference of ``predict`` from itself, in units of the output; of labels the
        share that differ.
    called : the same of ``model(x)``, a network's plain call; None for other models.
    scale : standard deviation of the outputs; 1 for labels.
    random : names of layers that drop or blur in training.
    """

    apart: float
    called: float | None
    scale: float
    random: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether either kind of answer is another one the second time, beyond rounding."""
        return max(self.apart, self.called or 0.0) > REPEATED * self.scale


def ask_again(case: Case, split: str) -> Asked | None:
    """None where there is nothing to ask: stored predictions."""
    if case.predictor.predict_split(split) is not None:
        return None
    first = np.asarray(case.predict(split).raw)
    again = case.a_row(np.asarray(case.predictor.predict(case.inputs(split))), split)
    if first.dtype.kind not in "fiub":
        return Asked(float(np.mean(first != again)), None, 1.0, ())
    return Asked(
        _apart(first, again),
        _called(case, split),
        float(np.std(first)) if first.dtype.kind in "fiu" else 1.0,
        tuple(str(layer.name) for layer in _random_layers(getattr(case.predictor, "model", None))),
    )


def _called(case: Case, split: str) -> float | None:
    """How far two plain calls of a Keras network are apart."""
    predictor: Any = case.predictor
    if predictor.framework != "keras" or not hasattr(predictor, "rows"):
        return None
    rows = predictor.rows(take(case.inputs(split), 0, min(ROWS, case.split(split).n)))
    call: Callable[[Any], Any] = predictor.model
    streams = [layer.seed_generator.state for layer in _random_layers(predictor.model)]
    before = [np.array(state) for state in streams]
    try:
        with untouched():
            first, again = (np.asarray(predictor.one_of(call(rows))) for _ in range(2))
    except Exception:  # what predict takes, a plain call need not
        return None
    finally:
        for state, value in zip(streams, before, strict=True):
            state.assign(value)
    return _apart(first, again)


def _apart(first: np.ndarray, again: np.ndarray) -> float:
    return float(np.max(np.abs(first.astype(np.float64) - again), initial=0.0))


def _random_layers(model: Any) -> Iterator[Any]:
    """The layers with a random stream of their own, nested ones included."""
    layers = getattr(model, "_flatten_layers", None)
    if layers is None:
        return
    for layer in layers(include_self=False):
        if getattr(layer, "seed_generator", None) is not None:
            yield layer
