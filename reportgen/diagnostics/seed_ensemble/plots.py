"""Figures, drawn from the series alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.charts.canvas import add_axes, finish, new_figure
from reportgen.charts.figure import Chart
from reportgen.charts.lettering import note
from reportgen.charts.marks import bars, dot
from reportgen.charts.numbers import count, number, plural, score, share
from reportgen.charts.rows import Mark, Row, bar_rows, forest
from reportgen.charts.style import LINE, TEST, TRAIN
from reportgen.results import Findings

Series = Mapping[str, Any]
NARROW = "\N{NARROW NO-BREAK SPACE}"


def plots(found: Findings) -> list[Chart]:
    """Spread of the metrics, agreement by row, churn, and what varies it."""
    series = found.series
    if "spread" not in series:  # there was nothing to set beside the delivered model
        return []
    drawn = [_spread(series), _agreement(series), _churn(series), _components(series)]
    return [chart for chart in drawn if chart is not None]


def _where(series: Series) -> str:
    judged = series["judged"]
    return f"{plural(judged['members'], 'member')}, {plural(judged['n'], 'row')} of " + str(
        judged["split"]
    )


def _spread(series: Series) -> Chart:
    """A row of members for each metric that lies within 0 and 1; else of the headline alone."""
    rows = [s for s in series["spread"] if s["unit"] == "score"] or series["spread"][:1]
    head = next((s for s in series["spread"] if s["headline"]), rows[0])
    if head not in rows:
        rows = [head]
    figure = new_figure("full", 13 + 7.2 * len(rows))
    axes = add_axes(figure, left=44, right=22, top=6, bottom=9.5)
    numbers = [v for s in rows for v in (*s["values"], s["delivered"])]
    low, high = min(numbers), max(numbers)
    pad = 0.06 * (high - low) or 0.01
    axes.set_xlim(low - pad, high + pad)
    axes.set_ylim(len(rows), 0)
    for k, s in enumerate(rows):
        middle = k + 0.5
        axes.plot([min(s["values"]), max(s["values"])], [middle, middle], color=LINE, linewidth=1)
        axes.plot(s["values"], [middle] * len(s["values"]), marker="|", markersize=7,
                  linestyle="none", color=TRAIN, markeredgewidth=1.1, zorder=3)  # fmt: skip
        dot(axes, s["mean"], middle, hollow=True)
        dot(axes, s["delivered"], middle)
        weight = 600 if s["headline"] else 400
        note(axes, low - pad, middle, s["label"], weight=weight, offset=(-125, 0))
        note(axes, high + pad, middle, number(s["delivered"], s["unit"]), weight=600,
             offset=(6, 0))  # fmt: skip
    note(axes, high + pad, 0, "delivered", offset=(6, 7))
    finish(axes, x="Strokes: members; ring: their mean; dot: the delivered model", grid="x",
           y_ticks=[])  # fmt: skip
    side = head["better"] * (head["delivered"] - head["mean"])
    unit = head["unit"]
    verb = "better than" if side > 0 else "worse than"
    gap = number(abs(side), unit)
    title = f"The delivered model is {gap} {verb} its recipe's mean"
    if not any(c in "123456789" for c in gap):
        title = "The delivered model scores as its recipe does on average"
    what = f"Scores of models of the same recipe; {_where(series)}"
    alt = f"{what}. " + "; ".join(
        f"{s['label']}: members {number(min(s['values']), s['unit'])} to "
        f"{number(max(s['values']), s['unit'])}, delivered {number(s['delivered'], s['unit'])}"
        for s in rows
    )
    return Chart("spread", title, what, alt + ".", figure, "full")


def _agreement(series: Series) -> Chart:
    found = series["agreement"]
    n = sum(found["counts"])
    disputed = found["total"]
    figure = new_figure("half", 55)
    axes = add_axes(figure, right=3)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.08 * max(1, *found["counts"]))
    bars(axes, found["edges"], found["counts"])
    finish(axes, x="Chance that two members agree on the row", y="Rows", baseline=True)
    title = f"Members agree on all but {plural(disputed, 'row')}" if disputed else (
        "Members agree on every row"
    )  # fmt: skip
    what = f"Self-consistency by row; {_where(series)}"
    alt = f"{what}: of {count(n)} rows, {count(disputed)} are answered differently by some members."
    return Chart("agreement", title, what, alt, figure)


def _churn(series: Series) -> Chart:
    found = series["churn"]
    names = ["Two members differ", "Delivered and a member"]
    values = [found["value"], found["delivered"]]
    if found["announced"] is not None:
        names.insert(1, "Announced by margins")
        values.insert(1, found["announced"])
    for size, part in found["ambiguity"].items():
        if int(size) > 2:
            names.append(f"Any of {size} differ")
            values.append(part)
    colours = [TRAIN if n.startswith("Announced") else TEST for n in names]
    cells = found.get("of", "rows")
    figure = bar_rows(names, values, x=f"Share of {cells}", unit="share", colours=colours)
    title = f"Two members differ on {share(found['value'])} of the {cells}"
    what = f"Churn and ambiguity; {_where(series)}"
    alt = f"{what}. " + "; ".join(f"{n}: {share(v)}" for n, v in zip(names, values, strict=True))
    return Chart("churn", title, what, alt + ".", figure)


def _components(series: Series) -> Chart | None:
    found = series.get("components")
    if not found or any(v is None for v in found["share"]):
        return None
    rows = [
        Row(part, (Mark(value, low, high),))
        for part, value, low, high in zip(
            found["part"], found["share"], found["low"], found["high"], strict=True
        )
    ]
    figure = forest(
        rows, x=f"Share of the variance, 95{NARROW}% jackknife", limits=(0, 1), reference_at=None
    )
    first = max(zip(found["share"], found["part"], strict=True))
    title = f"Most of the spread comes from {first[1]} ({score(first[0])})"
    what = "Variance of outputs, weight seeds crossed with order seeds"
    alt = f"{what}. " + "; ".join(
        f"{p}: {score(v)}" for p, v in zip(found["part"], found["share"], strict=True)
    )
    return Chart("components", title, what, alt + ".", figure)
