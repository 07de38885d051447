"""Twins side by side, and counts by pair of splits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from reportgen.charts.numbers import count, share
from reportgen.data.table import Split
from reportgen.diagnostics.leakage.questions.copies.pairs import Pair
from reportgen.evidence import Case

SHOWN = 5  # twins
COLUMNS = 6  # features that are shown
Table = Mapping[str, Any]


def tables(case: Case, pairs: list[Pair]) -> tuple[Table, ...]:
    """What the section shows, nothing where nothing is equal."""
    if not any(pair.twins.n for pair in pairs):
        return ()
    return (*_side_by_side(case, pairs), _counts(pairs))


def _counts(pairs: list[Pair]) -> Table:
    head = [["Rows of", ""], ["that stand in", ""], ["Rows", "n"], ["Share", "n"],
            ["Same label", "n"], ["By chance", "n"]]  # fmt: skip
    rows = []
    for pair in pairs:
        n = pair.twins.n
        by_chance = pair.chance.expected / max(pair.chance.seen, 1) * n
        same = "" if pair.same_label is None else count(pair.same_label)
        told = "all" if by_chance >= n else f"{by_chance:,.0f}"
        rows.append([pair.here, pair.there, count(n), share(n / pair.n), same, told])
    return {
        "title": "Equal rows by pair of splits",
        "head": head,
        "rows": rows,
        "note": "By chance: equal rows to be expected if none was copied, from rows that agree on "
        "most columns.",
    }


def _side_by_side(case: Case, pairs: list[Pair]) -> list[Table]:
    made = []
    for pair in pairs:
        rows = np.flatnonzero(pair.copied & (pair.twins.first >= 0))[:SHOWN]
        if not len(rows):
            continue
        couples = [(int(r), int(pair.twins.first[r])) for r in rows]
        hidden = () if pair.hidden_by is None else (pair.hidden_by,)
        beside = None if pair.parts is None else pair.parts.beside
        made.append(
            couples_table(case, pair.here, pair.there, couples, first=hidden, beside=beside)
        )
        break
    return made


def couples_table(
    case: Case,
    here: str,
    there: str,
    couples: list[tuple[int, int]],
    first: tuple[str, ...] = (),
    title: str = "",
    beside: Split | None = None,
) -> Table:
    """Rows of two splits, each under its twin, with a few of their cells.

    ``first`` are the columns that are shown before others; ``beside`` holds the rows of ``there``
    where the split does not hold them.
    """
    sides = (case.split(here), case.split(there) if beside is None else beside)
    names = [*first, *(name for name in _names(case) if name not in first)]
    shown, left = names[:COLUMNS], len(names) - COLUMNS
    rows = []
    for a, b in couples:
        for name, split, row in zip((here, there), sides, (a, b), strict=True):
            place = f"{name} row {int(split.rows[row])}"
            shown_cells = _cells(split, row, shown, _names(case))
            rows.append([place, *shown_cells, _label(case, split, row)])
    return {
        "title": title or f"Rows of {here} beside their copies in {there}",
        "head": [["Row", ""], *[[name, ""] for name in shown], ["Target", ""]],
        "rows": rows,
        "note": f"{count(left)} more columns are not shown." if left > 0 else "",
        "couples": True,
    }


def _names(case: Case) -> list[str]:
    X = case.split("train").X
    if isinstance(X, pl.DataFrame):
        return list(X.columns)
    if isinstance(X, np.ndarray) and X.ndim == 2:
        named = case.dataset.features
        return list(named) if len(named) == X.shape[1] else [f"x{j}" for j in range(X.shape[1])]
    return []


def _cells(split: Split, row: int, shown: list[str], names: list[str]) -> list[str]:
    if isinstance(split.X, pl.DataFrame):
        return [_text(split.X.get_column(name)[row]) for name in shown]
    if not shown:
        return []
    values = np.asarray(split.X)[row]
    return [_text(values[names.index(name)]) for name in shown]


def _text(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)


def _label(case: Case, split: Split, row: int) -> str:
    if split.y is None:
        return ""
    value = np.asarray(split.y)[row]
    if case.task in ("binary", "multiclass"):
        return case.classes[int(value)]
    if np.ndim(value):
        return ", ".join(_text(v) for v in value[:4])
    return _text(float(value))
