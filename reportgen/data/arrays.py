"""Arrays: .npz archives, and what Python functions return."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.data.raw import Raw, sha256_of_file, sha256_of_rows
from reportgen.errors import DataError, Problem

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

#: An array of this name holds the names of the columns of ``X``.
_COLUMN_NAMES = ("feature_names", "columns")


def read_npz(path: Path, where: str, split: str) -> Raw:
    """A .npz archive: arrays ``X`` and ``y`` (or ``x_train`` and the like), or named arrays.

    Nothing is unpickled: arrays of Python objects are refused.

    Parameters
    ----------
    split : which of ``x_train``, ``x_test`` … counts where there is no plain ``X``.

    Raises
    ------
    DataError
        when the archive is damaged, holds objects, or its arrays differ in their rows.
    """
    arrays = _archive(path, where)
    X_name, y_name = array_names(arrays, split)
    return from_arrays(
        arrays.pop(X_name) if X_name else None,
        arrays.pop(y_name) if y_name else None,
        where=where,
        sha256=sha256_of_file(path),
        others={
            name: array
            for name, array in arrays.items()
            if X_name in (None, "X", "x") or not name.lower().startswith(("x_", "y_"))
        },
    )


def array_names(names: Any, split: str) -> tuple[str | None, str | None]:
    """Which arrays are the features and the target: ``X`` and ``y``, else ``x_train`` …"""
    found = []
    for letter in "xy":
        wanted = [letter, f"{letter}_{split}"]
        if split == "validation":
            wanted += [f"{letter}_val", f"{letter}_valid"]
        lower = {name.lower(): name for name in names}
        found.append(next((lower[name] for name in wanted if name in lower), None))
    return found[0], found[1]


def _archive(path: Path, where: str) -> dict[str, np.ndarray]:
    from numpy.lib import format as npy

    arrays: dict[str, np.ndarray] = {}
    try:
        with path.open("rb") as file:
            if file.read(6) == b"\x93NUMPY":
                raise DataError(
                    Problem("this is a single array (.npy), not an archive (.npz)", file=where)
                )
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                name = member.removesuffix(".npy")
                if name == member:
                    continue
                with archive.open(member) as file:
                    try:
                        arrays[name] = npy.read_array(file, allow_pickle=False)
                    except ValueError as error:
                        if "allow_pickle" not in str(error):
                            raise
                        raise holds_objects(name, where) from None
    except DataError:
        raise
    except (ValueError, EOFError, OSError, zipfile.BadZipFile, zlib.error) as error:
        raise damaged_archive(where, error) from None
    return arrays


def holds_objects(name: str, where: str) -> DataError:
    """What is said of an array that only unpickling could read."""
    return DataError(
        Problem(
            f"array {name!r} holds Python objects, which could run code",
            file=where,
            expected="arrays of numbers, truth values or text",
            advice="Save it with a plain dtype, e.g. X.astype('float32') or y.astype(str).",
        )
    )


def damaged_archive(where: str, error: Exception) -> DataError:
    """What is said of an archive that does not open."""
    return DataError(
        Problem(
            "the archive cannot be read; it is damaged, cut short, or no .npz file",
            file=where,
            got=f"{type(error).__name__}: {error}",
            advice="Save it again with numpy.savez.",
        )
    )


def from_arrays(
    X: Any,
    y: Any,
    *,
    where: str,
    sha256: str | None = None,
    others: Mapping[str, np.ndarray] | None = None,
) -> Raw:
    """Features, target and further arrays, as they are.

    Raises
    ------
    DataError
        when rows differ, or an array is of a kind that no model takes.
    """
    import numpy as np
    import polars as pl

    columns: dict[str, Any] = {}
    blocks: dict[str, np.ndarray] = {}
    x_names: tuple[str, ...] = ()
    rest = dict(others or {})
    features: Any = None
    frame: pl.DataFrame | None = None
    table = as_table(X)
    if table is not None:
        frame = table
    elif X is not None:
        features = _features(X, where)
        if isinstance(features, np.ndarray) and features.ndim == 1:
            name = "text" if features.dtype.kind == "U" else "x0"
            columns[name] = features
            features = None
        elif isinstance(features, np.ndarray) and features.ndim == 2:
            for name in _COLUMN_NAMES:
                named = rest.get(name)
                if named is not None and named.shape == features.shape[1:]:
                    x_names = tuple(map(str, rest.pop(name).tolist()))
                    break
            if features.dtype.kind == "U":
                names = x_names or tuple(str(i) for i in range(features.shape[1]))
                columns |= {name: features[:, i] for i, name in enumerate(names)}
                features, x_names = None, ()
    n = _rows(features if frame is None else frame, y, columns, rest, where)
    for name, array in rest.items():
        if array.ndim == 0 or len(array) != n:
            continue
        if array.ndim == 1:
            columns[name] = array
        else:
            blocks[name] = array
    target, y_names = _target(y, where)
    extra = pl.DataFrame({name: as_column(values) for name, values in columns.items()})
    return Raw(
        where=where,
        sha256=sha256 or sha256_of_rows(features, frame, columns, target),
        n=n,
        columns=extra if frame is None else frame,
        blocks=blocks,
        X=features,
        y=target,
        x_names=x_names,
        y_names=y_names,
    )


def as_table(value: Any) -> pl.DataFrame | None:
    """A polars frame from polars, pandas, Arrow or a mapping of columns; None for the rest."""
    import numpy as np
    import polars as pl

    if isinstance(value, pl.LazyFrame):
        return value.collect()
    if isinstance(value, pl.DataFrame):
        return value
    if isinstance(value, Mapping):
        if value and all(np.ndim(column) == 1 for column in value.values()):
            return pl.DataFrame({str(k): as_column(v) for k, v in value.items()}, strict=False)
        return None
    kind = f"{type(value).__module__.partition('.')[0]}.{type(value).__name__}"
    if kind == "pandas.DataFrame":
        named = value.rename(columns=str)
        try:
            return pl.from_pandas(named)
        except Exception:  # a column of mixed objects: pyarrow's errors are of many types
            columns = {name: as_column(named[name].to_numpy()) for name in named.columns}
            return pl.DataFrame(columns)
    if kind == "pyarrow.Table":
        frame = pl.from_arrow(value)
        return frame if isinstance(frame, pl.DataFrame) else None
    return None


def as_column(values: Any) -> Any:
    """A column polars can take: bytes and mixed objects become text."""
    import numpy as np
    import polars as pl

    if isinstance(values, pl.Series):
        return values
    array = np.asarray(values)
    if array.dtype.kind == "S":
        return pl.Series([v.decode("utf-8", "replace") for v in array.tolist()])
    if array.dtype.kind == "f" and array.dtype.itemsize == 2:
        return pl.Series(array.astype(np.float32))
    if array.dtype.kind == "O":
        listed = [None if v is None or v != v else v for v in array.tolist()]
        try:
            return pl.Series(listed, strict=True)
        except (TypeError, pl.exceptions.PolarsError):
            return pl.Series([None if v is None else str(v) for v in listed])
    return pl.Series(np.ascontiguousarray(array))


def _features(X: Any, where: str) -> Any:
    """Arrays as they are; lists and mappings of arrays for models with several inputs."""
    import numpy as np

    if isinstance(X, Mapping):
        return {str(name): np.asarray(array) for name, array in X.items()}
    if (
        isinstance(X, (list, tuple))
        and X
        and all(isinstance(part, np.ndarray) and part.ndim >= 2 for part in X)
        and len({len(part) for part in X}) == 1
    ):
        return list(X)
    if hasattr(X, "toarray") and hasattr(X, "nnz"):  # scipy's sparse matrices
        size = 8 * int(np.prod(X.shape))
        if size > 2 << 30:
            raise DataError(
                Problem(
                    f"a sparse matrix of shape {X.shape} takes {size / 2**30:.0f} GB as an array",
                    key=where,
                    advice="Return the raw rows and let the model's pipeline make the matrix.",
                )
            )
        return X.toarray()
    if hasattr(X, "numpy") and callable(X.numpy):  # a tensor
        X = X.numpy()
    try:
        array = np.asarray(X)
    except ValueError as error:
        raise DataError(
            Problem(
                "the features are no array: their rows differ in length",
                file=where,
                got=str(error),
                advice="Pad the sequences, or return a table with a list column.",
            )
        ) from None
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8", "replace")
    if array.dtype.kind == "O":
        if array.ndim == 1 and all(isinstance(v, str) for v in array):
            return array.astype(str)
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError):
            raise DataError(
                Problem(
                    "the features are an array of Python objects",
                    file=where,
                    expected="an array of numbers, or a table with a type for each column",
                    advice="Return a pandas or polars table instead of its .values.",
                )
            ) from None
    if array.dtype.kind not in "biufU" or array.ndim == 0:
        raise DataError(
            Problem(
                f"features of dtype {array.dtype} and shape {array.shape} cannot be audited",
                file=where,
                expected="numbers or text with a row for each example",
            )
        )
    return array


def _target(y: Any, where: str) -> tuple[Any, tuple[str, ...]]:
    import numpy as np

    if y is None:
        return None, ()
    table = as_table(y)
    if table is not None:
        if table.width == 1:
            return table.to_series().to_numpy(), tuple(table.columns)
        return table.to_numpy(), tuple(table.columns)
    name = getattr(y, "name", None)
    array = np.asarray(y.to_numpy() if hasattr(y, "to_numpy") else y)
    if array.ndim > 1 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim not in (1, 2):
        raise DataError(
            Problem(
                f"the target has shape {array.shape}",
                file=where,
                expected="(n,) or (n, K)",
            )
        )
    return array, (str(name),) if isinstance(name, str) and array.ndim == 1 else ()


def _rows(features: Any, y: Any, columns: Mapping[str, Any], rest: Any, where: str) -> int:
    """The number of rows, which all parts must share."""
    counts: dict[str, int] = {}
    if isinstance(features, Mapping):
        counts |= {name: len(part) for name, part in features.items()}
    elif isinstance(features, Sequence):
        counts |= {f"X[{i}]": len(part) for i, part in enumerate(features)}
    elif features is not None:
        counts["X"] = len(features)
    counts |= {name: len(column) for name, column in columns.items()}
    if y is not None:
        counts["y"] = len(y)
    if not counts:
        counts = {name: len(array) for name, array in rest.items() if array.ndim}
    if not counts:
        raise DataError(Problem("there is no array of rows", file=where))
    if len(set(counts.values())) > 1:
        got = ", ".join(f"{name} has {n}" for name, n in counts.items())
        raise DataError(Problem("the arrays differ in their number of rows", file=where, got=got))
    return next(iter(counts.values()))
