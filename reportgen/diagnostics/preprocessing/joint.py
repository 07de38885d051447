"""A change of scale of the whole table, whose parameters train alone gives.

Each hypothesis is applied to train without a free parameter (or with one for all columns); if the
result looks like the split in nearly every column where train as it is does not, that was done.
Where train is what was scaled, the split is an affine image of it, column by column, far off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.preprocessing.change import APART, Gross, Pair
from reportgen.diagnostics.preprocessing.columns import decimals, ks_near, spread
from reportgen.diagnostics.preprocessing.exact import own_moments

Floats = NDArray[np.float64]
ALIKE = 0.06  # KS distance, beyond noise, of a column once the change is made
MENDED = 0.4  # KS distance that the change takes away from a column that is far apart
MOST = 0.8  # of the columns that must be alike
SOME = 0.3  # of the columns that are far apart as they are
FAR = 3.0  # spreads, or fold, of a column that was standardised in one split alone
STANDARD = 0.05  # that a standardised column's mean and spread are off 0 and 1, rounded


@dataclass(frozen=True)
class _Way:
    words: str
    apply: Callable[[Pair], Floats]
    factor: float | None = None


def whole(found: Sequence[Pair], train: Sequence[Floats]) -> Gross | None:
    """What was done to the split's table, or to train's, as one; None where nothing fits."""
    pairs = [p for p in found if not p.binary and not p.few]
    far = [p for p in pairs if p.apart >= min(APART + p.noise / 2, 0.95)]
    if len(far) < max(2, SOME * len(pairs)):
        return None
    for way in _ways(pairs):
        after = [(ks_near(np.sort(way.apply(p)), p.b), p) for p in pairs]
        alike = [p for d, p in after if d <= p.noise / 1.4 + ALIKE]
        mended = [p for d, p in after if any(p is q for q in far) and p.apart - d >= MENDED]
        if len(alike) >= MOST * len(pairs) and len(mended) >= max(2, MOST * len(far)):
            return Gross(tuple(p.column for p in mended), len(pairs), way.words, way.factor)
    return _one_side(pairs, far, train)


def _ways(pairs: Sequence[Pair]) -> Iterator[_Way]:
    yield _Way("raw|standardised", lambda p: (p.a - p.a.mean()) / p.a.std())
    yield _Way("raw|within 0 to 1", lambda p: (p.a - p.a[0]) / np.ptp(p.a))
    yield _Way("raw|within −1 to 1", lambda p: 2 * (p.a - p.a[0]) / np.ptp(p.a) - 1)
    yield _Way("raw|scaled by quartiles", _quartiles)
    ratios = [p.ratio for p in pairs]
    factor = float(np.median(ratios))
    if abs(np.log(factor)) > np.log(1.5):
        yield _Way("|", lambda p: p.a * factor, factor)


def _quartiles(p: Pair) -> Floats:
    low, middle, high = np.percentile(p.a, [25, 50, 75])
    return np.asarray((p.a - middle) / (high - low if high > low else 1.0))


def _one_side(
    pairs: Sequence[Pair], far: Sequence[Pair], train: Sequence[Floats]
) -> Gross | None:  # fmt: skip
    """Train is standardised, or lies within 0 to 1, in every column; the split is far off it."""
    standard = all(_standardised(train[p.column]) for p in pairs)
    limits = all(abs(p.a[0]) < 0.02 and abs(p.a[-1] - 1) < 0.02 for p in pairs)
    if not standard and not limits:
        return None
    wild = [p for p in pairs if _off(p) and _same_shape(p)]
    rounded = [p for p in far if decimals(p.b, 3) is not None and decimals(p.a, 4) is None]
    if len(wild) < max(2, 0.5 * len(pairs)) and len(rounded) < max(2, 0.5 * len(pairs)):
        return None
    chosen = wild if len(wild) >= len(rounded) else rounded
    look = "standardised" if standard else "within 0 to 1"
    return Gross(tuple(p.column for p in chosen), len(pairs), f"{look}|on another scale", None)


def _standardised(v: Floats) -> bool:
    known = v[np.isfinite(v)]
    return own_moments(known) is not None or (
        abs(float(known.mean())) < STANDARD and abs(float(known.std()) - 1) < STANDARD
    )


def _off(p: Pair) -> bool:
    return bool(max(p.ratio, 1 / p.ratio) >= FAR or p.shift >= FAR)


def _same_shape(p: Pair) -> bool:
    """Alike once the split is moved and stretched to train's middle and spread."""
    size = spread(p.b)
    if not size > 0:
        return False
    moved = (p.b - np.median(p.b)) / size * spread(p.a) + np.median(p.a)
    return ks_near(p.a, np.sort(moved)) <= p.noise + ALIKE
