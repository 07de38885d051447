"""Whether gaps were filled after scaling: by the fitted order, or by both orders computed anew."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.charts.numbers import amount, plural, share
from reportgen.diagnostics.preprocessing.answer import Answer
from reportgen.diagnostics.preprocessing.chain import SCALERS, Link
from reportgen.diagnostics.preprocessing.declared import CODES, IMPUTED
from reportgen.diagnostics.preprocessing.exact import CHANCE, FINEST, own_moments
from reportgen.diagnostics.preprocessing.received import Received
from reportgen.evidence import Case
from reportgen.results import Finding

Floats = NDArray[np.float64]
ADVICE = next(c.advice for c in CODES if c.code == IMPUTED)
FILLED = 0.01  # share of rows with one value, from which it may be a filled one
FEWEST = 5


def look(case: Case, rows: Received, chain: tuple[Link, ...]) -> Answer:
    """The fitted order, where there is one that fills gaps; else the delivered numbers."""
    imputers = [link for link in chain if link.kind == "SimpleImputer"]
    for link in imputers:
        scaler = next((k for k in link.before if k in SCALERS), None)
        gaps = {n: _gaps(x) for n, x in link.fed.items()}
        if scaler is not None and any(gaps.values()):
            return _of_order(link, scaler, gaps)
    if imputers:
        return Answer(IMPUTED)
    told = _of_numbers(rows)
    if told is not None:
        return told
    if not any(p.numbers for p in rows.places):
        return Answer(IMPUTED, untold="no column is a number")
    return Answer(IMPUTED)


def _gaps(x: Any) -> int:
    try:
        values = np.asarray(x, dtype=np.float64)
    except (TypeError, ValueError):
        return 0
    return int(np.isnan(values).any(axis=1).sum()) if values.ndim == 2 else 0


def _of_order(link: Link, scaler: str, gaps: dict[str, int]) -> Answer:
    most = max(gaps, key=lambda n: gaps[n])
    moved = _moved(link)
    message = (
        f"{scaler} stands before SimpleImputer ({link.where}), which fills gaps in "
        f"{plural(gaps[most], f'{most} row')}: the scale is that of the values that were there."
    )
    if moved is not None:
        column, _before, after = moved
        message += (
            f" Filled first, the standard deviation of {column} is {amount(after)} of what it is "
            f"scaled by now."
        )
    finding = Finding(
        code=IMPUTED, severity="warn", subject=link.where, message=message, advice=ADVICE,
        evidence={"scaler": scaler, "imputer": link.where, "rows": gaps,
                  "ratio": None if moved is None else moved[2]},
    )  # fmt: skip
    return Answer(IMPUTED, (finding,), headline=f"Not quite. {scaler} scales before gaps are "
                  "filled.")  # fmt: skip


def _moved(link: Link) -> tuple[str, float, float] | None:
    """The column whose spread filling changes most: its spread as it comes, and once filled."""
    strategy = getattr(link.step, "strategy", "mean")
    if "train" not in link.fed or strategy not in ("mean", "median"):
        return None
    values = np.asarray(link.fed["train"], dtype=np.float64)
    if values.ndim != 2 or not len(values):
        return None
    best: tuple[str, float, float] | None = None
    for j in range(values.shape[1]):
        own = values[:, j]
        there = own[~np.isnan(own)]
        if len(there) == len(own) or len(there) < 2 or not there.std() > 0:
            continue
        fill = there.mean() if strategy == "mean" else float(np.median(there))
        ratio = float(np.where(np.isnan(own), fill, own).std() / there.std())
        name = link.columns[j] if j < len(link.columns) else f"column {j}"
        if best is None or abs(np.log(ratio)) > abs(np.log(best[2])):
            best = (name, float(there.std()), ratio)
    return best


def _of_numbers(rows: Received) -> Answer | None:
    """Both orders of the delivered numbers: which of them has mean 0 and sd 1 to the digits."""
    for place in rows.places:
        hits = []
        for column in place.numbers:
            if "train" in column.by:
                told = filled_after(column.by["train"])
                if told is not None:
                    hits.append((column.name, *told))
        if not hits or len(place.numbers) * min(h[4] for h in hits) > CHANCE:
            continue
        name, value, count, n, _, spread = hits[0]
        finding = Finding(
            code=IMPUTED, severity="warn", subject=plural(len(hits), "column"),
            message=f"“{name}” is {amount(value, 3) if abs(value) > 1e-9 else '0'} in {count:,} of "
            f"{n:,} train rows ({share(count / n)}); the others have mean 0 and standard deviation "
            f"1 to the last digits, all together {amount(spread)}: gaps were filled after scaling."
            + (f" So it is in {plural(len(hits) - 1, 'other column')}." if hits[1:] else ""),
            advice=ADVICE,
            evidence={"place": place.key, "columns": [h[0] for h in hits[:50]],
                      "rows": count, "value": value, "sd_of_all": spread},
        )  # fmt: skip
        return Answer(IMPUTED, (finding,), flagged=tuple(h[0] for h in hits[:50]),
                      headline="Not quite. Gaps were filled after scaling.")  # fmt: skip
    return None


def filled_after(v: Floats) -> tuple[float, int, int, float, float] | None:
    """The filled value, its rows, all rows, the chance, and the spread of all; None for none.

    Of the two orders, filling first leaves mean 0 and sd 1 over all rows, scaling first over those
    beside the filled ones.
    """
    n = len(v)
    if not np.isfinite(v).all() or n < 20:
        return None
    values, counts = np.unique(v, return_counts=True)
    at = int(counts.argmax())
    count = int(counts[at])
    if count < max(FEWEST, FILLED * n) or len(values) < 11 or count > 0.9 * n:
        return None
    rest = v[v != values[at]]
    if len(np.unique(rest)) < 0.2 * len(rest) and counts.max() < 3 * np.sort(counts)[-2]:
        return None
    if own_moments(v) is not None:
        return None
    # A median is as a rule one of the values that were there: up to two belong to the rest.
    kept = [np.append(rest, np.full(k, values[at])) for k in (0, 1, 2)]
    own = next((o for r in kept if (o := own_moments(r)) is not None), None)
    if own is None:
        return None
    chance = 0.9 * max(own[0], FINEST) * max(own[1], FINEST) * len(rest)
    return float(values[at]), count, n, float(chance), float(v.std())
