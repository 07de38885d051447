"""Which members are trained, in which groups, which way, and what was cut to fit the budget.

A plan follows from static costs in fixed steps, so that it is the same every night.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from reportgen.retraining.costs import STACKED_START, Cost
from reportgen.retraining.member import Member, Pool, Recipe

#: Shares of each family that are kept, in order, until the plan fits: 10 -> 5 -> 3 of ten.
STEPS = (1.0, 0.5, 0.3)
#: A family is never cut below this many members (or all it has).
LEAST = 3

Way = Literal["stacked", "vectorised", "loop"]


@dataclass(frozen=True, slots=True)
class Budget:
    """What retraining may take. ``memory`` in bytes; None: no limit."""

    seconds: float = 3600.0
    memory: int | None = None
    cores: int = 2


@dataclass(frozen=True, slots=True)
class Group:
    """Members that train together: one architecture, batch size and number of rows.

    ``second`` is the way where a stack turns out not to be possible.
    """

    members: tuple[Member, ...]
    way: Way
    why: str
    seconds: float
    second: Way = "vectorised"


@dataclass(frozen=True, slots=True)
class Plan:
    """``cut`` holds members that were declared and are not trained; ``notes`` say so in words."""

    groups: tuple[Group, ...]
    cut: tuple[Member, ...] = ()
    notes: tuple[str, ...] = ()
    estimate: float = 0.0
    over: bool = field(default=False)

    @property
    def members(self) -> tuple[Member, ...]:
        return tuple(member for group in self.groups for member in group.members)

    def told(self) -> dict[str, Any]:
        """report.json's ``plan``, as long as nothing falls back."""
        ways = ["loop" if group.way == "loop" else "stacked" for group in self.groups]
        return {"members": len(self.members), "way": one_word(ways), "cut": list(self.notes)}


def one_word(ways: Iterable[str]) -> str | None:
    """The one way that all went, or ``both``; None where there is none."""
    different = set(ways)
    return "both" if len(different) > 1 else next(iter(different), None)


def plan(
    declared: Mapping[str, Sequence[Member]],
    recipe: Recipe,
    pool: Pool,
    cost: Cost,
    budget: Budget,
    *,
    unstackable: str | None = None,
    unmappable: str | None = None,
    schedule: bool = False,
    rowwise: bool = False,
    started: bool = False,
) -> Plan:
    """Plan the members that diagnostics declared.

    Parameters
    ----------
    declared : diagnostic -> its members, each family's (the same but for seeds) in the order in
        which they may be missed: the last are cut first.
    unstackable : why nothing of this model can be stacked on JAX, or None; ``unmappable`` why
        not in TensorFlow either.
    rowwise : whether members with different numbers of rows can be stacked
        (``Blueprint.rowwise``); they are while none has twice as many as another.
    schedule : whether the learning rate follows a schedule, so that another one is another model.
    started : whether a worker runs already, so that its start costs nothing more.
    """
    wanted = list(dict.fromkeys(member for members in declared.values() for member in members))
    start = 0.0 if started else STACKED_START
    given = _Given(recipe, pool, cost, budget, unstackable, unmappable, schedule, rowwise, start)
    result = Plan(())
    for share in STEPS:
        kept = _share(wanted, share)
        groups = _groups(kept, given)
        estimate = sum(group.seconds for group in groups)
        estimate += start * any(group.way == "stacked" for group in groups)
        missed = tuple(member for member in wanted if member not in set(kept))
        result = Plan(
            tuple(groups), missed, tuple(_told(declared, missed)), estimate,
            over=estimate > budget.seconds,
        )  # fmt: skip
        if not result.over:
            break
    return result


def _share(wanted: Sequence[Member], share: float) -> list[Member]:
    families: dict[Member, list[Member]] = {}
    for member in wanted:
        families.setdefault(member.family, []).append(member)
    kept = {
        member
        for family in families.values()
        for member in family[: max(min(LEAST, len(family)), round(share * len(family)))]
    }
    return [member for member in wanted if member in kept]


def _told(declared: Mapping[str, Sequence[Member]], missed: Iterable[Member]) -> list[str]:
    gone = set(missed)
    notes = []
    for diagnostic, members in declared.items():
        cut = sum(member in gone for member in set(members))
        if cut:
            all_ = len(set(members))
            notes.append(
                f"{diagnostic}: {all_ - cut} of {all_} retrainings, to fit the time allowed"
            )
    return notes


@dataclass(frozen=True, slots=True)
class _Given:
    """What a plan follows from; see :func:`plan`."""

    recipe: Recipe
    pool: Pool
    cost: Cost
    budget: Budget
    unstackable: str | None
    unmappable: str | None
    schedule: bool
    rowwise: bool
    start: float


def _groups(members: Sequence[Member], given: _Given) -> list[Group]:
    alike: dict[Any, list[Member]] = {}
    for member in members:
        rate = member.override("learning_rate") if given.schedule else None
        rows = given.pool.n_rows(member)
        size = (rows - 1).bit_length() if given.rowwise and given.unstackable is None else rows
        key = (member.architecture, size, member.backend, rate)
        alike.setdefault(key, []).append(member)
    ways = [_ways(together, given) for together in alike.values()]
    gains = (loop.seconds - sum(g.seconds for g in parts) for parts, loop in ways if _stack(parts))
    if sum(gains) <= given.start:  # not worth a worker's start
        ways = [([loop] if _stack(parts) else parts, loop) for parts, loop in ways]
    return [group for parts, _ in ways for group in parts]


def _stack(groups: Sequence[Group]) -> bool:
    return groups[0].way == "stacked"


def _ways(members: list[Member], given: _Given) -> tuple[list[Group], Group]:
    """Members of one architecture in groups, the fastest way, and as the loop they could be."""
    cost, recipe, pool = given.cost, given.recipe, given.pool
    rows = max(pool.n_rows(member) for member in members)
    epochs = max(recipe.epochs_of(member) for member in members)
    batch = min(recipe.batch_size, rows)
    why = "a loop is estimated to be no slower"
    took = cost.loop_seconds(rows, epochs, batch, len(members), given.budget.cores)
    loop = Group(tuple(members), "loop", why, took)
    if members[0].backend == "tensorflow":
        return [replace(loop, why="the question is about TensorFlow itself")], loop
    if given.unstackable is not None and given.unmappable is not None:
        why = "; ".join(dict.fromkeys((given.unstackable, given.unmappable)))
        return [replace(loop, why=why)], loop
    size = _most(members, given, batch)
    if size < 1:
        why = "a member alone takes more memory than the budget has for a stack"
        return [replace(loop, why=why)], loop
    parts = -(-len(members) // size)
    size = -(-len(members) // parts)
    groups = [tuple(members[i : i + size]) for i in range(0, len(members), size)]
    way: Way = "stacked"
    if given.unstackable is None:
        why, seconds = "", cost.seconds
    else:
        way, why, seconds = "vectorised", given.unstackable, cost.vectorised_seconds
    stacked = [seconds(rows, epochs, batch, len(g), given.budget.cores) for g in groups]
    if sum(stacked) >= loop.seconds:
        return [loop], loop
    made = [
        Group(g, way, why, s, _second(g, (rows, epochs, batch), given))
        for g, s in zip(groups, stacked, strict=True)
    ]
    return made, loop


def _second(members: Sequence[Member], steps: tuple[int, int, int], given: _Given) -> Way:
    """Mapped in TensorFlow, where that is possible and the estimate has it faster than a loop."""
    cores = given.budget.cores
    mapped = given.cost.vectorised_seconds(*steps, len(members), cores)
    looped = given.cost.loop_seconds(*steps, len(members), cores)
    return "vectorised" if given.unmappable is None and mapped < looped else "loop"


def _most(members: Sequence[Member], given: _Given, batch: int) -> int:
    """How many members of a stack fit the memory."""
    budget, pool = given.budget, given.pool
    if budget.memory is None:
        return len(members)
    shared = sum(a.nbytes for a in pool.inputs) + pool.targets.nbytes
    predicted = sum(len(arrays[0]) for arrays in (pool.splits or {}).values())
    outputs = int(pool.targets.shape[1]) if pool.targets.ndim > 1 else 1
    held = 0 if pool.validation is None else len(pool.validation[1])
    each = given.cost.member_bytes(batch, predicted, outputs)
    chunk = given.cost.chunk_bytes(len(members), max(predicted, held))
    return int((budget.memory - 2 * shared - chunk) // each)
