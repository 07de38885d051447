"""Rows that lie between two others of their class: what SMOTE and its kin make.

A made row is r = a + λ (b - a) to the last digit, for two near rows of its class (Chawla et al.
2002). Chance puts rows on such lines where values are rounded: there λ is a ratio of small whole
numbers, and a line tube as wide as the last digit is likely to be hit. Both are counted out, and so
are columns of which one follows from the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.leakage.resampled.columns import MANY, Columns, Floats

Places = NDArray[np.int64]
NEIGHBOURS = 60  # SMOTE's five are further off once made rows stand between them
IN_SMALL = 200
SMALL = 3000  # rows of a class up to which more neighbours are looked at
WORK = 6e8  # numbers of a class that are compared
SEARCH = 2e10  # multiplications that finding neighbours may take
CHANCE = 0.02  # expected hits of a row by chance above which a hit is none
RESOLVED = 0.06  # width of a line over the width of a neighbourhood, in a column that tells
BARELY = 0.15  # the same of columns that tell only where they are many
UNSURE = 0.003  # least chance of a hit that these have, for columns that go together
CROWDED = 0.15  # share of neighbours on one line above which columns follow from each other
RATIOS = 1000  # largest denominator that is looked for


@dataclass(frozen=True)
class Between:
    """Rows of one class that lie between two others.

    Attributes
    ----------
    rows, first, second : places among all rows: the row, and the two it lies between; (m,).
    share : λ of each, (m,).
    chance : how many hits chance gives each of these rows, (m,).
    asked : how many rows were looked at; ``size`` of the class.
    """

    rows: Places
    first: Places
    second: Places
    share: Floats
    chance: Floats
    asked: int
    size: int

    @property
    def rate(self) -> float:
        return len(self.rows) / self.asked if self.asked else 0.0


def between(columns: Columns, members: Places, wanted: Places) -> Between:
    """Which of ``wanted`` lie between two of ``members``, all of one class.

    Parameters
    ----------
    members : places of the class's rows.
    wanted : places of the rows asked about, in the order in which they matter; as many are looked
        at as the work allows.
    """
    size = len(members)
    k = min(size - 1, IN_SMALL if size <= SMALL else NEIGHBOURS)
    d = columns.values.shape[1]
    found: dict[int, _Line] = {}
    asked = wanted[: max(int(min(WORK / (k * d), SEARCH / (size * d))), 1)] if k > 1 else wanted[:0]
    # Made before the columns were scaled, or after: neighbours by either measure.
    for scaled in (columns.values, columns.values * columns.spread):
        left = np.array([r for r in asked if int(r) not in found], dtype=np.int64)
        if len(left):
            found |= _search(columns, scaled, members, left, k)
    rows = np.array(sorted(found), dtype=np.int64)
    lines = [found[int(r)] for r in rows]
    return Between(
        rows,
        np.array([line.first for line in lines], dtype=np.int64),
        np.array([line.second for line in lines], dtype=np.int64),
        np.array([line.share for line in lines], dtype=np.float64),
        np.array([line.chance for line in lines], dtype=np.float64),
        len(asked),
        size,
    )


@dataclass(frozen=True)
class _Line:
    first: int
    second: int
    share: float
    chance: float


def _search(
    columns: Columns, measured: Floats, members: Places, asked: Places, k: int
) -> dict[int, _Line]:
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=k + 1).fit(measured[members])
    found: dict[int, _Line] = {}
    d = columns.values.shape[1]
    block = max(1, int(2e7 / ((k + 1) * d)))
    aim: Any = np.random.default_rng(0).normal(size=d)  # any direction will do
    for start in range(0, len(asked), block):
        rows = asked[start : start + block]
        near = members[index.kneighbors(measured[rows], return_distance=False)]
        found |= _on_lines(columns, rows, near, aim)
    return found


def _on_lines(columns: Columns, rows: Places, near: Places, aim: Floats) -> dict[int, _Line]:
    """Of each row the pair of neighbours that it lies between, if there is one.

    Opposite ways have opposite shadows on any direction: sorted by size they stand side by side.
    """
    x = columns.values
    ways = x[near] - x[rows][:, None, :]  # (m, k, d)
    length = np.sqrt((ways**2).sum(axis=2))
    apart = length > 1e-12
    length = np.where(apart, length, np.inf)
    shadow = np.where(apart, (ways @ aim) / length, np.nan)
    order = np.argsort(np.abs(shadow), axis=1, kind="stable")
    sorted_ = np.take_along_axis(shadow, order, 1)
    lengths = np.take_along_axis(length, order, 1)
    blur = 4 * (np.linalg.norm(columns.unit) + 1e-14) * np.linalg.norm(aim)
    near_by = np.abs(sorted_[:, 1:] + sorted_[:, :-1]) <= blur * (
        1 / lengths[:, 1:] + 1 / lengths[:, :-1]
    )
    i, j = np.nonzero(near_by)
    p, q = order[i, j], order[i, j + 1]
    u, v = ways[i, p], ways[i, q]
    along = v - u
    with np.errstate(invalid="ignore", divide="ignore"):
        share = -(u * along).sum(axis=1) / (along**2).sum(axis=1)
    allowed = 2 * columns.unit + 1e-13
    fits = (share > 0) & (share < 1)
    fits &= (np.abs(u + share[:, None] * along) <= allowed).all(axis=1)
    found: dict[int, _Line] = {}
    for at in np.flatnonzero(fits):
        row = int(rows[i[at]])
        if row in found:
            continue
        pair = (int(p[at]), int(q[at]))
        chance = _checked(columns, ways[i[at]], pair, float(share[at]), allowed)
        if chance is not None:
            first, second = (int(near[i[at], one]) for one in pair)
            found[row] = _Line(first, second, float(share[at]), chance)
    return found


def _checked(
    columns: Columns, ways: Floats, pair: tuple[int, int], share: float, allowed: Floats
) -> float | None:
    """How many such lines chance gives the row; None where it or a dependence may be why."""
    along = ways[pair[1]] - ways[pair[0]]
    moving = np.abs(along) > 4 * columns.unit
    tube = 2 * allowed / np.maximum(np.ptp(ways, axis=0), 1e-300)
    told = moving & columns.independent & (tube <= RESOLVED)
    least = 0.0
    if told.sum() < 2:  # not one tells, many may: by how far the neighbours lie from the line
        beside = ways - np.outer(ways @ along / float(along @ along), along)
        tube = 2 * allowed / np.maximum(np.ptp(beside, axis=0), 1e-300)
        told = moving & columns.independent & (tube <= BARELY)
        if told.sum() < MANY:
            return None
        least = UNSURE
    if told.sum() < 2:
        return None
    k = len(ways)
    chance = float(np.prod(np.sort(tube[told])[1:])) * k * (k - 1) / 2
    if chance > CHANCE:
        return None
    sure = float((allowed[moving] / np.abs(along[moving])).min())
    if _ratio(share, max(sure, 1e-15)):
        return None
    return None if _dependent(ways, pair, moving, allowed) else max(chance, least)


def _ratio(share: float, sure: float) -> bool:
    """Whether λ is a ratio of small whole numbers, known as it is to ``sure``."""
    largest = int(min(RATIOS, np.sqrt(0.005 / sure)))
    if largest < 2:
        return False
    q = np.arange(1, largest + 1)
    return bool((np.abs(share * q - np.round(share * q)) < 4 * sure * q).any())


def _dependent(
    ways: Floats, pair: tuple[int, int], moving: NDArray[np.bool_], allowed: Floats
) -> bool:
    """Whether many of the rows that agree in the columns that stand still lie on the same line.

    Of rows that were made, a line holds those between its two ends and no others.
    """
    others = np.ones(len(ways), dtype=bool)
    others[list(pair)] = False
    others &= np.abs(ways[:, moving]).max(axis=1) > 0
    others &= (np.abs(ways[:, ~moving]) <= allowed[~moving]).all(axis=1)
    if others.sum() < 3:
        return False
    along = np.where(moving, ways[pair[1]] - ways[pair[0]], 0.0)
    rest = ways[others]
    t = rest @ along / float(along @ along)
    off = np.abs(rest - t[:, None] * along)[:, moving]
    blur = np.maximum(1.0, np.abs(t))[:, None] * allowed[moving] + 1e-9 * np.abs(rest[:, moving])
    on_it = (off <= blur).all(axis=1)
    return bool(on_it.mean() > 0.5 or (on_it.mean() > CROWDED and on_it.sum() >= 10))
