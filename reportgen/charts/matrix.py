"""Confusion matrices: counts over row shares, tinted by the row share; compact for many classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from reportgen.charts.canvas import add_axes, new_figure
from reportgen.charts.lettering import fitted_apart, note, width_mm
from reportgen.charts.marks import blend, floats, shade
from reportgen.charts.numbers import count, plural, share
from reportgen.charts.style import AXIS_SIZE, GREY, INK, LABEL_SIZE, TEST, VALUE_SIZE, WIDTHS, Width

HALF_CLASSES = 4  # fit in half the page with count and share in each cell
FULL_CLASSES = 12  # fit in the full width with a count in each cell
STRENGTH = 0.5  # of the tint at a row share of 1, so that ink stays legible on it


def confusion_matrix(counts: ArrayLike, classes: Sequence[str], *, most: int = 8) -> Figure:
    """Rows are the truth, columns the prediction.

    Up to 4 classes the figure is of half width, otherwise of full width (see :func:`width_for`).
    Over 12 classes cells have no numbers, and the ``most`` frequent confusions are named beside.

    Parameters
    ----------
    counts : shape (k, k), rows counted (or weights summed).
    classes : names in the order of rows and columns.
    """
    table = floats(counts)
    if table.shape != (len(classes), len(classes)):
        raise ValueError(f"{table.shape} counts for {len(classes)} classes")
    if len(classes) > FULL_CLASSES:
        return _compact(table, classes, most)
    return _numbered(table, classes, width_for(len(classes)))


def width_for(n_classes: int) -> Width:
    """The width of the figure that :func:`confusion_matrix` draws, for its Chart."""
    return "half" if n_classes <= HALF_CLASSES else "full"


def row_shares(table: np.ndarray) -> np.ndarray:
    """Each cell's share of its row; rows without a count are zero."""
    sums = table.sum(axis=1, keepdims=True)
    shares: np.ndarray = np.divide(table, sums, out=np.zeros_like(table), where=sums > 0)
    return shares


def _numbered(table: np.ndarray, classes: Sequence[str], width: Width) -> Figure:
    k = len(classes)
    wide = WIDTHS[width]
    names_mm = min(max(width_mm(c, LABEL_SIZE) for c in classes) + 2, wide * 0.24)
    cell = min((wide - names_mm - 1) / k, 30.0 if k < 4 else 17.5)
    with_shares = cell >= 11
    high = (15.0 if k < 4 else 11.5) if with_shares else 7.0
    figure = new_figure(width, 11 + k * high + 6)
    axes = _grid(figure, names_mm, wide - names_mm - cell * k, 9.5, 6.5, k)
    shares = row_shares(table)
    rows, columns = fitted_apart(classes, names_mm - 1), fitted_apart(classes, cell - 0.6)
    for i in range(k):
        for j in range(k):
            shade(axes, j + 0.02, i + 0.02 * cell / high, 0.96, 1 - 0.04 * cell / high,
                  0.06 + STRENGTH * float(shares[i, j]))  # fmt: skip
            some = table[i, j] != 0
            up = -0.14 if with_shares and some else 0
            note(axes, j + 0.5, i + 0.5 + up, count(table[i, j]), weight=600 if some else 400,
                 colour=INK if some else GREY, ha="center",
                 size=VALUE_SIZE + 0.5 if with_shares and some else LABEL_SIZE)  # fmt: skip
            if with_shares and some:
                note(axes, j + 0.5, i + 0.76, share(shares[i, j]), size=AXIS_SIZE, ha="center")
        note(axes, 0, i + 0.5, rows[i], colour=GREY, ha="right", offset=(-4, 0))
        note(axes, i + 0.5, 0, columns[i], colour=GREY, ha="center",
             va="bottom", offset=(0, 4))  # fmt: skip
    shown = "Counts and row shares" if with_shares else "Counts, tinted by row share"
    note(axes, k, k, f"Rows: truth. Columns: prediction. {shown}", size=AXIS_SIZE, colour=GREY,
         ha="right", va="top", offset=(0, -5))  # fmt: skip
    return figure


def _compact(table: np.ndarray, classes: Sequence[str], most: int) -> Figure:
    k = len(classes)
    side = 78.0
    names_mm = min(max(width_mm(c, AXIS_SIZE) for c in classes) + 2, 26.0)
    figure = new_figure("full", side + 12)
    axes = _grid(figure, names_mm, WIDTHS["full"] - names_mm - side, 3, 9, k)
    shares = row_shares(table)
    # a square root lifts rare confusions into sight; as a picture, since cells can be thousands
    tints = LinearSegmentedColormap.from_list("tint", [blend(TEST, 0.1), blend(TEST, 1.0)])
    shown = np.ma.masked_less_equal(np.sqrt(shares), 0)
    axes.pcolormesh(shown, cmap=tints, vmin=0, vmax=1, rasterized=True, linewidth=0, zorder=1)
    every = int(np.ceil(k * 3.0 / side))
    names = fitted_apart(classes, names_mm - 1, AXIS_SIZE)
    for i in range(0, k, every):
        note(axes, 0, i + 0.5, names[i], size=AXIS_SIZE,
             colour=GREY, ha="right", offset=(-4, 0))  # fmt: skip
    axes.plot([0, k, k, 0, 0], [0, 0, k, k, 0], color=GREY, linewidth=0.4, clip_on=False)
    note(axes, k, k, "Rows: truth. Columns: prediction, in the same order", size=AXIS_SIZE,
         colour=GREY, ha="right", va="top", offset=(0, -5))  # fmt: skip
    _most_frequent(axes, table, shares, classes, most)
    return figure


def _most_frequent(
    axes: Axes, table: np.ndarray, shares: np.ndarray, classes: Sequence[str], most: int
) -> None:
    k = len(classes)
    off = table * (1 - np.eye(k))
    order = [int(i) for i in np.argsort(-off, axis=None, kind="stable")[:most] if off.flat[i] > 0]
    left = 22.0
    note(axes, k, 0, "Most frequent confusions", weight=600, size=VALUE_SIZE, offset=(left, -6))
    if not order:
        note(axes, k, 0, "none", colour=GREY, offset=(left, -20))
    names = fitted_apart(classes, 22)
    for line, index in enumerate(order):
        i, j = divmod(index, k)
        down = -24 - 22 * line
        pair = f"{names[i]} taken for {names[j]}"
        note(axes, k, 0, pair, offset=(left, down))
        told = (
            f"{count(table[i, j])} of {plural(int(table[i].sum()), 'row')}, {share(shares[i, j])}"
        )
        note(axes, k, 0, told, size=AXIS_SIZE, colour=GREY, offset=(left, down - 9))


def _grid(figure: Figure, left: float, right: float, top: float, bottom: float, k: int) -> Axes:
    axes = add_axes(figure, left=left, right=right, top=top, bottom=bottom)
    axes.set_xlim(0, k)
    axes.set_ylim(k, 0)
    axes.set_xticks([])
    axes.set_yticks([])
    return axes
