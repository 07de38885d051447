"""The cells of rows as 64-bit numbers, so that columns of every type compare alike.

A frame's column is a column; the last axes of an array are columns, and those of a wide array are
folded into blocks of neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

WIDEST = 256  # array columns that are looked at one by one
CHUNK = 262_144  # rows hashed at a time: what is computed stays in the processor's cache


@dataclass(frozen=True)
class Cells:
    """Rows by columns of 64-bit numbers, made when they are asked for.

    Attributes
    ----------
    names : of the columns, or of the blocks that wide arrays are folded into.
    parts : a column each: a series, or an array of shape (n,) or (n, columns of the block).
    n : rows.
    """

    names: tuple[str, ...]
    parts: tuple[Any, ...]
    n: int

    def column(self, j: int, start: int = 0, stop: int | None = None) -> Hashes:
        """Column ``j`` of rows ``start:stop``; equal values have equal numbers."""
        part = self.parts[j][start : self.n if stop is None else stop]
        if isinstance(part, np.ndarray) and part.ndim == 2:
            total = np.zeros(len(part), dtype=np.uint64)
            for k in range(part.shape[1]):
                total += _hashed(part[:, k]) * _odd(k)
            return _hashed_bits(total)
        return _hashed(part)

    def at(self, j: int, rows: NDArray[np.int64]) -> Hashes:
        """Column ``j`` of some rows, in their order."""
        part = self.parts[j]
        few = Cells(("",), (part[rows] if isinstance(part, np.ndarray) else part.gather(rows),), 0)
        return Cells.column(few, 0, 0, len(rows))

    def rows(self, without: Iterable[int] = ()) -> Hashes:
        """One number a row, shape (n,), of all columns but those ``without``."""
        left_out = set(without)
        total = np.zeros(self.n, dtype=np.uint64)
        for start in range(0, self.n, CHUNK):
            stop = min(start + CHUNK, self.n)
            for j in range(len(self.parts)):
                if j not in left_out:
                    total[start:stop] += self.column(j, start, stop) * _odd(j)
        return total

    def share_of(self, j: int) -> Hashes:
        """What column ``j`` adds to the numbers of :meth:`rows`."""
        return self.column(j) * _odd(j)


def cells(X: Any, names: Sequence[str] = ()) -> Cells | None:
    """The cells of a frame, an array of shape (n, ...), or several arrays; None of anything else.

    Numbers compare by value whatever their type, as do words; what is missing equals what is
    missing.
    """
    if isinstance(X, pl.DataFrame):
        return Cells(tuple(X.columns), tuple(X.get_columns()), X.height)
    if isinstance(X, (Mapping, list, tuple)):
        named = (
            X.items() if isinstance(X, Mapping) else ((f"input {k}", v) for k, v in enumerate(X))
        )
        found = [(name, cells(part)) for name, part in named]
        if not found or any(part is None for _, part in found):
            return None
        whole = [(name, part) for name, part in found if part is not None]
        return Cells(
            tuple(f"{name} {label}".strip() for name, part in whole for label in part.names),
            tuple(column for _, part in whole for column in part.parts),
            whole[0][1].n,
        )
    if hasattr(X, "toarray"):
        X = X.toarray()
    if not isinstance(X, np.ndarray) or not X.ndim:
        return None
    if X.dtype.kind in "OUS":
        frame = pl.DataFrame(
            {str(j): [_word(v) for v in column] for j, column in enumerate(_flat(X).T)}
        )
        return cells(frame)
    if X.dtype.kind not in "biuf":
        return None
    flat = _flat(X)
    d = flat.shape[1]
    if d <= WIDEST:
        labels = tuple(names) if len(names) == d else tuple(f"x{j}" for j in range(d))
        return Cells(labels, tuple(flat[:, j] for j in range(d)), len(X))
    edges = np.linspace(0, d, 65).astype(int)
    pairs = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    return Cells(
        tuple(f"x{a} to x{b - 1}" for a, b in pairs), tuple(flat[:, a:b] for a, b in pairs), len(X)
    )


def _flat(X: NDArray[Any]) -> NDArray[Any]:
    return X.reshape(len(X), int(np.prod(X.shape[1:])))


def _word(value: Any) -> str | None:
    return None if value is None or value != value else str(value)


def _hashed(values: Any) -> Hashes:
    if isinstance(values, pl.Series):
        kind = values.dtype
        if kind == pl.Null:
            return np.full(len(values), _MISSING, dtype=np.uint64)
        if kind in (pl.Categorical, pl.Enum):
            values, kind = values.cast(pl.String), pl.String()
        if kind == pl.String:
            return np.asarray(values.hash(seed=0).to_numpy())
        if kind.is_nested() or kind == pl.Binary or kind == pl.Object:
            return (
                pl.Series([repr(v) for v in values.to_list()], dtype=pl.String).hash(0).to_numpy()
            )
        physical = values.to_physical()
        if kind.is_decimal() or physical.dtype == pl.Boolean:
            physical = values.cast(pl.Float64)
        values = physical.to_numpy()
    return _hashed_bits(_bits(np.asarray(values)))


_MISSING = np.uint64(0x7FF8_0000_0000_0001)
_WHOLE = 2.0**53


def _bits(values: NDArray[Any]) -> Hashes:
    """Float64 bits; whole numbers too large for them keep all their digits."""
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8 and len(values):
        large = max(abs(int(values.max())), abs(int(values.min()))) > _WHOLE
        if large:
            return values.astype(np.int64, copy=False).view(np.uint64).copy()
    floats = values.astype(np.float64) + 0.0  # -0.0 becomes 0.0
    bits = floats.view(np.uint64)
    bits[np.isnan(floats)] = _MISSING
    return bits


def _hashed_bits(bits: Hashes) -> Hashes:
    """SplitMix64's finaliser (Steele, Lea, Flood 2014), so that sums of columns do not collide."""
    z = bits + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _odd(j: int) -> np.uint64:
    """A factor of its own for each place, so that exchanged cells make another row.

    Factors must not be in proportion: columns of two values would then collide by their sum.
    """
    z = (0x9E3779B97F4A7C15 * (j + 1)) % 2**64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % 2**64
    return np.uint64((z ^ (z >> 31)) | 1)
