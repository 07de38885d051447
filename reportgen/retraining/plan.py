"""Which members are trained, in which groups, which way, and what was cut to fit the budget.

A plan follows from static costs in fixed steps, so that it is the same every night.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from reportgen.retraining.costs import Cost
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
    """Members that train together: one architecture, batch size and number of rows."""

    members: tuple[Member, ...]
    way: Way
    why: str
    seconds: float


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
    """
    wanted = list(dict.fromkeys(member for members in declared.values() for member in members))
    given = _Given(recipe, pool, cost, budget, unstackable, unmappable, schedule, rowwise)
    result = Plan(())
    for share in STEPS:
        kept = _share(wanted, share)
        groups = _groups(kept, given)
        estimate = sum(group.seconds for group in groups)
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


def _groups(members: Sequence[Member], given: _Given) -> list[Group]:
    alike: dict[Any, list[Member]] = {}
    for member in members:
        rate = member.override("learning_rate") if given.schedule else None
        rows = given.pool.n_rows(member)
        size = (rows - 1).bit_length() if given.rowwise and given.unstackable is None else rows
        key = (member.architecture, size, member.backend, rate)
        alike.setdefault(key, []).append(member)
    return [group for together in alike.values() for group in _ways(together, given)]


def _ways(members: list[Member], given: _Given) -> list[Group]:
    cost, recipe, pool = given.cost, given.recipe, given.pool
    rows = max(pool.n_rows(member) for member in members)
    epochs = max(recipe.epochs_of(member) for member in members)
    batch = min(recipe.batch_size, rows)
    loop = cost.loop_seconds(rows, epochs, batch, len(members))
    if members[0].backend == "tensorflow":
        return [Group(tuple(members), "loop", "the question is about TensorFlow itself", loop)]
    if given.unstackable is not None and given.unmappable is not None:
        why = "; ".join(dict.fromkeys((given.unstackable, given.unmappable)))
        return [Group(tuple(members), "loop", why, loop)]
    size = _most(members, given, batch)
    if size < 1:
        why = "a member alone takes more memory than the budget has for a stack"
        return [Group(tuple(members), "loop", why, loop)]
    parts = -(-len(members) // size)
    size = -(-len(members) // parts)
    groups = [tuple(members[i : i + size]) for i in range(0, len(members), size)]
    if given.unstackable is None:
        way: Way = "stacked"
        why, seconds = "", cost.seconds
    else:
        way, why, seconds = "vectorised", given.unstackable, cost.vectorised_seconds
    stacked = [seconds(rows, epochs, batch, len(g), given.budget.cores) for g in groups]
    if sum(stacked) >= loop:
        why = "so few steps that a loop is no slower"
        return [Group(tuple(members), "loop", why, loop)]
    return [Group(g, way, why, s) for g, s in zip(groups, stacked, strict=True)]


def _most(members: Sequence[Member], given: _Given, batch: int) -> int:
    """How many members of a stack fit the memory."""
    budget, pool = given.budget, given.pool
    if budget.memory is None:
        return len(members)
    shared = sum(a.nbytes for a in pool.inputs) + pool.targets.nbytes
    predicted = sum(len(arrays[0]) for arrays in (pool.splits or {}).values())
    outputs = int(pool.targets.shape[1]) if pool.targets.ndim > 1 else 1
    each = given.cost.member_bytes(batch, predicted, outputs)
    return int((budget.memory - 2 * shared) // each)
