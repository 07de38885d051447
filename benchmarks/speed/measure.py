"""A measured number beside its limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the table: ``value`` in ``unit``, its limit, and what it was measured against.

    ``limit`` is None where the issue sets none; ``how`` says what was repeated and what the ratio
    is to.
    """

    what: str
    value: float
    unit: str
    limit: float | None = None
    how: str = ""

    @property
    def kept(self) -> bool | None:
        return None if self.limit is None else self.value <= self.limit


def seconds(call: Callable[[], Any], repeats: int = 5) -> float:
    """The least wall time of several calls: what the work takes when nothing else interferes."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return min(taken)


def table(rows: list[Measured]) -> str:
    """All lines, with ``ok`` or ``OVER`` where there is a limit."""
    cells = [("", "measured", "limit", "", "how")]
    for row in rows:
        limit = "" if row.limit is None else f"{row.limit:g} {row.unit}"
        word = {None: "", True: "ok", False: "OVER"}[row.kept]
        cells.append((row.what, f"{row.value:.3g} {row.unit}", limit, word, row.how))
    widths = [max(len(line[k]) for line in cells) for k in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )
