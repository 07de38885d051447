"""What each leak is worth, by training with it and without it; else by judging other rows.

References: Kapoor and Narayanan 2023; Shapley 1953 for leaks that overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.diagnostics.leakage.arms import FEWEST, FEWEST_ROWS, Arm, Arms, Team, arms
from reportgen.diagnostics.leakage.found import Effect, Leak
from reportgen.diagnostics.leakage.prepare import Prepared
from reportgen.evidence import Case
from reportgen.retraining.member import Member
from reportgen.retraining.results import Trained
from reportgen.scores.constant import constant
from reportgen.scores.followed import Followed, followed
from reportgen.scores.headline import headline
from reportgen.scores.members import of_result
from reportgen.statistics.influence import Influence
from reportgen.statistics.intervals import Interval, student
from reportgen.statistics.member_means import over_members

Floats = NDArray[np.float64]


def retrainings(case: Case, prepared: Prepared) -> list[Member]:
    """Members with and without each leak that training can be rid of."""
    return arms(case, prepared.leaks, prepared.delivered.n).members


@dataclass(frozen=True)
class Worth:
    """What the leaks are worth on the headline metric.

    Attributes
    ----------
    effects : by the leak's place among all; those that were measured.
    together : of all that were measured, cured at once; None where there are none.
    without_leaks : the delivered model's score less ``together``.
    over_seeds : the same of the recipe's mean over seeds; None where no members tell it.
    to_seeds : from ``without_leaks`` to that, with its interval.
    overlap : what the single effects come to beyond ``together``; 0 for one leak.
    why_not : why a leak's worth is not measured, by its place.
    """

    head: Followed
    effects: dict[int, Effect]
    together: Interval | None
    without_leaks: Interval | None
    over_seeds: Interval | None
    to_seeds: Interval | None
    overlap: float
    why_not: dict[int, str]
    members: int = 0


@dataclass(frozen=True)
class _Paired:
    """A combination's cost by seed: values (K,) and what rows add to them (K, n)."""

    lost: Floats
    rows: Floats
    having: Floats
    cured: Floats


def worth(case: Case, prepared: Prepared, trained: Trained, on: str | None = None) -> Worth:
    """Every leak's effect, as far as it can be measured, on the headline metric or on another."""
    delivered, leaks = prepared.delivered, prepared.leaks
    among = followed(delivered)
    head = headline(case, delivered, among)
    if on is not None:
        head = next(m for m in among if m.name == on)
    plan = arms(case, leaks, delivered.n)
    paired, why = _paired(case, delivered, head, plan, trained)
    singles = sorted(next(iter(s)) for s in paired if len(s) == 1)
    own = head.of(delivered)
    if not singles:
        return _by_rows(case, prepared, head, own, {**plan.untrained, **why})
    chance = _chance(case, delivered, head)
    whole = paired.get(frozenset(singles))
    shares = _shares(paired, singles) if whole is not None else {}
    effects = {}
    for i in singles:
        alone = paired[frozenset({i})]
        lost, rows = shares.get(i, (alone.lost, alone.rows))
        effects[i] = Effect(
            lost=over_members(lost, rows.mean(axis=0), delivered.design),
            alone=over_members(alone.lost, alone.rows.mean(axis=0), delivered.design),
            with_leak=float(alone.having.mean()),
            without=float(alone.cured.mean()),
            chance=chance,
            members=len(alone.lost),
            metric=head.claim,
            label=head.label,
            unit=head.unit,
            better=head.better,
        )
    untold = {**plan.untrained, **why}
    if whole is None:
        return Worth(head, effects, None, None, None, None, 0.0, untold)
    without = _less(own, whole, head, delivered)
    mean = _mean_less(case, delivered, head, trained, _of_members(paired, singles, leaks))
    return Worth(
        head,
        effects,
        over_members(whole.lost, whole.rows.mean(axis=0), delivered.design),
        without,
        None if mean is None else _possible(mean[0], head),
        None if mean is None else _to_seeds(own, whole, head, delivered, *mean),
        float(sum(paired[frozenset({i})].lost.mean() for i in singles) - whole.lost.mean()),
        untold,
        len(whole.lost),
    )


def _paired(
    case: Case, delivered: Answers, head: Followed, plan: Arms, trained: Trained
) -> tuple[dict[frozenset[int], _Paired], dict[int, str]]:
    """Each combination's cost by seed, on the seeds that all of them finished."""
    scored: dict[tuple[Team, str | None], Influence | None] = {}

    def score(team: Team, arm: Arm, asked: str | None = None) -> Influence | None:
        if (team, asked) not in scored:
            scored[team, asked] = _score(case, delivered, head, trained, team, arm, asked)
        return scored[team, asked]

    def finished(arm: Arm) -> set[int]:
        pairs = enumerate(zip(arm.having, arm.cured, strict=True))
        return {
            k
            for k, (a, b) in pairs
            if score(a, arm) is not None and score(b, arm, arm.asked) is not None
        }

    done = {chosen: finished(arm) for chosen, arm in plan.by_cured.items()}
    why = {
        next(iter(chosen)): _reason(plan.by_cured[chosen], trained)
        for chosen, seeds in done.items()
        if len(chosen) == 1 and len(seeds) < FEWEST
    }
    usable = {c: s for c, s in done.items() if not any(i in why for i in c)}
    common = set.intersection(*usable.values()) if usable else set()
    if len(common) >= FEWEST:  # one set of seeds, so that combinations can be set off
        usable = dict.fromkeys(usable, common)
    else:
        usable = {c: s for c, s in usable.items() if len(c) == 1}
    found = {}
    for chosen, seeds in usable.items():
        arm = plan.by_cured[chosen]
        pairs = [
            (score(arm.having[k], arm), score(arm.cured[k], arm, arm.asked)) for k in sorted(seeds)
        ]
        both = [(a, b) for a, b in pairs if a is not None and b is not None]
        found[chosen] = _Paired(
            lost=np.array([head.better * (a.value - b.value) for a, b in both]),
            rows=np.array([head.better * (a.rows - b.rows) for a, b in both]),
            having=np.array([a.value for a, _ in both]),
            cured=np.array([b.value for _, b in both]),
        )
    return found, why


def _score(
    case: Case, delivered: Answers, head: Followed, trained: Trained, team: Team, arm: Arm,
    asked: str | None,
) -> Influence | None:  # fmt: skip
    """A team's score on the judged rows that its folds cover; rows of no fold add nothing to it."""
    results = [trained.members.get(member) for member in team]
    usable = [r for r in results if r is not None and r.usable]
    if len(usable) < len(team):
        return None
    one, part = usable[0], None
    if arm.folds:
        name = asked or delivered.split
        joined = np.array(one.predictions[name])
        for result, mask in zip(usable, arm.folds, strict=True):
            joined[mask] = result.predictions[name][mask]
        one = replace(one, predictions={name: joined})
        part = np.logical_or.reduce(arm.folds)[delivered.kept]
    given = of_result(case, delivered, one, asked)
    if given is None:
        return None
    if part is None or part.all():
        found = head.of(given)
    else:
        if int(part.sum()) < FEWEST_ROWS:
            return None
        inner = head.of(given.part(part))
        rows = np.zeros(len(part))
        rows[part] = inner.rows
        found = Influence(inner.value, rows)
    return found if np.isfinite(found.value) else None


def _reason(arm: Arm, trained: Trained) -> str:
    """Why too few members of an arm can be compared."""
    for member in (m for team in (*arm.cured, *arm.having) for m in team):
        result = trained.members.get(member)
        if result is None:
            return "its retrainings were cut to the budget"
        if not result.usable:
            return (result.error or result.why or result.status).splitlines()[0][:160]
    return "the metric is not defined for its members"


def _shares(
    paired: dict[frozenset[int], _Paired], singles: Sequence[int]
) -> dict[int, tuple[Floats, Floats]]:
    """Shapley's shares of what all leaks cost together, by seed and row; {} where none can be."""
    n = len(singles)
    needed = [frozenset(c) for k in range(1, n + 1) for c in combinations(singles, k)]
    if any(chosen not in paired for chosen in needed):
        return {}
    first = paired[frozenset(singles)]
    nothing = (np.zeros_like(first.lost), np.zeros_like(first.rows))

    def of(chosen: frozenset[int]) -> tuple[Floats, Floats]:
        return (paired[chosen].lost, paired[chosen].rows) if chosen else nothing

    shares = {}
    for i in singles:
        lost, rows = np.zeros_like(first.lost), np.zeros_like(first.rows)
        others = [j for j in singles if j != i]
        for size in range(n):
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            for chosen in combinations(others, size):
                more, less = of(frozenset({*chosen, i})), of(frozenset(chosen))
                lost += weight * (more[0] - less[0])
                rows += weight * (more[1] - less[1])
        shares[i] = (lost, rows)
    return shares


def _less(own: Influence, whole: _Paired, head: Followed, delivered: Answers) -> Interval:
    """The delivered model's score without the leaks, on one set of rows."""
    found = over_members(
        own.value - head.better * whole.lost,
        own.rows - head.better * whole.rows.mean(axis=0),
        delivered.design,
    )
    return _possible(found, head)


def _of_members(
    paired: dict[frozenset[int], _Paired], singles: Sequence[int], leaks: Sequence[Leak]
) -> _Paired | None:
    """What the leaks cost that the standard members have too; None where that was not measured.

    Clones of a pipeline fit its preprocessing anew: they are rid of what lies there.
    """
    theirs = [i for i in singles if not getattr(leaks[i].cure, "keeps", ())]
    if theirs:
        return paired.get(frozenset(theirs))
    whole = paired[frozenset(singles)]
    return replace(whole, lost=np.zeros_like(whole.lost), rows=np.zeros_like(whole.rows))


def _mean_less(
    case: Case, delivered: Answers, head: Followed, trained: Trained, whole: _Paired | None
) -> tuple[Interval, Floats] | None:
    """The recipe's mean over seeds without the leaks, and what each row adds to it."""
    if whole is None:
        return None
    from reportgen.retraining.standard import ensemble

    parts = []
    for result in trained.usable(ensemble(case)):
        given = of_result(case, delivered, result)
        if given is not None:
            parts.append(head.of(given))
    if len(parts) < FEWEST or not all(np.isfinite(p.value) for p in parts):
        return None
    values = np.array([p.value for p in parts])
    mean = Influence.mean_of(parts)
    rows = mean.rows - head.better * whole.rows.mean(axis=0)
    of_rows = over_members(values - head.better * whole.lost.mean(), rows, delivered.design)
    return _with_pairs(of_rows, whole, delivered), rows


def _to_seeds(
    own: Influence, whole: _Paired, head: Followed, delivered: Answers, mean: Interval, rows: Floats
) -> Interval:
    """From the delivered model without the leaks to the mean without them.

    What the leaks are worth is in both: where it is the same, its error is in neither.
    """
    start = own.value - head.better * whole.lost.mean()
    of_start = own.rows - head.better * whole.rows.mean(axis=0)
    of_rows = delivered.design.se(rows - of_start)
    of_members = np.sqrt(max(mean.se**2 - delivered.design.se(rows) ** 2, 0.0))
    return student(
        mean.value - start,
        float(np.hypot(of_rows, of_members)),
        delivered.design.df,
        method="t, rows and members",
    )


def _with_pairs(of_rows: Interval, whole: _Paired, delivered: Answers) -> Interval:
    """An interval that also knows how much the pairs of seeds differ in what leaks are worth."""
    more = float(np.std(whole.lost, ddof=1)) / np.sqrt(len(whole.lost))
    return student(
        of_rows.value,
        float(np.hypot(of_rows.se, more)),
        min(len(whole.lost) - 1, delivered.design.df or np.inf) if more > of_rows.se else None,
        method="t, rows and members",
    )


def _possible(found: Interval, head: Followed) -> Interval:
    """Value and limits that the metric can have: what a leak is worth is another model's."""
    least, most = -np.inf, np.inf
    if head.better < 0:
        least = 0.0
    elif head.name != "r2":
        least, most = (-1.0 if head.name == "mcc" else 0.0), 1.0
    value, low, high = (
        float(np.clip(v, least, most)) for v in (found.value, found.low, found.high)
    )
    return Interval(value, low, high, found.method, found.se)


def _chance(case: Case, delivered: Answers, head: Followed) -> float | None:
    value = head.of(constant(case, delivered)).value
    return float(value) if np.isfinite(value) else None


def _by_rows(
    case: Case, prepared: Prepared, head: Followed, own: Influence, untold: dict[int, str]
) -> Worth:
    """Where nothing was trained: the score on the judged rows that no leak reaches."""
    delivered, leaks = prepared.delivered, prepared.leaks
    reached = {
        i: leak.cure.reached[delivered.kept]
        for i, leak in enumerate(leaks)
        if leak.severity != "info" and leak.cure is not None and leak.cure.reached is not None
    }
    chance = _chance(case, delivered, head)
    effects = {}
    for i, mask in reached.items():
        found = _on_the_rest(delivered, head, own, mask)
        if found is None:
            untold[i] = f"{int((~mask).sum())} judged rows are free of it, too few for a score"
            continue
        lost, rest = found
        effects[i] = Effect(
            lost, lost, own.value, rest.value, chance, 0, head.claim, head.label, head.unit,
            head.better,
        )  # fmt: skip
        untold.pop(i, None)
    if not effects:
        return Worth(head, {}, None, None, None, None, 0.0, untold)
    union = np.logical_or.reduce([reached[i] for i in effects])
    both = _on_the_rest(delivered, head, own, union)
    if both is None:
        return Worth(head, effects, None, None, None, None, 0.0, untold)
    overlap = sum(e.alone.value for e in effects.values()) - both[0].value
    return Worth(head, effects, both[0], both[1], None, None, float(overlap), untold)


def _on_the_rest(
    delivered: Answers, head: Followed, own: Influence, reached: NDArray[np.bool_]
) -> tuple[Interval, Interval] | None:
    """What is lost on the rows that are not reached, and the score on them; None for too few."""
    rest = ~reached
    if int(rest.sum()) < FEWEST_ROWS or not reached.any():
        return None
    part = delivered.part(rest)
    found = head.of(part)
    if not np.isfinite(found.value):
        return None
    rows = head.better * own.rows.copy()
    rows[rest] -= head.better * found.rows
    design = delivered.design
    lost = student(
        head.better * (own.value - found.value), design.se(rows), design.df, method="t, other rows"
    )
    score = student(found.value, part.design.se(found.rows), part.design.df, method="t")
    return lost, _possible(score, head)
