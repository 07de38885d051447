"""``{python: pkg.mod:function}``: rows that the job author's function gives."""

from __future__ import annotations

from pathlib import Path

from reportgen.data.arrays import as_table, from_arrays
from reportgen.data.raw import Raw, sha256_of_rows
from reportgen.errors import DataError, Problem
from reportgen.job import python_code


def read_function(name: str, folder: Path) -> Raw:
    """What ``pkg.mod:function()`` returns: ``(X, y)`` or a table (pandas, polars, Arrow).

    Raises
    ------
    DataError
        with file and line when it raises, and when it returns something else.
    """
    where = f"{{python: {name}}}"
    function = python_code.resolve(name, folder, error=DataError)
    if not callable(function):
        raise DataError(Problem(f"{name} is not a function", key=name, got=type(function).__name__))
    value = python_code.call(function, name=name, folder=folder, error=DataError)
    if isinstance(value, tuple) and len(value) == 2:
        return from_arrays(value[0], value[1], where=where)
    frame = as_table(value)
    if frame is None:
        raise DataError(
            Problem(
                "the function returned neither (X, y) nor a table",
                key=where,
                expected="a tuple of two, or a pandas or polars table with the target in it",
                got=type(value).__name__,
            )
        )
    return Raw(where=where, sha256=sha256_of_rows(frame), n=frame.height, columns=frame)
