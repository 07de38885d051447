"""How near judged rows lie to train, beside how near training rows lie to each other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from matplotlib.ticker import NullLocator

from reportgen.charts.canvas import add_axes, finish, new_figure, style
from reportgen.charts.figure import Chart
from reportgen.charts.marks import curve, reference
from reportgen.results import Findings


def charts(series: Mapping[str, Any], found: Findings) -> list[Chart]:
    """Two outlines over a logarithmic axis of distances, and the limit for a near copy."""
    with style():
        figure = new_figure(height_mm=55)
        axes = add_axes(figure)
        axes.set_xscale("log")
        edges = [float(v) for v in series["edges"]]
        for name, split in (("within", "train"), ("across", "test")):
            shares = [100 * float(v) for v in series[name]]
            curve(axes, edges, [*shares, shares[-1]], split=split, step=True)
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(bottom=0)
        reference(axes, x=float(series["limit"]), label="near")
        low, high = math.floor(math.log10(edges[0])), math.ceil(math.log10(edges[-1]))
        step = max(1, (high - low) // 5)
        ticks = [10.0**k for k in range(low, high + 1, step) if edges[0] <= 10.0**k <= edges[-1]]
        finish(axes, x="Distance to the nearest training row", y="% of rows", x_ticks=ticks,
               x_format=lambda v: f"{v:g}")  # fmt: skip
        axes.xaxis.set_minor_locator(NullLocator())
    judged = series["judged"]
    return [
        Chart(
            name="near-copies",
            title=f"How near rows of {judged} lie to train",
            subtitle=f"{series['n_across']:,} rows of {judged} (bold), {series['n_within']:,} "
            "training rows among themselves (thin); equal rows left out",
            figure=figure,
            alt=f"Distribution of nearest-neighbour distances of {judged} to train and within "
            "train, on a logarithmic scale, with the limit for near copies.",
        )
    ]
