"""Rows that do not count one by one: groups, copies, neighbours in time.

A cluster is a set of rows that stand or fall together. Standard errors sum what rows contribute
within a cluster before squaring, and have G - 1 degrees of freedom for G clusters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def clusters(
    groups: NDArray[Any] | None = None,
    copies: Codes | None = None,
    times: NDArray[Any] | None = None,
) -> Codes | None:
    """One code a row; rows that share a group or are copies share a code.

    Parameters
    ----------
    groups : group of each row, shape (n,).
    copies : code of each row's content where copies are told, see :func:`copied_rows`.
    times : used where there are no groups: see :func:`time_blocks`.

    Returns
    -------
    int64 codes 0 .. G-1 of shape (n,), or None where every row stands alone.
    """
    parts = []
    if groups is not None:
        parts.append(_codes(groups))
    elif times is not None:
        parts.append(time_blocks(times))
    if copies is not None:
        parts.append(_codes(copies))
    if not parts:
        return None
    joined = parts[0] if len(parts) == 1 else _joined(*parts)
    return None if joined.max(initial=-1) + 1 == len(joined) else joined


def _codes(values: NDArray[Any]) -> Codes:
    kind = np.asarray(values)
    if kind.dtype == object:
        kind = np.array(["" if v is None else str(v) for v in kind])
    return np.unique(kind, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _joined(a: Codes, b: Codes) -> Codes:
    """Connected components of rows that share a code in ``a`` or in ``b``."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_a, n_b = int(a.max(initial=-1)) + 1, int(b.max(initial=-1)) + 1
    edges = coo_array((np.ones(len(a), np.int8), (a, b + n_a)), shape=(n_a + n_b, n_a + n_b))
    components = connected_components(edges.tocsr(), directed=False)[1]
    return _codes(components[a])


def time_blocks(times: NDArray[Any]) -> Codes:
    """Blocks of neighbours in time, each about n^(1/3) rows long (Hall, Horowitz, Jing 1995).

    Rows of one instant stay together.
    """
    order = _codes(times)
    n = len(order)
    length = max(1, round(n ** (1 / 3)))
    place = np.searchsorted(np.sort(order), order)  # the first place of each row's instant
    return _codes(place // length)


def copied_rows(X: Any) -> Codes | None:
    """Codes of equal rows where the repeats are copies; None where chance explains them.

    Rows of few-valued columns repeat by chance and are independent all the same. Chance leaves
    many pairs of rows that are equal in all but the most-valued column; copies leave almost none.

    Parameters
    ----------
    X : a polars frame or an array of shape (n, ...); anything else gives None.
    """
    columns = _column_hashes(X)
    return None if columns is None else _copied(columns)


def _copied(columns: NDArray[np.uint64]) -> Codes | None:
    """:func:`copied_rows` of cells that are hashed, shape (d, n)."""
    if len(columns) < 2:
        return None  # nothing to tell a copy of one number from the same number
    whole = _combined(columns)
    equal = _pairs(whole)
    if equal == 0:
        return None
    sample = columns[:, :: max(1, len(whole) // 20_000)]
    most = int(np.argmax([len(np.unique(c)) for c in sample]))
    near_misses = _pairs(whole - _mixed(columns[most], most)) - equal
    return None if near_misses >= equal / 2 else _codes(whole)


def stands_in(X: Any, other: Any) -> NDArray[np.bool_] | None:
    """Which rows of ``X`` are copies of rows of ``other``; None where none is, but by chance.

    Parameters
    ----------
    X, other : as for :func:`copied_rows`, with the same columns.
    """
    if not _alike(X, other):
        return None
    parts = [_column_hashes(_spelled(values)) for values in (X, other)]
    if parts[0] is None or parts[1] is None:
        return None
    codes = _copied(np.concatenate([parts[0], parts[1]], axis=1))
    if codes is None:
        return None
    found = np.isin(codes[: len(X)], codes[len(X) :])
    return found if found.any() else None


def _alike(X: Any, other: Any) -> bool:
    """Whether two splits have the same columns, of the same types."""
    if hasattr(X, "get_columns") and hasattr(other, "get_columns"):
        return bool(X.schema == other.schema)
    arrays = isinstance(X, np.ndarray) and isinstance(other, np.ndarray)
    return arrays and X.shape[1:] == other.shape[1:]


def _spelled(X: Any) -> Any:
    """Categories as their texts: their codes may be others in another frame."""
    if not hasattr(X, "get_columns"):
        return X
    import polars as pl

    coded = [c.name for c in X.get_columns() if c.dtype in (pl.Categorical, pl.Enum)]
    return X.with_columns(pl.col(coded).cast(pl.String)) if coded else X


def _pairs(hashes: NDArray[np.uint64]) -> int:
    """How many pairs of rows are equal."""
    counts = np.unique(hashes, return_counts=True)[1].astype(np.int64)
    return int((counts * (counts - 1) // 2).sum())


def _column_hashes(X: Any) -> NDArray[np.uint64] | None:
    """One 64-bit number a cell, shape (d, n); many columns are folded into two."""
    if hasattr(X, "get_columns"):
        return np.array(
            [column.hash(seed=0).to_numpy() for column in X.get_columns()], dtype=np.uint64
        ).reshape(len(X.columns), X.height)
    if not isinstance(X, np.ndarray) or X.dtype.kind not in "biuf" or not len(X):
        return None
    flat = X.reshape(len(X), -1)
    if flat.shape[1] <= 64:
        return np.array([_bits(column) for column in flat.T], dtype=np.uint64)
    folded = np.zeros((2, len(X)), dtype=np.uint64)
    for j in range(flat.shape[1]):
        folded[j % 2] += _mixed(_bits(flat[:, j]), j)
    return folded


def _bits(column: NDArray[Any]) -> NDArray[np.uint64]:
    values = np.ascontiguousarray(column, dtype=np.float64) + 0.0  # -0.0 becomes 0.0
    return values.view(np.uint64)


def _mixed(values: NDArray[np.uint64], position: int) -> NDArray[np.uint64]:
    """SplitMix64's finaliser, so that sums of columns do not collide by structure."""
    offset = np.uint64((0x9E3779B97F4A7C15 * (position + 1)) % 2**64)
    z = values + offset
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _combined(columns: NDArray[np.uint64]) -> NDArray[np.uint64]:
    total = np.zeros(columns.shape[1], dtype=np.uint64)
    for j, column in enumerate(columns):
        total += _mixed(column, j)
    return total


def variance(contributions: Floats, codes: Codes | None = None) -> float:
    """Variance of an estimate from what each row contributes to it (its influence).

    Parameters
    ----------
    contributions : shape (n,), summing to zero; see :mod:`reportgen.statistics.influence`.
    codes : cluster of each row, or None where rows stand alone.
    """
    if codes is not None:
        contributions = np.bincount(codes, weights=contributions).astype(np.float64)
    count = len(contributions)
    if count < 2:
        return float("nan")
    return float(contributions @ contributions) * count / (count - 1)


def freedom(n: int, codes: Codes | None = None) -> int | None:
    """G - 1 for clustered rows, n - 1 for fewer than 1,000 rows, None (normal) for more."""
    count = n if codes is None else int(codes.max(initial=-1)) + 1
    return None if count > 1000 else count - 1


def count(n: int, codes: Codes | None = None) -> int:
    """How many independent units there are."""
    return n if codes is None else int(codes.max(initial=-1)) + 1


def effective(
    chosen: NDArray[np.bool_], sample_weight: Floats | None = None, codes: Codes | None = None
) -> float:
    """Kish's effective number of the chosen rows, clusters taken as wholly correlated."""
    if sample_weight is None and codes is None:
        return float(np.count_nonzero(chosen))
    weight = chosen.astype(np.float64) if sample_weight is None else chosen * sample_weight
    if codes is not None:
        weight = np.bincount(codes, weights=weight).astype(np.float64)
    squares = float(weight @ weight)
    return float(weight.sum()) ** 2 / squares if squares > 0 else 0.0
