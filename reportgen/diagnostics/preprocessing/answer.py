"""What a question of this diagnostic comes back with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.results import Finding


@dataclass(frozen=True)
class Answer:
    """Findings of one code, or why it could not be asked.

    Attributes
    ----------
    code : which.
    found : findings; empty where nothing was found.
    untold : why it could not be asked, in words; None where it was.
    detectable : the smallest effect that would have been found, in words.
    tables : for the report, ``{"title", "head", "rows", "note"}``.
    headline : the answer in a sentence, where this finding leads.
    flagged : columns (by name) that the table shows first.
    undo : takes train's columns and the split's, and gives the split's as they were before the
        fault; None where that is not known.
    """

    code: str
    found: tuple[Finding, ...] = ()
    untold: str | None = None
    detectable: str = ""
    tables: tuple[dict[str, Any], ...] = ()
    headline: str = ""
    flagged: tuple[str, ...] = ()
    undo: Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]] | None = None


def table(
    title: str, head: list[tuple[str, str]], rows: list[list[str]], note: str = ""
) -> dict[str, Any]:
    """A table for ``report.json``: cells are text; a head's second part is its column's class."""
    return {"title": title, "head": [list(h) for h in head], "rows": rows, "note": note}
