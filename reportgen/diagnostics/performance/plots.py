"""Figures, drawn from the series alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reportgen.charts.canvas import add_axes, finish, new_figure
from reportgen.charts.figure import Chart
from reportgen.charts.lettering import label_point
from reportgen.charts.marks import curve, density, dot, points, reference
from reportgen.charts.matrix import confusion_matrix, width_for
from reportgen.charts.numbers import count, listed, number, plural, score, share
from reportgen.charts.rows import Mark, Row, bar_rows, forest
from reportgen.charts.style import INK
from reportgen.results import Findings

Series = Mapping[str, Any]
MOST_CLASSES = 20
NARROW = "\N{NARROW NO-BREAK SPACE}"


def plots(found: Findings) -> list[Chart]:
    """Every figure that the series have numbers for, in the order of the report."""
    series = found.series
    judged = series.get("judged", {})
    drawn = [
        _confusion(series, judged),
        _curve(series, judged, "roc"),
        _curve(series, judged, "pr"),
        *_residuals(series, judged),
        _classes(series, judged),
        _compared(series, judged),
    ]
    return [chart for chart in drawn if chart is not None]


def _rows(judged: Series) -> str:
    return f"{plural(int(judged['n']), 'row')} of {judged['split']}"


def _confusion(series: Series, judged: Series) -> Chart | None:
    found = series.get("confusion")
    if not found:
        return None
    pairs = found["pairs"]
    if pairs:
        worst = pairs[0]
        title = f"“{worst['truth']}” is taken for “{worst['answer']}” most often"
    else:
        title = "Every row is given its class"
    what = f"Confusion matrix on {_rows(judged)}"
    if "counts" not in found:
        names = [f"{p['truth']} for {p['answer']}" for p in pairs]
        notes = [f"of {count(p['of'])}" for p in pairs]
        if not pairs:
            return None
        return Chart(
            "confusion",
            title,
            f"Truth for answer, of {found['n_classes']} classes; {_rows(judged)}",
            f"Most confused pairs: {listed(names, 5)}.",
            bar_rows(names, [p["count"] for p in pairs], x="Rows", width="full", notes=notes),
            "full",
        )
    classes, counts = found["classes"], found["counts"]
    right = sum(counts[k][k] for k in range(len(classes)))
    total = sum(map(sum, counts))
    alt = f"Confusion matrix of {len(classes)} classes; {share(right / total)} on the diagonal. "
    alt += "; ".join(
        f"{count(p['count'])} of {count(p['of'])} “{p['truth']}” taken for “{p['answer']}”"
        for p in pairs[:5]
    )
    return Chart(
        "confusion", title, what, alt, confusion_matrix(counts, classes), width_for(len(classes))
    )


def _curve(series: Series, judged: Series, name: str) -> Chart | None:
    found = series.get(name)
    if not found:
        return None
    figure = new_figure("half", 62)
    axes = add_axes(figure, right=3)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.0)
    band = (found["low"], found["high"])
    at = found["at"]
    if name == "roc":
        curve(axes, found["fpr"], found["tpr"], split=judged["split"], band=band)
        reference(axes, line=((0, 0), (1, 1)), label="chance", at=(0.82, 0.78))
        x, y = at["fpr"], at["tpr"]
        words = f"as decided: {score(y)} at {score(x)}"
        title = f"At the decision, {share(y)} of positives are found"
        what = f"ROC curve with 95{NARROW}% band, {_rows(judged)}"
        ends = ("False positive rate", "True positive rate")
    else:
        curve(axes, found["recall"], found["precision"], split=judged["split"], band=band)
        chance = found["chance"]
        reference(axes, y=chance, label=f"share of positives {score(chance)}")
        x, y = at["recall"], at["precision"]
        words = "" if y is None else f"as decided: {score(y)} at {score(x)}"
        title = (
            "No row is called positive at the decision"
            if y is None
            else f"At the decision, precision is {score(y)}"
        )
        what = f"Precision and recall with 95{NARROW}% band, {_rows(judged)}"
        ends = ("Recall", "Precision")
    if y is not None:
        dot(axes, x, y)
        label_point(axes, x, y, words)
    finish(axes, x=ends[0], y=ends[1])
    alt = f"{what}: {title[:1].lower()}{title[1:]}."
    return Chart(name, title, what, alt, figure)


def _compared(series: Series, judged: Series) -> Chart | None:
    rows = _first_metric(series.get("compared", ()))
    if not rows:
        return None
    first = rows[0]
    lines = [
        Row(
            f"{r['rival']}, {_value(r['other'], r['unit'])}",
            (Mark(r["lead"], r["low"], r["high"]),),
        )
        for r in rows
    ]
    beaten = [
        r["rival"][:1].lower() + r["rival"][1:]
        for r in rows
        if r["low"] is not None and r["low"] > 0
    ]
    title = (
        f"The model leads {listed(beaten, 3)}"
        if beaten
        else "The model leads no rival beyond chance"
    )
    what = (
        f"Lead of the model ({_value(first['model'], first['unit'])}) in {first['label']}, "
        f"paired, 95{NARROW}% interval; {_rows(judged)}"
    )
    alt = f"{what}. " + "; ".join(f"{r['rival']}: {_value(r['lead'], r['unit'])}" for r in rows)
    figure = forest(
        lines,
        x=f"Model better by ({first['label']}), 95{NARROW}% interval",
        unit=first["unit"],
        reference_at=0,
    )
    return Chart("compared", title, what, alt, figure)


def _value(value: Any, unit: str) -> str:
    return number(value, unit)


def _limits(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    pad = 0.04 * (high - low) or 0.5
    return low - pad, high + pad


def _first_metric(compared: Sequence[Series]) -> list[Series]:
    """One row a rival, all in the headline metric."""
    if not compared:
        return []
    metric = compared[0]["metric"]
    return [c for c in compared if c["metric"] == metric]


def _classes(series: Series, judged: Series) -> Chart | None:
    rows = [r for r in series.get("per_class", ()) if r["n"] > 0]
    if len(rows) < 3:
        return None
    ordered = sorted(rows, key=lambda r: (r["recall"], r["name"]))
    shown = ordered[:MOST_CLASSES]
    figure = forest(
        [
            Row(r["name"], (Mark(r["recall"], r["recall_low"], r["recall_high"]),), n=r["n"])
            for r in shown
        ],
        x=f"Recall, with 95{NARROW}% interval",
    )
    total = judged.get("n_classes", len(rows))
    which = f"the {len(shown)} lowest of {total} classes" if len(shown) < total else "all"
    worst = shown[0]
    return Chart(
        "recall",
        f"“{worst['name']}” has the lowest recall, {score(worst['recall'])}",
        f"Recall of {which}, {_rows(judged)}",
        "Recall: " + listed([f"{r['name']} {score(r['recall'])}" for r in shown], 10) + ".",
        figure,
    )


def _residuals(series: Series, judged: Series) -> list[Chart]:
    found = series.get("residuals", ())
    return [_residual(r, judged, len(found)) for r in found]


def _residual(found: Series, judged: Series, n_targets: int) -> Chart:
    figure = new_figure("full", 70)
    axes = add_axes(figure, right=3)
    trend = found["trend"]
    if "counts" in found:
        axes.set_xlim(found["x_edges"][0], found["x_edges"][-1])
        axes.set_ylim(found["y_edges"][0], found["y_edges"][-1])
        density(axes, found["x_edges"], found["y_edges"], found["counts"], split=judged["split"])
    else:
        axes.set_xlim(*_limits(found["predicted"]))
        axes.set_ylim(*_limits(found["residual"]))
        points(axes, found["predicted"], found["residual"], split=judged["split"])
    reference(axes, y=0, solid=True)
    if len(trend["at"]) > 1:
        curve(axes, trend["at"], trend["median"], split="", colour=INK)
        for side in ("low", "high"):
            curve(axes, trend["at"], trend[side], split="validation", colour=INK)
    finish(axes, x="Predicted", y="Truth − prediction")
    suffix = "" if n_targets == 1 else f" of target {int(found['target']) + 1}"
    name = "residuals" if n_targets == 1 else f"residuals-{int(found['target']) + 1}"
    title = f"Residuals{suffix} against predictions"
    what = f"Line: median; dashed: 5{NARROW}% and 95{NARROW}% quantiles; {_rows(judged)}"
    low, high = min(trend["median"]), max(trend["median"])
    alt = f"{title}: the median residual lies between {_value(low, 'target')} and "
    alt += f"{_value(high, 'target')} along the prediction; {_rows(judged)}."
    return Chart(name, title, what, alt, figure, "full")
