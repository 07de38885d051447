"""A column that orders rows in time: dates in any of the usual spellings, or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y",
          "%Y%m%d", "%d %b %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y", "%d-%m-%y", "%m/%d/%y",
          "%d/%m/%y", "%d.%m.%y")  # fmt: skip
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S%.f", "T%H:%M", "T%H:%M:%S", "T%H:%M:%S%.f")


def read_times(columns: Sequence[pl.Series]) -> tuple[list[np.ndarray], str | None]:
    """Times of several splits, read in one and the same way.

    Text is read in the one format that fits every row of every split. Where day and month could
    be either, the order in which the first column is sorted decides; where that does not either,
    the day is taken first and the note says so.

    Parameters
    ----------
    columns : one a split, without missing values.

    Returns
    -------
    arrays of shape (n,) that sort in time (datetime64[us] or numbers; text in its own order
    where no format fits), and a note or None.
    """
    import polars as pl

    if any(column.dtype in (pl.String, pl.Categorical, pl.Enum) for column in columns):
        columns = [column.cast(pl.String) for column in columns]
        fitting = [fmt for fmt in _formats(columns[0]) if _fits(columns, fmt)]
        if not fitting:
            read = _with_zone(columns)
            if read is not None:
                return read, None
            return (
                [column.to_numpy() for column in columns],
                f"The time column {columns[0].name!r} is in no format that is known; "
                "its rows are ordered as text.",
            )
        chosen, note = fitting[0], None
        if len(fitting) > 1:
            parsed = {fmt: _parse(columns[0], fmt) for fmt in fitting}
            in_order = [fmt for fmt in fitting if parsed[fmt].is_sorted()]
            chosen = (in_order or fitting)[0]
            others = [fmt for fmt in fitting if not parsed[fmt].equals(parsed[chosen])]
            if others and len(in_order) != 1:
                note = (
                    f"The dates of {columns[0].name!r} could be read in {1 + len(others)} ways; "
                    f"they were read as {chosen}."
                )
        return [_numpy(_parse(column, chosen)) for column in columns], note
    return [_numpy(column) for column in columns], None


def _numpy(column: pl.Series) -> np.ndarray:
    import polars as pl

    if column.dtype == pl.Date:
        column = column.cast(pl.Datetime("us"))
    elif isinstance(column.dtype, pl.Datetime):
        column = column.dt.convert_time_zone("UTC") if column.dtype.time_zone else column
        column = column.dt.replace_time_zone(None).cast(pl.Datetime("us"))
    elif column.dtype == pl.Time:
        column = column.cast(pl.Int64)
    return column.to_numpy()


def _formats(column: pl.Series) -> list[str]:
    """Formats that fit the first rows."""
    head = column.head(50).unique()
    candidates = [date + clock for date in _DATES for clock in _CLOCKS]
    return [fmt for fmt in candidates if _parse(head, fmt).null_count() == 0]


def _fits(columns: Sequence[pl.Series], fmt: str) -> bool:
    return all(_parse(column.unique(), fmt).null_count() == 0 for column in columns)


def _parse(column: pl.Series, fmt: str) -> pl.Series:
    import polars as pl

    return (
        column.str.strip_chars().str.to_datetime(fmt, strict=False, time_unit="us")
        if ("%H" in fmt)
        else column.str.strip_chars().str.to_date(fmt, strict=False).cast(pl.Datetime("us"))
    )


def _with_zone(columns: Sequence[pl.Series]) -> list[np.ndarray] | None:
    """ISO times with an offset or a Z."""
    import polars as pl

    read = []
    for column in columns:
        parsed = None
        for fmt in ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z"):
            text = column.str.replace(r"Z$", "+00:00")
            parsed = text.str.to_datetime(fmt, strict=False, time_unit="us", time_zone="UTC")
            if parsed.null_count() == 0:
                break
        if parsed is None or parsed.null_count():
            return None
        read.append(parsed.cast(pl.Datetime("us", "UTC")))
    return [_numpy(column) for column in read]
