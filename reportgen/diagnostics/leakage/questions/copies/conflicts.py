"""Copies of one row whose labels differ."""

from __future__ import annotations

import numpy as np

from reportgen.charts.numbers import plural
from reportgen.diagnostics.leakage.declared import CODES
from reportgen.diagnostics.leakage.declared.copies import CONFLICTING
from reportgen.diagnostics.leakage.found import Leak
from reportgen.diagnostics.leakage.questions.copies.in_parts import targets
from reportgen.diagnostics.leakage.questions.copies.pairs import Pair, row_cells
from reportgen.diagnostics.leakage.rows.cells import Hashes
from reportgen.diagnostics.leakage.rows.chance import chance
from reportgen.diagnostics.leakage.rows.twins import Twins, twins
from reportgen.evidence import Case

ADVICE = {c.code: c.advice for c in CODES}


def conflicts(case: Case, pairs: list[Pair]) -> tuple[Leak | None, dict[str, str]]:
    """Rows equal in all features with another label, across splits and within train."""
    if case.task == "regression":
        return None, {CONFLICTING: "measured targets differ between repeats"}
    counts: dict[str, int] = {}
    examples: list[str] = []
    copied, groups = 0, set[int]()
    for pair in pairs:
        if pair.parts is not None:
            rows = _in_parts(pair)
            if len(rows):
                counts[f"{pair.here} and {pair.there}"] = len(rows)
                copied += int(pair.copied[rows].sum())
                own = _hashes(case, pair.here, pair.hidden_by)
                groups |= set() if own is None else set(own[0][rows].tolist())
                examples += [f"{pair.here} row {r}" for r in rows[:10]]
            continue
        one, other = (
            _hashes(case, pair.here, pair.hidden_by),
            _hashes(case, pair.there, pair.hidden_by),
        )
        if one is None or other is None:
            continue
        rows = np.flatnonzero(_conflicting(one, other))
        if len(rows):
            counts[f"{pair.here} and {pair.there}"] = len(rows)
            copied += int(pair.copied[rows].sum())
            groups |= set(one[0][rows].tolist())
            examples += [f"{pair.here} row {r}" for r in rows[:10]]
    within, told = _within_train(case)
    if len(within):
        counts["train"] = len(within)
        copied += told
        train = _hashes(case, "train", None)
        groups |= set(train[0][within].tolist()) if train is not None else set()
        examples += [f"train row {r}" for r in within[:10]]
    if not counts:
        return None, {}
    n = sum(counts.values())
    parts = ", ".join(f"{k:,} in {name}" for name, k in counts.items())
    words = (
        f"{plural(len(groups), 'row stands', 'rows stand')} there with different labels: "
        f"{plural(n, 'row')} equal another in all features but not in the label ({parts})."
    )
    if copied:
        words += f" Chance does not explain {copied:,} of them."
    else:
        words += " Chance explains that they are equal."
    leak = Leak(
        CONFLICTING,
        "warn" if copied else "info",
        ", ".join(counts),
        words,
        ADVICE[CONFLICTING],
        {"rows": n, "groups": len(groups), "copies": copied, "example_rows": examples[:20]},
    )
    return leak, {}


def _hashes(case: Case, name: str, hidden_by: str | None) -> tuple[Hashes, Hashes] | None:
    """Features, and features with label, one number a row."""
    rows, label = row_cells(case, name), targets(case.split(name))
    if rows is None or label is None:
        return None
    out = [rows.names.index(hidden_by)] if hidden_by in rows.names else []
    features = rows.rows(out)
    return features, features + label


def _in_parts(pair: Pair) -> np.ndarray:
    """Rows with an equal that has another label, of splits that are held in part."""
    assert pair.parts is not None
    if pair.parts.same is None:
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(pair.twins.count > pair.parts.same)


def _conflicting(one: tuple[Hashes, Hashes], other: tuple[Hashes, Hashes]) -> np.ndarray:
    """Rows with an equal in the other split that has another label, bool (n,)."""
    return np.asarray(twins(one[0], other[0]).count > twins(one[1], other[1]).count)


def _within_train(case: Case) -> tuple[np.ndarray, int]:
    """Training rows in conflict with each other, and how many of them chance does not explain."""
    train, hashes = row_cells(case, "train"), _hashes(case, "train", None)
    if train is None or hashes is None or case.split("train").whole is not None:
        return np.zeros(0, dtype=np.int64), 0
    rows = np.flatnonzero(_conflicting(hashes, hashes))
    if not len(rows):
        return rows, 0
    if case.dataset.kind in ("text", "images"):
        return rows, len(rows)
    found = twins(hashes[0], hashes[0])
    alone = Twins(found.count - 1, found.first, found.count > 1)
    told = chance(train, train, alone, case.rng("chance within train"))
    if not told.copies:
        return rows, 0
    return rows, int((~(told.explained[rows] > 0.5)).sum())
