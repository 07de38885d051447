"""Figures of the metrics diagnostic, drawn from the series alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from reportgen.charts.canvas import add_axes, finish, new_figure
from reportgen.charts.figure import Chart
from reportgen.charts.lettering import note
from reportgen.charts.marks import curve
from reportgen.charts.numbers import plural, score, shorten
from reportgen.charts.rows import Mark, Row, forest
from reportgen.charts.style import AXIS_SIZE, GREY, TEST
from reportgen.results import Findings

LEAST = 1e-6  # standard deviation over seeds from which there is something to draw
#: How a probe is called beside its marks.
SHORT = {
    "own": "Own answers", "permuted": "Reordered", "relabelled": "Relabelled",
    "moved": "Scores moved", "random": "Random", "flipped": "Classes exchanged",
    "inverted": "Scores inverted", "perfect": "Perfect", "noisy": "With noise",
    "offset": "Off by a constant", "shrunk": "Drawn in", "positive": "Positive numbers",
}  # fmt: skip


def plots(found: Findings) -> list[Chart]:
    """A wrong metric beside its reference, and the metrics over seeds."""
    series = found.series
    drawn = [_probes(one, at) for at, one in enumerate((series.get("probes") or [])[:2])]
    drawn += [_sweep(one, at) for at, one in enumerate((series.get("sweeps") or [])[:2])]
    return [chart for chart in (*drawn, _seeds(series)) if chart is not None]


def _probes(one: Mapping[str, Any], at: int) -> Chart | None:
    shown = [p for p in one["probes"] if p["value"] is not None and p["reference"] is not None]
    if len(shown) < 2:
        return None
    rows = [
        Row(SHORT.get(p["name"], p["words"]), marks, bold=False)
        for p in shown
        if p["name"] != "sample"
        for marks in [(Mark(p["reference"], hollow=True), Mark(p["value"]))]
    ]
    name = shorten(one["name"], 40)
    apart = max(shown, key=lambda p: abs(p["value"] - p["reference"]))
    return Chart(
        name=f"probes-{at + 1}",
        title=f"“{name}” is not {one['reference']}",
        subtitle="On each set of rows: hollow what it should be, filled what it is",
        figure=forest(rows, x="Value", unit="score" if _small(shown) else "ratio"),
        alt=f"{name} and {one['reference']} on {plural(len(shown), 'set')} of rows; farthest apart "
        f"on {apart['words']}: {score(apart['value'])} and {score(apart['reference'])}.",
    )


def _small(shown: list[Mapping[str, Any]]) -> bool:
    return all(abs(p[k]) <= 10 for p in shown for k in ("value", "reference"))


def _sweep(one: Mapping[str, Any], at: int) -> Chart | None:
    points = [
        (t, v, r)
        for t, v, r in zip(one["threshold"], one["value"], one["right"], strict=True)
        if v is not None and r is not None
    ]
    if len(points) < 3:
        return None
    t, value, right = (np.array(part) for part in zip(*points, strict=True))
    figure = new_figure("half", 52)
    axes = add_axes(figure, right=4)
    both = np.concatenate([value, right])
    pad = 0.2 * (float(np.ptp(both)) or 1.0)
    axes.set_ylim(float(both.min()) - pad, float(both.max()) + pad)
    axes.set_xlim(0, 1)
    curve(axes, t, right, split="train")
    curve(axes, t, value, split="test")
    name = shorten(one["name"], 30)
    for line, words, colour in ((value, "as given", TEST), (right, "as it should be", GREY)):
        middle = len(t) // 2
        above = line[middle] >= (right if line is value else value)[middle]
        note(axes, float(t[middle]), float(line[middle]), words, size=AXIS_SIZE, colour=colour,
             ha="center", va="bottom" if above else "top", offset=(0, 4 if above else -4),
             knock=True)  # fmt: skip
    finish(axes, x="Threshold of the labels", y="Value", x_ticks=[0, 0.25, 0.5, 0.75, 1])
    return Chart(
        name=f"sweep-{at + 1}",
        title=f"“{name}” follows {'the' if len(name) < 25 else 'its'} scores, not the labels",
        subtitle="The model's own scores shifted, as if labels were given at another threshold",
        figure=figure,
        alt=f"{name} from {score(float(value.min()))} to {score(float(value.max()))} over "
        f"thresholds; {one['reference']} from {score(float(right.min()))} to "
        f"{score(float(right.max()))}.",
    )


def _seeds(series: Mapping[str, Any]) -> Chart | None:
    found = series.get("seeds") or []
    if len(found) < 2 or max(m["sd"] for m in found) < LEAST:
        return None
    ordered = sorted(found, key=lambda m: m["sd"])
    rows = []
    for m in ordered:
        values = m["values"]
        middle = float(np.median(values))
        label = m["label"] + (" (watched)" if m["watched"] else "")
        rows.append(Row(label, (Mark(middle, min(values), max(values)),), bold=m["watched"]))
    least, most = ordered[0], ordered[-1]
    return Chart(
        name="seeds",
        title=f"{most['label']} moves most over seeds, {_small_start(least['label'])} least",
        subtitle=f"Median and range over {plural(len(least['values']), 'member')} of the ensemble",
        figure=forest(rows, x="Value", width="full"),
        alt="Range over seeds: "
        + "; ".join(
            f"{m['label']} {score(min(m['values']))} to {score(max(m['values']))}" for m in ordered
        )
        + ".",
        width="full",
    )


def _small_start(label: str) -> str:
    return label[:1].lower() + label[1:] if label[1:2].islower() else label
