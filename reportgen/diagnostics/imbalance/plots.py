"""Figures of the imbalance diagnostic, drawn from the series alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.charts.figure import Chart
from reportgen.charts.numbers import capital, number, plural, score, share, shorten
from reportgen.charts.rows import Mark, Row, forest
from reportgen.results import Findings
from reportgen.scores.what_ifs import dearest

MOST = 12  # classes drawn


def plots(found: Findings) -> list[Chart]:
    """Recall by class and what remedies give; the precision-recall curve is in `performance`."""
    series = found.series
    drawn = [_recalls(series), _remedies(series), _ranges(series)]
    return [chart for chart in drawn if chart is not None]


def _recalls(series: Mapping[str, Any]) -> Chart | None:
    classes = series.get("classes") or []
    if len(classes) < 2:
        return None
    judged = series["judged"]
    rows = [
        Row(c["name"], (Mark(c["recall"], c["low"], c["high"]),), n=c["n"]) for c in classes[:MOST]
    ]
    lowest = classes[0]
    total = series["classes_total"]
    which = f"the {MOST} lowest of {total} classes" if total > MOST else "each class"
    return Chart(
        name="recall",
        title=f"“{shorten(lowest['name'], 40)}” is found in {share(lowest['recall'])} of its rows",
        subtitle=f"Recall of {which} on {judged['split']}, with 95 % interval",
        figure=forest(rows, x="Recall", limits=(0.0, 1.0)),
        alt=f"Recall of {which}: from {score(classes[0]['recall'])} to "
        f"{score(classes[-1]['recall'])}.",
    )


def _remedies(series: Mapping[str, Any]) -> Chart | None:
    remedies = series.get("remedies") or []
    if not remedies:
        return None
    metric, unit = series["metric"], series["metric"]["unit"]
    ordered = sorted(remedies, key=lambda r: -r["gain"])
    rows = [
        Row(r["name"], (Mark(r["gain"], r["low"], r["high"]),), right=dearest(r["others"]))
        for r in ordered
    ]
    best = ordered[0]
    if best["low"] > 0:
        title = f"{capital(best['name'])} gives the most"
    else:
        title = "No remedy does better beyond chance"
    members = max(r["members"] for r in remedies)
    how = f"{plural(members, 'seed')} each, " if members else ""
    return Chart(
        name="remedies",
        title=title,
        subtitle=f"{metric['label']} on {series['judged']['split']}, remedy less recipe; {how}"
        "intervals that hold together at 95 %",
        figure=forest(
            rows,
            x=f"Change of {metric['label']}",
            unit=unit,
            reference_at=0.0,
            reference_label="recipe as declared",
            right_head="costs most" if any(r.right for r in rows) else "",
            width="full",
        ),
        alt=f"Change of {metric['label']} by remedy: "
        + "; ".join(f"{r['name']} {number(r['gain'], unit, True)}" for r in ordered)
        + ".",
        width="full",
    )


def _ranges(series: Mapping[str, Any]) -> Chart | None:
    ranges = series.get("ranges") or []
    if len(ranges) < 2:
        return None
    rows = [
        Row(f"{r['name']} targets", (Mark(r["error"], r["error_low"], r["error_high"]),), n=r["n"])
        for r in ranges
    ]
    worst = max(ranges, key=lambda r: r["error"])
    return Chart(
        name="ranges",
        title=f"The {worst['name']} targets are predicted worst",
        subtitle="Mean absolute error by range of the target, with 95 % interval; the ends are "
        "train's lowest and highest twentieth",
        figure=forest(rows, x="Mean absolute error", unit="target"),
        alt="Mean absolute error: "
        + "; ".join(f"{r['name']} {number(r['error'], 'target')}" for r in ranges)
        + ".",
    )
