"""Python that a job names (``pkg.mod:name``), with the job file's folder on the path."""

from __future__ import annotations

import ast
import importlib
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reportgen.errors import ModelError, Problem

_TENSORFLOW_NAMES = {"tensorflow", "keras", "tf_keras", "keras_hub", "keras_cv", "keras_nlp"}


@contextmanager
def on_path(folder: Path) -> Iterator[None]:
    """``folder`` first on ``sys.path`` for as long as the block runs."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))


def source_file(name: str, folder: Path) -> Path | None:
    """The file of ``pkg.mod:name`` when it lies in ``folder``; found without importing anything."""
    stem = folder.joinpath(*name.partition(":")[0].split("."))
    for candidate in (stem.with_name(stem.name + ".py"), stem / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def imports_tensorflow(name: str, folder: Path) -> bool:
    """Whether the module's text imports TensorFlow or Keras; False when it cannot be told."""
    file = source_file(name, folder)
    if file is None:
        return False
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        else:
            continue
        if any(module.partition(".")[0] in _TENSORFLOW_NAMES for module in modules):
            return True
    return False


def resolve(name: str, folder: Path) -> Any:
    """The object that ``pkg.mod:name`` names.

    Raises
    ------
    ModelError
        if the module cannot be imported or has no such name; with file and line where the
        job author's code is to blame.
    """
    module_name, _, attribute = name.partition(":")
    _forget_namesake(module_name, folder)
    with on_path(folder), told(name, folder):
        importlib.invalidate_caches()
        try:
            found: Any = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name and module_name.startswith(error.name):
                raise ModelError(
                    Problem(
                        f"there is no Python module {error.name!r}",
                        got=name,
                        advice=f"It is looked for in {folder} and among the installed packages.",
                    )
                ) from None
            raise
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise ModelError(
                Problem(
                    f"{module_name!r} has no {attribute!r}",
                    file=getattr(sys.modules[module_name], "__file__", None),
                    got=name,
                )
            )
        found = getattr(found, part)
    return found


def call(function: Any, *arguments: Any, name: str, folder: Path) -> Any:
    """``function(*arguments)``; what it raises becomes a ModelError with file and line."""
    with on_path(folder), told(name, folder):
        return function(*arguments)


@contextmanager
def told(name: str, folder: Path) -> Iterator[None]:
    """Turns exceptions of the job author's code into ModelErrors that say where."""
    try:
        yield
    except ModelError:
        raise
    except (Exception, SystemExit) as error:
        file, line = _place(error, folder)
        said = str(error).strip() or "no message"
        raise ModelError(
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
    own = [f for f in frames if Path(f.filename).resolve().is_relative_to(folder.resolve())]
    foreign = [f for f in frames if "importlib" not in f.filename and f.filename != __file__]
    chosen = (own or foreign)[-1:] or frames[-1:]
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
