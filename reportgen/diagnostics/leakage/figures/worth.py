"""What each leak is worth on the headline metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reportgen.charts.figure import Chart
from reportgen.charts.rows import Mark, Row, forest
from reportgen.results import Findings


def charts(series: Sequence[Mapping[str, Any]], found: Findings) -> list[Chart]:
    """A row a leak: score lost without it, with its interval."""
    rows = [
        Row(f"{w['code'].partition('.')[2].replace('-', ' ')}: {w['subject']}",
            (Mark(w["lost"], w["low"], w["high"]),))
        for w in series
    ]  # fmt: skip
    first = series[0]
    members = first["members"]
    how = f"{members} seeds, with and without" if members else "rows that it does not reach"
    return [
        Chart(
            name="worth",
            title="What the leaks are worth",
            subtitle=f"{first['label']} lost without each; {how}; 95 % interval",
            figure=forest(rows, x=f"{first['label']} lost", unit=first["unit"], reference_at=0.0),
            alt=f"Forest chart of {first['label']} lost without each of {len(rows)} leaks.",
        )
    ]
