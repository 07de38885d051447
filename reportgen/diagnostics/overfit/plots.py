"""Figures of the overfit diagnostic, drawn from the series alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from reportgen.charts.canvas import add_axes, finish, new_figure
from reportgen.charts.figure import Chart
from reportgen.charts.lettering import EndLabel, label_ends, note
from reportgen.charts.marks import curve, dot, floats, interval_y, reference
from reportgen.charts.numbers import capital, count, number, plural, shorten
from reportgen.charts.rows import Mark, Row, forest
from reportgen.charts.style import AXIS_SIZE, GREY, split_colour
from reportgen.results import Findings
from reportgen.scores.what_ifs import dearest

Series = Mapping[str, Any]


def plots(found: Findings) -> list[Chart]:
    """The fitted line, losses by epoch, the learning curve, and what each what-if gives."""
    series = found.series
    drawn = [_line(series), _losses(series), _learning(series), _what_ifs(series)]
    return [chart for chart in drawn if chart is not None]


def _line(series: Series) -> Chart | None:
    """One feature: the curve through the points of train, and the judged rows' own targets."""
    found = series.get("line")
    if not found:
        return None
    gap, judged = series["gap"], series["judged"]
    figure = new_figure("half", 62)
    axes = add_axes(figure, right=22)
    x, given, truth = (floats(found[k]) for k in ("x", "given", "truth"))
    at, y = floats(found["train_x"]), floats(found["train_y"])
    across, up = np.concatenate([x, at]), np.concatenate([given, truth, y])
    wide, high = float(np.ptp(across)) or 1.0, float(np.ptp(up)) or 1.0
    axes.set_xlim(float(across.min()) - 0.03 * wide, float(across.max()) + 0.03 * wide)
    axes.set_ylim(float(up.min()) - 0.05 * high, float(up.max()) + 0.05 * high)
    ends = [EndLabel(float(given[-1]), "predicted", split_colour("test"))]
    if _smooth(truth):
        curve(axes, x, truth, split="validation", colour=GREY)
        ends.append(EndLabel(float(truth[-1]), f"target of {judged['split']}", GREY))
    curve(axes, x, given, split="test")
    axes.scatter(at, y, s=9, c=split_colour("train"), linewidths=0, zorder=4)
    label_ends(axes, ends)
    finish(axes, x=found["feature"], y="Target")
    unit = series["metric"]["unit"]
    return Chart(
        name="line",
        title=f"{series['metric']['label']} is {number(gap['train'], unit)} on the points, "
        f"{number(gap['judged'], unit)} on {judged['split']}",
        subtitle=f"Predictions over the only feature; points are {count(found['train_total'])} "
        "training rows",
        figure=figure,
        alt=f"The fitted curve over {found['feature']} beside the training points.",
    )


def _smooth(truth: NDArray[np.float64]) -> bool:
    """Whether targets in the order of the feature are a curve, not points about one."""
    spread = float(truth.var())
    return len(truth) > 2 and float((np.diff(truth) ** 2).mean()) < 0.05 * spread


def _losses(series: Series) -> Chart | None:
    found = series.get("losses")
    if not found or len(found["epoch"]) < 3:
        return None
    figure = new_figure("half", 62)
    axes = add_axes(figure, right=20)
    epochs = floats(found["epoch"])
    train, validation = floats(found["train"]), floats(found["validation"])
    ends = [v for v in np.concatenate([train, validation]) if np.isfinite(v)]
    top = float(np.quantile(ends, 0.98)) * 1.1
    axes.set_xlim(float(epochs[0]), float(epochs[-1]))
    axes.set_ylim(min(0.0, min(ends)), max(top, 1e-9))
    labels = []
    for name, values in (("train", train), ("validation", validation)):
        if np.isfinite(values).all():
            curve(axes, epochs, values, split=name)
            labels.append(EndLabel(float(values[-1]), name, split_colour(name)))
    label_ends(axes, labels)
    finish(axes, x="Epoch", y="Loss")
    _chosen(axes, epochs, validation, found)
    late = found["delivered"] - found["best"]
    title = (
        f"Validation loss was lowest {plural(late, 'epoch')} before the delivered one"
        if late > 0
        else "The delivered epoch is the one of the lowest validation loss"
    )
    whose = (
        f"mean of {plural(found['members'], 'retrained member')}"
        if found["source"] == "members"
        else "from the history file"
    )
    return Chart(
        name="losses",
        title=title,
        subtitle=f"Loss by epoch, {whose}",
        figure=figure,
        alt=f"Loss by epoch on train and validation; lowest on validation at {found['best']}.",
    )


def _chosen(
    axes: Axes, epochs: NDArray[np.float64], loss: NDArray[np.float64], found: Mapping[str, Any]
) -> None:
    """The epoch of the lowest validation loss, and the one whose weights are delivered."""
    best, delivered = found["best"], found["delivered"]
    chosen = {best: "lowest", delivered: "delivered"}
    if best == delivered:
        chosen[best] = "lowest, and delivered"
    top = axes.get_ylim()[1]
    for row, (epoch, word) in enumerate(chosen.items()):
        place = float(loss[int(np.abs(epochs - epoch).argmin())])
        late = epoch - epochs[0] > 0.6 * (epochs[-1] - epochs[0])
        reference(axes, line=((epoch, place), (epoch, top)))
        dot(axes, epoch, place, hollow=epoch != best, colour=split_colour("validation"))
        note(
            axes, epoch, top, f"epoch {epoch}, {word}", size=AXIS_SIZE, colour=GREY, knock=True,
            ha="right" if late else "left", va="top", offset=(-3 if late else 3, -10 * row),
        )  # fmt: skip


def _learning(series: Series) -> Chart | None:
    found = series.get("curve")
    if not found:
        return None
    metric, unit = series["metric"], series["metric"]["unit"]
    rows, mean = floats(found["rows"]), floats(found["mean"])
    low, high = floats(found["low"]), floats(found["high"])
    figure = new_figure("half", 62)
    axes = add_axes(figure, right=6)
    told = found.get("forecast")
    last = told["rows"] if told else rows[-1]
    axes.set_xscale("log", base=2)
    axes.set_xlim(rows[0] / 1.15, last * 1.15)
    ends = [*low, *high, *((told["low"], told["high"]) if told else ())]
    pad = 0.08 * (max(ends) - min(ends)) or 0.02
    axes.set_ylim(min(ends) - pad, max(ends) + pad)
    curve(axes, rows, mean, split="test", band=(low, high))
    for x, y in zip(rows, mean, strict=True):
        dot(axes, x, y)
    if told:
        interval_y(axes, told["rows"], told["low"], told["high"])
        dot(axes, told["rows"], told["value"], hollow=True)
    marks = [*found["rows"], *([told["rows"]] if told else [])]
    finish(axes, x="Training rows", y=metric["label"], x_ticks=marks)
    axes.set_xticks(marks, [count(m) for m in marks])
    axes.minorticks_off()
    gained = mean[-1] - mean[-2]
    title = (
        f"Twice the rows are forecast to bring {number(told['value'], unit)}"
        if told
        else f"The last doubling brought {number(gained, unit, True)}"
    )
    return Chart(
        name="learning-curve",
        title=title,
        subtitle=f"{metric['label']} on {series['judged']['split']} by training rows, "
        f"{plural(found['members'], 'seed')} each, with 95 % band"
        + ("; hollow: forecast" if told else ""),
        figure=figure,
        alt=f"Learning curve from {number(mean[0], unit)} at {count(found['rows'][0])} rows to "
        f"{number(mean[-1], unit)} at {count(found['rows'][-1])}.",
    )


def _what_ifs(series: Series) -> Chart | None:
    found = series.get("what_ifs") or []
    if not found:
        return None
    metric, unit = series["metric"], series["metric"]["unit"]
    ordered = sorted(found, key=lambda w: -w["gain"])
    rows = [
        Row(
            shorten(w["name"], 60),
            (Mark(w["gain"], w["low"], w["high"]),),
            right=dearest(w["others"]),
        )
        for w in ordered
    ]
    best = ordered[0]
    title = (
        f"{capital(best['name'])} gives the most"
        if best["low"] > 0
        else "No change of the recipe does better beyond chance"
    )
    members = max(w["members"] for w in found)
    return Chart(
        name="what-ifs",
        title=title,
        subtitle=f"{metric['label']} on {series['judged']['split']}, what-if less recipe; "
        f"{plural(members, 'seed')} each, intervals that hold together at 95 %",
        figure=forest(
            rows,
            x=f"Change of {metric['label']}",
            unit=unit,
            reference_at=0.0,
            reference_label="recipe as declared",
            right_head="costs most" if any(r.right for r in rows) else "",
            width="full",
        ),
        alt=f"Change of {metric['label']}: "
        + "; ".join(f"{w['name']} {number(w['gain'], unit, True)}" for w in ordered)
        + ".",
        width="full",
    )
