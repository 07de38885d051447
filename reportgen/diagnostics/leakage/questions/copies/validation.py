"""Validation rows that the model was trained on."""

from __future__ import annotations

import numpy as np

from reportgen.charts.numbers import plural, share
from reportgen.data.table import Split
from reportgen.diagnostics.leakage.declared import CODES, LeakageSettings
from reportgen.diagnostics.leakage.declared.copies import VALIDATION
from reportgen.diagnostics.leakage.found import Leak
from reportgen.diagnostics.leakage.questions.copies.in_parts import targets
from reportgen.diagnostics.leakage.questions.copies.pairs import Pair, row_cells
from reportgen.diagnostics.leakage.rows.cells import Hashes
from reportgen.evidence import Case

ADVICE = {c.code: c.advice for c in CODES}
RUN = 20  # rows in the same order that are no accident


def validation_is_training(case: Case, pair: Pair | None, settings: LeakageSettings) -> Leak | None:
    """The finding, or None where validation has rows of its own."""
    if pair is None:
        return None
    validation, train = case.split("validation"), case.split("train")
    n = pair.twins.n
    if _same_rows(validation, train):
        how = f"they are rows of the same source ({validation.source})"
    elif _run(case) and n == pair.n:
        how = "in the same order"
    elif pair.copied.any() and pair.excess / pair.n > settings.validation_share:
        how = f"{n:,} of them word for word"
    else:
        return None
    words = (
        f"The validation rows are training rows: {how}; {plural(n, 'row')} of {pair.n:,} "
        f"({share(n / pair.n)}) stand in train."
    )
    training = case.entry.training
    if training is not None and training.early_stopping:
        words += " Early stopping watched the rows that it trained on."
    return Leak(
        VALIDATION,
        "fail",
        "validation",
        words,
        ADVICE[VALIDATION],
        {"rows": n, "share": n / pair.n},
    )


def _same_rows(one: Split, other: Split) -> bool:
    """Whether most rows are the same rows of the same file."""
    if one.source != other.source or one.sha256 != other.sha256:
        return False
    return bool(np.isin(one.rows, other.rows).mean() > 0.5)


def _run(case: Case) -> bool:
    """Whether validation, features and label, is the head or the tail of train, or all of it."""
    if any(case.split(name).whole is not None for name in ("validation", "train")):
        return False  # what is held is in no order that could tell
    one, other = _whole(case, "validation"), _whole(case, "train")
    n = len(one)
    if n < RUN or n > len(other) or len(np.unique(one)) < RUN / 2:
        return False
    return bool(np.array_equal(one, other[:n]) or np.array_equal(one, other[-n:]))


def _whole(case: Case, name: str) -> Hashes:
    rows, label = row_cells(case, name), targets(case.split(name))
    assert rows is not None
    return rows.rows() if label is None else rows.rows() + label
