"""What is kept between nights, by name: whole, or not at all.

Each entry begins with a digest of the rest. One that is broken is removed and counts as missing,
so that whoever asked makes it again. Entries are written by this program into the user's own
cache folder, which is trusted as the program itself is: they hold machine code and pickles.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import threading
from pathlib import Path
from typing import Any

_DIGEST = 32


class Store:
    """Entries in a folder; without one nothing is found and nothing kept."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get(self, kind: str, *words: str) -> Any:
        """What was kept under these words; None where there is nothing, or nothing whole."""
        if self.folder is None:
            return None
        file = self._file(kind, words)
        try:
            stored = file.read_bytes()
        except OSError:
            return None
        content = memoryview(stored)[_DIGEST:]
        if hashlib.sha256(content).digest() == stored[:_DIGEST]:
            with contextlib.suppress(OSError):
                os.utime(file)  # what is used is not pruned
            with contextlib.suppress(Exception):  # of another make
                return pickle.loads(content)
        self.drop(kind, *words)
        return None

    def put(self, value: Any, kind: str, *words: str) -> None:
        """Keep it; a folder that cannot be written to keeps nothing."""
        if self.folder is None:
            return
        file, content = self._file(kind, words), pickle.dumps(value, protocol=5)
        half = file.with_name(f"{file.name}.{os.getpid()}-{threading.get_ident()}")
        with contextlib.suppress(OSError):  # others may be reading: whole or not at all
            file.parent.mkdir(parents=True, exist_ok=True)
            half.write_bytes(hashlib.sha256(content).digest() + content)
            half.replace(file)

    def drop(self, kind: str, *words: str) -> None:
        """Forget an entry."""
        if self.folder is not None:
            with contextlib.suppress(OSError):
                self._file(kind, words).unlink(missing_ok=True)

    def _file(self, kind: str, words: tuple[str, ...]) -> Path:
        assert self.folder is not None
        name = hashlib.sha256("\0".join(words).encode()).hexdigest()[:40]
        return self.folder / f"{kind}-{name}"
