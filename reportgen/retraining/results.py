"""What comes back from retraining, by member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from reportgen.retraining.member import Member

if TYPE_CHECKING:
    import numpy as np

Status = Literal["trained", "diverged", "failed", "stopped", "cut"]
Engine = Literal["stacked", "vectorised", "loop", "clone"]
#: Engines that train members together: on JAX, and in TensorFlow.
TOGETHER = ("stacked", "vectorised")
STOPPED = "the time allowed was over"


@dataclass(frozen=True, slots=True)
class TrainedMember:
    """One member after its training.

    Attributes
    ----------
    status : ``trained``; ``diverged`` when its loss became NaN or infinite (its predictions are
        what came of it); ``failed`` with ``error``; ``stopped`` by the clock; ``cut`` by the plan.
    predictions : split name -> the model's raw output ``(n, ...)``, float32.
    losses : "loss", and "val_loss" where there is validation, by epoch, float64.
    epochs : how many epochs it trained; ``best_epoch`` the one whose weights it has (0-based).
    engine, why : which way it was trained, and why not stacked where it was not.
    weights : final values in the order of ``model.get_weights()``'s trainable and then other
        variables, and those it started from; only if asked for.
    """

    member: Member
    status: Status
    engine: Engine | None = None
    why: str = ""
    predictions: Mapping[str, np.ndarray] = field(default_factory=dict)
    losses: Mapping[str, np.ndarray] = field(default_factory=dict)
    epochs: int = 0
    best_epoch: int | None = None
    error: str | None = None
    weights: Sequence[np.ndarray] | None = None
    initial_weights: Sequence[np.ndarray] | None = None

    @property
    def usable(self) -> bool:
        """Whether there are predictions of a finished training."""
        return self.status == "trained"


@dataclass(frozen=True, slots=True)
class Trained:
    """All members that were asked for, trained or not, with how it went.

    ``seconds`` (by phase) and ``cache`` differ from night to night and belong in ``run.json``
    alone.
    """

    members: Mapping[Member, TrainedMember]
    seconds: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __getitem__(self, member: Member) -> TrainedMember:
        return self.members[member]

    def __iter__(self) -> Iterator[TrainedMember]:
        return iter(self.members.values())

    def __len__(self) -> int:
        return len(self.members)

    def usable(self, members: Sequence[Member]) -> list[TrainedMember]:
        """Those of ``members`` that finished, in order."""
        found = (self.members.get(member) for member in members)
        return [trained for trained in found if trained is not None and trained.usable]

    def out_of_time(self, members: Sequence[Member]) -> bool:
        """Whether the clock stopped some of ``members``."""
        found = (self.members.get(member) for member in members)
        return any(trained is not None and trained.status == "stopped" for trained in found)

    @property
    def told_way(self) -> Literal["stacked", "loop", "both"] | None:
        """How they were trained: all together, all one by one, or both."""
        together = {t.engine in TOGETHER for t in self if t.engine is not None}
        if len(together) > 1:
            return "both"
        return ("stacked" if together.pop() else "loop") if together else None

    @property
    def way(self) -> Literal["stacked", "loop"] | None:
        """``run.json``'s word for how most were trained; None when nothing was."""
        engines = [t.engine for t in self if t.engine is not None]
        if not engines:
            return None
        stacked = sum(engine in TOGETHER for engine in engines)
        return "stacked" if 2 * stacked >= len(engines) else "loop"
