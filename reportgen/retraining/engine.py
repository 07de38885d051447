"""The one training round of an audit: a plan is carried out, results come back by member."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.retraining import cache
from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.messages import Answer, Refused, Train
from reportgen.retraining.network import Unstackable
from reportgen.retraining.plan import Group, Plan
from reportgen.retraining.process import Worker, WorkerDied
from reportgen.retraining.results import STOPPED, Status, Trained, TrainedMember

if TYPE_CHECKING:
    from reportgen.retraining.loop import Loop
    from reportgen.retraining.network import Network
    from reportgen.retraining.vectorised import Vectorised

#: Rows on which the delivered model's predictions are compared over backends.
CHECKED_ROWS = 1000
#: Fewer members than this do not pay for a graph of their own in TensorFlow.
FEWEST_MAPPED = 3
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
    network : gives a network for members of this one's architecture, in this process; by default
        from the recipe's file.
    unmappable : why members cannot be stacked in TensorFlow, where JAX refuses them.
    keep_weights : whether initial and final weights come back too.
    report : called with (epochs done, epochs in all), summed over members.
    deadline : ``time.monotonic()`` after which nothing is begun.
    """

    recipe: Recipe
    pool: Pool
    start_worker: Callable[[], Worker]
    delivered: dict[str, np.ndarray] = field(default_factory=dict)
    network: Callable[[Member], Network] | None = None
    unmappable: str | None = None
    keep_weights: bool = False
    report: Report = ignore
    deadline: float | None = None
    _worker: Worker | None = None
    _deaths: int = 0
    _loops: dict[Any, Loop] = field(default_factory=dict)
    _maps: dict[Any, Vectorised] = field(default_factory=dict)
    _seconds: dict[str, float] = field(default_factory=dict)

    def run(self, plan: Plan) -> Trained:
        """Train what the plan says; never raises for what one member does."""
        total = sum(self.recipe.epochs_of(m) for m in plan.members)
        done, found = 0, {}
        for group in plan.groups:

            def told(epochs: float, size: int = len(group.members), before: int = done) -> None:
                self.report(min(total, before + round(epochs * size)), total)

            for trained in self._group(group, told):
                found[trained.member] = trained
            done += sum(self.recipe.epochs_of(m) for m in group.members)
            self.report(done, total)
        for member in plan.cut:
            found[member] = TrainedMember(member, "cut", why="cut to fit the time allowed")
        return Trained(found, self._seconds, tuple(_reasons(found.values())))

    def _group(self, group: Group, told: Callable[[float], None]) -> list[TrainedMember]:
        """One group, the way it was planned or, where that turns out not to be, the next one."""
        if self._late():
            return [_stopped(member) for member in group.members]
        way, why = group.way, group.why
        if way == "stacked":
            reply = self._stacked(group, told)
            if isinstance(reply, Answer):
                return self._unpacked(group, reply)
            way, why = group.second, reply.why
        few = len(group.members) < FEWEST_MAPPED
        if way == "vectorised" and self.unmappable is None and not few:
            try:
                return self._mapped(group.members, why, told)
            except Unstackable as refusal:
                why = f"{why}; {refusal}"
        elif self.unmappable is not None and group.way == "stacked":
            why = f"{why}; {self.unmappable}"
        found = []
        for place, member in enumerate(group.members):
            length = self.recipe.epochs_of(member)

            def one(epochs: float, before: int = place * length) -> None:
                told((before + epochs) / len(group.members))

            found.append(self._looped(member, why, one))
        return found

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

    # --- in this process ----------------------------------------------------------------------

    def _network(self, member: Member) -> Network:
        from reportgen.retraining.network import Network

        if self.network is not None:
            return self.network(member)
        return Network(Blueprint.read(self.recipe.file), member)

    def _mapped(
        self, members: Sequence[Member], why: str, told: Callable[[float], None]
    ) -> list[TrainedMember]:
        """Stacked in TensorFlow, those of one number of rows at a time."""
        from reportgen.retraining.vectorised import Vectorised

        key = members[0].architecture
        if key not in self._maps:
            try:
                made = Vectorised(self.recipe, self.pool, lambda: self._network(members[0]))
            except Unstackable:
                raise
            except Exception as error:  # the loop tells of each member what is wrong
                raise Unstackable(f"{type(error).__name__}: {error}"[:200]) from error
            self._maps[key] = made
        sizes: dict[int, list[Member]] = {}
        for member in members:
            sizes.setdefault(self.pool.n_rows(member), []).append(member)
        found: dict[Member, TrainedMember] = {}
        for together in sizes.values():
            longest = max(self.recipe.epochs_of(m) for m in members)
            share, before = len(together) / len(members), longest * len(found) / len(members)
            results = self._maps[key].train(
                together, why, keep_weights=self.keep_weights, deadline=self.deadline,
                progress=lambda n, s=share, b=before: told(b + s * n),  # type: ignore[misc]
            )  # fmt: skip
            found |= {trained.member: trained for trained in results}
        return [found[member] for member in members]

    def _looped(self, member: Member, why: str, told: Callable[[int], None]) -> TrainedMember:
        from reportgen.retraining.loop import Loop

        if self._late():
            return _stopped(member)
        try:
            if member.architecture not in self._loops:
                self._loops[member.architecture] = Loop(
                    self.recipe, self.pool, lambda: self._network(member)
                )
            return self._loops[member.architecture].train(
                member, why, keep_weights=self.keep_weights, progress=told, deadline=self.deadline
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
    return TrainedMember(member, "stopped", why=STOPPED)


def _reasons(members: Any) -> list[str]:
    """For each way and reason, how many members went it."""
    counts: dict[tuple[str, str], int] = {}
    for trained in members:
        ways = []
        if trained.engine not in (None, "stacked"):
            mapped = trained.engine == "vectorised"
            ways.append(("stacked in TensorFlow" if mapped else "trained one by one", trained.why))
        if trained.status == "stopped":
            ways.append(("stopped", STOPPED))
        for way in ways:
            counts[way] = counts.get(way, 0) + 1
    return [
        f"{n} {'member was' if n == 1 else 'members were'} {how}: {why}"
        for (how, why), n in counts.items()
    ]
