"""Figures of the report's two widths, axes on them, and their bytes.

A figure is measured in millimetres of paper, so that text sizes are true::

    figure = new_figure("half", 55)
    axes = add_axes(figure)
    curve(axes, fpr, tpr, split="test", band=(low, high))
    finish(axes, x="False positive rate", y="True positive rate", grid="y")

No state of pyplot is touched. :func:`style` holds the settings that matplotlib reads while it
draws; :func:`to_svg` enters it by itself, drawing code need not.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from reportgen.charts import fonts
from reportgen.charts.lettering import FAMILY, drawn, note, width_mm
from reportgen.charts.numbers import fixed
from reportgen.charts.style import (
    AXIS_LINE,
    AXIS_SIZE,
    GREY,
    GRID_LINE,
    INK,
    LINE,
    MM,
    WIDTHS,
    Width,
)

RASTER_DPI = 150  # of the parts that are drawn as a picture
TICK_GAP = 1.2  # mm between the texts of two ticks


@contextmanager
def style() -> Iterator[None]:
    """What matplotlib reads from its settings while it draws; restored afterwards."""
    fonts.register()
    with mpl.rc_context(
        {
            "font.family": list(FAMILY),
            "font.size": AXIS_SIZE,
            "text.color": INK,
            "text.parse_math": False,
            "text.usetex": False,
            "svg.fonttype": "none",
            "svg.hashsalt": "reportgen",
            "svg.image_inline": True,
            "path.simplify": True,
            "image.interpolation": "nearest",
            "lines.dash_capstyle": "butt",
            "lines.scale_dashes": False,
        }
    ):
        yield


def new_figure(width: Width = "half", height_mm: float = 55) -> Figure:
    """An empty figure, 83 mm (half) or 170 mm (full) wide, with no ground."""
    fonts.register()
    figure = Figure(figsize=(WIDTHS[width] * MM, height_mm * MM), dpi=RASTER_DPI)
    FigureCanvasAgg(figure)
    figure.patch.set_visible(False)
    return figure


def add_axes(
    figure: Figure,
    *,
    left: float = 9,
    right: float = 2,
    top: float = 6.5,
    bottom: float = 9,
) -> Axes:
    """Axes whose data area keeps these distances, in mm, from the figure's edges.

    Two panels side by side: give the left one a large ``right``, the right one a large ``left``.
    The space is for tick labels and for the quantities at the ends of the axes.
    """
    wide, high = (inches / MM for inches in figure.get_size_inches())
    axes = figure.add_axes(
        (left / wide, bottom / high, (wide - left - right) / wide, (high - top - bottom) / high)
    )
    axes.patch.set_visible(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, labelsize=AXIS_SIZE, labelcolor=GREY, pad=3)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontfamily(FAMILY)
    axes.margins(0)
    axes.set_axisbelow(True)
    return axes


def size_mm(axes: Axes) -> tuple[float, float]:
    """Width and height of the data area on paper."""
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    wide, high = figure.get_size_inches()
    box = axes.get_position()
    return box.width * wide / MM, box.height * high / MM


def finish(
    axes: Axes,
    *,
    x: str = "",
    y: str = "",
    grid: Literal["x", "y"] | None = "y",
    x_ticks: int | list[float] = 5,
    y_ticks: int | list[float] = 4,
    x_format: Callable[[float], str] | None = None,
    y_format: Callable[[float], str] | None = None,
    baseline: bool = True,
) -> None:
    """Grid in one direction, ticks, base line, and the quantities at the axes' ends.

    Parameters
    ----------
    x, y : the quantities with their units; x stands below at the right, y above at the left.
    x_ticks, y_ticks : how many at most, or where.
    x_format, y_format : a tick's text; default as many digits as the step needs.
    baseline : an ink line at the foot, with ticks where the grid is horizontal.
    """
    for axis, ticks, form in (
        (axes.xaxis, x_ticks, x_format),
        (axes.yaxis, y_ticks, y_format),
    ):
        if isinstance(ticks, int):
            axis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 2.5, 5, 10]))
        else:
            axis.set_major_locator(FixedLocator(ticks))
        locations = [float(t) for t in axis.get_major_locator()()]
        write = form or _tick_format(locations)
        axis.set_major_formatter(FuncFormatter(_formatter(write)))
    if grid is not None:
        axes.grid(axis=grid, color=LINE, linewidth=GRID_LINE * 1.5)
    if baseline:
        foot = axes.spines["bottom"]
        foot.set_visible(True)
        foot.set_color(INK)
        foot.set_linewidth(AXIS_LINE)
        if grid != "x":
            axes.tick_params(axis="x", length=2.2, width=AXIS_LINE, color=INK)
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    _make_room(figure, axes)
    if isinstance(x_ticks, int):
        _thin_out(figure, axes, x_ticks, x_format)
    if x:
        note(axes, 1, 0, x, colour=GREY, size=AXIS_SIZE, ha="right", va="top",
             within="axes", offset=(0, -14 if grid == "x" else -15.5))  # fmt: skip
    if y:
        first = all(other.get_position().x0 >= axes.get_position().x0 for other in figure.axes)
        shift = -axes.get_position().x0 * figure.get_size_inches()[0] * 72 if first else 0
        note(axes, 0, 1, y, colour=GREY, size=AXIS_SIZE, ha="left", va="bottom",
             within="axes", offset=(shift, 5))  # fmt: skip


def _thin_out(figure: Figure, axes: Axes, most: int, form: Callable[[float], str] | None) -> None:
    """Fewer ticks along the foot where their texts would run into each other."""
    wide = figure.get_size_inches()[0] / MM * axes.get_position().width
    while most > 1:
        low, high = axes.get_xlim()
        places = [float(t) for t in axes.get_xticks() if min(low, high) <= t <= max(low, high)]
        write = form or _tick_format(places)
        mm = [abs(t - low) / (abs(high - low) or 1.0) * wide for t in places]
        half = [width_mm(write(t), AXIS_SIZE) / 2 for t in places]
        pairs = pairwise(zip(mm, half, strict=True))
        if all(b - a >= x + y + TICK_GAP for (a, x), (b, y) in pairs):
            return
        most -= 1
        axes.xaxis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
        write = form or _tick_format([float(t) for t in axes.get_xticks()])
        axes.xaxis.set_major_formatter(FuncFormatter(_formatter(write)))


def _make_room(figure: Figure, axes: Axes) -> None:
    """Move the left edge of the axes to the right where tick labels would be cut off."""
    labels = [t.get_text() for t in axes.get_yticklabels()] if len(axes.get_yticks()) else []
    widest = max((width_mm(text, AXIS_SIZE) for text in labels), default=0.0)
    wide = figure.get_size_inches()[0] / MM
    box = axes.get_position()
    others = [o.get_position().x1 for o in figure.axes if o is not axes]
    start = max((x1 for x1 in others if x1 <= box.x0), default=0.0)
    needed = start + (widest + 1.3) / wide
    if widest and needed > box.x0:
        axes.set_position((needed, box.y0, box.x1 - needed, box.height))


def _formatter(write: Callable[[float], str]) -> Callable[[float, int | None], str]:
    return lambda value, position: write(value)


def _tick_format(ticks: list[float]) -> Callable[[float], str]:
    """As many decimals as tell the ticks apart; thousands separated."""
    steps = sorted(abs(b - a) for a, b in pairwise(ticks) if a != b)
    digits = 0
    while steps and digits < 8 and abs(round(steps[0], digits) - steps[0]) > steps[0] * 1e-3:
        digits += 1
    return lambda value: fixed(value, digits)


_ID = re.compile(r'(\bid="|url\(#|href="#)')
_HEAD = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)
_GROUP_NAME = re.compile(r'<g id="[^"]*"')  # nothing refers to a group
_EMPTY_GROUP = re.compile(r"<g\s*/>\s*")
_GROUP_TAG = re.compile(r"<g\b[^>]*>\s*|</g>\s*")
_PATH = re.compile(r'(?<= d=")[^"]*')
_FINE = re.compile(r"(\.\d\d)\d+")  # beyond a hundredth of a point, which nobody sees
_NO_TURN = re.compile(r' transform="rotate\(-?0 [^"]*\)"')


def to_svg(figure: Figure, name: str, title: str = "") -> str:
    """The figure as one ``<svg>`` element: the same bytes for the same drawing.

    Parameters
    ----------
    name : unique in a document; every id starts with it, so that figures can stand in one page.
    title : alternative text, written as the element's title.
    """
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_parse_math(False)
        text.set_fontfamily(list(FAMILY))
        text.set_text(drawn(text.get_text()))
    stream = io.StringIO()
    with style():
        figure.savefig(
            stream, format="svg", metadata={"Date": None, "Creator": None, "Title": drawn(title)}
        )
    svg = _METADATA.sub("", _HEAD.sub("", stream.getvalue()))
    svg = _PATH.sub(lambda path: _FINE.sub(r"\1", path[0]), svg)
    svg = _EMPTY_GROUP.sub("", _GROUP_NAME.sub("<g", _NO_TURN.sub("", svg)))
    return _ID.sub(rf"\g<1>{name}-", _without_bare_groups(svg))


def _without_bare_groups(svg: str) -> str:
    """Groups that set nothing are taken away; they are most of an axis, and cost time to draw."""
    kept: list[bool] = []

    def decide(match: re.Match[str]) -> str:
        tag = match[0].strip()
        if tag == "</g>":
            return match[0] if kept.pop() else ""
        kept.append(tag != "<g>")
        return match[0] if kept[-1] else ""

    return _GROUP_TAG.sub(decide, svg)
