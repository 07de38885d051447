"""Columns made from the target, present only afterwards, or parts of it; and honest ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
from reportgen.diagnostics.leakage.declared.columns import COMBINATION, MISSINGNESS, TARGET
from reportgen.evidence import Case

Drawn = Callable[[np.random.Generator], Case]
Make = Callable[[Data, np.random.Generator], Any]


def scaled(data: Data) -> np.ndarray:
    """The target from 0 to 1 (classes), or standardised."""
    if data.task == "regression":
        return (data.y - data.y.mean()) / data.y.std()
    return data.y / max(int(data.y.max()), 1)


def copy(data: Data, rng: np.random.Generator) -> Any:
    return scaled(data)


def spelled(data: Data, rng: np.random.Generator) -> Any:
    """The class as a word, as another system has it."""
    words = np.array(["low", "none", "high", "mid", *[f"w{k}" for k in range(20)]], dtype=object)
    return scaled(data) * 7 - 2 if data.task == "regression" else words[data.y]


def noisy(spread: float) -> Make:
    def make(data: Data, rng: np.random.Generator) -> Any:
        step = 1.0 if data.task == "regression" else 1 / max(int(data.y.max()), 1)
        return scaled(data) + spread * step * rng.standard_normal(len(data.y))

    return make


def transformed(data: Data, rng: np.random.Generator) -> Any:
    """A monotone function of the target, with a trace of noise."""
    return np.exp(3 * scaled(data) + 0.02 * rng.standard_normal(len(data.y)))


def planted(of: Draw, make: Make) -> Drawn:
    def draw(rng: np.random.Generator) -> Case:
        data = of(rng)
        return audited(data.with_column("note", make(data, rng)), rng)

    return draw


def afterwards(share: float, wrong: float, spelling: Any = None) -> Drawn:
    """A value that is filled in once the outcome is there: for a share of the positives."""

    def draw(rng: np.random.Generator) -> Case:
        data = customers(1200)(rng)
        there = (data.y == 1) & (rng.random(len(data.y)) < share)
        there |= rng.random(len(data.y)) < wrong
        values = rng.integers(1, 60, len(data.y))
        if isinstance(spelling, str):
            given: Any = [str(v) if t else spelling for v, t in zip(values, there, strict=True)]
        else:
            given = [int(v) if t else spelling for v, t in zip(values, there, strict=True)]
        return audited(data.with_column("closed_after", given), rng)

    return draw


def parts(form: str, rounded: int | None = None) -> Drawn:
    """Two columns that give a regression target together."""

    def draw(rng: np.random.Generator) -> Case:
        data = gaussian(600, 8, task="regression", strength=2)(rng)
        assert isinstance(data.X, np.ndarray)
        whole = np.exp(0.4 * data.y) + 1
        if form in ("sum", "three"):
            a = whole * rng.uniform(0.2, 0.8, len(whole))
            rest = whole - a
            b = rest * rng.uniform(0.2, 0.8, len(whole)) if form == "three" else rest
            more = [rest - b] if form == "three" else []
        elif form == "difference":
            b = rng.lognormal(0, 0.7, len(whole))
            a, more = whole + b, []
        elif form == "product":
            b = rng.lognormal(0, 0.7, len(whole))
            a, more = whole / b, []
        else:
            b = rng.lognormal(0, 0.7, len(whole))
            a, more = whole * b, []
        y = whole if rounded is None else np.round(whole, rounded)
        X = np.column_stack([data.X, a, b, *more])
        return audited(Data(X, y, "regression"), rng)

    return draw


def threshold(form: str) -> Drawn:
    """Two columns whose sum or ratio, cut somewhere, is the class."""

    def draw(rng: np.random.Generator) -> Case:
        n = 600
        X = np.exp(0.5 * rng.standard_normal((n, 7)))
        z = X[:, 1] + X[:, 4] if form == "sum" else X[:, 1] / X[:, 4]
        y = (z > np.quantile(z, 0.6)).astype(np.int64)
        X[:, 0] += 0.4 * y * rng.standard_normal(n) ** 2
        return audited(Data(X, y, "binary"), rng)

    return draw


def post_outcome(of: Draw) -> Drawn:
    """A call's duration: known only when the call, and its outcome, is over."""

    def draw(rng: np.random.Generator) -> Case:
        data = of(rng)
        duration = np.exp(4.6 + 1.3 * data.y + 0.8 * rng.standard_normal(len(data.y)))
        return audited(data.with_column("duration", duration.round(0)), rng)

    return draw


def households(n: int = 2000) -> Draw:
    """Customers whose columns go with each other, as those of people do."""

    def draw(rng: np.random.Generator) -> Data:
        wealth, stage = rng.standard_normal((2, n))
        age = 45 + 12 * stage
        income = np.exp(3 + 0.5 * wealth + 0.2 * stage + 0.2 * rng.standard_normal(n))
        balance = 800 * wealth + 500 * rng.standard_normal(n)
        tenure = np.clip(20 + 12 * stage + 8 * rng.standard_normal(n), 0, None)
        rooms = np.clip(3 + wealth + 0.5 * stage + rng.standard_normal(n), 1, None)
        calls = rng.poisson(2, n)
        signal = 0.7 * wealth - 0.6 * stage - 0.2 * calls + rng.logistic(size=n)
        y = (signal > np.quantile(signal, 0.75)).astype(np.int64)
        X = {"age": age.round(), "income": income.round(1), "balance": balance.round(),
             "tenure": tenure.round(), "rooms": rooms.round(), "calls": calls}  # fmt: skip
        return Data(pl.DataFrame(X), y, "binary")

    return draw


def clean(of: Draw) -> Drawn:
    def draw(rng: np.random.Generator) -> Case:
        return audited(of(rng), rng)

    return draw


def honest_gaps(rng: np.random.Generator) -> Data:
    """Gaps that go with the target, weakly: those who churn answer less often."""
    data = customers(1000)(rng)
    gone = rng.random(len(data.y)) < np.where(data.y == 1, 0.4, 0.22)
    answers = rng.normal(3, 1, len(data.y))
    given = [None if g else float(v) for g, v in zip(gone, answers, strict=True)]
    return data.with_column("satisfaction", given)


def twins(rng: np.random.Generator) -> Data:
    """Strong columns that say the same: radius, perimeter, area."""
    data = gaussian(300, 6, strength=2)(rng)
    assert isinstance(data.X, np.ndarray)
    size = data.X[:, :5].sum(axis=1) + 0.5 * rng.standard_normal(len(data.y))
    more = [size + 0.1 * rng.standard_normal(len(size)) for _ in range(3)]
    return Data(np.column_stack([data.X, *more]), data.y, data.task)


def many_levels(rng: np.random.Generator) -> Data:
    """Levels that few rows share, and that say nothing."""
    data = customers(700)(rng)
    assert isinstance(data.X, pl.DataFrame)
    town = [f"t{k:04d}" for k in rng.integers(0, 400, len(data.y))]
    street = [f"s{k:05d}" for k in rng.integers(0, 30_000, len(data.y))]
    return data.with_column("town", town).with_column("street", street)


def calendar(rng: np.random.Generator) -> Data:
    """Counts by hour: the hour alone tells much, and is known beforehand."""
    n = 1500
    hour, day = np.arange(n) % 24, np.arange(n) // 24 % 7
    warm = 15 + 8 * np.sin(2 * np.pi * np.arange(n) / n) + 3 * rng.standard_normal(n)
    rate = np.exp(
        3 + 0.9 * np.sin(2 * np.pi * (hour - 9) / 24) + 0.05 * (warm - 15) + 0.1 * (day < 5)
    )
    return Data(np.column_stack([hour, day, warm]).astype(float), rng.poisson(rate).astype(float),
                "regression")  # fmt: skip


def caused(strength: float) -> Draw:
    """One cause far stronger than the others, which add to it."""

    def draw(rng: np.random.Generator) -> Data:
        X = rng.standard_normal((800, 8))
        z = strength * X[:, 0] + X[:, 1:5].sum(axis=1) / 2 + 0.7 * rng.logistic(size=800)
        return Data(X, (z > 0).astype(np.int64), "binary")

    return draw


def cloud(shift: tuple[float, ...], n: int = 500) -> Draw:
    """Two classes that lie apart, along one column much further than along the others."""

    def draw(rng: np.random.Generator) -> Data:
        y = rng.integers(0, 2, n)
        return Data(rng.standard_normal((n, len(shift))) + y[:, None] * shift, y, "binary")

    return draw


def weighted(coefficients: tuple[float, ...], noise: float, n: int = 500) -> Draw:
    """A target that is a weighted sum of causes, which know nothing of each other."""

    def draw(rng: np.random.Generator) -> Data:
        X = rng.standard_normal((n, 6))
        y = X[:, : len(coefficients)] @ np.array(coefficients) + noise * rng.standard_normal(n)
        return Data(X, y, "regression")

    return draw


PLANTED = (
    FaultCase("a copy of the class among breast cancer's columns", TARGET,
              planted(SETS["breast cancer"], copy)),
    FaultCase("the target with 10 % noise among the columns of diabetes", TARGET,
              planted(SETS["diabetes"], noisy(0.1)), "fail"),
    FaultCase("a call's duration: known too late, not made of the target", TARGET,
              post_outcome(households())),
    FaultCase("closed_after is filled in for those who left", MISSINGNESS,
              afterwards(0.95, 0.005), "fail"),
    FaultCase("two columns that sum to the target", COMBINATION, parts("sum"), "fail"),
)  # fmt: skip
_KINDS: tuple[tuple[str, Make], ...] = (
    ("a copy", copy), ("the label spelled otherwise", spelled), ("5 % noise", noisy(0.05)),
    ("10 % noise", noisy(0.1)), ("20 % noise", noisy(0.2)), ("a monotone function", transformed),
)  # fmt: skip
MORE = (
    *(
        FaultCase(f"{name}: {kind}", TARGET, planted(of, make))
        for name, of in SETS.items()
        for kind, make in _KINDS
        if not (name in ("iris", "wine") and kind == "20 % noise")
    ),
    # Among a few columns that know nothing of each other it takes rows to tell whether these are
    # causes or effects of the target: benchmarks.oracles.
    FaultCase("a call's duration among unrelated columns, 2,000 rows", TARGET,
              post_outcome(customers(2000, 0.2)), power=0.72),
    FaultCase("a call's duration among unrelated columns, 10,000 rows", TARGET,
              post_outcome(customers(10_000, 0.2))),
    FaultCase("filled in for 80 % of those who left, and 2 % of others", MISSINGNESS,
              afterwards(0.8, 0.02)),
    FaultCase("written -1 until the outcome", MISSINGNESS, afterwards(0.95, 0.01, -1)),
    FaultCase("written unknown until the outcome", MISSINGNESS,
              afterwards(0.95, 0.01, "unknown")),
    FaultCase("a blank until the outcome", MISSINGNESS, afterwards(0.95, 0.01, " ")),
    FaultCase("filled in for a fifth of those who left, for nobody else", MISSINGNESS,
              afterwards(0.2, 0.0)),
    *(FaultCase(f"the target is a {form}", COMBINATION, parts(form), "fail")
      for form in ("difference", "product", "ratio")),
    FaultCase("the target is a sum, rounded", COMBINATION, parts("sum", 1), "fail"),
    FaultCase("the target is a ratio, rounded", COMBINATION, parts("ratio", 2), "fail"),
    FaultCase("three columns sum to the target", COMBINATION, parts("three"), "fail"),
    FaultCase("3a + b + c, exactly", COMBINATION, clean(weighted((3.0, 1.0, 1.0), 0.0)), "fail"),
    *(FaultCase(f"a {form} over a threshold is the class", COMBINATION, threshold(form), "fail")
      for form in ("sum", "ratio")),
)  # fmt: skip
CLEAN = (
    CleanCase("iris", clean(bundled("iris"))),
    CleanCase("500 columns without a signal", clean(gaussian(300, 500, strength=0.0))),
    CleanCase("customers, mixed types and gaps at random", clean(customers())),
    CleanCase("one column far ahead of others, all effects", clean(cloud((2.5, 1.0, 0.8, 0.6)))),
)
MORE_CLEAN = (
    *(CleanCase(f"{name}, honest", clean(of)) for name, of in SETS.items() if name != "iris"),
    *(
        CleanCase(f"{round(100 * share, 1):g} % positives", clean(gaussian(1200, 15, share)))
        for share in (0.02, 0.05, 0.3)
    ),
    *(
        CleanCase(f"{n} rows of {width} columns", clean(gaussian(n, width)))
        for n, width in ((50, 10), (80, 60), (200, 200))
    ),
    CleanCase("500 columns, five with a signal", clean(gaussian(1000, 500, strength=2.0))),
    CleanCase("gaps that go with the target, weakly", clean(honest_gaps)),
    CleanCase("three columns that say the same", clean(twins)),
    CleanCase("columns of many levels", clean(many_levels)),
    CleanCase("counts by the hour", clean(calendar)),
    CleanCase("one cause twice as strong as four others", clean(caused(1.0))),
    CleanCase("one cause four times as strong as others", clean(caused(2.0))),
    CleanCase("3a + b + c with a trace of noise", clean(weighted((3.0, 1.0, 1.0), 0.2))),
    CleanCase("two classes that lie far apart", clean(cloud((2.5, 2.5, 2.0, 1.5), 150))),
    CleanCase("3a + 2b + c with noise", clean(weighted((3.0, 2.0, 1.0), 2.0))),
    CleanCase("one of six columns tells something", clean(weighted((1.0,), 1.0))),
    CleanCase(
        "one column ahead of others that tell little",
        clean(cloud((2.0, 0.3, 0.3, 0.3, 0.3, 0.3), 1500)),
    ),
    CleanCase("people, whose columns go with each other", clean(households())),
    CleanCase("a regression of ten columns", clean(gaussian(300, 10, task="regression"))),
)
