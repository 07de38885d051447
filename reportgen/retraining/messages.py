"""What crosses between an audit and its worker: a file's path, a recipe, members and arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from reportgen.retraining.member import Member, Pool, Recipe


@dataclass(frozen=True)
class Train:
    """Train these members, of one architecture and number of rows, on the pool sent last.

    ``check`` holds input rows and what the delivered model predicts for them in TensorFlow;
    ``seconds`` after which no further epochs are begun.
    """

    recipe: Recipe
    members: tuple[Member, ...]
    check: tuple[tuple[np.ndarray, ...], np.ndarray] | None = None
    keep_weights: bool = False
    seconds: float | None = None


@dataclass(frozen=True)
class UsePool:
    """The rows that the members of later messages train on."""

    pool: Pool


@dataclass(frozen=True)
class Progress:
    """Epochs done of the group that is being trained."""

    epochs: int


@dataclass(frozen=True)
class Refused:
    """The group cannot be trained here, and why; nothing was trained."""

    why: str


@dataclass(frozen=True)
class Answer:
    """A group's results; axis 1 of ``losses`` and axis 0 of everything else is the member.

    ``finished`` is False for members that the clock stopped. Weights are lists by variable (the
    trainable ones first), None unless asked for.
    """

    losses: dict[str, np.ndarray]
    epochs: np.ndarray
    finished: np.ndarray
    best_epoch: np.ndarray
    predictions: dict[str, np.ndarray]
    weights: list[np.ndarray] | None = None
    initial_weights: list[np.ndarray] | None = None
    seconds: dict[str, float] = field(default_factory=dict)
