"""Figures of the preprocessing diagnostic, drawn from the series alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.charts.canvas import add_axes, finish, new_figure
from reportgen.charts.figure import Chart
from reportgen.charts.lettering import note
from reportgen.charts.marks import bars
from reportgen.charts.numbers import amount, count, fixed, share, shorten
from reportgen.charts.rows import Mark, Row, bar_rows, forest
from reportgen.charts.style import TEST, TRAIN, split_colour, split_text
from reportgen.diagnostics.preprocessing.declared import UNSEEN
from reportgen.results import Findings

WIDEST = 12.0  # train spreads; beyond, the axis would leave nothing of the others


def plots(found: Findings) -> list[Chart]:
    """Spans of columns, values of images, gaps; columns by kind where there is nothing else."""
    series = found.series
    drawn = [_unseen(found), _spans(series), _pictures(series), _gaps(series)]
    charts = [chart for chart in drawn if chart is not None]
    return charts or [chart for chart in [_kinds(series)] if chart is not None]


def _spans(series: Mapping[str, Any]) -> Chart | None:
    spans = series.get("spans") or []
    judged = series["about"]["judged"]
    spans = [s for s in spans if s["of"].get(judged) and s["of"].get("train")]
    if not spans or judged == "train":
        return None
    wide = max(abs(v) for s in spans for v in s["of"][judged])
    rows = []
    for s in spans:
        marks = []
        for name, hollow in (("train", True), (judged, False)):
            low, middle, high = (_held(v) for v in s["of"][name])
            marks.append(Mark(middle, low, high, hollow=hollow,
                              colour=TRAIN if name == "train" else split_colour(name)))  # fmt: skip
        rows.append(Row(shorten(s["name"], 40), tuple(marks), bold=False))
    first = spans[0]
    far = max(spans, key=lambda s: abs(s["of"][judged][1]))
    off = far["of"][judged][1]
    held = f"; cut at {WIDEST:g} spreads" if wide > WIDEST else ""
    title = (
        f"The middle of “{shorten(far['name'], 30)}” is {amount(abs(off), 2)} spreads from train's"
        if abs(off) >= 0.5
        else "Columns span the same range in train and in " + judged
    )
    return Chart(
        name="spans",
        title=title,
        subtitle=f"Median and middle 90 % of each column in train (hollow) and {judged}, in "
        f"train's spreads from train's median{held}; {len(spans)} of "
        f"{count(series['about']['columns'])} columns, those first that differ most",
        alt=f"Spans of {len(spans)} columns in train and in {judged}; first: {first['name']}.",
        figure=forest(rows, x="Spreads of train from train's median", width="full",
                      unit="target", reference_at=0.0, show_values=False),
        width="full",
    )  # fmt: skip


def _unseen(found: Findings) -> Chart | None:
    """Rows of each category that train does not have, of the column with most of them."""
    told = [
        f
        for f in found.findings
        if f.code == UNSEEN and f.severity == "warn" and f.evidence.get("categories")
    ]
    if not told:
        return None
    worst = max(told, key=lambda f: f.evidence["rows"])
    listed = worst.evidence["categories"][:8]
    column, split = worst.evidence["column"], worst.evidence["split"]
    expected = worst.evidence.get("expected")
    chance = "" if expected is None else f"; a random cut leaves {fixed(expected, 1)} rows unseen"
    more = worst.evidence.get("categories_total", len(listed)) - len(listed)
    rest = f" and {count(more)} more" if more > 0 else ""
    return Chart(
        name="unseen",
        title=f"{count(worst.evidence['rows'])} {split} rows hold a “{shorten(column, 30)}” that "
        "is not known",
        subtitle=f"Rows of {split} by category{rest}{chance}",
        alt="; ".join(f"{shorten(c, 40)}: {count(n)}" for c, n in listed) + ".",
        figure=bar_rows([shorten(c, 34) for c, _ in listed], [n for _, n in listed], x="Rows"),
    )


def _held(value: float) -> float:
    return max(-WIDEST, min(WIDEST, value))


def _pictures(series: Mapping[str, Any]) -> Chart | None:
    told = series.get("pictures")
    if not told:
        return None
    figure = new_figure("half", 24 * len(told["of"]) + 8)
    names = [n for n in ("train", "validation", "test") if n in told["of"]]
    high = figure.get_size_inches()[1] * 25.4
    room = (high - 14) / len(names)
    for k, name in enumerate(names):
        of = told["of"][name]
        axes = add_axes(
            figure, left=9, right=3, top=6.5 + k * room, bottom=high - 6.5 + 3 - (k + 1) * room
        )
        axes.set_xlim(told["edges"][0], told["edges"][-1])
        shares = [100 * v for v in of["shares"]]
        axes.set_ylim(0, max([*shares, 1.0]) * 1.1)
        bars(axes, told["edges"], shares, split=name)
        note(axes, 0.98, 0.9, f"{name}: {_range(of)}", weight=600, colour=split_text(name),
             ha="right", va="top", within="axes", knock=True)  # fmt: skip
        last = k == len(names) - 1
        finish(axes, x="Value" if last else "", y="Share of values, %" if k == 0 else "",
               x_ticks=5, y_ticks=2)  # fmt: skip
        if not last:
            axes.set_xticklabels([])
    ranges = {_range(told["of"][n]) for n in names}
    title = (
        "Values lie within one range in all splits"
        if len(ranges) == 1
        else f"{told['kind'].capitalize()} lie within " + ", ".join(
            f"{_range(told['of'][n])} in {n}" for n in names
        )
    )  # fmt: skip
    shape = " × ".join(str(s) for s in told["shape"])
    return Chart(
        name="values", title=title,
        subtitle=f"Values of {told['kind']} of {shape} ({told['dtype']}), at most 1,000 a split",
        alt="; ".join(f"{n}: {_range(told['of'][n])}, mean {amount(told['of'][n]['mean'], 3)}"
                      for n in names) + ".",
        figure=figure,
    )  # fmt: skip


def _range(of: Mapping[str, Any]) -> str:
    return f"{amount(of['low'], 3)} to {amount(of['high'], 3)}"


def _gaps(series: Mapping[str, Any]) -> Chart | None:
    gaps = series.get("gaps") or []
    judged = series["about"]["judged"]
    if not gaps:
        return None
    labels, values, colours = [], [], []
    for g in gaps[:8]:
        for name in ("train", judged) if judged != "train" else ("train",):
            if g.get(name) is None:
                continue
            labels.append(f"{shorten(g['name'], 28)}, {name}")
            values.append(g[name])
            colours.append(TRAIN if name == "train" else TEST)
    worst = max(gaps[:8], key=lambda g: abs((g.get(judged) or 0) - (g.get("train") or 0)))
    return Chart(
        name="gaps",
        title=f"“{shorten(worst['name'], 30)}” is missing in {share(worst.get(judged))} of "
        f"{judged} and {share(worst.get('train'))} of train"
        if judged != "train" and worst.get("train") is not None
        else f"“{shorten(worst['name'], 30)}” is missing in {share(worst.get(judged))} of {judged}",
        subtitle="Share of rows without a value, of the columns that have gaps",
        alt="; ".join(f"{n} {share(v)}" for n, v in zip(labels, values, strict=True)) + ".",
        figure=bar_rows(labels, values, x="Share of rows", unit="share", colours=colours),
    )


def _kinds(series: Mapping[str, Any]) -> Chart | None:
    kinds = series.get("kinds") or []
    if len(kinds) < 2:  # one bar says what the table says
        return None
    return Chart(
        name="kinds",
        title=f"{count(kinds[0]['columns'])} of {count(sum(k['columns'] for k in kinds))} columns: "
        f"{kinds[0]['kind']}",
        subtitle="Columns that reach the model, by their scale in train",
        alt="; ".join(f"{k['kind']}: {k['columns']}" for k in kinds) + ".",
        figure=bar_rows([k["kind"] for k in kinds], [k["columns"] for k in kinds], x="Columns"),
    )
