"""Columns of two splits side by side, computed once for all who ask."""

from __future__ import annotations

from reportgen.diagnostics.preprocessing.change import Pair, pairs
from reportgen.diagnostics.preprocessing.received import Column, Place
from reportgen.evidence import Case


def comparisons(case: Case, place: Place, name: str) -> tuple[tuple[Column, ...], list[Pair]]:
    """Columns of numbers that both train and the split have, and those pairs that compare."""
    columns = tuple(c for c in place.numbers if {"train", name} <= set(c.by))
    found = case.memo(
        ("preprocessing pairs", place.key, name),
        lambda: pairs([c.by["train"] for c in columns], [c.by[name] for c in columns]),
    )
    return columns, found
