"""How strong each column is alone, beside the whole model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.charts.figure import Chart
from reportgen.charts.numbers import count, score
from reportgen.charts.rows import Mark, Row, forest
from reportgen.charts.style import GREY, TEST
from reportgen.results import Findings


def charts(series: Mapping[str, Any], found: Findings) -> list[Chart]:
    """A row a column, the strongest first; the model's score as a line."""
    named = {f.subject for f in found.findings if f.severity != "info"}
    told = (name for f in found.findings for name in f.evidence.get("columns", ()))
    named |= {name for name in told if isinstance(name, str)}  # where splits differ they are dicts
    rows = []
    for r in series["rows"]:
        leaks = r["name"] in named
        mark = Mark(r["value"], r["low"], r["high"], colour=TEST if leaks else GREY)
        rows.append(Row(r["name"], (mark,), bold=leaks))
    metric, model = series["metric"], series["model"]
    best = series["rows"][0]
    chance = 0.0 if metric == "R²" else 0.5
    top = max([1.0, *(r["high"] or r["value"] for r in series["rows"])])
    return [
        Chart(
            name="columns",
            title="What each column tells alone",
            subtitle=f"{metric} on {series['split']} of models on one column, the strongest of "
            f"{count(series['columns'])}; 95 % interval",
            figure=forest(
                rows,
                x=f"{metric} on {series['split']}",
                unit="score",
                reference_at=model,
                reference_label="" if model is None else f"the model {score(model)}",
                limits=(chance, top),
            ),
            alt=f"Forest chart of {len(rows)} columns; the strongest, {best['name']}, reaches "
            f"{score(best['value'])}.",
        )
    ]
