"""What can be told of Python that a job names from files alone: nothing is imported or run."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from reportgen.errors import Problem
from reportgen.job.keypath import meant, quoted

_TENSORFLOW_NAMES = {"tensorflow", "keras", "tf_keras", "keras_hub", "keras_cv", "keras_nlp"}


def problem_of(name: str, folder: Path) -> Problem | None:
    """What is wrong with ``pkg.mod:name``; None when it is there or cannot be told.

    Parameters
    ----------
    folder : the job file's folder, which comes first on the path.
    """
    module, _, attribute = name.partition(":")
    parts = module.split(".")
    file = source_file(name, folder)
    if file is None:
        try:
            spec = importlib.util.find_spec(parts[0])
        except (ImportError, ValueError):
            spec = None
        if spec is None:
            return no_module(name, parts[0], folder)
        if len(parts) == 1:
            file = Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
        else:
            places = [Path(place) for place in spec.submodule_search_locations or ()]
            file = _module_file(places, parts[1:])
            if file is None and not _compiled(places, parts[1:]):
                return no_module(name, module, folder)
    if file is None:
        return None
    try:
        tree = ast.parse(file.read_bytes(), filename=str(file))
    except (SyntaxError, ValueError) as error:
        return Problem(
            f"the Python of {quoted(module)} cannot be parsed: {error}",
            file=str(file),
            line=getattr(error, "lineno", None),
            got=name,
        )
    except OSError as error:
        return Problem(f"{quoted(module)} cannot be read: {error.strerror}", file=str(file))
    defined = set(_names(tree.body))
    wanted = attribute.partition(".")[0]
    if wanted in defined or defined & {"*", "__getattr__"}:
        return None
    if (file.parent / wanted).is_dir() or (file.parent / f"{wanted}.py").is_file():
        return None
    return no_name(name, wanted, str(file), defined)


def source_file(name: str, folder: Path) -> Path | None:
    """The file of ``pkg.mod:name`` (or of ``pkg.mod``) when it lies in ``folder``."""
    return _module_file([folder], name.partition(":")[0].split("."))


def imports_tensorflow(name: str, folder: Path) -> bool:
    """Whether the module's text imports TensorFlow or Keras; False when it cannot be told."""
    return bool(imported(name, folder) & _TENSORFLOW_NAMES)


def imported(name: str, folder: Path) -> set[str]:
    """Top-level modules that the module's text imports; empty when it cannot be told."""
    file = source_file(name, folder)
    if file is None:
        return set()
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


def takes(name: str, folder: Path, arguments: tuple[str, ...]) -> Problem | None:
    """What is wrong with the parameters of ``pkg.mod:function``, called with these by position.

    None where it takes them, where it is a class, and where its text does not tell.
    """
    file = source_file(name, folder)
    if file is None:
        return None
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    wanted = name.partition(":")[2]
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or node.name != wanted:
            continue
        if node.decorator_list:
            return None
        of = node.args
        positional = [*of.posonlyargs, *of.args]
        required = len(positional) - len(of.defaults)
        keywords = [a.arg for a, d in zip(of.kwonlyargs, of.kw_defaults, strict=True) if d is None]
        most = len(positional) if of.vararg is None else max(len(positional), len(arguments))
        if required <= len(arguments) <= most and not keywords:
            return None
        return Problem(
            f"{quoted(wanted)} cannot be called with {len(arguments)} arguments",
            file=str(file),
            line=node.lineno,
            expected=f"def {wanted}({', '.join(arguments)})",
            got=f"def {wanted}({ast.unparse(of)})",
            advice="Give further parameters a default, or name a function that takes these two.",
        )
    return None


def no_name(name: str, wanted: str, file: str | None, known: Collection[str]) -> Problem:
    """The module is there, and has no such name; ``known`` are those it has."""
    return Problem(
        f"{quoted(name.partition(':')[0])} has no {quoted(wanted)}",
        file=file,
        got=name,
        advice=meant(wanted, sorted(known)),
    )


def no_module(name: str, missing: str, folder: Path) -> Problem:
    """There is no such module, neither in the job's folder nor installed."""
    beside = sorted(path.stem for path in folder.glob("*.py"))
    return Problem(
        f"there is no Python module {quoted(missing)}",
        got=name,
        advice=meant(missing, beside)
        or f"It is looked for in {folder} and among the installed packages.",
    )


def _module_file(places: Iterable[Path], parts: list[str]) -> Path | None:
    for place in places:
        stem = place.joinpath(*parts)
        for candidate in (stem / "__init__.py", stem.with_name(stem.name + ".py")):
            if candidate.is_file():
                return candidate
    return None


def _compiled(places: Iterable[Path], parts: list[str]) -> bool:
    """Whether the module is an extension, or a folder without ``__init__.py``."""
    for place in places:
        stem = place.joinpath(*parts)
        if stem.is_dir() or any(stem.parent.glob(f"{stem.name}.*.so")):
            return True
        if any(stem.parent.glob(f"{stem.name}*.pyd")):
            return True
    return False


def _names(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Names that the statements of a module bind, those under ``if``, ``try`` and ``with`` too."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.For)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))
        for part in ("body", "orelse", "finalbody", "handlers"):
            inner = getattr(node, part, None)
            if isinstance(inner, list) and not isinstance(
                node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
            ):
                for one in inner:
                    yield from _names(one.body if isinstance(one, ast.ExceptHandler) else [one])
