"""Stored figures of scalers and layers beside those of the train rows that reach them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reportgen.charts.numbers import amount, plural
from reportgen.diagnostics.preprocessing.answer import Answer, table
from reportgen.diagnostics.preprocessing.chain import Link, measured
from reportgen.diagnostics.preprocessing.declared import CODES, SCALE
from reportgen.results import Finding

Floats = NDArray[np.float64]
ADVICE = next(c.advice for c in CODES if c.code == SCALE)
FOLD = 4.0  # that sizes are off, or places apart in sizes
ALONE = 20.0  # the same for a column that few others go with
NAMES = {
    "moments": ("mean", "standard deviation"), "limits": ("minimum", "range"),
    "quartiles": ("median", "distance of quartiles"),
}  # fmt: skip


def of_chain(chain: tuple[Link, ...]) -> Answer | None:
    """The first step that does not get the numbers it knows."""
    for link in chain:
        found = _of_figures(link) or _of_division(link)
        if found is not None:
            return found
    return None


def off(link: Link, rows: object) -> tuple[Floats, Floats, Floats] | None:
    """How many times a link's figures are off for these rows, and the rows' own figures."""
    if link.known is None:
        return None
    own = measured(link.known, rows)
    if own is None:
        return None
    place, size = own
    fine = (size > 0) & (link.known.size > 0) & np.isfinite(place)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(fine, size / link.known.size, 1.0)
        apart = np.abs(place - link.known.place) / np.maximum(size, link.known.size)
    folds = np.maximum(np.maximum(ratio, 1 / ratio), np.where(fine, apart, 0.0))
    folds = np.where(fine, folds, np.nan)
    return folds, place, size


def _of_figures(link: Link) -> Answer | None:
    if "train" not in link.fed or link.known is None:
        return None
    told = off(link, link.fed["train"])
    if told is None:
        return None
    folds, place, size = told
    usable = np.isfinite(folds)
    wild = np.flatnonzero(usable & (folds >= FOLD))
    if len(wild) < max(1, usable.sum() / 2):
        wild = np.flatnonzero(usable & (folds >= ALONE))
        if not len(wild):
            return None
    if usable.sum() == 1 and folds[wild[0]] < 2 * FOLD:
        return None
    names = [link.columns[j] if j < len(link.columns) else f"column {j}" for j in wild]
    j = int(wild[0])
    words = NAMES[link.known.way]
    message = (
        f"{link.kind} ({link.where}) was fitted on other numbers than it gets: the {words[0]} and "
        f"{words[1]} that it stored of {names[0]} are {amount(link.known.place[j])} and "
        f"{amount(link.known.size[j])}, those of the train rows that reach it {amount(place[j])} "
        f"and {amount(size[j])}; so it is in {len(wild)} of {plural(int(usable.sum()), 'column')}."
    )
    looks = _look(place[wild], size[wild], link.known.way)
    if looks:
        message += f" What it gets is {looks} already."
    finding = Finding(
        code=SCALE, severity="fail", subject=link.where, message=message, advice=ADVICE,
        evidence={"step": link.where, "kind": link.kind, "columns": names[:50],
                  "columns_total": len(names), "stored_place": float(link.known.place[j]),
                  "stored_size": float(link.known.size[j]), "place": float(place[j]),
                  "size": float(size[j])},
    )  # fmt: skip
    head = [("Column", "q"), (f"Stored {words[0]}", "n"), (f"{words[0]} it gets".capitalize(), "n"),
            (f"Stored {words[1]}", "n"), (f"{words[1]} it gets".capitalize(), "n")]  # fmt: skip
    rows = [[n, amount(link.known.place[k]), amount(place[k]), amount(link.known.size[k]),
             amount(size[k])] for n, k in list(zip(names, wild, strict=True))[:8]]  # fmt: skip
    return Answer(
        SCALE, (finding,), tables=(table(f"{link.kind}: what it stored, and what it gets", head,
                                         rows),),
        headline=f"No. {link.kind} gets other numbers than it was fitted on.",
        flagged=tuple(names[:50]),
    )  # fmt: skip


def _look(place: Floats, size: Floats, way: str) -> str:
    if way == "moments" and bool((np.abs(place) < 0.3).all() and (np.abs(size - 1) < 0.4).all()):
        return "standardised"
    if way == "limits" and bool((np.abs(place) < 1.1).all() and (size < 2.2).all()):
        return "scaled"
    return ""


def _of_division(link: Link) -> Answer | None:
    """A division by about 255 of numbers that lie within 0 to 1 as they come."""
    factor = link.divides
    if factor is None or not 0 < factor <= 1 / 100 or "train" not in link.fed:
        return None
    try:
        values = np.asarray(link.fed["train"], dtype=np.float64)
    except (TypeError, ValueError):
        return None
    known = values[np.isfinite(values)]
    if not len(known) or not known.any() or float(np.abs(known).max()) > 1.0 + 1e-6:
        return None
    if not np.any(known % 1):  # 0 and 1 alone: a mask, not a scaled picture
        return None
    low, high = float(known.min()), float(known.max())
    message = (
        f"{link.kind} ({link.where}) {link.does}, and the train rows that reach it lie within "
        f"{amount(low, 3)} to {amount(high, 3)} already: they are scaled twice, to at most "
        f"{amount(high * factor, 2)}."
    )
    finding = Finding(
        code=SCALE, severity="fail", subject=link.where, message=message, advice=ADVICE,
        evidence={"step": link.where, "kind": link.kind, "factor": factor, "low": low,
                  "high": high},
    )  # fmt: skip
    return Answer(SCALE, (finding,), headline=f"No. {link.kind} scales what is scaled already.")
