"""What training a model costs, from its configuration and shapes alone: no clock is read.

The same file gives the same costs every night and on every machine, so that the plan is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

#: Multiply-adds a second that stacked layers reach on one core of an ordinary machine, forward and
#: backward together; seconds that a step costs whatever its size, and a program's compilation.
#: Measured on two cores in 2026 (``make bench-retraining`` prints the choice beside what each way
#: took); they weigh one way against another and fill the budget, nothing else depends on them.
RATE = 2e10
STACKED_STEP, STACKED_PROGRAM = 60e-6, 1.5
#: Seconds until a worker has imported what it needs: once, whatever it trains.
STACKED_START = 4.0
VECTORISED_STEP, VECTORISED_PROGRAM = 1.5e-3, 5.0
LOOP_STEP, LOOP_MEMBER, LOOP_MODEL = 1.5e-3, 0.4, 2.0
#: Kernels of up to this many places are computed from patches of their inputs.
MOST_PLACES = 49
#: Rows are predicted and evaluated in chunks: all members' numbers of one stay within this, and
#: its rows within this, few enough to stay near the cores, so many that calls cost nothing.
CHUNK_NUMBERS, CHUNK_ROWS = 30_000_000, 2048


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one row through a model, and of its weights.

    Attributes
    ----------
    multiply_adds : of one forward pass of a row; ``convolved``, those of convolutions among them,
        which TensorFlow computes twice as fast as a stack does.
    activations : numbers that the layers put out for a row.
    patches : numbers in the patches of a row that convolutions are computed from, all layers';
        ``largest`` of them, those of one layer.
    weights : numbers in all variables; ``trainable`` in those that are trained.
    """

    multiply_adds: float
    activations: int
    weights: int
    trainable: int
    convolved: float = 0.0
    patches: int = 0
    largest: int = 0

    @classmethod
    def of(cls, model: Any) -> Cost:
        """Costs of a built Keras model; unknown layers count as one use of each weight."""
        adds, convolved, numbers = 0.0, 0.0, 0
        patches = [0]
        cells: set[int] = set()
        for layer in model._flatten_layers(include_self=False):
            if hasattr(layer, "cell"):
                cells |= {id(part) for part in layer._flatten_layers(include_self=False)}
                steps = (layer.input.shape[1] or 1) if _shape(layer, "input") else 1
                adds += float(steps) * sum(_numbers(tuple(v.shape)) for v in layer.weights)
                numbers += steps * _numbers(_shape(layer, "output"))
                continue
            if id(layer) in cells or getattr(layer, "_layers", None):
                continue  # counted already, or its parts are
            outputs = _numbers(_shape(layer, "output"))
            numbers += outputs
            own = _multiply_adds(layer, outputs)
            adds += own
            convolved += own * hasattr(layer, "kernel_size")
            patches.append(patches_of(layer))
        trainable = sum(_numbers(tuple(v.shape)) for v in model.trainable_variables)
        weights = sum(_numbers(tuple(v.shape)) for v in model.variables)
        return cls(
            max(adds, trainable), max(numbers, 1), weights, trainable, convolved,
            sum(patches), max(patches),
        )  # fmt: skip

    def seconds(self, rows: int, epochs: int, batch_size: int, members: int, cores: int) -> float:
        """Of training a stack, roughly.

        A core has whole members: the third of three takes as long as a fourth would.
        """
        steps = -(-rows // batch_size) * epochs
        adds = self.multiply_adds + self.convolved
        work = 3 * adds * rows * epochs / RATE * -(-members // cores)
        return STACKED_PROGRAM + work + steps * STACKED_STEP * max(1.0, members / 10)

    def vectorised_seconds(
        self, rows: int, epochs: int, batch_size: int, members: int, cores: int
    ) -> float:
        """Of training a stack in TensorFlow, roughly."""
        steps = -(-rows // batch_size) * epochs
        work = 3 * self.multiply_adds * rows * epochs * members / RATE / min(cores, members)
        return VECTORISED_PROGRAM + work + steps * VECTORISED_STEP * max(1.0, members / 10)

    def loop_seconds(
        self, rows: int, epochs: int, batch_size: int, members: int, cores: int
    ) -> float:
        """Of training the same members with ``fit``, one after another.

        Where a step is mostly work, TensorFlow gives it all cores.
        """
        steps = -(-rows // batch_size) * epochs
        work = 3 * self.multiply_adds * rows * epochs / RATE / cores
        return LOOP_MODEL + members * (LOOP_MEMBER + work + steps * LOOP_STEP)

    def member_bytes(self, batch_size: int, predicted_rows: int, outputs: int) -> int:
        """Memory that one more member of a stack takes.

        Weights, gradients, two moments, the best weights and the copies that a step makes;
        activations of a batch forward and backward; patches of all layers, which the gradient of
        the kernel needs again, and the gradient of one layer's; predictions.
        """
        a_row = 3 * self.activations + self.patches + self.largest
        return 4 * (8 * self.weights + a_row * batch_size + predicted_rows * outputs)

    def chunk_bytes(self, members: int, rows: int) -> int:
        """Memory that predicting a chunk of as many rows at most takes, for all members."""
        numbers = members * (self.activations + self.largest) * min(rows, CHUNK_ROWS)
        return 4 * min(numbers, max(CHUNK_NUMBERS, members * (self.activations + self.largest)))


def chunk_of(numbers: int, members: int, rows: int) -> int:
    """Rows that are predicted at a time; ``numbers`` are a row's, of one member."""
    return max(1, min(rows, CHUNK_ROWS, CHUNK_NUMBERS // (numbers * members)))


def patches_of(layer: Any) -> int:
    """Numbers in the patches of a row that a layer is computed from; 0 for most layers."""
    if type(layer).__name__ not in ("Conv1D", "Conv2D", "Conv3D") or layer.groups != 1:
        return 0
    window, outputs = int(np.prod(layer.kernel_size)), _shape(layer, "output")
    if layer.data_format != "channels_last" or window > MOST_PLACES or not outputs:
        return 0
    return _numbers(outputs[:-1]) * window * int(layer.kernel.shape[-2])


def _shape(layer: Any, which: str) -> tuple[int | None, ...]:
    try:
        return tuple(getattr(layer, which).shape)[1:]
    except (AttributeError, ValueError):
        return ()


def _numbers(shape: tuple[int | None, ...]) -> int:
    return int(np.prod([s or 1 for s in shape])) if shape else 1


def _multiply_adds(layer: Any, outputs: int) -> float:
    kind = type(layer).__name__
    if kind in ("Embedding", "InputLayer"):
        return 0.0
    own = [tuple(v.shape) for v in layer.trainable_variables]
    weights = sum(_numbers(shape) for shape in own)
    if not own:
        return 0.0
    kernel = max(own, key=_numbers)
    if kind.startswith(("Conv", "Depthwise", "Separable")) or kind in ("Dense", "EinsumDense"):
        return float(weights * max(1.0, outputs / max(1, kernel[-1])))
    return float(max(weights, outputs))
