"""Which rows of all splits were made from which, class by class, and whether chance did it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from reportgen.diagnostics.leakage.resampled.between import Between, between
from reportgen.diagnostics.leakage.resampled.columns import Columns, columns_of

Places = NDArray[np.int64]
FEWEST = 8  # rows of a class among which none can be told
LEAST = 3  # hits from which anything is said
RARE = 1e-6  # chance of so many hits
CONTRAST = 5.0  # times the rate of the class that has the fewest
COMPARED = 20
REPEATED = 0.3  # share of a class's rows that are repeats, of oversampling
REPEATED_EQUAL = 0.1  # the same where classes are of exactly one size
SPARED = 0.1  # of that share, in the class with the fewest


@dataclass(frozen=True)
class Made:
    """Rows of one class that were made.

    ``rows`` are their places; ``sources`` (m, 2) the places of the two rows each lies between, or
    of the row that it repeats, twice. ``asked`` of the class's ``size`` rows were looked at.
    """

    code: int
    rows: Places
    sources: NDArray[np.int64]
    asked: int
    size: int


def interpolated(
    table: NDArray[np.float64], y: Places, first: NDArray[np.bool_]
) -> tuple[list[Made], int]:
    """Rows between two of their class, in classes that were resampled; and how many were asked.

    ``first`` are the rows that matter most: they are looked at before the others.
    """
    columns: Columns | None = columns_of(table)
    if columns is None:
        return [], 0
    found: dict[int, Between] = {}
    for code in np.unique(y):
        members = np.flatnonzero(y == code)
        if len(members) >= FEWEST:
            order = np.argsort(~first[members], kind="stable")
            found[int(code)] = between(columns, members, members[order])
    rates = [b.rate for b in found.values() if b.asked >= COMPARED]
    least = min(rates, default=0.0) if len(rates) > 1 else 0.0
    made = []
    for code, b in found.items():
        if len(b.rows) < LEAST or b.rate < CONTRAST * least:
            continue
        expected = float(np.median(b.chance)) * b.asked
        if stats.poisson.sf(len(b.rows) - 1, expected) > RARE:
            continue
        made.append(Made(code, b.rows, np.column_stack([b.first, b.second]), b.asked, b.size))
    return made, sum(b.asked for b in found.values())


def repeated(copies: Places | None, y: Places) -> list[Made]:
    """Rows that repeat others of their class, in classes that were oversampled.

    Parameters
    ----------
    copies : code of each row's content, see :func:`reportgen.statistics.clusters.copied_rows`.
    """
    if copies is None:
        return []
    parts: dict[int, tuple[Places, Places]] = {}
    shares: dict[int, float] = {}
    for code in np.unique(y):
        members = np.flatnonzero(y == code)
        _, first, inverse = np.unique(copies[members], return_index=True, return_inverse=True)
        source = members[first[inverse.reshape(-1)]]
        again = members[source != members]
        parts[int(code)] = again, source[source != members]
        shares[int(code)] = len(again) / len(members)
    if len(shares) < 2:
        return []
    least = min(shares.values())
    sizes = {code: int((y == code).sum()) for code in shares}
    found = []
    for code, share in shares.items():
        equal = sizes[code] == max(sizes.values())
        enough = share >= (REPEATED_EQUAL if equal else REPEATED)
        if sizes[code] > max(n for other, n in sizes.items() if other != code):
            continue  # nobody multiplies the largest class beyond all others
        if enough and least <= SPARED * share and len(parts[code][0]) >= LEAST:
            rows, sources = parts[code]
            found.append(
                Made(code, rows, np.column_stack([sources, sources]), sizes[code], sizes[code])
            )
    return found


def across(
    made: Sequence[Made], of: Mapping[str, tuple[int, int]], judged: str
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], list[tuple[int, int, int]]]:
    """What of it crosses into the judged rows.

    Parameters
    ----------
    of : split -> the places from which and up to which its rows stand.

    Returns
    -------
    judged rows that were made, or that others were made from, bool (n of judged,); rows of all
    places that are tied to them in other splits, bool; and the ties (made, source, source).
    """
    start, stop = of[judged]
    end = max(b for _, b in of.values())
    reached, tied = np.zeros(end, dtype=bool), np.zeros(end, dtype=bool)
    ties = []
    for one in made:
        for row, (a, b) in zip(one.rows.tolist(), one.sources.tolist(), strict=True):
            inside = [start <= place < stop for place in (row, a, b)]
            if not any(inside):
                continue
            if not inside[0] and not any(inside[1:]):
                continue
            ties.append((row, a, b))
            for place, is_in in zip((row, a, b), inside, strict=True):
                (reached if is_in else tied)[place] = True
    return reached[start:stop], tied, ties
