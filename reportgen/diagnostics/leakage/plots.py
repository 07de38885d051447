"""The section's figures, drawn from its series alone."""

from __future__ import annotations

import importlib
import pkgutil

from reportgen.charts.figure import Chart
from reportgen.diagnostics.leakage import figures
from reportgen.results import Findings


def plots(found: Findings) -> list[Chart]:
    """What a leak costs first, then what each question has to show."""
    names = {m.name for m in pkgutil.iter_modules(figures.__path__)}
    drawn: list[Chart] = []
    for name, series in found.series.items():
        if name in names and series:
            module = importlib.import_module(f"{figures.__name__}.{name}")
            drawn += module.charts(series, found)
    return drawn
