"""What the audit asks of the process that runs a job's metrics, and what it is told."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Load:
    """Import ``name`` (``pkg.mod:function``) with ``folder`` first on the path."""

    name: str
    folder: str


@dataclass(frozen=True)
class Call:
    """One call of a metric.

    Attributes
    ----------
    y, p : truth and output, as the metric is to get them.
    weight : sample weights, shape (n,), for a metric that takes them.
    chunk : rows at a time; a function is then averaged over batches, as Keras does it, and a class
        is updated batch by batch. None for all at once.
    tensor : as tensors of Keras's backend and not as arrays.
    swap : the second argument first.
    used : of a class: it has seen these rows once before, and was reset.
    seed : of the process's random numbers.
    """

    y: np.ndarray
    p: np.ndarray
    weight: np.ndarray | None = None
    chunk: int | None = None
    tensor: bool = False
    swap: bool = False
    used: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Loaded:
    """What was imported: ``kind`` is function or class (one with ``update_state``)."""

    kind: str = "function"
    weights: bool = False  # it takes sample_weight
    error: str | None = None


@dataclass(frozen=True)
class Reply:
    """What a call gave.

    ``value`` is the number, None with ``error`` where there is none. ``rows`` tells a vector of a
    number a row, of which ``value`` is the mean; ``changed`` that it wrote into its arguments;
    ``printed`` that it wrote to standard output.
    """

    value: float | None = None
    error: str | None = None
    rows: bool = False
    changed: bool = False
    printed: bool = False

    @property
    def told(self) -> bool:
        return self.value is not None


def plain(message: Loaded | Reply) -> dict[str, Any]:
    """For JSON."""
    return asdict(message)
