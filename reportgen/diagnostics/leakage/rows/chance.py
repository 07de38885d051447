"""How many rows would equal another by honest chance?

Few-valued rows repeat without being copied. Where they do, they also leave near misses: rows that
agree on some columns R and not on the others, J. How often rows that agree on all of R agree on J
too is told by rows that agree on nearly all of R, which copies are not. What goes beyond that is
copied. Shuffled columns would understate honest repeats, because columns depend on each other;
repeats within train would overstate them, because what is full of copies is so everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from reportgen.diagnostics.leakage.rows.cells import Cells
from reportgen.diagnostics.leakage.rows.coded import Coded, coded
from reportgen.diagnostics.leakage.rows.twins import Twins, repeated

ALPHA = 1e-6  # false alarms of one question
MOST_ROWS = 300  # judged rows of each sort whose neighbourhood is looked at
MOST_CELLS = 160_000_000  # cells compared
NEAREST, NEXT = 10, 40  # rows near on R that tell how often J agrees
SELDOM = (0.001, 1e-06)  # how often two rows agree on J
LIMITS = (1.0, 0.3, 0.1, 0.03, 0.003, 0.0003)  # rows that chance explains least tell most
FAINT, LEAST_FAINT = 0.01, 0.02  # below this limit, so many are expected at least: surer is no sum
MODEL = 1.25  # times the expected number that the estimate may be wrong by

KINDS, OF_A_KIND = 4, 40  # parts of the rows by how common their values are; rows of a part
SURER = 30.0  # times as seldom as no pair of all agrees
LEAST = 0.05  # weight of a column in which nearly all rows agree

Floats = NDArray[np.float64]
Way = Literal["number", "weight", "scale"]


@dataclass(frozen=True)
class Chance:
    """What chance explains of the rows that have a twin.

    Attributes
    ----------
    expected : rows with a twin that chance explains, of ``seen``.
    seen : different rows that have a twin.
    p : probability of so many by chance, corrected for the looks taken.
    explained : probability that chance alone gives this row a twin, shape (n,); NaN for rows
        without one, and for rows that were not looked at.
    columns : the columns of J, none where all follow from one column.
    detectable : fewest different copied rows that would have been told from chance.
    """

    expected: float
    seen: int
    p: float
    explained: Floats
    columns: tuple[str, ...]
    detectable: int

    @property
    def copies(self) -> bool:
        """Whether chance does not explain the twins."""
        return self.p < ALPHA


@dataclass(frozen=True)
class _Seen:
    """What rows near each looked-at row say, for J of the first ``size`` columns.

    ``misses`` agree on R and not on J; ``near`` are the rows nearest on R without being equal
    there, ``agree`` those of them that agree on J, shape (n, 2): the nearest, and the next.
    ``alike`` is how often rows would agree on J if its columns were independent of all others,
    ``common`` the logarithm of how often they would agree with this row, (n,).
    """

    misses: Floats
    near: Floats
    agree: Floats
    alike: float
    common: Floats


def chance(
    here: Cells,
    there: Cells,
    twinned: Twins,
    rng: np.random.Generator,
    total: int | None = None,
) -> Chance:
    """Whether rows of ``here`` have more equals ``there`` than chance explains.

    Rows that are equal among themselves count once. With many rows a sample is looked at.

    Parameters
    ----------
    twinned : the equals among all rows, also where ``there`` are some of them.
    total : how many ``there`` were drawn from; by default they are all.
    """
    of_all = there.n if total is None else total
    hashes = here.rows()
    distinct = np.unique(hashes, return_index=True)[1]
    with_twin = distinct[twinned.mask[distinct]]
    without = distinct[~twinned.mask[distinct]]
    explained = np.full(here.n, np.nan)
    seen = len(with_twin)
    if not seen:
        return Chance(0.0, 0, 1.0, explained, (), 0)
    looked = _some(with_twin, rng), _some(without, rng)
    weights = np.repeat([seen / len(looked[0]), len(without) / max(len(looked[1]), 1)],
                        [len(looked[0]), len(looked[1])])  # fmt: skip
    rows = np.concatenate(looked)
    room = max(1, MOST_CELLS // max(1, len(rows) * len(here.parts)))
    beside = np.arange(there.n)
    if there.n > room:  # rows that are twins stay: they are what is to be explained
        beside = np.sort(rng.choice(there.n, room, replace=False))
    scale = of_all / len(beside)
    columns = coded(here, there, rows, beside)
    sizes = _sizes([column.alike for column in columns])
    if not sizes:
        return _one_column(there, seen, len(distinct), explained, of_all / there.n)
    trials = twinned.count[rows]
    looks = _looks(columns, sizes)
    p_row = np.max([_by_chance(told, trials, scale, weights) for told in looks], axis=0)
    expected = float((weights * p_row).sum())
    p = _p(p_row, weights, len(looked[0]))
    explained[looked[0]] = p_row[: len(looked[0])]
    names = tuple(column.name for column in columns[: sizes[-1]])
    return Chance(expected, seen, p, explained, names, _detectable(expected))


def _one_column(there: Cells, seen: int, n: int, explained: Floats, scale: float) -> Chance:
    """Where all else follows from one column there are no near misses: repeats there must tell."""
    repeats = int(np.count_nonzero(repeated(there.rows())))
    rate = min(1.0, scale * (repeats + 1.0) / (there.n + 1.0))
    expected = rate * n
    p = float(stats.poisson.sf(seen - 1, MODEL * expected))
    return Chance(expected, seen, p, explained, (), _detectable(expected))


def _some(rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    return rows if len(rows) <= MOST_ROWS else np.sort(rng.choice(rows, MOST_ROWS, replace=False))


def _sizes(alike: list[float]) -> list[int]:
    """How many columns J has: so many that rows seldom agree on them, and never more than half."""
    limits = [int(np.searchsorted(-np.cumprod(alike), -limit)) + 1 for limit in SELDOM]
    return sorted({min(size, len(alike) // 2) for size in limits} - {0})


def _looks(columns: list[Coded], sizes: list[int]) -> list[_Seen]:
    """A look for each J, by how many columns of R differ, and, with numbers, by how far.

    And by how telling those are, where a column of many values may follow from others in a part
    of the rows: the first bill is the monthly rate.
    """
    ways: list[Way] = ["number"]
    if columns[0].alike <= SELDOM[0]:
        ways.append("weight")
    if any(c.place_here is not None for c in columns):
        ways.append("scale")
    return [_near(columns, size, way) for size in sizes for way in ways]


def _near(columns: list[Coded], size: int, way: Way) -> _Seen:
    n, m = len(columns[0].here), len(columns[0].there)
    misses, near, agree = np.zeros(n), np.zeros((n, 2)), np.zeros((n, 2))
    common = np.sum([_log_share(column) for column in columns[:size]], axis=0)
    step = max(1, min(n, 2_000_000 // max(m, 1)))
    for start in range(0, n, step):
        at = slice(start, min(start + step, n))
        on_j = np.ones((at.stop - start, m), dtype=bool)
        for column in columns[:size]:
            on_j &= column.here[at, None] == column.there[None, :]
        apart = np.zeros((at.stop - start, m), dtype=np.float32)
        for column in columns[size:]:
            apart += _apart(column, at, way)
        equal = apart == 0
        misses[at] = (equal & ~on_j).sum(axis=1)
        apart[equal] = np.inf
        places = [min(NEAREST, m) - 1, min(NEXT, m) - 1]
        limits = np.partition(apart, places, axis=1)[:, places]
        known = np.isfinite(apart)
        first = known & (apart <= limits[:, :1])
        both = known & (apart <= limits[:, 1:])
        near[at, 0], agree[at, 0] = first.sum(axis=1), (first & on_j).sum(axis=1)
        near[at, 1], agree[at, 1] = both.sum(axis=1), (both & on_j).sum(axis=1)
    near[:, 1] -= near[:, 0]
    agree[:, 1] -= agree[:, 0]
    return _Seen(misses, near, agree, float(np.prod([c.alike for c in columns[:size]])), common)


def _log_share(column: Coded) -> Floats:
    """Logarithm of the share of rows ``there`` that have the value of each row ``here``."""
    shares = np.bincount(column.there, minlength=int(column.here.max(initial=0)) + 1)
    found: Floats = np.log((shares[column.here] + 1.0) / (len(column.there) + 1.0))
    return found


def _apart(column: Coded, at: slice, way: Way) -> NDArray[np.float32]:
    """1 where the values differ; by scale, less where they differ by less than the spread; by
    weight, the more, the less often rows agree.
    """
    differ = np.asarray(column.here[at, None] != column.there[None, :], dtype=np.float32)
    if way == "weight":
        return np.asarray(differ * np.float32(max(-np.log(column.alike), LEAST)))
    if way == "number" or column.place_here is None or column.place_there is None:
        return differ
    distance = np.abs(column.place_here[at, None] - column.place_there[None, :])
    known = np.where(np.isfinite(distance), np.minimum(distance, differ), differ)
    return np.asarray(known, dtype=np.float32)


def _by_chance(told: _Seen, count: NDArray[np.int64], scale: float, weights: Floats) -> Floats:
    """Each row's probability of a twin, given how many rows agree with it on R."""
    # Rows with common values agree with others more often than rows with rare ones.
    out = np.empty(len(count))
    for at in _alike_in_kind(told.common):
        out[at] = _of_kind(told, at, count[at], scale, weights[at])
    return out


def _alike_in_kind(common: Floats) -> list[NDArray[np.int64]]:
    """Rows in parts of about the same size, by how common their values are."""
    parts = min(KINDS, len(common) // OF_A_KIND)
    if parts < 2:
        return [np.arange(len(common))]
    edges = np.unique(np.quantile(common, np.arange(1, parts) / parts))
    kind = np.searchsorted(edges, common)
    found = [np.flatnonzero(kind == k) for k in range(len(edges) + 1)]
    return [at for at in found if len(at)]


def _of_kind(
    told: _Seen, at: NDArray[np.int64], count: NDArray[np.int64], scale: float, weights: Floats
) -> Floats:
    # Rows with a twin are looked at more often than others; a sum counts each row alike.
    share = weights / weights.max()
    agree, near = share @ told.agree[at], share @ told.near[at]
    # What is assumed where no pair agrees, worth one that does; no surer than the pairs allow.
    few = min(1.0 / told.alike, SURER * (near.sum() + 1.0))
    pooled = (agree + 1.0) / (near + few)
    growth = float(np.clip(pooled[0] / pooled[1], 1.0, 10.0))
    prior = pooled[0] if agree[0] > 0 else (agree.sum() + 1.0) / (near.sum() + few)
    # Two priors of mean `prior`: the weak one for rows whose own neighbours agree often, the
    # strong one for rows of whose neighbours none happens to agree. Two neighbourhoods: the larger
    # one for rows in a corner that is denser than others.
    own = np.zeros(len(count))
    for agreed, beside in (
        (told.agree[at, 0], told.near[at, 0]),
        (told.agree[at].sum(axis=1), told.near[at].sum(axis=1)),
    ):
        own = np.maximum(own, (agreed + 3.0 * prior) / (beside + 3.0))
        own = np.maximum(own, (agreed + 1.0) / (beside + 1.0 / prior))
    odds = growth * own / np.maximum(1.0 - own, 1e-12)
    q = np.minimum(odds / (1.0 + odds), 1 - 1e-12)
    return -np.expm1((told.misses[at] * scale + count) * np.log1p(-q))


def _p(p_row: Floats, weights: Floats, n_twinned: int) -> float:
    """Probability of so many twins, among all rows or among those that chance explains least."""
    p = 1.0
    for limit in LIMITS:
        faint = p_row <= limit
        expected = float((weights * p_row)[faint].sum()) / weights[0]
        if limit < FAINT:
            expected = max(expected, LEAST_FAINT)
        seen = int(np.count_nonzero(faint[:n_twinned]))
        p = min(p, len(LIMITS) * float(stats.poisson.sf(seen - 1, MODEL * expected)))
    return p


def _detectable(expected: float) -> int:
    """Fewest copies beyond what chance explains that are told in four draws of five."""
    for k in range(1, 10_000):
        seen = stats.poisson.ppf(0.2, expected) + k
        if len(LIMITS) * stats.poisson.sf(seen - 1, MODEL * expected) < ALPHA:
            return k
    return 10_000
