"""Marks on axes: curves with bands, estimates with intervals, references, bars, points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from reportgen.charts.lettering import note
from reportgen.charts.style import (
    AXIS_LINE,
    AXIS_SIZE,
    BAND,
    CURVE,
    DOT,
    GREY,
    INK,
    INTERVAL,
    MANY_POINTS,
    PAPER,
    TEST,
    split_colour,
)


def blend(colour: str, strength: float) -> tuple[float, float, float]:
    """``colour`` on paper at ``strength`` from 0 to 1, as an opaque colour."""
    ink, paper = np.array(to_rgb(colour)), np.array(to_rgb(PAPER))
    red, green, blue = (float(v) for v in paper + (ink - paper) * strength)
    return red, green, blue


def floats(values: ArrayLike) -> np.ndarray:
    """Numbers as float64; None (a null of report.json) as NaN."""
    return np.asarray(values, dtype=float)


def curve(
    axes: Axes,
    x: ArrayLike,
    y: ArrayLike,
    *,
    split: str = "test",
    band: tuple[ArrayLike, ArrayLike] | None = None,
    step: bool = False,
    colour: str | None = None,
) -> None:
    """A curve in its split's colour, with its band.

    Parameters
    ----------
    x, y : shape (n,); null values leave a gap.
    band : lower and upper limits, shape (n,) each.
    step : constant up to the next point, for counts and curves that jump.
    """
    ink = colour or split_colour(split)
    x, y = floats(x), floats(y)
    if band is not None:
        low, high = floats(band[0]), floats(band[1])
        axes.fill_between(x, low, high, color=blend(ink, 0.16), linewidth=0, zorder=1.5,
                          step="post" if step else None)  # fmt: skip
    width = 1.0 if split == "train" else CURVE
    dashes = (0, (4, 2)) if split == "validation" else "solid"
    axes.plot(x, y, color=ink, linewidth=width, linestyle=dashes, zorder=3,
              drawstyle="steps-post" if step else "default", solid_joinstyle="round")  # fmt: skip


def dot(
    axes: Axes,
    x: float,
    y: float,
    *,
    hollow: bool = False,
    colour: str = TEST,
) -> None:
    """An estimate: filled as measured, hollow for the other side of a comparison."""
    axes.plot([x], [y], marker="o", markersize=2 * DOT, color=colour, linestyle="none",
              markerfacecolor=PAPER if hollow else colour, markeredgecolor=colour,
              markeredgewidth=1.2 if hollow else 0, zorder=5, clip_on=False)  # fmt: skip


def interval_x(
    axes: Axes, y: float, low: float | None, high: float | None, *, colour: str = TEST
) -> None:
    """The 95 % interval of an estimate that lies on the x axis; nothing for an exact count."""
    if low is not None and high is not None:
        axes.plot([low, high], [y, y], color=colour, linewidth=INTERVAL, zorder=4,
                  solid_capstyle="butt")  # fmt: skip


def interval_y(
    axes: Axes, x: float, low: float | None, high: float | None, *, colour: str = TEST
) -> None:
    """The same, standing."""
    if low is not None and high is not None:
        axes.plot([x, x], [low, high], color=colour, linewidth=INTERVAL, zorder=4,
                  solid_capstyle="butt")  # fmt: skip


_DASHED = (0, (2 / AXIS_LINE * 0.7, 2 / AXIS_LINE * 0.7))


def reference(
    axes: Axes,
    *,
    x: float | None = None,
    y: float | None = None,
    line: tuple[tuple[float, float], tuple[float, float]] | None = None,
    label: str = "",
    at: tuple[float, float] | None = None,
    solid: bool = False,
) -> None:
    """A dashed line at ``x``, at ``y``, or between two points of ``line``, with its name.

    ``at`` is where the name stands, in data; default: at the left end over a line at ``y``, at the
    top of a line at ``x``. ``solid`` is for the zero of a difference.
    """
    dashes = "solid" if solid else _DASHED
    options: dict[str, Any] = {
        "color": INK,
        "linewidth": AXIS_LINE,
        "linestyle": dashes,
        "zorder": 2.3,
    }
    words: dict[str, Any]
    if x is not None:
        axes.axvline(x, **options)
        place = at or (x, axes.get_ylim()[1])
        words = {"ha": "left", "va": "top", "offset": (3, 0)}
    elif y is not None:
        axes.axhline(y, **options)
        place = at or (axes.get_xlim()[0], y)
        words = {"ha": "left", "va": "bottom", "offset": (2, 2)}
    else:
        assert line is not None, "a reference is at x, at y, or a line"
        (x0, y0), (x1, y1) = line
        axes.plot([x0, x1], [y0, y1], **options)
        place = at or (x1, y1)
        words = {"ha": "right", "va": "top", "offset": (0, -4)}
    if label:
        note(axes, *place, label, size=AXIS_SIZE, colour=GREY, knock=True, **words)


def bars(
    axes: Axes,
    edges: ArrayLike,
    heights: ArrayLike,
    *,
    split: str = "test",
    outline: bool = False,
    gap: float = 0.06,
) -> None:
    """A histogram from its edges (k + 1,) and heights (k,), on zero.

    ``outline`` draws the contour alone, for the split that is compared with (train).
    """
    edges, heights = floats(edges), floats(heights)
    ink = split_colour(split)
    if outline:
        axes.stairs(heights, edges, color=ink, linewidth=1.2, zorder=2.5)
        return
    widths = np.diff(edges)
    axes.bar(edges[:-1] + widths * gap / 2, heights, width=widths * (1 - gap), align="edge",
             color=ink, linewidth=0, zorder=2)  # fmt: skip


def band_y(axes: Axes, low: float, high: float) -> None:
    """A grey band over the whole width: values that mean the same."""
    axes.axhspan(low, high, color=BAND, linewidth=0, zorder=0.5)


def points(
    axes: Axes,
    x: ArrayLike,
    y: ArrayLike,
    *,
    split: str = "test",
    colours: Sequence[str] | None = None,
) -> None:
    """A scatter, n points; over 2,000 it is put in as a picture, for its size."""
    x, y = floats(x), floats(y)
    many = len(x) > MANY_POINTS
    axes.scatter(x, y, s=5 if len(x) < 400 else 3, c=colours or split_colour(split), linewidths=0,
                 alpha=0.85 if len(x) < 400 else 0.45, zorder=2.5, rasterized=many)  # fmt: skip


def density(
    axes: Axes,
    x_edges: ArrayLike,
    y_edges: ArrayLike,
    counts: ArrayLike,
    *,
    split: str = "test",
) -> None:
    """A binned scatter: ``counts`` of shape (len(y_edges) − 1, len(x_edges) − 1).

    Darker is more; the scale is the square root, so that single points are still seen.
    """
    counts = floats(counts)
    tints = LinearSegmentedColormap.from_list(
        "tint", [blend(split_colour(split), s) for s in (0.14, 0.55, 1.0)]
    )
    shown = np.ma.masked_less_equal(np.sqrt(np.maximum(counts, 0)), 0)
    axes.pcolormesh(floats(x_edges), floats(y_edges), shown, cmap=tints, rasterized=True,
                    linewidth=0, zorder=1.8)  # fmt: skip


def shade(axes: Axes, x: float, y: float, wide: float, high: float, strength: float) -> None:
    """A cell of a matrix, tinted in the colour of test by ``strength`` from 0 to 1."""
    axes.add_patch(
        Rectangle((x, y), wide, high, facecolor=blend(TEST, strength), linewidth=0, zorder=1)
    )
