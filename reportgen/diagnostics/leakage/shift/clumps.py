"""Rows that were recorded of one thing, where nobody says so: told by the gap around them.

Recordings of a subject lie far closer to each other than to any other row. Rows that were drawn one
by one have no such gap, however dense they are: their tenth neighbour is hardly further than their
ninth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

NEIGHBOURS = 20  # rows of one thing at most, where the gap is looked for
GAP = 5.0  # times as far as the last of one thing the next row is
MOST = 0.5  # share of rows that stand in such a clump
ASKED = 400  # rows that tell whether there are clumps at all
WIDEST = 200  # columns that are measured in


def clumps(table: Floats) -> Codes | None:
    """A code a row, equal in a clump; None where most rows stand in none.

    Parameters
    ----------
    table : float64 (n, d), NaN for what is missing.
    """
    from scipy.sparse.csgraph import connected_components
    from sklearn.neighbors import NearestNeighbors

    n, d = table.shape
    if n < 4 * NEIGHBOURS or d < 2:
        return None
    table = table[:, :: -(-d // WIDEST)]
    known = np.isfinite(table)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, table, 0.0).sum(axis=0) / count
    centred = np.where(known, table - mean, 0.0)
    spread = np.sqrt((centred**2).sum(axis=0) / count)
    scaled = centred[:, spread > 0] / spread[spread > 0]
    if scaled.shape[1] < 2:
        return None
    search = NearestNeighbors(n_neighbors=NEIGHBOURS + 1, algorithm="brute").fit(scaled)
    some = np.arange(n)[:: max(1, n // ASKED)]
    far = search.kneighbors(scaled[some])[0][:, 1:]
    last, following = far[:, :-1], far[:, 1:]
    ratio = np.where(last > 0, following / np.where(last > 0, last, 1.0), 0.0)
    gap = ratio.argmax(axis=1)
    clear = ratio.max(axis=1) >= GAP
    if clear.mean() < MOST:
        return None
    at = np.flatnonzero(clear)
    reach = float(np.median(np.sqrt(last[at, gap[at]] * following[at, gap[at]])))
    near = search.radius_neighbors_graph(scaled, radius=reach)
    codes = connected_components(near, directed=False)[1]
    return np.asarray(codes, dtype=np.int64)
