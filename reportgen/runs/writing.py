"""Files that are either whole or not there, and names that are safe in a path."""

from __future__ import annotations

import errno
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from reportgen.errors import OutputError, Problem

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 80
_RESERVED = {"latest", "index.html", "run.json", "junit.xml", "summary.md", "history.db"}


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write a file so that a reader sees the old one or the new one, never a half.

    Raises
    ------
    OutputError
        if it cannot be written (permissions, disk full), in words.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.chmod(0o644)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> OutputError:
    """The same, for a person: which folder, why, what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(
            Problem(
                "the disk is full",
                file=str(path),
                advice="Free some room, or give another folder with --output; run again to resume.",
            )
        )
    reason = (error.strerror or str(error)).lower()
    return OutputError(
        Problem(
            f"it cannot be written: {reason}",
            file=str(path),
            advice="Give a folder that this user may write with --output.",
        )
    )


def clean_name(name: str) -> str:
    """A model's name as a folder name: NFKC, ``[A-Za-z0-9._-]``, at most 80 characters."""
    cleaned = _UNSAFE.sub("-", unicodedata.normalize("NFKC", name))[:_LONGEST]
    # A leading dot would hide the folder, and "." and ".." are no names at all.
    cleaned = cleaned.strip(".") or "-"
    return f"{cleaned}-" if cleaned in _RESERVED else cleaned


def clean_names(names: Iterable[str]) -> dict[str, str]:
    """Folder names for all models of a job; ``-2``, ``-3`` where two would be the same.

    Compared without case, since the folder may be copied to a file system that ignores it.
    """
    folders: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        wanted = candidate = clean_name(name)
        number = 2
        while candidate.lower() in taken:
            suffix = f"-{number}"
            candidate = wanted[: _LONGEST - len(suffix)] + suffix
            number += 1
        taken.add(candidate.lower())
        folders[name] = candidate
    return folders
