"""What parts of images and of sequences are worth: each is hidden in turn behind train's mean.

Occlusion (Zeiler, Fergus 2014), coarse parts first; those that are worth most are then divided, so
that a budget of rows holds whatever the size of the images.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.sensitivity.asking import Floats, Ints, at_once
from reportgen.diagnostics.sensitivity.columns import Columns
from reportgen.diagnostics.sensitivity.plan import sample
from reportgen.diagnostics.sensitivity.subject import Subject
from reportgen.statistics import influence
from reportgen.statistics.intervals import Interval, student

#: Parts along each side of an image, and along a sequence, to begin with.
SIDE, ALONG = 4, 12
#: Of the coarse parts, so many are divided; rows that each part is hidden in.
DIVIDED, FEWEST, ENOUGH = 4, 60, 400
LEAST, MOST = 2400, 40_000  # rows asked
#: Rows of train that its mean is taken of.
MEAN_ROWS = 2000

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Region:
    """A part: pixels ``top`` to ``bottom`` and ``left`` to ``right``, ends not included.

    Of sequences the steps are ``left`` to ``right``. ``rise`` is that of the squared error when it
    is hidden.
    """

    box: Box
    rise: Interval


@dataclass(frozen=True)
class Regions:
    """Parts of rows of ``height`` × ``width``: the coarse ones, then those inside some of them.

    ``n`` rows, whose mean squared error as they are is ``loss``.
    """

    height: int
    width: int
    coarse: tuple[Region, ...]
    fine: tuple[Region, ...]
    n: int
    loss: float
    sent: int

    @property
    def order(self) -> list[Region]:
        """Those that are not divided, and the parts of those that are; most worth first."""
        divided = {c.box for c in self.coarse for f in self.fine if _inside(f.box, c.box)}
        leaves = [c for c in self.coarse if c.box not in divided] + list(self.fine)
        return sorted(leaves, key=lambda r: (-r.rise.value, r.box))


@dataclass(frozen=True)
class Hidden:
    """Rows to be asked again with a part hidden."""

    rows: Ints
    box: Box


#: The rows of some questions, one below the other, with their parts hidden.
Copied = Callable[[Sequence[Hidden]], Any]


def of_images(subject: Subject, budget: int | None) -> Regions:
    """Parts of images (n, h, w[, c])."""
    X = np.asarray(subject.X)
    mean = mean_of(np.asarray(subject.reference)).astype(X.dtype)
    hide = _hider(X, mean)
    size = int(np.prod(X.shape[1:]))
    return measured(subject, X.shape[1], X.shape[2], hide, size, SIDE, SIDE, budget)


def of_steps(subject: Subject, table: Columns, budget: int | None) -> Regions | None:
    """Runs of steps of sequences (n, T, c); None of other rows, and of tokens."""
    if table.steps < 2 or table.is_tokens(0):
        return None
    X = np.asarray(subject.X)
    reference = np.asarray(subject.reference, dtype=np.float64)[:MEAN_ROWS]
    axes = (0, 1) if X.ndim == 3 else None
    mean = np.broadcast_to(reference.mean(axis=axes), X.shape[1:]).astype(X.dtype)
    wide = (len(X), 1, *X.shape[1:])

    def hide(asks: Sequence[Hidden]) -> Any:
        given = _hider(X.reshape(wide), mean.reshape(wide[1:]))(asks)
        return given.reshape(-1, *X.shape[1:])

    parts = min(ALONG, table.steps)
    return measured(subject, 1, table.steps, hide, table.size, 1, parts, budget)


def mean_of(reference: NDArray[Any]) -> Floats:
    """The mean row of train, rounded where rows are whole numbers."""
    size = int(np.prod(reference.shape[1:]))
    step = max(1, -(-len(reference) // at_once(size, MEAN_ROWS)))
    mean = reference[::step].astype(np.float64).mean(axis=0)
    return np.asarray(np.round(mean) if reference.dtype.kind in "iu" else mean)


def _hider(X: NDArray[Any], mean: NDArray[Any]) -> Copied:
    def hide(asks: Sequence[Hidden]) -> NDArray[Any]:
        parts = []
        for ask in asks:
            rows = X[ask.rows]
            top, left, bottom, right = ask.box
            rows[:, top:bottom, left:right] = mean[top:bottom, left:right]
            parts.append(rows)
        return np.concatenate(parts)

    return hide


def measured(
    subject: Subject,
    height: int,
    width: int,
    hide: Copied,
    size: int,
    rows_of_parts: int,
    columns_of_parts: int,
    budget: int | None,
) -> Regions:
    """Hides each part of a grid, then the parts of those that are worth most."""
    coarse = grid((0, 0, height, width), rows_of_parts, columns_of_parts)
    allowed = budget or int(np.clip(len(subject.rows), LEAST, MOST))
    planned = len(coarse) + 4 * min(DIVIDED, len(coarse))
    some = at_once(size, int(np.clip(allowed // planned, FEWEST, ENOUGH)))
    rows = sample(subject.rows, some, subject.case.rng("hidden"))
    before = subject.errors(rows)
    first = _rises(subject, coarse, rows, before, hide, size)
    worth = sorted(first, key=lambda r: -r.rise.value)[:DIVIDED]
    inside = [part for r in worth if r.rise.value > 0 for part in halves(r.box)]
    fine = _rises(subject, inside, rows, before, hide, size) if inside else ()
    sent = len(rows) * (len(coarse) + len(inside))
    return Regions(height, width, first, fine, len(rows), float(before.mean()), sent)


def _rises(
    subject: Subject, boxes: Sequence[Box], rows: Ints, before: Floats, hide: Copied, size: int
) -> tuple[Region, ...]:
    asks = {f"hidden:{k}": Hidden(rows, box) for k, box in enumerate(boxes)}
    found = subject.asked(asks, hide, size)
    design = subject.design(rows)
    regions = []
    for k, box in enumerate(boxes):
        change = subject.errors(rows, found[f"hidden:{k}"]) - before
        mean = influence.mean(change, design.weights)
        rise = student(mean.value, design.se(mean.rows), design.df, method="t over rows")
        regions.append(Region(box, rise))
    return tuple(regions)


def grid(box: Box, rows: int, columns: int) -> list[Box]:
    """Parts of a box, about equal; fewer where it has fewer pixels."""
    top, left, bottom, right = box
    down = np.unique(np.linspace(top, bottom, rows + 1).round().astype(int))
    across = np.unique(np.linspace(left, right, columns + 1).round().astype(int))
    return [
        (int(a), int(c), int(b), int(d))
        for a, b in itertools.pairwise(down)
        for c, d in itertools.pairwise(across)
    ]


def halves(box: Box) -> list[Box]:
    """A box cut in the middle both ways; none where it is one pixel."""
    parts = grid(box, 2, 2)
    return parts if len(parts) > 1 else []


def _inside(a: Box, b: Box) -> bool:
    return b[0] <= a[0] and b[1] <= a[1] and a[2] <= b[2] and a[3] <= b[3]
