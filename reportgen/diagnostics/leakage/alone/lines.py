"""The strongest columns, as the section shows them: a table, and the numbers of a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from reportgen.answers import answers
from reportgen.charts.numbers import NONE, score
from reportgen.diagnostics.leakage.alone.measured import Measured
from reportgen.diagnostics.leakage.alone.standing import size
from reportgen.diagnostics.leakage.alone.strength import Goal, Strength
from reportgen.evidence import Case
from reportgen.scores.followed import followed

MOST = 12
TOLD = 6  # columns of the table, which the figure's go beyond


def strongest(every: Sequence[Measured], aim: Goal) -> list[Measured]:
    """At most a dozen, the strongest first."""
    return sorted(every, key=lambda m: -size(m, aim))[:MOST]


def value(alone: Strength, aim: Goal) -> float:
    """In the metric that columns are shown in: AUC of classes, R² of numbers."""
    return max(alone.judged, 0.0) if aim.task == "regression" else alone.auc


def limits(found: float, aim: Goal) -> tuple[float | None, float | None]:
    """95 % interval of one column's value; None where there is no simple one.

    AUC after Hanley and McNeil 1982, R² by Fisher's z of its root.
    """
    m = aim.n_judged
    if not np.isfinite(found) or m < 10:
        return None, None
    z = float(stats.norm.ppf(0.975))
    if aim.task == "regression":
        root = np.arctanh(min(np.sqrt(max(found, 0.0)), 1 - 1e-12))
        half = z / np.sqrt(max(m - 3, 1))
        low, high = np.tanh(max(root - half, 0.0)) ** 2, np.tanh(root + half) ** 2
        return float(low), float(high)
    if aim.task != "binary":
        return None, None
    y = aim.y[aim.n_train :, 1]
    p, q = float(y.sum()), float(len(y) - y.sum())
    if min(p, q) < 2:
        return None, None
    both, twice = found / (2 - found), 2 * found**2 / (1 + found)
    variance = found * (1 - found) + (p - 1) * (both - found**2) + (q - 1) * (twice - found**2)
    half = z * float(np.sqrt(max(variance, 0.0) / (p * q)))
    return max(found - half, 0.0), min(found + half, 1.0)


def series(case: Case, judged: str, every: Sequence[Measured], aim: Goal) -> Mapping[str, Any]:
    """The numbers of the figure: a row a column, and the whole model's score."""
    rows = []
    for found in strongest(every, aim):
        at = value(found.alone, aim)
        if not np.isfinite(at):
            continue
        low, high = limits(at, aim)
        rows.append({"name": found.name, "value": at, "low": low, "high": high})
    if not rows:
        return {}
    return {
        "metric": "R²" if aim.task == "regression" else "ROC-AUC",
        "split": judged,
        "columns": len(every),
        "rows": rows,
        "model": model_score(case, judged),
    }


def model_score(case: Case, judged: str) -> float | None:
    """The delivered model's, in the columns' metric; None where its answers allow none."""
    wanted = "r2" if case.task == "regression" else "roc_auc"
    given = answers(case, judged)
    for metric in followed(given):
        if metric.name == wanted:
            found = metric.of(given).value
            return float(found) if np.isfinite(found) else None
    return None


def tables(
    case: Case, judged: str, every: Sequence[Measured], aim: Goal
) -> tuple[Mapping[str, Any], ...]:
    """The strongest columns with what they and their missing values tell."""
    shown = [m for m in strongest(every, aim) if m.alone.least > 0][:TOLD]
    if not shown:
        return ()
    auc = aim.task != "regression"
    head = [["Column", "q"], ["R² on train, out of fold", "n"], [f"R² on {judged}", "n"]]
    head += [[f"AUC on {judged}", "n"]] if auc else []
    gaps = any(m.presence is not None for m in shown)
    head += [["No value", "n"], ["R² of having one", "n"]] if gaps else []
    body = []
    for m in shown:
        row = [m.name, score(m.alone.train), score(m.alone.judged)]
        row += [score(m.alone.auc)] if auc else []
        if gaps:
            row += [
                f"{100 * m.absent:.1f} %" if m.presence is not None else NONE,
                score(m.presence.least) if m.presence is not None else NONE,
            ]
        body.append(row)
    return (
        {
            "title": "The strongest columns alone",
            "head": head,
            "rows": body,
            "note": "R² of 0 and 1 by class where the target is a class."
            if auc
            else "R² of the target.",
        },
    )
