"""How a key of the job file is called in messages: ``models.churn-mlp.reported[2].value``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from reportgen.errors import Problem

KeyPath = tuple[str | int, ...]
Placed = tuple[KeyPath, Problem]

_BARE = re.compile(r"[^.\[\]\"'\x00-\x1f\x7f-\x9f\u2028\u2029]+\Z")
_LONGEST = 80


def key_path(path: Sequence[str | int]) -> str:
    """Text of a path; a key with dots or brackets in it is quoted: ``models["v1.2"].model``."""
    out = ""
    for part in path:
        if isinstance(part, int):
            out += f"[{part}]"
        elif _BARE.match(part) and len(part) <= _LONGEST:
            out += f".{part}" if out else part
        else:
            out += f"[{quoted(part)}]"
    return out


def quoted(value: Any) -> str:
    """A value as shown in a message: one line, printable, at most some eighty characters."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping of " + named(value) if value else "an empty mapping"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}" if value else "an empty list"
    text = getattr(value, "text", None) or str(value)
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    if isinstance(value, str):
        return repr(text)
    return text


def named(names: Iterable[str], most: int = 12) -> str:
    """Names for a message: ``a, b, c`` and how many more there are."""
    listed = [str(name) if len(str(name)) <= _LONGEST else str(name)[:79] + "…" for name in names]
    shown = ", ".join(listed[:most])
    more = len(listed) - most
    return f"{shown} and {more} more" if more > 0 else shown


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like ``name``, or None where none does."""
    known = list(known)
    folded = {k.casefold().replace("-", "_"): k for k in reversed(known)}
    found = difflib.get_close_matches(
        name[:_LONGEST].casefold().replace("-", "_"), list(folded), n=1, cutoff=0.6
    )
    return folded[found[0]] if found else None


def meant(name: str, known: Iterable[str]) -> str | None:
    """``Did you mean 'x'?``, or None."""
    found = nearest(name, known)
    return None if found is None else f"Did you mean {found!r}?"
