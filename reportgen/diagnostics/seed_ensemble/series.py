"""The numbers of every figure."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.diagnostics.seed_ensemble.luck import Luck
from reportgen.diagnostics.seed_ensemble.measure import Measured
from reportgen.statistics.future_draws import power_of_best

BINS = 20
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
MOST_MEMBERS = 100
MOST_ROWS = 100


def series(measured: Measured, found: Luck, classes: int = 30) -> dict[str, Any]:
    """What is drawn, and what an engineer wants by row."""
    delivered, agreement = measured.prepared.delivered, measured.agreement
    out: dict[str, Any] = {
        "judged": {"split": delivered.split, "n": delivered.n, "members": len(measured.sound)},
        "spread": [
            {
                "metric": s.metric.name,
                "label": s.metric.label,
                "unit": s.metric.unit,
                "better": s.metric.better,
                "values": np.sort(s.values)[:: max(1, len(s.values) // MOST_MEMBERS)],
                "mean": s.mean,
                "sd": s.sd,
                "sd_distribution": s.variance.sd,
                "sampling": s.sampling,
                "delivered": s.delivered,
                "headline": s is measured.head,
            }
            for s in measured.spreads
        ],
        "bounds": {"upper": found.upper, "lower": found.lower, "reach": found.reach},
        "power": {"best_of": SIZES, "chance": power_of_best(found.members, SIZES)},
        "agreement": _agreement(measured),
        "churn": {
            "value": agreement.churn.value,
            "low": agreement.churn.low,
            "high": agreement.churn.high,
            "announced": agreement.announced,
            "delivered": agreement.delivered,
            "ambiguity": {str(k): v for k, v in agreement.ambiguity.items()},
            "step": measured.step,
        },
        "averaged": {str(k): v for k, v in measured.averaged.by_size.items()},
    }
    if agreement.by_class:
        ordered = sorted(agreement.by_class.items(), key=lambda pair: (pair[1][1], pair[0]))
        out["by_class"] = {
            "name": [name for name, _ in ordered[:classes]],
            "n": [n for _, (n, _) in ordered[:classes]],
            "consistency": [c for _, (_, c) in ordered[:classes]],
            "total": len(ordered),
        }
    if measured.components is not None:
        shares = measured.components.shares
        out["components"] = {
            "part": ["initial weights", "order", "both together"],
            "share": list(shares),
            "low": list(measured.components.low),
            "high": list(measured.components.high),
        }
    return out


def _agreement(measured: Measured) -> dict[str, Any]:
    """Rows by how far members agree on them, right ones told apart; and the worst rows."""
    agreement, delivered = measured.agreement, measured.prepared.delivered
    edges = np.linspace(0, 1, BINS + 1)
    counts, _ = np.histogram(agreement.consistency, edges)
    order = np.argsort(agreement.consistency, kind="stable")
    disputed = order[agreement.consistency[order] < 1][:MOST_ROWS]
    found = {
        "edges": edges,
        "counts": counts,
        "rows": np.flatnonzero(delivered.kept)[disputed],
        "consistency": agreement.consistency[disputed],
        "total": int((agreement.consistency < 1).sum()),
    }
    if agreement.right is not None:
        found["right"] = agreement.right[disputed]
    return found
