"""Ids, order, time and groups: rows that know each other; and rows that do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from benchmarks.faults.cases import CleanCase, FaultCase
from benchmarks.faults.leakage.honest import (
    SETS,
    Data,
    Draw,
    audited,
    bundled,
    customers,
    gaussian,
)
from reportgen.diagnostics.leakage.declared.columns import TARGET
from reportgen.diagnostics.leakage.declared.rows import GROUP, ID, ORDER, TIME
from reportgen.evidence import Case

Drawn = Callable[[np.random.Generator], Case]


def subjects(n_subjects: int = 40, each: int = 8, own: float = 1.5, task: str = "binary") -> Draw:
    """Recordings of subjects: a label a subject, features that are alike within a subject."""

    def draw(rng: np.random.Generator) -> Data:
        who = np.repeat(np.arange(n_subjects), each)
        label = (np.arange(n_subjects) % 5 < 2).astype(np.int64)[rng.permutation(n_subjects)]
        X = own * rng.standard_normal((n_subjects, 10))[who]
        X += 0.6 * rng.standard_normal((len(who), 10))
        X[:, :2] += 0.9 * label[who, None]
        y = label[who]
        at = rng.permutation(len(who))
        data = Data(X[at], y[at], "binary", groups=who[at])
        if task == "regression":
            value = rng.standard_normal(n_subjects) + 0.5 * label
            given = value[who] + 0.2 * rng.standard_normal(len(who))
            return replace(data, y=given[at], task="regression")
        return data

    return draw


def boosted(data: Data, rng: np.random.Generator, **more: object) -> Case:
    return audited(data, rng, boosted=True, **more)  # type: ignore[arg-type]


def shared_groups(of: Draw, share: float) -> Drawn:
    """Groups of which a share is cut by row, the rest by group."""

    def draw(rng: np.random.Generator) -> Case:
        data = of(rng)
        assert data.groups is not None
        groups = np.unique(data.groups)
        rng.shuffle(groups)
        cut = groups[: round(share * len(groups))]
        whole = groups[len(cut) :]
        test = np.isin(data.groups, whole[: round(0.3 * len(whole))])
        test |= np.isin(data.groups, cut) & (rng.random(len(data.y)) < 0.3)
        return boosted(data, rng, test=test)

    return draw


def in_a_name(pattern: str, role: str = "ids") -> Drawn:
    """Nobody says what the groups are; a name of each row does."""

    def draw(rng: np.random.Generator) -> Case:
        data = subjects(40, 10)(rng)
        assert data.groups is not None
        count: dict[int, int] = {}
        names = []
        for who in data.groups.tolist():
            count[who] = count.get(who, 0) + 1
            names.append(pattern.format(who=who, k=count[who]))
        plain = replace(data, groups=None)
        if role == "ids":
            return boosted(replace(plain, ids=np.array(names, dtype=object)), rng)
        return boosted(plain.with_column("name", names), rng)

    return draw


def in_time(future: float, share_known: float = 0.0) -> Drawn:
    """Rows in time whose target wanders; ``future`` of the judged rows lie among train's."""

    def draw(rng: np.random.Generator) -> Case:
        data = wandering(rng)
        n = len(data.y)
        test = np.arange(n) >= 0.7 * n
        among = rng.random(n) < 0.3
        swap = rng.random(n) < future
        return boosted(data, rng, test=np.where(swap, among, test))

    return draw


def wandering(rng: np.random.Generator, n: int = 900) -> Data:
    """A target that wanders with time, and features that carry the time with them."""
    at = np.arange(n)
    level = np.cumsum(rng.standard_normal(n)) * 0.15
    X = np.column_stack(
        [np.sin(at / 60) + 0.05 * rng.standard_normal(n), np.cos(at / 60), at / n,
         rng.standard_normal((n, 3))]
    )  # fmt: skip
    y = level + X[:, 3] + 0.3 * rng.standard_normal(n)
    times = np.datetime64("2024-01-01") + at.astype("timedelta64[D]")
    return Data(X, y, "regression", times=times)


def undeclared_date(rng: np.random.Generator) -> Case:
    """The same, cut at random, and the date is but a column that is not used."""
    data = wandering(rng)
    assert data.times is not None
    case = boosted(replace(data, times=None), rng)
    splits = {
        name: replace(
            split, unused=pl.DataFrame({"day": [str(data.times[r])[:10] for r in split.rows]})
        )
        for name, split in case.dataset.splits.items()
    }
    return replace(case, dataset=replace(case.dataset, splits=splits))


def ordered(of: Draw, noise: float = 0.0) -> Draw:
    """The file sorted by its target, with a share of the rows anywhere."""

    def draw(rng: np.random.Generator) -> Data:
        data = of(rng)
        key = data.y.astype(np.float64) + 1e-6 * rng.random(len(data.y))
        moved = rng.random(len(key)) < noise
        key[moved] = rng.permutation(key[moved])
        return data.take(np.argsort(key, kind="stable"))

    return draw


def counted(of: Draw, first: int = 1) -> Drawn:
    """A sorted file in which a column counts the rows."""

    def draw(rng: np.random.Generator) -> Case:
        data = of(rng)
        return audited(data.with_column("row", first + np.arange(len(data.y))), rng)

    return draw


def tail_of(of: Draw) -> Drawn:
    """The last rows of a sorted file are judged."""

    def draw(rng: np.random.Generator) -> Case:
        data = of(rng)
        # the file's order starts in the middle of a class, so that train has all of them
        n = len(data.y)
        data = data.take(np.roll(np.arange(n), n // 6))
        return audited(data, rng, test=np.arange(n) >= 0.75 * n)

    return draw


def numbered(of: Draw, apart: float, pattern: str = "") -> Drawn:
    """Keys that were given class by class; the file is shuffled since."""

    def draw(rng: np.random.Generator) -> Case:
        data = of(rng)
        y = data.y.astype(np.float64)
        rank = np.argsort(
            np.argsort(apart * (y - y.mean()) / y.std() + rng.standard_normal(len(y)))
        )
        key = 20_000 + 3 * rank
        if not pattern:
            return audited(data.with_column("key", key), rng)
        return audited(data.with_column("key", [pattern.format(k=k) for k in key]), rng)

    return draw


def prefixed(rng: np.random.Generator) -> Case:
    """The clinic that sent them begins each patient's key."""
    data = customers(900)(rng)
    own = rng.random(900) < np.where(data.y == 1, 0.85, 0.15)
    keys = [
        f"{'ONC' if o else 'GEN'}-{k:05d}" for o, k in zip(own, rng.permutation(900), strict=True)
    ]
    return audited(data.with_column("patient", keys), rng)


def clean(of: Draw, **more: object) -> Drawn:
    def draw(rng: np.random.Generator) -> Case:
        return audited(of(rng), rng, **more)  # type: ignore[arg-type]

    return draw


def with_keys(rng: np.random.Generator) -> Data:
    """Honest keys of three kinds: running, hashed, and a name with a number."""
    data = customers(800)(rng)
    n = len(data.y)
    hashed = [f"{v:016x}" for v in rng.integers(0, 2**62, n)]
    names = [f"{rng.choice(['A', 'B', 'C'])}{k:04d}-{v}" for k, v in
             enumerate(rng.integers(0, 9, n))]  # fmt: skip
    data = data.with_column("number", np.arange(n)).with_column("hash", hashed)
    return data.with_column("name", names)


def households(rng: np.random.Generator) -> Data:
    """Tickets that families share: alike, not the same outcome, as on the Titanic."""
    data = customers(900)(rng)
    n = len(data.y)
    home = rng.integers(0, 380, n)
    kind = 0.9 * rng.standard_normal(380)[home] + rng.logistic(size=n)
    y = (kind > 0.4).astype(np.int64)
    return replace(data, y=y).with_column("ticket", [f"T{h:04d}" for h in home])


def apart(of: Draw) -> Drawn:
    def draw(rng: np.random.Generator) -> Case:
        data = of(rng)
        assert data.groups is not None
        groups = rng.permutation(np.unique(data.groups))
        return boosted(data, rng, test=np.isin(data.groups, groups[: len(groups) // 3]))

    return draw


PLANTED = (
    FaultCase("recordings of each subject on both sides, as declared", GROUP,
              shared_groups(subjects(), 1.0), "fail"),
    FaultCase("a subject hidden in the id", GROUP, in_a_name("phon_R01_S{who:02d}_{k}")),
    FaultCase("days cut at random where the time is declared", TIME, in_time(1.0), "fail"),
    FaultCase("a sorted file and a column that counts its rows", ORDER,
              counted(ordered(SETS["breast cancer"])), "fail"),
    FaultCase("keys that were given class by class", ID, numbered(gaussian(500, 8), 3.0), "fail"),
)  # fmt: skip
MORE = (
    *(FaultCase(f"{round(100 * s)} % of the groups on both sides", GROUP,
                shared_groups(subjects(60), s), "fail" if s > 0.1 else "warn")
      for s in (0.1, 0.3, 0.6)),
    FaultCase("subjects on both sides, a number to predict", GROUP,
              shared_groups(subjects(40, 8, task="regression"), 1.0), "fail"),
    FaultCase("a subject hidden in a text feature", GROUP, in_a_name("subj{who}rec{k}", "name"),
              also=(TARGET, ID)),
    FaultCase("a subject before a dot", GROUP, in_a_name("patient{who:03d}.slice{k}.png")),
    *(FaultCase(f"{round(100 * f)} % of the days cut at random", TIME, in_time(f), "fail")
      for f in (0.1, 0.3)),
    FaultCase("an unused column is a date, and the target wanders", TIME, undeclared_date),
    *(FaultCase(f"{name} sorted, and a column that counts the rows", ORDER, counted(ordered(of)),
                "warn" if name in ("iris", "wine") else "fail")
      for name, of in SETS.items() if name != "breast cancer"),
    FaultCase("half of the rows sorted, and a column that counts them", ORDER,
              counted(ordered(gaussian(600, 10), 0.5))),
    *(FaultCase(f"the end of {name}, sorted, is judged", ORDER, tail_of(ordered(of)), "fail")
      for name, of in SETS.items() if name in ("iris", "wine", "digits")),
    FaultCase("keys that go with the class, weakly", ID, numbered(gaussian(800, 8), 0.7)),
    FaultCase("texts with a number that was given class by class", ID,
              numbered(customers(), 3.0, "CU-{k}-x")),
    FaultCase("a prefix that says who sent the patient", ID, prefixed),
)  # fmt: skip
CLEAN = (
    CleanCase("groups that are apart", apart(subjects())),
    CleanCase("honest keys", clean(with_keys)),
    CleanCase("a sorted file, cut at random", clean(ordered(gaussian(400, 8)))),
)
MORE_CLEAN = (
    CleanCase("households that are alike", clean(households)),
    CleanCase("iris, sorted, cut at random", clean(ordered(bundled("iris")))),
    CleanCase("subjects that nobody names, apart", apart(subjects(60, 4))),
    CleanCase("digits in the order of their file", clean(bundled("digits", 600))),
)
