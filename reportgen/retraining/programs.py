"""Compiled programs kept between nights, found without tracing anything.

Machine code is kept under a digest of the program that it was compiled from. Beside it stands,
under everything that tracing looks at (the model's configuration, the recipe, the devices, the
shapes of all arguments), which program that is: a warm start neither walks through Keras nor
shows the compiler anything. The folder has the versions, the processor and this package's code.

JAX's own cache is not used: a program that it has found cannot be kept again (what is written
lacks its functions), and it must be traced and lowered to be found.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from typing import Any

import jax
from jax.experimental import serialize_executable as executables

from reportgen.retraining.store import Store


class Programs:
    """Programs of one stack; without a key they are found after tracing only.

    ``reused`` counts those that were found.
    """

    def __init__(self, store: Store, key: str | None) -> None:
        self.store, self.key = store, key
        self.reused = 0

    def find(self, name: str, args: tuple[Any, ...], devices: list[Any]) -> Any:
        """The program for arguments of these shapes, ready to be called; None if there is none."""
        words = self._words(name, args)
        digest = None if words is None else self.store.get("traced", *words)
        return self._loaded(digest, devices) if isinstance(digest, str) else None

    def compiled(
        self,
        name: str,
        args: tuple[Any, ...],
        devices: list[Any],
        lowered: Any,
        options: Mapping[str, Any],
    ) -> Any:
        """The program that was traced: found after all, or compiled and kept."""
        # A kept program takes arguments of its own structure alone, names of variables included.
        tree = jax.tree.structure(args)
        text = f"{lowered.as_text()}\0{tree}\0{devices}\0{sorted(options.items())}"
        digest = hashlib.sha256(text.encode()).hexdigest()
        words = self._words(name, args)
        program = self._loaded(digest, devices)
        if program is None:
            program = lowered.compile(dict(options))
            # Not every program can be kept.
            with contextlib.suppress(ValueError, NotImplementedError, TypeError, RuntimeError):
                self.store.put(executables.serialize(program), "program", digest)
        if words is not None:
            self.store.put(digest, "traced", *words)
        return program

    def _loaded(self, digest: str, devices: list[Any]) -> Any:
        kept = self.store.get("program", digest)
        if kept is None:
            return None
        try:
            program = executables.deserialize_and_load(*kept, execution_devices=devices)
        except Exception:  # of another make, whatever it says: compile it again
            self.store.drop("program", digest)
            return None
        self.reused += 1
        return program

    def _words(self, name: str, args: tuple[Any, ...]) -> tuple[str, ...] | None:
        if self.key is None:
            return None
        leaves, tree = jax.tree.flatten(args)
        shapes = [f"{a.shape}{a.dtype}" for a in leaves]
        return (name, self.key, str(tree), *shapes)
