"""A change of scale between two splits' columns, told from an honest shift.

A shift moves values and keeps their units: taking back no factor makes the splits alike. A change
of scale undoes itself when its factor, or train's own scaling, is taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.preprocessing.columns import (
    decimals,
    finite,
    ks,
    ks_near,
    noise,
    off_by,
    shared,
    spread,
    thinned,
)
from reportgen.diagnostics.preprocessing.units import NEAR_UNIT, Kind, known, ways

Floats = NDArray[np.float64]
ROWS = 4000  # of which distributions are told
GROSS = 8.0  # fold in spread, or spreads apart, that no honest half of all columns is
APART = 0.6  # KS distance, beyond noise, of a column whose unit changed
ALIKE = 0.08  # KS distance, beyond noise, of one whose unit was taken back
STILL = 0.3  # median KS distance of the other columns, where one changed
FEWEST = 5  # rows
ENOUGH = 15  # rows that show the shape of a column


@dataclass(frozen=True)
class Changed:
    """A column whose scale changed: how, and how alike the splits are before and after.

    ``sure`` where nothing but a change of scale does this; ``factor`` is split / train.
    """

    column: int
    kind: Kind
    words: str
    factor: float
    before: float
    after: float
    sure: bool
    undo: Callable[[Floats], Floats] = field(compare=False, repr=False)


@dataclass(frozen=True)
class Gross:
    """Most columns are on another scale: which, of how many, and what each split looks like."""

    columns: tuple[int, ...]
    compared: int
    words: str
    factor: float | None

    def undone(self, train: Floats, split: Floats) -> Floats | None:
        """A column of the split as it was, given train's; None where that is not known."""
        if self.factor is not None:
            return split / self.factor
        known = train[np.isfinite(train)]
        if self.words == "raw|standardised":
            return np.asarray(split * known.std() + known.mean())
        if self.words == "raw|within 0 to 1":
            return np.asarray(split * np.ptp(known) + known.min())
        if self.words == "raw|within −1 to 1":
            return np.asarray((split + 1) / 2 * np.ptp(known) + known.min())
        if self.words == "raw|scaled by quartiles":
            low, middle, high = np.percentile(known, [25, 50, 75])
            return np.asarray(split * (high - low) + middle)
        return None


@dataclass(frozen=True)
class Pair:
    """A column's finite values in train and in a split, sorted, thinned.

    ``distance`` is Kolmogorov and Smirnov's; ``apart`` that of the values or of their sizes, which
    tells two scales around 0 apart.
    """

    column: int
    a: Floats
    b: Floats
    distance: float
    apart: float
    ratio: float
    shift: float

    @property
    def binary(self) -> bool:
        """Two values a side: their scale is a code."""
        return all(len(np.unique(v)) <= 2 for v in (self.a, self.b))

    @property
    def few(self) -> bool:
        """Too few rows to know a column's shape by."""
        return min(len(self.a), len(self.b)) < ENOUGH

    @property
    def noise(self) -> float:
        return noise(len(self.a), len(self.b))


def pairs(train: Sequence[Floats], split: Sequence[Floats]) -> list[Pair]:
    """Columns that can be compared: constant in neither split."""
    found = []
    for j, (x, y) in enumerate(zip(train, split, strict=True)):
        a, b = (np.sort(thinned(finite(v), ROWS)) for v in (x, y))
        if min(len(a), len(b)) < FEWEST or a[0] == a[-1] or b[0] == b[-1]:
            continue
        wide = [_spread(v) for v in (a, b)]
        shift = abs(float(np.median(b) - np.median(a))) / max(wide)
        distance = ks(a, b)
        apart = max(distance, ks(np.sort(np.abs(a)), np.sort(np.abs(b))))
        found.append(Pair(j, a, b, distance, apart, wide[1] / wide[0], shift))
    return found


def _spread(v: Floats) -> float:
    """A robust spread; of what is not zero, where most is."""
    if (v == 0).mean() > 0.5:
        other = np.abs(v[v != 0])
        return float(np.median(other)) if len(other) else 1e-300
    return max(spread(v), 1e-300)


def gross(found: Sequence[Pair]) -> Gross | None:
    """Half of the columns or more on a scale of another order."""
    found = [p for p in found if not p.binary]
    wild = [p for p in found if _wild(p)]
    if len(wild) < max(2, len(found) / 2):
        return None
    ratios = np.array([p.ratio for p in wild])
    common = float(np.median(ratios))
    same = bool((np.abs(np.log(ratios / common)) < np.log(1.6)).mean() > 0.8)
    words = _look(wild)
    if same and abs(np.log(common)) > np.log(2):
        return Gross(tuple(p.column for p in wild), len(found), words, common)
    return Gross(tuple(p.column for p in wild), len(found), words, None)


def _wild(p: Pair) -> bool:
    least = GROSS * (1 + 4 / np.sqrt(min(len(p.a), len(p.b))))
    far = max(p.ratio, 1 / p.ratio) >= least or p.shift >= least
    return bool(far and p.apart >= min(APART + p.noise, 0.95))


def _look(wild: Sequence[Pair]) -> str:
    """What each side looks like, in words: "train is raw, the split standardised"."""
    looks = []
    for values in ([p.a for p in wild], [p.b for p in wild]):
        standard = np.mean([abs(np.median(v)) < 1.5 and 0.2 < spread(v) < 3 for v in values])
        limits = np.mean([v[0] >= -1.2 and v[-1] <= 1.2 for v in values])
        looks.append(
            "within −1 to 1" if limits > 0.8 else "standardised" if standard > 0.8 else "raw"
        )
    return f"{looks[0]}|{looks[1]}"


def changed(found: Sequence[Pair], least: float) -> Iterator[Changed]:
    """Single columns in another unit; ``least`` is the factor from which any one counts."""
    for p in found:
        p = _without_zeros(p)
        if p.binary or p.few or p.apart < min(APART + p.noise / 2, 0.97):
            continue
        others = [q.distance - q.noise / 2 for q in found if q.column != p.column]
        still = not others or float(np.median(others)) <= STILL
        alone = len(others) >= 3 and float(np.median(others)) <= STILL / 2
        told = _undone(p, least, still, alone)
        if told is not None:
            yield told


def _without_zeros(p: Pair) -> Pair:
    """What is not zero, of a column that mostly is in both splits: no unit changes a zero."""
    zeros = [float((v == 0).mean()) for v in (p.a, p.b)]
    if min(zeros) < 0.3 or abs(zeros[0] - zeros[1]) > p.noise / 1.4 + ALIKE:
        return p
    a, b = p.a[p.a != 0], p.b[p.b != 0]
    if min(len(a), len(b)) < ENOUGH:
        return p
    (left,) = pairs([a], [b]) or (p,)
    return replace(left, column=p.column)


def _undone(p: Pair, least: float, still: bool, alone: bool) -> Changed | None:
    best: Changed | None = None
    for kind, words, factor, undo in ways(p.a, p.b):
        back = np.sort(undo(p.b))
        if kind == "logarithm" and max(p.ratio, 1 / p.ratio) < least:
            continue  # near 1 a logarithm is a shift
        after = ks_near(p.a, back)
        wide = kind == "factor" and max(factor, 1 / factor) >= least and known(factor) is not None
        slack = ALIKE if wide else ALIKE / 2
        if after > p.noise / 1.4 + slack or p.apart - after < 0.4:
            continue
        lattice = _lattice(p, undo) if kind in ("factor", "temperature") else None
        sure = _sure(kind, factor, lattice, least, still)
        hint = sure or (
            kind == "factor" and alone and lattice is not False and known(factor) is not None
            and after <= p.noise / 1.4 and _sharply_known(p, factor)
        )  # fmt: skip
        if hint and (best is None or (sure, -after) > (best.sure, -best.after)):
            best = Changed(p.column, kind, words, factor, p.apart, after, sure, undo)
    return best


def _sure(
    kind: Kind, factor: float, lattice: bool | None, least: float, still: bool
) -> bool:  # fmt: skip
    if lattice is False:
        return False
    if kind == "factor":
        return bool(lattice) or (max(factor, 1 / factor) >= least and still)
    if kind == "temperature":
        return bool(lattice)
    return still


def _sharply_known(p: Pair, factor: float) -> bool:
    """Whether the sample can tell a known unit from its neighbours: medians are good to 2 %."""
    errors = [
        1.25 * float(np.std(v)) / np.sqrt(len(v)) / max(abs(float(np.median(v))), 1e-300)
        for v in (p.a, p.b)
    ]
    own = float(np.median(p.b)) / float(np.median(p.a)) if np.median(p.a) else np.inf
    return bool(np.hypot(*errors) <= NEAR_UNIT and abs(own / factor - 1) <= NEAR_UNIT)


def _lattice(p: Pair, undo: Callable[[Floats], Floats]) -> bool | None:
    """Whether taking the change back brings the values onto train's digits.

    True: they lie on train's decimals only so, or only multiples occur. False: they lie on them
    as they are and not so. None: digits tell nothing.
    """
    digits = decimals(p.a, 3)
    if digits is None or len(np.unique(p.a)) < 5:
        return None
    few = len(np.unique(p.a)) < min(200, len(p.a) / 2)
    known = not few or shared(p.a, undo(p.b)) >= 0.3  # of few values, train has most
    own = known and _on(undo(p.b), digits)
    as_they_are = _on(p.b, digits)
    if own and not as_they_are:
        return True
    if own and as_they_are:  # a factor of whole numbers: only its multiples occur
        zero, one = undo(np.array([0.0, 1.0]))
        return bool(one - zero < 1)  # multiples of what is whole are whole by themselves
    if as_they_are and not own:
        return False
    return None


def _on(v: Floats, digits: int) -> bool:
    scaled = v * 10.0**digits
    return bool((np.abs(scaled - np.round(scaled)) <= off_by(scaled, 0.01)).mean() > 0.98)
