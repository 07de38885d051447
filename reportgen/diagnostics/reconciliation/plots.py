"""Figures of the reconciliation, drawn from the series alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reportgen.charts.canvas import add_axes, finish, new_figure
from reportgen.charts.figure import Chart
from reportgen.charts.lettering import label_point
from reportgen.charts.marks import band_y, curve, dot, floats, reference
from reportgen.charts.matrix import confusion_matrix, width_for
from reportgen.charts.numbers import count, plural, score, share
from reportgen.charts.rows import bar_rows
from reportgen.job.printed import Printed
from reportgen.results import Findings

Series = Mapping[str, Any]
#: Numbers in the chart of distances.
MOST_BARS = 10
HALF = 0.18  # of the threshold's axis, to each side of what matters


def charts(found: Findings) -> list[Chart]:
    """Every figure that the series have numbers for."""
    series = found.series
    drawn = [
        *_matrices(series.get("matrices")),
        _thresholds(series.get("thresholds")),
        _confidence(series.get("confidence")),
        _distances(series.get("numbers", [])),
    ]
    return [chart for chart in drawn if chart is not None]


def _thresholds(found: Series | None) -> Chart | None:
    """The curve of the reported metric over the threshold, with the reported band."""
    if not found:
        return None
    x, y = floats(found["threshold"]), floats(found["value"])
    declared = found["declared"]
    fits = found["fits"]
    marks = [declared["threshold"], *(t for pair in fits for t in pair)]
    left, right = max(min(marks) - HALF, 0.0), min(max(marks) + HALF, 1.0)
    seen = (x >= left) & (x <= right) & np.isfinite(y)
    if not seen.any():
        return None
    figure = new_figure("half", 62)
    axes = add_axes(figure, right=3)
    inside = [*y[seen], found["low"], found["high"]]
    pad = 0.08 * (max(inside) - min(inside)) or 0.02
    axes.set_xlim(left, right)
    axes.set_ylim(min(inside) - pad, max(inside) + pad)
    band_y(axes, found["low"], found["high"])
    reference(axes, y=(found["low"] + found["high"]) / 2, label=f"reported {found['reported']}")
    curve(axes, x[seen], y[seen], split=found["split"])
    words = f"{score(declared['value'])} at {declared['threshold']:g}, as declared"
    label_point(axes, declared["threshold"], declared["value"], words)
    dot(axes, declared["threshold"], declared["value"])
    middle = [(low + high) / 2 for low, high in fits]
    for at in middle:
        dot(axes, at, float(np.interp(at, x, y)), hollow=True)
    finish(
        axes,
        x=f"Threshold on the probability of “{found['positive']}”; n {count(found['n'])}",
        y=f"{found['metric'][:1].upper()}{found['metric'][1:]} on {found['split']}",
    )
    if middle:
        title = f"The reported value lies at a threshold of {middle[0]:.3g}"
    else:
        title = "No threshold explains every reported number"
    return Chart(
        "thresholds",
        title,
        f"Grey line: every value that prints as {found['reported']}",
        f"{found['metric']} on {found['split']} over the decision threshold: "
        f"{score(declared['value'])} at {declared['threshold']:g} as declared; "
        f"{found['reported']} was reported.",
        figure,
    )


def _matrices(found: Series | None) -> list[Chart]:
    """As declared, and under the named cause."""
    if not found:
        return []
    classes = found["classes"]
    width = width_for(len(classes))
    drawn = []
    for name, words in (("declared", "As declared"), ("explained", "As explained")):
        counts = found[name]
        right = sum(counts[k][k] for k in range(len(classes)))
        total = sum(map(sum, counts))
        # Under another cause the rows may be those of another split.
        where = f"on {found['split']}" if name == "declared" else "under that cause"
        drawn.append(
            Chart(
                f"matrix-{name}",
                f"{words}, {count(right)} rows are right",
                f"Confusion matrix {where}, {plural(total, 'row')}",
                f"{words}: {share(right / total) if total else 'none'} on the diagonal.",
                confusion_matrix(counts, classes),
                width,
            )
        )
    return drawn


def _distances(numbers: Sequence[Series]) -> Chart | None:
    """How far each number that is off lies from what was printed, in units of its last digit."""
    shown = []
    for row in numbers:
        if row["agrees"] is False and row["recomputed"] is not None:
            unit = 10.0 ** -(row["places"] + (2 if row["percent"] else 0))
            printed = float(Printed.parse(row["reported"]))
            shown.append((row["metric"], abs(row["recomputed"] - printed) / unit))
    shown = shown[:MOST_BARS]
    if not shown:
        return None
    names, values = [name for name, _ in shown], [round(v, 1) for _, v in shown]
    worst = max(range(len(values)), key=values.__getitem__)
    return Chart(
        "distances",
        f"{names[worst][:1].upper()}{names[worst][1:]} is farthest from its printed digits",
        "Distance of the recomputed number, in units of the last printed digit",
        "; ".join(f"{n}: {v:g} units" for n, v in zip(names, values, strict=True)) + ".",
        bar_rows(names, values, x="Units of the last printed digit", unit="target"),
    )


def _confidence(found: Series | None) -> Chart | None:
    """Accuracy of the surest rows, against how many they are."""
    if not found:
        return None
    coverage, accuracy = floats(found["coverage"]), floats(found["accuracy"])
    figure = new_figure("half", 62)
    axes = add_axes(figure, right=3)
    low = float(np.nanmin(accuracy))
    axes.set_xlim(0, 1)
    axes.set_ylim(max(0.0, low - 0.1 * (1 - low) - 0.01), 1.0)
    curve(axes, coverage, accuracy, split=found["split"])
    finish(axes, x=f"Share of rows answered, the surest first; n {count(found['n'])}",
           y=f"Accuracy on {found['split']}")  # fmt: skip
    near = dict(zip(found["gap"], found["near"], strict=True))
    return Chart(
        "confidence",
        f"Of all rows, {share(near[0.01])} are near ties",
        "Accuracy of the surest rows; a near tie's top two classes are closer than 0.01",
        f"Accuracy over the share of rows answered, from {score(float(accuracy[0]))} for the "
        f"surest to {score(float(accuracy[-1]))} for all.",
        figure,
    )
