"""Traced programs kept between nights.

What is left of a warm start is Python walking through Keras to trace the same program again. So
the traced program is exported (StableHLO), stored beside the compiled ones, and called from there
the next night. The key is everything that tracing looks at: the model's configuration, the
recipe, the shapes of all arguments; the folder has the versions and this package's code.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
from jax import export

_DIGEST = 32


class Programs:
    """Exported programs in a folder; without one, or without a key, everything is traced."""

    def __init__(self, folder: Path | None, key: str | None) -> None:
        self.folder, self.key = folder, key

    def get(self, name: str, make: Callable[[], Any], args: tuple[Any, ...]) -> tuple[Any, bool]:
        """A function of ``args`` to be compiled, and whether it was found.

        ``make`` gives the function to be traced where there is none yet.
        """
        file = self._file(name, args)
        found = None if file is None else _read(file)
        if found is not None:
            with contextlib.suppress(Exception):  # of another make: trace it again
                return export.deserialize(bytearray(found)).call, True
        function = make()
        if file is None:
            return function, False
        try:
            exported = export.export(jax.jit(function))(*args)
            _write(file, bytes(exported.serialize()))
        except (ValueError, NotImplementedError, OSError, TypeError):
            return function, False  # not everything can be exported; it is traced every night
        return exported.call, False

    def _file(self, name: str, args: tuple[Any, ...]) -> Path | None:
        if self.folder is None or self.key is None:
            return None
        leaves, tree = jax.tree.flatten(args)
        shapes = [f"{a.shape}{a.dtype}" for a in leaves]
        words = "\0".join((name, self.key, str(tree), *shapes))
        return self.folder / f"traced-{hashlib.sha256(words.encode()).hexdigest()[:40]}"


def _read(file: Path) -> bytes | None:
    """A stored program; None when there is none or it is not whole, which removes it."""
    try:
        stored = file.read_bytes()
    except OSError:
        return None
    program = stored[_DIGEST:]
    if hashlib.sha256(program).digest() != stored[:_DIGEST]:
        file.unlink(missing_ok=True)
        return None
    return program


def _write(file: Path, program: bytes) -> None:
    """Whole or not at all: others may be reading."""
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_name(f"{file.name}.{os.getpid()}")
    half.write_bytes(hashlib.sha256(program).digest() + program)
    half.replace(file)
