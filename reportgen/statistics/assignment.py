"""Kuhn's assignment: rows to columns, one each, at the least cost. Without SciPy's import."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def assigned(cost: NDArray[Any]) -> NDArray[np.int64]:
    """The column of each row, shape (n,), so that the sum of their costs is least.

    ``cost`` is square, (n, n). Shortest augmenting paths over potentials (Jonker and Volgenant
    1987), O(n³); one of the best where several are.
    """
    cost = np.asarray(cost, dtype=np.float64)
    n = len(cost)
    rows, columns = np.zeros(n + 1), np.zeros(n + 1)  # potentials; the last column is the start
    owner = np.full(n + 1, -1)
    for row in range(n):
        owner[n] = row
        at, way = n, np.full(n, n)
        least, done = np.full(n, np.inf), np.zeros(n + 1, dtype=bool)
        while owner[at] != -1:
            done[at] = True
            mine = owner[at]
            reduced = cost[mine] - rows[mine] - columns[:n]
            better = ~done[:n] & (reduced < least)
            least[better], way[better] = reduced[better], at
            open_ = np.where(done[:n], np.inf, least)
            following = int(np.argmin(open_))
            step = open_[following]
            rows[owner[done]] += step
            columns[done] -= step
            least[~done[:n]] -= step
            at = following
        while at != n:
            before = way[at]
            owner[at] = owner[before]
            at = before
    found = np.empty(n, dtype=np.int64)
    found[owner[:n]] = np.arange(n)
    return found
