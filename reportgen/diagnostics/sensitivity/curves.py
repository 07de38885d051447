"""How the answer of rows near the decision follows one column over its range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.diagnostics.sensitivity.asking import Replies
from reportgen.diagnostics.sensitivity.columns import Ask, Columns
from reportgen.diagnostics.sensitivity.roles import Role

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
COLUMNS = 2
#: Values of a column, and rows at each, at most; at least, where the budget is small.
POINTS, ROWS = 33, 30
FEWER_POINTS, FEWER_ROWS = 17, 10
BINS, GUESSED = 10, 500  # and rows that a guess is made on
MOST = 10_000  # values that a column's range is read off


@dataclass(frozen=True)
class Curve:
    """The mean score of some rows as one column is set to each of some values.

    Attributes
    ----------
    x : the values, (k,); ``mean``, ``low`` and ``high`` the mean and the middle 80 % of scores.
    turns : values at which the label that most rows get changes; empty in regression.
    """

    name: str
    x: Floats
    mean: Floats
    low: Floats
    high: Floats
    turns: tuple[float, ...]
    n: int


def grid_of(budget: int) -> tuple[int, int]:
    """Values and rows of each curve, for so many rows in all."""
    points = POINTS if budget >= COLUMNS * POINTS * ROWS else FEWER_POINTS
    return points, int(np.clip(budget // (COLUMNS * points), FEWER_ROWS, ROWS))


def near(given: Replies, rows: Ints, limit: float, most: int = ROWS) -> Ints:
    """The rows whose answers are nearest to changing; every so many rows in regression."""
    some = given.at(rows)
    if some.scores is None:
        step = max(1, len(rows) // most)
        return rows[::step][:most]
    scores = some.scores
    if scores.ndim == 1:
        margin = np.abs(scores - limit)
    else:
        top = np.partition(scores, -2, axis=1)[:, -2:]
        margin = top[:, 1] - top[:, 0]
    return np.sort(rows[np.argsort(margin, kind="stable")[:most]])


def values_of(table: Columns, role: Role, points: int = POINTS) -> Floats:
    """Values to set a column to: its levels, or evenly over the middle 98 % of the rows'."""
    assert role.resolution is not None
    found = role.resolution
    some = np.arange(0, table.n, max(1, table.n // MOST), dtype=np.int64)
    seen = table.numbers(role.columns[0], some)
    seen = seen[np.isfinite(seen)]
    distinct = np.unique(seen)
    if len(distinct) <= points:
        return distinct
    low, high = np.quantile(seen, [0.01, 0.99])
    x = np.linspace(low, high, points)
    if found.unit:
        x = found.low + np.round((x - found.low) / found.unit) * found.unit
    if found.decimals is not None:
        x = np.round(x, found.decimals)
    return np.unique(x)


def likely(table: Columns, roles: Sequence[Role], given: Replies, rows: Ints) -> list[Role]:
    """Columns along which the answers as they are vary most: a guess that costs no question.

    By the variance of the answers' means in ten bins of the column (a correlation ratio).
    """
    some = rows[:: max(1, len(rows) // GUESSED)]
    at = given.at(some)
    answers = at.values if at.values is not None else at.scores
    if answers is None or len(some) < 2 * BINS:
        return list(roles)
    first = answers.reshape(len(some), -1)
    worth = []
    for role in roles:
        values = np.nan_to_num(table.numbers(role.columns[0], some))
        order = first[np.argsort(values, kind="stable")]
        cut = len(order) // BINS * BINS
        means = order[:cut].reshape(BINS, -1, order.shape[1]).mean(axis=1)
        worth.append(float(means.var(axis=0).sum()))
    return [roles[k] for k in np.argsort(-np.array(worth), kind="stable")]


def asks_of(roles: Sequence[Role], values: Sequence[Floats], rows: Ints) -> dict[str, Ask]:
    """One question a column: every row at every one of its values, value by value."""
    asks = {}
    for k, (role, x) in enumerate(zip(roles, values, strict=True)):
        asks[f"curve:{k}"] = Ask(np.tile(rows, len(x)), {role.columns[0]: np.repeat(x, len(rows))})
    return asks


def curve_of(
    role: Role, x: Floats, rows: Ints, given: Replies, before: Replies, answers: Answers
) -> Curve:
    """From the replies to :func:`asks_of`; ``before`` are those to all rows as they are."""
    k, m = len(x), len(rows)
    turns: tuple[float, ...] = ()
    if given.values is not None:
        grid = given.values[:, 0].reshape(k, m)
    elif given.scores is None:
        assert given.labels is not None
        assert before.labels is not None
        same = given.labels.reshape(k, m, -1) == before.labels[rows].reshape(1, m, -1)
        grid = same.mean(axis=2)
    elif given.scores.ndim == 1:
        grid = given.scores.reshape(k, m)
        grid = grid if answers.positive != 0 else 1 - grid
    else:
        assert before.labels is not None
        own = np.tile(before.labels[rows].reshape(m, -1)[:, 0], k) if before.labels.ndim == 1 else 0
        own = np.clip(own, 0, given.scores.shape[1] - 1)
        grid = given.scores[np.arange(k * m), own].reshape(k, m)
    if given.labels is not None and given.labels.ndim == 1:
        turns = turns_of(x, given.labels.reshape(k, m))
    low, high = np.quantile(grid, [0.1, 0.9], axis=1)
    return Curve(role.name, x, grid.mean(axis=1), low, high, turns, m)


def turns_of(x: Floats, labels: Ints) -> tuple[float, ...]:
    """Where one label becomes as frequent as the one that most rows had, by interpolation.

    Parameters
    ----------
    labels : shape (len(x), rows).
    """
    kinds = np.unique(labels)
    shares = np.stack([(labels == kind).mean(axis=1) for kind in kinds], axis=1)
    first = shares.argmax(axis=1)
    found = []
    for i in np.flatnonzero(first[1:] != first[:-1]):
        a, b = first[i], first[i + 1]
        before, after = shares[i, a] - shares[i, b], shares[i + 1, a] - shares[i + 1, b]
        part = before / (before - after) if before > after else 0.5
        found.append(float(x[i] + part * (x[i + 1] - x[i])))
    return tuple(found)
