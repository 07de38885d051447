"""Nearest rows: exactly where that is quick, by cells around centres where it is not."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.leakage.rows.space import Points

EXACT_WORK = 4e10  # products that are made for an exact search: seconds on two cores
CHECKED = 300  # queries that tell the recall of an inexact search
CELLS_A_ROOT = 4  # cells are so many times the square root of the rows
PROBED = 24  # cells that are searched
ROUNDS, A_CENTRE = 4, 20  # of k-means, and rows a centre that it sees
BLOCK = 16_384  # queries a time


@dataclass(frozen=True)
class Nearest:
    """The nearest rows of each query.

    Attributes
    ----------
    rows : places of the neighbours, -1 for none, shape (n, k), nearest first.
    distances : Euclidean, float64, shape (n, k).
    recall : share of nearest neighbours found, measured on ``CHECKED`` queries; 1.0 for an exact
        search.
    """

    rows: NDArray[np.int64]
    distances: NDArray[np.float64]
    recall: float


class Base:
    """Rows among which neighbours are looked for; what makes that quick is made once.

    References
    ----------
    Johnson, Douze, Jégou 2019 (faiss).
    """

    def __init__(self, rows: Points) -> None:
        self.rows = np.ascontiguousarray(rows)
        self._cells: Any = None

    def nearest(self, queries: Points, k: int) -> Nearest:
        """The ``k`` nearest rows of each query."""
        import faiss

        faiss.omp_set_num_threads(len(os.sched_getaffinity(0)))
        k, n = min(k, len(self.rows)), len(queries)
        queries = np.ascontiguousarray(queries)
        if float(n) * self.rows.size <= EXACT_WORK:
            flat = faiss.IndexFlatL2(self.rows.shape[1])
            flat.add(self.rows)
            return _measured(queries, self.rows, flat.search(queries, k)[1], 1.0)
        if self._cells is None:
            self._cells = _cells(self.rows)
        parts = [self._cells.search(queries[a : a + BLOCK], k)[1] for a in range(0, n, BLOCK)]
        rows = np.concatenate(parts)
        some = np.linspace(0, n - 1, min(CHECKED, n)).astype(int)
        truth = faiss.knn(queries[some], self.rows, 1)[1][:, 0]
        recall = float(np.mean(rows[some, 0] == truth))
        return _measured(queries, self.rows, rows, recall)


def _cells(base: Points) -> Any:
    import faiss

    n, d = base.shape
    cells = int(CELLS_A_ROOT * np.sqrt(n))
    index = faiss.IndexIVFFlat(faiss.IndexFlatL2(d), d, cells)
    index.cp.niter = ROUNDS
    index.cp.max_points_per_centroid = A_CENTRE
    index.cp.min_points_per_centroid = 1
    index.train(base)
    index.add(base)
    index.nprobe = PROBED
    return index


def _measured(queries: Points, base: Points, rows: NDArray[np.int64], recall: float) -> Nearest:
    """Distances anew, without the cancellation of a product formula; in their order."""
    distances = np.empty(rows.shape, dtype=np.float64)
    for a in range(0, len(queries), BLOCK):
        at = slice(a, a + BLOCK)
        apart = queries[at, None, :].astype(np.float64) - base[np.maximum(rows[at], 0)]
        distances[at] = np.sqrt(np.einsum("ijk,ijk->ij", apart, apart))
    distances[rows < 0] = np.inf
    order = np.argsort(distances, axis=1, kind="stable")
    return Nearest(
        np.take_along_axis(rows, order, axis=1),
        np.take_along_axis(distances, order, axis=1),
        recall,
    )
