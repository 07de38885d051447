"""How columns stand beside each other: which tell more than chance, which stand out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.diagnostics.leakage.alone import strength as of_columns
from reportgen.diagnostics.leakage.alone.measured import Measured
from reportgen.diagnostics.leakage.alone.strength import Goal, Strength

LEVEL = 1e-4  # family-wise, over all columns of an audit


def size(found: Measured | Strength, aim: Goal) -> float:
    """0 for nothing, 1 for all: 2 AUC - 1 of classes, the correlation ratio of numbers.

    The less of train, out of fold, and of the judged rows.
    """
    alone = found.alone if isinstance(found, Measured) else found
    if alone.train <= 0:
        return 0.0
    if aim.task == "regression" or not np.isfinite(alone.auc):
        return float(np.sqrt(alone.least))
    return max(2 * min(alone.auc, alone.auc_train) - 1, 0.0)


def significant(found: Sequence[Measured], aim: Goal) -> list[bool]:
    """Which columns tell more than chance, the whole family corrected."""
    return of_columns.significant([m.alone for m in found], len(aim.parts), LEVEL)


def strong_enough(found: Measured, aim: Goal, least: float) -> bool:
    """Whether a column is strong on train and on judged rows."""
    return size(found, aim) >= least and found.alone.least > 0


def lead(first: Measured, others: Sequence[Measured], aim: Goal) -> tuple[float, Measured | None]:
    """How many times as strong as the next best a column is, and which that is."""
    if not others:
        return 1.0, None  # there is nothing to stand out of
    second = max(others, key=lambda m: size(m, aim))
    return size(first, aim) / max(size(second, aim), 0.05), second
