"""Raw rows as columns: looked at one by one, and copied with some of them changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reportgen.diagnostic import NotApplicable

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class From:
    """The values that these rows of the same split have."""

    rows: Ints


#: New values of a column for some rows: numbers, texts, or those of other rows.
New = From | NDArray[Any]


@dataclass(frozen=True)
class Ask:
    """Rows to be asked again (positions in the split), with some columns changed."""

    rows: Ints
    changes: Mapping[int, New]


class Columns(Protocol):
    """Rows of one input of a model, or of several, as columns; see :class:`Table`."""

    names: list[str]
    n: int

    @property
    def width(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def steps(self) -> int: ...
    def is_number(self, j: int) -> bool: ...
    def is_category(self, j: int) -> bool: ...
    def is_text(self, j: int) -> bool: ...
    def is_flat(self, j: int) -> bool: ...
    def is_tokens(self, j: int) -> bool: ...
    def numbers(self, j: int, rows: Ints | None = None) -> NDArray[np.float64]: ...
    def texts(self, j: int, rows: Ints | None = None) -> NDArray[Any]: ...
    def codes(self, j: int) -> Ints: ...
    def missing(self, j: int) -> NDArray[np.bool_]: ...
    def copied(self, asks: Sequence[Ask]) -> Any: ...


class Table:
    """Rows of a frame, or of an array whose last axis are its columns.

    A sequence's column is its channel: of shape (n, T).

    Parameters
    ----------
    tokens : numbers are places in a vocabulary, which the network embeds: they have no order.
    """

    def __init__(self, X: Any, names: Sequence[str], tokens: bool = False) -> None:
        self.X = X
        self.tokens = tokens
        self.frame = isinstance(X, pl.DataFrame)
        width = X.width if self.frame else X.shape[-1]
        given = list(X.columns) if self.frame else list(names)
        self.names = given if len(given) == width else [f"column {j}" for j in range(width)]
        self.n = len(X)

    @property
    def width(self) -> int:
        return len(self.names)

    @property
    def size(self) -> int:
        """Numbers in a row."""
        return self.width if self.frame else int(np.prod(self.X.shape[1:]))

    @property
    def steps(self) -> int:
        """Steps of a sequence; 0 where rows are none."""
        return 0 if self.frame or np.ndim(self.X) != 3 else int(self.X.shape[1])

    def is_text(self, j: int) -> bool:
        """Whether a column may hold texts."""
        return self.frame and self.is_category(j)

    def is_flat(self, j: int) -> bool:
        """Whether a row has one value of a column, and not one a step or pixel."""
        return self.frame or np.ndim(self.X) == 2

    def is_tokens(self, j: int) -> bool:
        """Whether a row has several places in a vocabulary: words of a text."""
        return self.tokens and not self.is_flat(j)

    def is_number(self, j: int) -> bool:
        if self.tokens:
            return False
        if not self.frame:
            return bool(self.X.dtype.kind in "iuf")
        return bool(self.X.to_series(j).dtype.is_numeric())

    def is_category(self, j: int) -> bool:
        """Truth values and strings; dates and lists are neither numbers nor categories."""
        if self.tokens:
            return self.is_flat(j)
        if not self.frame:
            return bool(self.X.dtype.kind == "b")
        return self.X.to_series(j).dtype in (pl.Boolean, pl.String, pl.Categorical, pl.Enum)

    def numbers(self, j: int, rows: Ints | None = None) -> NDArray[np.float64]:
        """A column as float64, missing values as NaN; (n,) or, of sequences, (n, T)."""
        if not self.frame:
            column = self.X[..., j] if rows is None else self.X[..., j][rows]
            return np.asarray(column, dtype=np.float64)
        series = self.X.to_series(j)
        if rows is not None:
            series = series.gather(rows)
        found = series.cast(pl.Float64, strict=False).to_numpy()
        return np.asarray(found, dtype=np.float64)

    def texts(self, j: int, rows: Ints | None = None) -> NDArray[Any]:
        """A column of a frame as strings, missing values as None."""
        series = self.X.to_series(j)
        if rows is not None:
            series = series.gather(rows)
        out: NDArray[Any] = series.cast(pl.String).to_numpy().astype(object)
        return out

    def codes(self, j: int) -> Ints:
        """Whole numbers for equal values of a category; missing values have their own."""
        if self.frame:
            ranks = self.X.to_series(j).cast(pl.String).rank("dense").fill_null(0)
            return np.asarray(ranks.to_numpy(), dtype=np.int64)
        return np.unique(self.X[..., j], return_inverse=True)[1].astype(np.int64).reshape(self.n)

    def missing(self, j: int) -> NDArray[np.bool_]:
        """Rows that have no value in a column, (n,)."""
        if self.frame:
            return np.asarray(self.X.to_series(j).is_null().to_numpy(), dtype=bool)
        return np.asarray(np.isnan(self.numbers(j)).reshape(self.n, -1).any(axis=1))

    def copied(self, asks: Sequence[Ask]) -> Any:
        """All rows of some asks, one below the other, in the container that the model knows."""
        order = np.concatenate([ask.rows for ask in asks])
        ends = np.cumsum([len(ask.rows) for ask in asks])
        parts = [
            (slice(end - len(ask.rows), end), ask.changes)
            for end, ask in zip(ends, asks, strict=True)
        ]
        if not self.frame:
            out = self.X[order]
            for place, changes in parts:
                for j, new in changes.items():
                    given = self.X[new.rows][..., j] if isinstance(new, From) else new
                    out[place][..., j] = given
            return out
        touched = sorted({j for _, changes in parts for j in changes})
        frame = self.X[order]
        for j in touched:
            mine = [(place, changes[j]) for place, changes in parts if j in changes]
            frame = frame.with_columns(self._changed(j, order, mine))
        return frame

    def _changed(self, j: int, order: Ints, parts: list[tuple[slice, New]]) -> pl.Series:
        series = self.X.to_series(j)
        source = order.copy()
        for place, new in parts:
            if isinstance(new, From):
                source[place] = new.rows
        column: pl.Series = series.gather(source)
        written = [(place, new) for place, new in parts if not isinstance(new, From)]
        if not written:
            return column
        if series.dtype.is_numeric():
            values = column.cast(pl.Float64).to_numpy().astype(np.float64).copy()
            for place, new in written:
                values[place] = new
            fresh = pl.Series(series.name, values)
            if series.null_count():
                fresh = fresh.fill_nan(None)
            if series.dtype.is_integer():
                fresh = fresh.round()
            return fresh.cast(series.dtype)
        texts = column.cast(pl.String).to_numpy().astype(object).copy()
        for place, new in written:
            texts[place] = new
        return pl.Series(series.name, texts.tolist(), dtype=pl.String).cast(series.dtype)


def table_of(X: Any, names: Sequence[str]) -> Table:
    """Rows as columns.

    Raises
    ------
    NotApplicable
        for arrays that are neither tables nor sequences.
    """
    if isinstance(X, pl.DataFrame):
        return Table(X, names)
    if isinstance(X, np.ndarray) and X.ndim in (2, 3) and X.dtype.kind in "biuf":
        return Table(X, names if X.ndim == 2 else [f"channel {j}" for j in range(X.shape[-1])])
    raise NotApplicable(f"rows of shape {np.shape(X)[1:]} are no table, image, sequence or text")
