"""The numbers of every figure and table."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.diagnostics.overfit.fitted_line import fitted_line
from reportgen.diagnostics.overfit.measure import Measured
from reportgen.diagnostics.overfit.prepare import Prepared
from reportgen.evidence import Case
from reportgen.scores.page_one import tried

MOST_EPOCHS = 300


def series(case: Case, measured: Measured, prepared: Prepared) -> dict[str, Any]:
    """The gap, what-ifs, learning curve, losses, and the fitted curve of one-feature models."""
    metric, gap = measured.metric, measured.gap
    out: dict[str, Any] = {
        "judged": {"split": prepared.delivered.split, "n": prepared.delivered.n},
        "metric": {"name": metric.name, "label": metric.label, "unit": metric.unit,
                   "better": metric.better, "level": measured.level},
        "gap": {"train": gap.train, "judged": gap.judged, "gap": gap.gap.value,
                "low": gap.gap.low, "high": gap.gap.high, "chance": gap.chance},
        "what_ifs": [
            {
                "name": g.name,
                "code": measured.codes[g.name],
                "gain": g.gain.value,
                "low": g.gain.low,
                "high": g.gain.high,
                "without": g.without,
                "having": g.having,
                "members": g.members,
                "others": [
                    {"label": label, "unit": unit, "change": change}
                    for label, (unit, change) in g.others.items()
                ],
            }
            for g in measured.gains
        ],
        "untold": measured.untold,
        "tried": _tried(measured),
    }  # fmt: skip
    curve = measured.curve
    if curve is not None:
        k = len(curve.scores)
        mean = curve.scores.mean(axis=0)
        out["curve"] = {
            "rows": curve.rows,
            "mean": mean,
            "low": [m.low for m in curve.means],
            "high": [m.high for m in curve.means],
            "members": k,
        }
        told = curve.forecast
        if told is not None and told.covers:
            ends = sorted(metric.better * v for v in (told.value.low, told.value.high))
            out["curve"]["forecast"] = {
                "rows": round(told.size * curve.rows[-1]),
                "value": metric.better * told.value.value,
                "low": ends[0],
                "high": ends[1],
            }
    losses = measured.losses
    if losses is not None:
        at = np.unique(np.linspace(0, len(losses.validation) - 1, MOST_EPOCHS).round().astype(int))
        out["losses"] = {
            "epoch": at + 1,
            "train": losses.train[at],
            "validation": losses.validation[at],
            "delivered": losses.delivered,
            "best": losses.best,
            "source": losses.source,
            "members": losses.members,
        }
    line = fitted_line(case, prepared)
    if line is not None:
        out["line"] = line
    if measured.memory is not None:
        out["memory"] = {"permuted": measured.memory.permuted, "real": measured.memory.real}
    return out


def _tried(measured: Measured) -> list[dict[str, Any]]:
    """The best what-if of each code, as a clean page one shows it."""
    metric = measured.metric
    best = {}
    for g in sorted(measured.gains, key=lambda g: g.gain.value):
        best[measured.codes[g.name]] = g
    found = [
        tried(f"With {g.name}", g.gain, metric.claim, metric.unit)
        for g in measured.gains
        if best[measured.codes[g.name]] is g
    ]
    told = None if measured.curve is None else measured.curve.forecast
    if told is not None and told.covers:
        found.append(tried("Twice the rows, forecast", told.gain, metric.claim, metric.unit))
    return found
