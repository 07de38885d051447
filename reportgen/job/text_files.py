"""Text files that a job names, whatever wrote them."""

from __future__ import annotations

from pathlib import Path

from reportgen.errors import DataError, Problem
from reportgen.job.inputs import not_a_file
from reportgen.job.keypath import quoted

MAX_BYTES = 64 * 2**20


def read_text(path: Path, file: str) -> str:
    """A text file's content: UTF-8, UTF-16 with its mark, or Windows-1252.

    Parameters
    ----------
    path : where it is.
    file : as the job writes it, for messages.

    Raises
    ------
    DataError
        if it is missing, unreadable, no file, too large, empty or no text.
    """
    special = not_a_file(path)
    if special is not None:
        raise DataError(Problem(f"this is {special}, which may never end", file=file))
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise DataError(Problem("there is no such file", file=file, got=str(path))) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(Problem(f"the file cannot be read: {reason}", file=file)) from None
    if len(raw) > MAX_BYTES:
        raise DataError(
            Problem("the file is too large", file=file, expected=f"at most {MAX_BYTES:,} bytes")
        )
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    if not text.strip():
        raise DataError(Problem("the file is empty", file=file))
    if "\0" in text:
        raise DataError(Problem("the file is no text", file=file, got=quoted(text[:20])))
    return text
