"""Python that a job names (``pkg.mod:name``): imported and run, with the job's folder on the path.

It is the job author's code and runs with their rights. What it prints goes to standard error, and
what it raises becomes an error of ours that names the file and the line.
:mod:`reportgen.job.python_names` tells what can be told without running it.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from reportgen.errors import Problem, ReportgenError
from reportgen.job.python_names import no_module, no_name, source_file

_PACKAGE = Path(__file__).parents[1]


@contextmanager
def on_path(folder: Path) -> Iterator[None]:
    """``folder`` first on ``sys.path`` for as long as the block runs."""
    entry = str(folder)
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        if entry in sys.path:
            sys.path.remove(entry)


def resolve(name: str, folder: Path, *, error: type[ReportgenError]) -> Any:
    """The object that ``pkg.mod:name`` names.

    Parameters
    ----------
    folder : the job file's.
    error : what to raise: an error of data or of a model.

    Raises
    ------
    ReportgenError
        of the kind asked for, if the module cannot be imported or has no such name; with file
        and line where the job author's code is to blame.
    """
    module_name, _, attribute = name.partition(":")
    _forget_namesake(module_name, folder)
    with on_path(folder), _told(name, folder, error):
        importlib.invalidate_caches()
        try:
            found: Any = importlib.import_module(module_name)
        except ModuleNotFoundError as missing:
            if missing.name and f"{module_name}.".startswith(f"{missing.name}."):
                raise error(no_module(name, missing.name, folder)) from None
            raise
    for part in attribute.split("."):
        if not hasattr(found, part):
            file = getattr(sys.modules[module_name], "__file__", None)
            raise error(no_name(name, attribute, file, dir(found)))
        found = getattr(found, part)
    return found


def call(
    function: Any, *arguments: Any, name: str, folder: Path, error: type[ReportgenError]
) -> Any:
    """``function(*arguments)``; what it raises becomes an ``error`` with file and line."""
    with on_path(folder), _told(name, folder, error):
        return function(*arguments)


@contextmanager
def _told(name: str, folder: Path, kind: type[ReportgenError]) -> Iterator[None]:
    try:
        with redirect_stdout(sys.stderr):
            yield
    except ReportgenError:
        raise
    except (Exception, SystemExit) as error:
        file, line = _place(error, folder)
        said = str(error).strip() or "no message"
        raise kind(
            Problem(
                f"{name} raised {type(error).__name__}: {said}",
                file=file,
                line=line,
                advice="The code named in the job failed; run it by itself.",
            )
        ) from error


def _place(error: BaseException, folder: Path) -> tuple[str | None, int | None]:
    """File and line of the innermost frame that lies in the job's folder, else of the innermost."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    home = folder.resolve()
    own = [f for f in frames if Path(f.filename).resolve().is_relative_to(home)]
    foreign = [
        f
        for f in frames
        if "importlib" not in f.filename and not Path(f.filename).is_relative_to(_PACKAGE)
    ]
    chosen = (own or foreign)[-1:]
    return (chosen[0].filename, chosen[0].lineno) if chosen else (None, None)


def _forget_namesake(module_name: str, folder: Path) -> None:
    """Drops a loaded module of the same name that came from another job's folder."""
    top = module_name.partition(".")[0]
    own = source_file(top, folder)
    loaded = getattr(sys.modules.get(top), "__file__", None)
    if own is None or loaded is None or Path(loaded).resolve() == own.resolve():
        return
    for loaded_name in [n for n in sys.modules if n == top or n.startswith(top + ".")]:
        del sys.modules[loaded_name]
