"""Columns by their roles: what a role's column holds, and what is left as features."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from reportgen.data.raw import Raw
from reportgen.errors import DataError, Problem

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from reportgen.job.schema import DatasetEntry


def missing_column(name: str, role: str, where: str, names: Sequence[str]) -> Problem:
    """The problem of a column that is not there, with the nearest that is."""
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    exact = [other for other in names if other.strip().lower() == name.strip().lower()]
    close = (exact or near)[:1]
    shown = ", ".join(map(repr, names[:10])) + (", …" if len(names) > 10 else "")
    return Problem(
        f"there is no column {name!r}, which the job names as {role}",
        file=where,
        column=name,
        got=f"columns {shown}" if names else "no named columns",
        advice=f"Did you mean {close[0]!r}?" if close else None,
    )


def role_column(raw: Raw, name: str, role: str) -> pl.Series:
    """The one-dimensional column of a role, without missing values.

    Raises
    ------
    DataError
        when the column is not there, or a row has no value in it.
    """
    if name not in raw.columns.columns:
        raise DataError(missing_column(name, role, raw.where, raw.names))
    column = raw.columns.get_column(name)
    refuse_missing(column, role, raw.where)
    return column


def refuse_missing(
    column: pl.Series, role: str, where: str, rows: NDArray[np.int64] | None = None
) -> None:
    """Raise a :class:`DataError` with row and count when a value is missing.

    Parameters
    ----------
    rows : positions of the column's values in the source; default: 0, 1, 2 …
    """
    import polars as pl

    gone = column.is_null()
    if column.dtype.is_float():
        gone |= column.is_nan().fill_null(value=False)
    elif column.dtype == pl.String:
        gone |= (column == "").fill_null(value=False)
    count = int(gone.sum())
    if count:
        at = int(gone.arg_true()[0])
        raise DataError(
            Problem(
                f"the {role} is missing in {count} of {len(column)} rows",
                file=where,
                column=column.name,
                row=at if rows is None else int(rows[at]),
                expected="a value in every row",
                advice="Drop those rows, or fill them in.",
            )
        )


def target_columns(raw: Raw, entry: DatasetEntry) -> list[pl.Series]:
    """The target as one column or several, each with a name.

    An array ``y`` of shape (n, K) is K columns.

    Raises
    ------
    DataError
        when a target column is not there.
    """
    names = entry.targets
    if raw.y is not None and not (names and all(name in raw.names for name in names)):
        return _columns_of(raw.y, names or raw.y_names, raw.where)
    if not names:
        names = raw.y_names if set(raw.y_names) <= set(raw.names) else ()
    if not names:
        raise DataError(
            Problem(
                "the job does not say which column is the target",
                file=raw.where,
                got="columns " + ", ".join(map(repr, raw.names[:10])),
                advice="Add `target: COLUMN` to the data set.",
            )
        )
    found: list[pl.Series] = []
    for name in names:
        if name in raw.blocks:
            found += _columns_of(raw.blocks[name], (name,), raw.where)
        elif name in raw.columns.columns:
            found.append(raw.columns.get_column(name))
        else:
            raise DataError(missing_column(name, "target", raw.where, raw.names))
    return found


def _columns_of(y: np.ndarray, names: Sequence[str], where: str) -> list[pl.Series]:
    import numpy as np

    from reportgen.data.arrays import as_column

    if y.ndim == 1:
        return [as_column(y).alias(names[0] if names else "y")]
    if y.ndim > 2:
        raise DataError(
            Problem(f"the target has shape {y.shape}", file=where, expected="(n,) or (n, K)")
        )
    if len(names) != y.shape[1]:
        if len(names) > 1:
            raise DataError(
                Problem(
                    f"the job names {len(names)} targets, the array has {y.shape[1]} columns",
                    file=where,
                    expected=", ".join(names),
                    got=f"an array of shape {y.shape}",
                )
            )
        names = [str(i) for i in range(y.shape[1])]
    return [as_column(np.ascontiguousarray(y[:, i])).alias(n) for i, n in enumerate(names)]


def weights_of(raw: Raw, name: str) -> pl.Series:
    """Row weights as float64: finite, not negative, not all zero."""
    import polars as pl

    column = role_column(raw, name, "weight")
    weights = column.cast(pl.Float64, strict=False)
    bad = ~(weights.is_finite() & (weights >= 0)).fill_null(value=False)
    if bad.any():
        at = int(bad.arg_true()[0])
        raise DataError(
            Problem(
                f"{int(bad.sum())} weights are no weights",
                file=raw.where,
                column=name,
                row=at,
                expected="finite numbers, 0 or more",
                got=repr(column[at]),
            )
        )
    if not (weights > 0).any():
        raise DataError(Problem("all weights are 0", file=raw.where, column=name))
    return weights


def default_features(raw: Raw, entry: DatasetEntry) -> tuple[str, ...]:
    """Every column that has no other role; row numbers of earlier exports are none."""
    roles = {*entry.every_target, entry.id, entry.group, entry.time, entry.weight}
    if entry.mask is not None:
        roles.add(entry.mask.array)
    if not entry.targets:
        roles |= set(raw.y_names)
    if entry.split is not None:
        roles.add(entry.split.column)
    return tuple(name for name in raw.names if name not in roles and name not in raw.index_like)


def feature_part(raw: Raw, names: Sequence[str]) -> Any:
    """The features that the job lists, from an array ``X`` with named columns or named arrays.

    Raises
    ------
    DataError
        when one of them is not there.
    """
    from collections.abc import Mapping

    available = tuple(raw.X) if isinstance(raw.X, Mapping) else raw.x_names
    for name in names:
        if name not in available:
            raise DataError(missing_column(name, "feature", raw.where, available))
    if isinstance(raw.X, Mapping):
        return {name: raw.X[name] for name in names}
    return raw.X[:, [raw.x_names.index(name) for name in names]]
