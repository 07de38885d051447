"""Rows in the form a model wants: float arrays, pandas tables with names, arrays of texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from reportgen.errors import ModelError, Problem

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import DTypeLike

#: Rows converted at a time: about 100 MB of float64 for 50 columns.
CHUNK_ROWS = 262_144


def n_rows(inputs: Any) -> int:
    """Rows of a frame, an array, a sparse matrix, or a mapping or list of arrays."""
    if isinstance(inputs, Mapping):
        inputs = next(iter(inputs.values()))
    elif isinstance(inputs, (list, tuple)):
        inputs = inputs[0]
    return int(inputs.shape[0]) if hasattr(inputs, "shape") else len(inputs)


def take(inputs: Any, start: int, stop: int) -> Any:
    """Rows ``start:stop``, without copying where the container allows it."""
    if isinstance(inputs, Mapping):
        return {name: take(part, start, stop) for name, part in inputs.items()}
    if isinstance(inputs, (list, tuple)):
        return [take(part, start, stop) for part in inputs]
    if isinstance(inputs, pl.DataFrame):
        return inputs.slice(start, stop - start)
    if hasattr(inputs, "iloc"):
        return inputs.iloc[start:stop]
    return inputs[start:stop]


def chunks(inputs: Any, size: int = CHUNK_ROWS) -> Iterator[tuple[int, Any]]:
    """``(start, rows)`` for consecutive runs of ``size`` rows; one, perhaps empty, at least."""
    total = n_rows(inputs)
    for start in range(0, max(total, 1), size):
        stop = min(start + size, total)
        yield start, inputs if (start, stop) == (0, total) else take(inputs, start, stop)


def concatenate(parts: Sequence[Any]) -> Any:
    """Rows of several arrays, sparse matrices or frames, one below the other."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    if isinstance(first, Mapping):
        return {name: concatenate([part[name] for part in parts]) for name in first}
    if isinstance(first, (list, tuple)):
        return [concatenate([part[i] for part in parts]) for i in range(len(first))]
    if isinstance(first, pl.DataFrame):
        return pl.concat(list(parts), how="vertical_relaxed")
    if hasattr(first, "iloc"):
        import pandas as pd

        return pd.concat(list(parts), ignore_index=True)
    if hasattr(first, "tocsr"):
        from scipy.sparse import vstack

        return vstack(list(parts), format="csr")
    return np.concatenate(list(parts))


def float_array(inputs: Any, *, who: str, dtype: DTypeLike = np.float64) -> np.ndarray:
    """Rows as one float array; nulls become NaN, booleans 0 and 1.

    Parameters
    ----------
    inputs : frame, pandas table, sparse matrix or array of n rows.
    who : what needs numbers, for the message ("the Keras model").

    Raises
    ------
    ModelError
        naming the columns that are texts or dates.
    """
    if isinstance(inputs, pl.DataFrame):
        return _from_frame(inputs, who, dtype)
    if hasattr(inputs, "iloc"):
        inputs = inputs.to_numpy()
    elif hasattr(inputs, "toarray"):
        inputs = inputs.toarray()
    array = np.asarray(inputs)
    if array.dtype.kind in "fiub":
        return array.astype(dtype, copy=False)
    try:
        return array.astype(dtype)
    except (TypeError, ValueError):
        raise _not_numbers([], who, f"an array of {_kind_of(array)}") from None


def _from_frame(frame: pl.DataFrame, who: str, dtype: DTypeLike) -> np.ndarray:
    wrong = [
        name
        for name, kind in frame.schema.items()
        if not (kind.is_numeric() or kind in (pl.Boolean, pl.Null))
    ]
    if wrong:
        kinds = {str(frame.schema[name]) for name in wrong}
        raise _not_numbers(wrong, who, ", ".join(sorted(kinds)))
    array = np.empty(frame.shape, dtype=dtype)
    for index, name in enumerate(frame.columns):
        column = frame.get_column(name)
        if column.dtype == pl.Boolean or column.dtype == pl.Null or column.dtype.is_decimal():
            column = column.cast(pl.Float64)
        array[:, index] = column.to_numpy()
    return array


def _not_numbers(columns: list[str], who: str, got: str) -> ModelError:
    some = ", ".join(repr(c) for c in columns[:8]) + (" …" if len(columns) > 8 else "")
    verb = "is" if len(columns) == 1 else "are"
    message = f"{who} needs numbers, but {some} {verb} not" if columns else f"{who} needs numbers"
    return ModelError(
        Problem(
            message,
            column=columns[0] if len(columns) == 1 else None,
            got=got,
            advice="Name the preprocessing that encodes them under `preprocess:`, "
            "or leave them out with `features:`.",
        )
    )


def _kind_of(array: np.ndarray) -> str:
    if array.dtype.kind in "OUST":
        return "texts" if array.dtype.kind != "O" else "Python objects"
    return str(array.dtype)


def named_table(inputs: Any, names: Sequence[str], *, who: str) -> pd.DataFrame:
    """A pandas table with ``names`` in that order.

    Columns of texts become object columns with NaN where a value is missing, and integers with
    missing values become floats, as ``pandas.read_csv`` would have given them.

    Raises
    ------
    ModelError
        naming the columns that are missing, or when nameless rows have another width.
    """
    import pandas as pd

    if hasattr(inputs, "toarray"):
        inputs = inputs.toarray()
    if not isinstance(inputs, pl.DataFrame) and not hasattr(inputs, "iloc"):
        array = np.asarray(inputs)
        if array.ndim != 2 or array.shape[1] != len(names):
            raise ModelError(
                Problem(
                    f"{who} was fitted on {len(names)} named columns",
                    expected=", ".join(names[:8]) + (" …" if len(names) > 8 else ""),
                    got=f"nameless rows of shape {array.shape[1:]}",
                )
            )
        return pd.DataFrame(array, columns=list(names))
    missing = [name for name in names if name not in inputs.columns]
    if missing:
        raise ModelError(
            Problem(
                f"{who} was fitted on columns that the data set does not have",
                expected=", ".join(repr(c) for c in missing[:8]) + (" …" if missing[8:] else ""),
                got=", ".join(repr(c) for c in inputs.columns[:12]),
                advice="Add them to `features:`, or correct the column names.",
            )
        )
    if hasattr(inputs, "iloc"):
        return inputs[list(names)]
    return pd.DataFrame({name: _pandas_column(inputs.get_column(name)) for name in names})


def _pandas_column(column: pl.Series) -> Any:
    import pandas as pd

    kind = column.dtype
    if kind in (pl.String, pl.Categorical, pl.Enum):
        values = column.cast(pl.String).to_numpy().astype(object)
        values[column.is_null().to_numpy()] = np.nan
        return pd.Series(values, dtype=object)
    if kind == pl.Boolean and column.null_count():
        values = column.to_numpy().astype(object)
        values[column.is_null().to_numpy()] = np.nan
        return pd.Series(values, dtype=object)
    if kind.is_decimal():
        column = column.cast(pl.Float64)
    return pd.Series(column.to_numpy())


def texts(inputs: Any, *, who: str) -> np.ndarray:
    """A one-dimensional object array of strings; a missing text is "".

    Raises
    ------
    ModelError
        if there is more than one column.
    """
    if isinstance(inputs, pl.DataFrame) or hasattr(inputs, "iloc"):
        if inputs.shape[1] != 1:
            raise ModelError(
                Problem(
                    f"{who} takes one text a row",
                    got=f"{inputs.shape[1]} columns: {', '.join(map(str, inputs.columns[:8]))}",
                    advice="Name the column of texts under the data set's `features:`.",
                )
            )
        inputs = inputs.to_numpy()
    array = np.asarray(inputs, dtype=object).reshape(n_rows(inputs), -1)
    if array.shape[1] != 1:
        raise ModelError(Problem(f"{who} takes one text a row", got=f"{array.shape[1]} a row"))
    return np.array(
        ["" if value is None or value != value else str(value) for value in array[:, 0]],
        dtype=object,
    )
