"""Python named in a job: imported with the job's folder on the path, run with its rights."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from reportgen.data.arrays import as_table, from_arrays
from reportgen.data.raw import Raw, sha256_of_rows
from reportgen.errors import DataError, Problem


@contextmanager
def job_path(folder: Path) -> Iterator[None]:
    """The job file's folder first on ``sys.path``; what is printed goes to standard error."""
    entry = str(folder)
    sys.path.insert(0, entry)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if entry in sys.path:
            sys.path.remove(entry)


def resolve(name: str, folder: Path) -> Callable[..., Any]:
    """The object behind ``pkg.mod:function``. To be called within :func:`job_path`.

    Raises
    ------
    DataError
        when the module or the name in it is not there, or importing it fails.
    """
    module_name, _, attribute = name.partition(":")
    importlib.invalidate_caches()
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise DataError(
            Problem(
                f"there is no module {error.name!r}",
                key=name,
                expected=f"{module_name.replace('.', '/')}.py beside the job file, or installed",
                got=f"nothing in {folder} or among the installed packages",
            )
        ) from None
    except (Exception, SystemExit) as error:
        raise failed(name, error, folder, "importing it failed") from error
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise DataError(
                Problem(
                    f"module {module_name!r} has no {attribute!r}",
                    file=getattr(sys.modules[module_name], "__file__", None),
                    key=name,
                )
            ) from None
    if not callable(found):
        raise DataError(Problem(f"{name} is not a function", key=name, got=type(found).__name__))
    return found  # type: ignore[no-any-return]


def failed(name: str, error: BaseException, folder: Path, what: str) -> DataError:
    """An error inside the job author's code, with the file and line where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]
    foreign = [f for f in frames if not Path(f.filename).is_relative_to(Path(__file__).parent)]
    at = next(reversed(own or foreign or list(frames)), None)
    file, line = (at.filename, at.lineno) if at else (None, None)
    if isinstance(error, SyntaxError) and error.filename:
        file, line = error.filename, error.lineno
    return DataError(
        Problem(what, file=file, line=line, key=name, got=f"{type(error).__name__}: {error}")
    )


def read_function(name: str, folder: Path) -> Raw:
    """What ``pkg.mod:function()`` returns: ``(X, y)`` or a table (pandas, polars, Arrow).

    Raises
    ------
    DataError
        with file and line when it raises, and when it returns something else.
    """
    where = f"{{python: {name}}}"
    with job_path(folder):
        function = resolve(name, folder)
        try:
            value = function()
        except (Exception, SystemExit) as error:
            raise failed(name, error, folder, "the function raised an error") from error
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
