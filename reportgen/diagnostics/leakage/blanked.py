"""Pictures without the pixels, and texts without the words, that give the answer away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from reportgen.diagnostics.leakage.alone.measured import Measured
from reportgen.diagnostics.leakage.found import Cure
from reportgen.errors import ReportgenError
from reportgen.evidence import Case
from reportgen.models.tables import n_rows
from reportgen.retraining.added import trained_splits

LABEL = "blanked"
AROUND = 1  # pixels beside one that tells: a mark is seldom one pixel wide
MOST = 2**30  # bytes of pictures that are held once more


def cure_of_places(case: Case, judged: str, found: Sequence[Measured]) -> Cure:
    """Inputs in which the pixels have their median in train, or the words are gone.

    The model's inputs keep their shape, so that the same recipe can be trained on them.
    """
    names = list(dict.fromkeys([*trained_splits(case), judged]))
    rows: dict[str, Any] = {name: case.split(name).X for name in names}
    change = _without_pixels if found[0].place == "pixel" else _without_words
    if isinstance(rows[judged], np.ndarray) and sum(x.nbytes for x in rows.values()) > MOST:
        return Cure(untrainable="the pictures do not fit into memory twice")
    try:
        changed = change(rows, [one.name for one in found])
        inputs = {name: case.preprocess(x) for name, x in changed.items()}
    except (ReportgenError, ValueError, TypeError) as error:
        return Cure(untrainable=(str(error).splitlines() or [type(error).__name__])[0][:160])
    own, got = (np.shape(x)[1:] for x in (case.inputs("train"), inputs["train"]))
    if own != got or n_rows(inputs["train"]) != case.split("train").n:
        return Cure(untrainable=f"without it rows have the shape {got}, not {own}")
    return Cure(inputs=inputs, judged=judged, label=LABEL)


def _without_pixels(rows: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    train = rows["train"]
    out = np.zeros(train.shape[1:3], dtype=bool)
    for name in names:
        down, right = (int(k) for k in name.removeprefix("pixel ").split(", ")[:2])
        top, left = max(down - AROUND, 0), max(right - AROUND, 0)
        out[top : down + AROUND + 1, left : right + AROUND + 1] = True
    changed = {name: np.array(x) for name, x in rows.items()}
    usual = np.median(train[:, out], axis=0).astype(train.dtype)
    for x in changed.values():
        x[:, out] = usual
    return changed


def _without_words(rows: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    words = "|".join(re.escape(name.strip("“”")) for name in names)
    pattern = rf"(?i)\b(?:{words})\b"
    return {
        name: frame.with_columns(pl.col(pl.String).str.replace_all(pattern, " "))
        for name, frame in rows.items()
    }
