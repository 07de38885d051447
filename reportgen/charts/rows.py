"""Rows of estimates with intervals (a forest chart), and rows of bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reportgen.charts.canvas import add_axes, finish, new_figure
from reportgen.charts.lettering import fitted_apart, note, width_mm
from reportgen.charts.marks import dot, interval_x, reference
from reportgen.charts.numbers import THIN, count, fixed, number
from reportgen.charts.style import (
    AXIS_SIZE,
    BAND,
    GREY,
    INK,
    LABEL_SIZE,
    TEST,
    VALUE_SIZE,
    WIDTHS,
    Width,
)


@dataclass(frozen=True)
class Mark:
    """An estimate with its 95 % interval; ``hollow`` is the other side of a comparison."""

    value: float | None
    low: float | None = None
    high: float | None = None
    hollow: bool = False
    label: str = ""
    colour: str = TEST


@dataclass(frozen=True)
class Row:
    """A line of a forest chart: its name, n, and one or more marks, upper first.

    ``band`` is a grey range behind the row (effects too small to be found), ``right`` words in a
    column at the right.
    """

    label: str
    marks: tuple[Mark, ...]
    n: int | None = None
    bold: bool = True
    band: tuple[float, float] | None = None
    right: str = ""


def forest(
    rows: Sequence[Row],
    *,
    x: str,
    width: Width = "half",
    unit: str = "score",
    reference_at: float | None = None,
    reference_label: str = "",
    limits: tuple[float, float] | None = None,
    right_head: str = "",
    show_values: bool = True,
    tick_format: Callable[[float], str] | None = None,
) -> Figure:
    """Rows of dots with intervals; the height follows from the rows.

    Parameters
    ----------
    rows : top to bottom.
    x : the quantity with its unit, e.g. "Accuracy on test, with 95 % interval".
    unit : a metric's unit, decides the digits of the values written beside the marks.
    reference_at, reference_label : a dashed line and its name (solid at zero).
    limits : of the axis; default: what the marks need.
    """
    wide = WIDTHS[width]
    label_mm = min(
        max((width_mm(r.label, LABEL_SIZE, 600) for r in rows), default=0) + 2, wide * 0.42
    )
    right_mm = max(width_mm(t, LABEL_SIZE, 500) for t in (right_head, *(r.right for r in rows)))
    values = [number(m.value, unit) for r in rows for m in r.marks if m.value is not None]
    value_mm = max((width_mm(t, VALUE_SIZE, 600) for t in values), default=0) if show_values else 0
    deep = [4.8 + 3.9 * (max(len(r.marks), 2 if r.n is not None else 1) - 1) for r in rows]
    top = 5.5 if reference_label or right_head else 1.5
    height = sum(deep) + top + 10
    figure = new_figure(width, height)
    # a value written right of the last mark, and then the words at the right
    beyond = value_mm + 2.5 if show_values else 1.5
    axes = add_axes(
        figure,
        left=label_mm + 2,
        right=beyond + (right_mm + 2 if right_mm else 0),
        top=top,
        bottom=9.5,
    )
    aside = (beyond + 1) * 72 / 25.4
    axes.set_ylim(sum(deep), 0)
    low, high = limits or _limits(rows, reference_at)
    axes.set_xlim(low, high)
    at = 0.0
    names = fitted_apart([row.label for row in rows], label_mm, LABEL_SIZE, 600)
    for row, name, room in zip(rows, names, deep, strict=True):
        middle = at + room / 2
        _names(axes, row, name, middle, label_mm)
        if row.band is not None:
            axes.fill_betweenx([middle - 1.6, middle + 1.6], *row.band, color=BAND, linewidth=0,
                               zorder=2.2)  # fmt: skip
        first = middle - 3.9 * (len(row.marks) - 1) / 2
        for index, mark in enumerate(row.marks):
            if mark.value is not None:
                _mark(axes, mark, first + 3.9 * index, unit, show_values)
        if row.right:
            note(axes, high, middle, row.right, weight=500, offset=(aside, 0))
        at += room
    if right_head:
        note(axes, 1, 1, right_head, size=AXIS_SIZE, colour=GREY, within="axes", va="bottom",
             offset=(aside, 4))  # fmt: skip
    finish(axes, x=x, grid="x", x_ticks=4, y_ticks=[], x_format=tick_format, baseline=True)
    if reference_at is not None:
        reference(axes, x=reference_at, solid=reference_at == 0)
        if reference_label:
            note(axes, reference_at, 0, reference_label, size=AXIS_SIZE, colour=GREY,
                 ha="center", va="bottom", offset=(0, 3))  # fmt: skip
    return figure


def _limits(rows: Sequence[Row], reference_at: float | None) -> tuple[float, float]:
    ends = [v for r in rows for m in r.marks for v in (m.value, m.low, m.high) if v is not None]
    ends += [v for r in rows if r.band for v in r.band]
    ends += [reference_at] if reference_at is not None else []
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    pad = 0.05 * (high - low) or 0.05 * abs(high) or 0.5
    return low - pad, high + pad


def _names(axes: Axes, row: Row, name: str, middle: float, label_mm: float) -> None:
    left = -(label_mm + 2) * 72 / 25.4
    lift = 1.7 if row.n is not None else 0
    low = axes.get_xlim()[0]
    note(axes, low, middle - lift, name, size=LABEL_SIZE, weight=600 if row.bold else 400,
         offset=(left, 0))  # fmt: skip
    if row.n is not None:
        note(axes, low, middle + 1.9, f"n {count(row.n)}", size=AXIS_SIZE, colour=GREY,
             offset=(left, 0))  # fmt: skip


def _mark(axes: Axes, mark: Mark, y: float, unit: str, show_values: bool) -> None:
    assert mark.value is not None
    interval_x(axes, y, mark.low, mark.high, colour=mark.colour)
    dot(axes, mark.value, y, hollow=mark.hollow, colour=mark.colour)
    end = mark.high if mark.high is not None else mark.value
    if show_values:
        note(axes, end, y, number(mark.value, unit), size=LABEL_SIZE, weight=600, colour=INK,
             offset=(5, 0), knock=True)  # fmt: skip
    if mark.label:
        note(axes, mark.value, y, mark.label, size=AXIS_SIZE, colour=mark.colour, ha="center",
             va="bottom", offset=(0, 4.5), knock=True)  # fmt: skip


def bar_rows(
    labels: Sequence[str],
    values: Sequence[float],
    *,
    x: str,
    unit: str = "count",
    width: Width = "half",
    colours: Sequence[str] | None = None,
    notes: Sequence[str] | None = None,
) -> Figure:
    """Lying bars on zero with their values written behind them, top to bottom."""
    wide = WIDTHS[width]
    label_mm = min(max((width_mm(t, LABEL_SIZE) for t in labels), default=0) + 2, wide * 0.42)
    texts = [number(v, unit) for v in values]
    if notes is not None:
        texts = [f"{a}  {b}" if b else a for a, b in zip(texts, notes, strict=True)]
    value_mm = max((width_mm(t, LABEL_SIZE, 600) for t in texts), default=0)
    figure = new_figure(width, 4.6 * len(labels) + 11)
    axes = add_axes(figure, left=label_mm + 2, right=value_mm + 4, top=1.5, bottom=9.5)
    axes.set_ylim(len(labels), 0)
    axes.set_xlim(0, max([*values, 0]) or 1)
    names = fitted_apart(labels, label_mm)
    for index, (name, value, text) in enumerate(zip(names, values, texts, strict=True)):
        ink = colours[index] if colours else TEST
        axes.barh(index + 0.5, value, height=0.62, color=ink, linewidth=0, zorder=2)
        note(axes, 0, index + 0.5, name, offset=(-(label_mm + 2) * 72 / 25.4, 0))
        note(axes, value, index + 0.5, text, weight=600, offset=(4, 0), knock=True)
    ticks = _per_cent if unit == "share" else None
    finish(axes, x=x, grid="x", x_ticks=4, y_ticks=[], x_format=ticks, baseline=True)
    return figure


def _per_cent(value: float) -> str:
    """A tick of shares in the unit of the values beside the bars: 0, 2.5 % and 5 %."""
    digits = next((d for d in range(4) if abs(round(100 * value, d) - 100 * value) < 1e-9), 4)
    return f"{fixed(100 * value, digits)}{THIN}%" if value else "0"
