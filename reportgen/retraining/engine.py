"""The one training round of an audit: a plan is carried out, results come back by member."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.retraining import cache
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.messages import Answer, Refused, Train
from reportgen.retraining.plan import Group, Plan
from reportgen.retraining.process import Worker, WorkerDied
from reportgen.retraining.results import Status, Trained, TrainedMember

if TYPE_CHECKING:
    from reportgen.retraining.loop import Loop

#: Rows on which the delivered model's predictions are compared over backends.
CHECKED_ROWS = 1000
#: A group that says nothing for this long beyond its deadline is given up, in seconds.
PATIENCE = 600.0

Report = Callable[[int, int], None]


def ignore(done: int, total: int) -> None:
    """No progress is shown."""


@dataclass
class Round:
    """Carries out a plan.

    Parameters
    ----------
    recipe, pool : what is trained, on which rows.
    start_worker : gives a worker; called once, and again when it dies.
    delivered : split name -> the delivered model's raw predictions in TensorFlow.
    keep_weights : whether initial and final weights come back too.
    report : called with (epochs done, epochs in all), summed over members.
    deadline : ``time.monotonic()`` after which nothing is begun.
    """

    recipe: Recipe
    pool: Pool
    start_worker: Callable[[], Worker]
    delivered: dict[str, np.ndarray] = field(default_factory=dict)
    keep_weights: bool = False
    report: Report = ignore
    deadline: float | None = None
    _worker: Worker | None = None
    _deaths: int = 0
    _loops: dict[Any, Loop] = field(default_factory=dict)
    _seconds: dict[str, float] = field(default_factory=dict)

    def run(self, plan: Plan) -> Trained:
        """Train what the plan says; never raises for what one member does."""
        total = sum(self.recipe.epochs_of(m) for m in plan.members)
        done, found = 0, {}
        for group in plan.groups:

            def told(epochs: int, size: int = len(group.members), before: int = done) -> None:
                self.report(before + epochs * size, total)

            for trained in self._group(group, told):
                found[trained.member] = trained
            done += sum(self.recipe.epochs_of(m) for m in group.members)
            self.report(done, total)
        for member in plan.cut:
            found[member] = TrainedMember(member, "cut", why="cut to fit the time allowed")
        return Trained(found, self._seconds, tuple(_reasons(found.values())))

    def _group(self, group: Group, told: Callable[[int], None]) -> list[TrainedMember]:
        if self._late():
            return [_stopped(member) for member in group.members]
        why = group.why
        if group.way == "stacked":
            reply = self._stacked(group, told)
            if isinstance(reply, Answer):
                return self._unpacked(group, reply)
            why = reply.why
        return [self._looped(member, why, told) for member in group.members]

    def _late(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline

    def _left(self) -> float | None:
        return None if self.deadline is None else max(1.0, self.deadline - time.monotonic())

    # --- stacked ------------------------------------------------------------------------

    def _stacked(self, group: Group, told: Callable[[int], None]) -> Answer | Refused:
        while self._deaths < 2:
            left = self._left()
            order = Train(self.recipe, group.members, self._check(), self.keep_weights, left)
            limit = None if left is None else left + PATIENCE
            if self._worker is None:
                self._worker = self.start_worker()
            worker = self._worker
            try:
                return worker.train(self.pool, order, told, limit)
            except WorkerDied as death:
                # A program from a broken cache may have killed it: once more, from source.
                self._worker, reason = None, str(death)
                self._deaths += 1
                cache.clear(worker.programs)
        return Refused(f"the stacked engine ended twice: {reason}" if self._deaths else "")

    def _check(self) -> tuple[tuple[np.ndarray, ...], np.ndarray] | None:
        for name, expected in self.delivered.items():
            inputs = (self.pool.splits or {}).get(name)
            if inputs is not None and len(expected):
                return tuple(a[:CHECKED_ROWS] for a in inputs), expected[:CHECKED_ROWS]
        return None

    def _unpacked(self, group: Group, answer: Answer) -> list[TrainedMember]:
        for phase, seconds in answer.seconds.items():
            self._seconds[phase] = self._seconds.get(phase, 0.0) + seconds
        return [self._one(k, member, answer) for k, member in enumerate(group.members)]

    def _one(self, k: int, member: Member, answer: Answer) -> TrainedMember:
        epochs = int(answer.epochs[k])
        losses = {n: np.asarray(v[:epochs, k], np.float64) for n, v in answer.losses.items()}
        status: Status = "trained"
        if not np.isfinite(losses["loss"]).all():
            status = "diverged"
        elif not answer.finished[k]:
            status = "stopped"

        def own(arrays: list[np.ndarray] | None) -> Sequence[np.ndarray] | None:
            return None if arrays is None else [a[k] for a in arrays]

        return TrainedMember(
            member=member,
            status=status,
            engine="stacked",
            predictions={name: values[k] for name, values in answer.predictions.items()},
            losses=losses,
            epochs=epochs,
            best_epoch=int(answer.best_epoch[k]),
            weights=own(answer.weights),
            initial_weights=own(answer.initial_weights),
        )

    # --- in a loop ----------------------------------------------------------------------

    def _looped(self, member: Member, why: str, told: Callable[[int], None]) -> TrainedMember:
        from reportgen.retraining.loop import Loop

        if self._late():
            return _stopped(member)
        try:
            if member.architecture not in self._loops:
                self._loops[member.architecture] = Loop(self.recipe, self.pool, member)
            return self._loops[member.architecture].train(
                member, why, keep_weights=self.keep_weights, deadline=self.deadline
            )
        except Exception as error:  # one member's failure is a finding, not the audit's end
            self._loops.pop(member.architecture, None)
            told_error = f"{type(error).__name__}: {error}"
            return TrainedMember(member, "failed", "loop", why, error=told_error[:1000])

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None


def _stopped(member: Member) -> TrainedMember:
    return TrainedMember(member, "stopped", why="the time allowed was over")


def _reasons(members: Any) -> list[str]:
    """For each way and reason, how many members went it."""
    counts: dict[str, int] = {}
    for trained in members:
        if trained.engine not in (None, "stacked"):
            counts[trained.why] = counts.get(trained.why, 0) + 1
    return [
        f"{n} {'member was' if n == 1 else 'members were'} trained one by one: {why}"
        for why, n in counts.items()
    ]
