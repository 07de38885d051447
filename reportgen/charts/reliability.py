"""A reliability diagram: what came true against what was foretold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from reportgen.charts.canvas import add_axes, finish, new_figure
from reportgen.charts.marks import bars, curve, dot, interval_y, reference
from reportgen.charts.style import BAND, TEST


@dataclass(frozen=True)
class Bin:
    """Rows of like forecast: mean forecast, share that came true, and its 95 % interval."""

    forecast: float
    observed: float
    low: float | None = None
    high: float | None = None


def reliability(
    bins: Sequence[Bin],
    *,
    x: str = "Predicted probability",
    y: str = "Share that came true",
    fit: tuple[ArrayLike, ArrayLike] | None = None,
    band: tuple[ArrayLike, ArrayLike, ArrayLike] | None = None,
    histogram: tuple[ArrayLike, ArrayLike] | None = None,
    height_mm: float = 68,
) -> Figure:
    """Dots with intervals against the diagonal, half width.

    Parameters
    ----------
    bins : one dot each.
    fit : (x, y) of a fitted curve, e.g. the isotonic one.
    band : (x, low, high): where a calibrated model's curve lies in 95 of 100 draws.
    histogram : (edges, counts) of the forecasts, drawn small below.
    """
    figure = new_figure("half", height_mm)
    foot = 19.0 if histogram is not None else 9.0
    axes = add_axes(figure, left=9, right=3, top=6.5, bottom=foot)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    if band is not None:
        axes.fill_between(*band, color=BAND, linewidth=0, zorder=0.5)
    reference(axes, line=((0, 0), (1, 1)))
    if fit is not None:
        curve(axes, *fit, split="test")
    for item in bins:
        interval_y(axes, item.forecast, item.low, item.high, colour=TEST)
        dot(axes, item.forecast, item.observed)
    quarters = [0, 0.25, 0.5, 0.75, 1]
    if histogram is None:
        finish(axes, x=x, y=y, grid="y", x_ticks=quarters, y_ticks=quarters)
        return figure
    finish(axes, y=y, grid="y", x_ticks=quarters, y_ticks=quarters)
    axes.set_xticklabels([])
    below = add_axes(figure, left=9, right=3, top=height_mm - 17.5, bottom=9)
    below.set_xlim(0, 1)
    bars(below, *histogram)
    finish(below, x=x, grid=None, x_ticks=quarters, y_ticks=[])
    return figure
