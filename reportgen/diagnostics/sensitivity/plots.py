"""Figures of sensitivity, from the series alone."""

from __future__ import annotations

from typing import Any

from reportgen.charts.canvas import add_axes, finish, new_figure
from reportgen.charts.figure import Chart
from reportgen.charts.marks import curve, reference
from reportgen.charts.numbers import THIN, amount, count, number, score, share, shorten
from reportgen.charts.rows import Mark, Row, forest
from reportgen.diagnostics.sensitivity import parts_plots
from reportgen.results import Findings

MOST = 12


def charts(found: Findings) -> list[Chart]:
    series = found.series
    if not series:
        return []
    drawn = [_columns(series), _ways(series), _importance(series), *parts_plots.charts(series)]
    drawn += [_curve(series, k) for k in range(min(len(series["curves"]), 2))]
    return [chart for chart in drawn if chart is not None]


def _answers(series: dict[str, Any]) -> str:
    return "predictions" if series["about"]["task"] == "regression" else "answers"


def _row(name: str, data: dict[str, Any]) -> Row:
    band = (0.0, data["allowed"] + data["threshold"]) if data.get("allowed") is not None else None
    value, low, high = (round(data[key], 3) for key in ("beyond", "low", "high"))
    return Row(shorten(name, 34), (Mark(value, low, high),), band=band)


def _per_cent(value: float) -> str:
    return f"{100 * value:.3g}{THIN}%" if value else "0"


def _columns(series: dict[str, Any]) -> Chart | None:
    about = series["about"]
    limit = {"threshold": about["threshold"]}
    columns = [c for c in series.get("columns", ()) if c["judged"]]
    columns.sort(key=lambda c: -c["beyond"])
    joint = series.get("joint")
    if not columns and joint is None:
        return None
    rows = [_row("all of them", joint | limit)] if joint is not None and len(columns) > 1 else []
    rows += [_row(c["name"], c | limit) for c in columns[: MOST - 1]]
    top: Any = columns[0] if columns else joint
    title = (
        f"Moving “{shorten(top['name'], 30)}” changes most: {share(top['beyond'])} beyond margins"
        if columns and top["beyond"] > 0
        else f"No column's step changes {_answers(series)} beyond margins"
    )
    return Chart(
        name="noise",
        title=title,
        subtitle=f"{_answers(series).capitalize()} changed beyond margins, each column moved by "
        f"its step; {about['split']}, with 95 % interval; band: what passes",
        alt=f"{_answers(series).capitalize()} changed beyond margins: "
        + "; ".join(f"{c['name']} {share(c['beyond'])}" for c in columns[:MOST])
        + ".",
        figure=forest(
            rows,
            x=f"Share of {_answers(series)}",
            unit="share",
            limits=_limits(rows),
            tick_format=_per_cent,
        ),
    )


def _limits(rows: list[Row]) -> tuple[float, float]:
    ends = [v for r in rows for m in r.marks for v in (m.value, m.high) if v is not None]
    ends += [r.band[1] for r in rows if r.band]
    return 0.0, min(max(ends, default=0.1) * 1.05, 1.0) or 0.1


def _ways(series: dict[str, Any]) -> Chart | None:
    ways = series["ways"]
    if not ways:
        return None
    about = series["about"]
    limit = {"threshold": about["threshold"]}
    ordered = sorted(ways, key=lambda w: -w["beyond"])
    rows = [_row(w["name"], w | limit) for w in ordered[:MOST]]
    top = ordered[0]
    return Chart(
        name="changes",
        title=f"{top['name'][:1].upper()}{top['name'][1:]}: {share(top['flips'])} of the "
        f"{_answers(series)} change",
        subtitle=f"{_answers(series).capitalize()} changed beyond margins, {about['split']}, "
        f"n {count(top['n'])}, with 95 % interval; band: what passes",
        alt="Changed beyond margins: "
        + "; ".join(f"{w['name']} {share(w['beyond'])}" for w in ordered)
        + ".",
        figure=forest(
            rows,
            x=f"Share of {_answers(series)}",
            unit="share",
            limits=_limits(rows),
            tick_format=_per_cent,
        ),
    )


def _importance(series: dict[str, Any]) -> Chart | None:
    units = [u for u in series.get("importance", ()) if u["rise"] is not None]
    if len(units) < 2:
        return None
    about = series["about"]
    rows = [
        Row(
            shorten(u["name"], 34),
            (Mark(u["rise"], u["low"], u["high"]),),
            right=share(u["share"]) if u["share"] else "–",
        )
        for u in units[:MOST]
    ]
    top = units[0]
    held = f"holds {share(top['share'])} of the importance" if top["share"] else "matters most"
    return Chart(
        name="importance",
        title=f"“{shorten(top['name'], 34)}” {held}",
        subtitle=f"Rise of the squared error when a column is shuffled, {about['split']}, with "
        "95 % interval over rows",
        alt="Permutation importance: "
        + "; ".join(f"{u['name']} {number(u['rise'])}" for u in units[:MOST])
        + ".",
        figure=forest(rows, x="Rise of the squared error", reference_at=0.0, right_head="Share"),
    )


def _curve(series: dict[str, Any], at: int) -> Chart | None:
    data = series["curves"][at]
    about = series["about"]
    if len(data["x"]) < 2:
        return None
    figure = new_figure("half", 55)
    axes = add_axes(figure, left=12, right=3)
    axes.set_xlim(data["x"][0], data["x"][-1])
    if about["task"] == "regression":
        y = "Prediction"
        low, high = min(data["low"]), max(data["high"])
        pad = 0.05 * (high - low) or 1.0
        axes.set_ylim(low - pad, high + pad)
    else:
        y = f"P({shorten(about['event'], 24)})" if about["event"] else "P(of the label as it is)"
        axes.set_ylim(0, 1)
    curve(axes, data["x"], data["mean"], band=(data["low"], data["high"]))
    if data["n_turns"] <= 2:
        for turn in data["turns"]:
            reference(axes, x=turn, label=amount(turn, 3))
    finish(axes, x=shorten(data["name"], 40), y=y)
    first, last = data["mean"][0], data["mean"][-1]
    name = shorten(data["name"], 34)
    if data["n_turns"] > 2:
        title = f"Labels near the decision turn {data['n_turns']} times along “{name}”"
    elif data["turns"]:
        title = f"Labels near the decision turn at “{name}” {amount(data['turns'][0], 3)}"
    else:
        title = f"“{name}” from end to end: {score(first)} to {score(last)}"
    near = "" if about["task"] == "regression" else " nearest to the decision"
    return Chart(
        name=f"curve-{at + 1}",
        title=title,
        subtitle=f"Mean and middle 80 % of {data['n']} {about['split']} rows{near}, as the column "
        "alone changes",
        alt=f"Response to {data['name']}: "
        + "; ".join(
            f"{score(m)} at {amount(x, 3)}"
            for x, m in list(zip(data["x"], data["mean"], strict=True))[
                :: max(1, len(data["x"]) // 5)
            ]
        )
        + ".",
        figure=figure,
    )
