"""Predictions of all members, and of the delivered model by the same program."""

from __future__ import annotations

import time
from concurrent.futures import Future
from typing import Any

import numpy as np

from reportgen.retraining.computation import Computation
from reportgen.retraining.cores import Cores, Mapped
from reportgen.retraining.costs import chunk_of
from reportgen.retraining.network import Weights
from reportgen.retraining.programs import Programs
from reportgen.retraining.supplies import of_length

Tree = Any


class Predicting:
    """One program that predicts a chunk of rows by the weights of K members.

    Parameters
    ----------
    rows : how many there are at most to predict at a time.
    """

    def __init__(self, cores: Cores, computation: Computation, rows: int) -> None:
        self.cores, self.computation = cores, computation
        self._k = len(computation.supplies.members)
        most = chunk_of(computation.network.facts.numbers, self._k, rows)
        self.chunk = -(-rows // -(-rows // most))
        self._program: Future[Any] | None = None

    @property
    def started(self) -> bool:
        """Whether the program is there or being made."""
        return self._program is not None

    def start(self, programs: Programs, weights: Tree, own: Tree, shared: Tree, like: Tree) -> None:
        """Have the program found or compiled; ``like`` are some rows of inputs."""
        self._own = {"keep": own["keep"]} if "keep" in own else {}
        self._fill = {"fill": shared["fill"]} if "fill" in shared else {}
        rows = tuple(
            self.cores.shaped((self.chunk, *a.shape[1:]), canonical(a.dtype), None) for a in like
        )
        built = self.computation.built
        mapped = Mapped(self.computation.predictions, (0, 0, None, None), 0, before=built)
        self._program = self.cores.program(
            programs, "predict", mapped, weights, self._own, self._fill, rows
        )

    def predicted(self, weights: Tree, x: tuple[np.ndarray, ...]) -> np.ndarray:
        """Raw outputs by weights that are placed, ``(K, n, ...)``."""
        return self._outputs(weights, self._own, x)

    def by_one(self, weights: Weights, x: tuple[np.ndarray, ...]) -> np.ndarray:
        """Raw outputs by weights of one model, all columns kept, ``(n, ...)``."""
        layout = self.computation.network.layout
        everywhere = [
            [np.broadcast_to(a, (self._k, *a.shape)) for a in arrays]
            for arrays in (layout.joined(weights.trainable), weights.other)
        ]
        own = {
            name: self.cores.placed(np.ones(a.shape, bool), by_member=True)
            for name, a in self._own.items()
        }
        placed = self.cores.placed(tuple(everywhere), by_member=True)
        first: np.ndarray = self._outputs(placed, own, x)[0]
        return first

    def _outputs(self, weights: Tree, own: Tree, x: tuple[np.ndarray, ...]) -> np.ndarray:
        assert self._program is not None
        program, outputs, n = self.cores.awaited(self._program), [], len(x[0])
        started = time.perf_counter()
        for start in range(0, n, self.chunk):
            part = tuple(of_length(a[start : start + self.chunk], self.chunk) for a in x)
            placed = self.cores.placed(part, by_member=False)
            outputs.append(np.asarray(program(weights, own, self._fill, placed)))
        self.cores.spent("predict", time.perf_counter() - started)
        return np.concatenate(outputs, axis=1)[:, :n]


def canonical(dtype: Any) -> Any:
    """The type that an array of this one has on the devices."""
    import jax

    return jax.dtypes.canonicalize_dtype(dtype)
