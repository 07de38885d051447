"""A model's trained weights as one vector, wherever its optimizer does not tell weights apart.

An optimizer computes a dozen kernels for each variable; for one vector it computes a dozen in all,
which XLA compiles in a fraction of the time.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.retraining.blueprint import ELEMENTWISE

#: Optimizers that look at a variable as a whole: at its shape, or at its norm.
BY_VARIABLE = ("Adafactor", "Lamb")
#: Vectors longer than this would cost more to cut and join at each step than they save.
LONGEST = 200_000


@dataclass(frozen=True)
class Layout:
    """How trained weights lie on the devices: ``shapes`` in one vector, or None: as they are."""

    shapes: tuple[tuple[int, ...], ...] | None = None

    @classmethod
    def of(cls, optimizer: Any, variables: Sequence[Any]) -> Layout:
        """The layout of variables that such an optimizer trains."""
        name = type(optimizer).__name__
        sizes = [int(np.prod(v.shape)) for v in variables]
        together = (
            len(variables) > 1
            and sum(sizes) <= LONGEST
            and name in ELEMENTWISE
            and name not in BY_VARIABLE
            and optimizer.clipnorm is None  # of each variable's gradient
            and all(v.constraint is None for v in variables)
            and len({str(v.dtype) for v in variables}) == 1
        )
        return cls(tuple(tuple(v.shape) for v in variables) if together else None)

    @property
    def places(self) -> list[slice]:
        """Where in the vector each variable is."""
        ends = np.cumsum([0, *(int(np.prod(s)) for s in self.shapes or ())])
        return [slice(int(a), int(b)) for a, b in itertools.pairwise(ends)]

    def joined(self, arrays: Sequence[Any], leading: int = 0) -> list[Any]:
        """Arrays (numpy's or JAX's) as they lie there, ``leading`` axes kept."""
        if self.shapes is None:
            return list(arrays)
        parts = [a.reshape((*a.shape[:leading], -1)) for a in arrays]
        if all(isinstance(a, np.ndarray) for a in parts):
            return [np.concatenate(parts, axis=-1)]
        import jax.numpy as jnp

        return [jnp.concatenate(parts, axis=-1)]

    def parted(self, lying: Sequence[Any], leading: int = 0) -> list[Any]:
        """The arrays again."""
        if self.shapes is None:
            return list(lying)
        (vector,) = lying
        return [
            vector[..., place].reshape((*vector.shape[:leading], *shape))
            for place, shape in zip(self.places, self.shapes, strict=True)
        ]
