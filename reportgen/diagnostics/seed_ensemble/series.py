"""The numbers of every figure."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.charts.numbers import plural
from reportgen.diagnostics.seed_ensemble.luck import Luck
from reportgen.diagnostics.seed_ensemble.measure import Measured
from reportgen.diagnostics.seed_ensemble.prepare import Prepared
from reportgen.diagnostics.seed_ensemble.spread import Spread
from reportgen.diagnostics.seed_ensemble.standing import variant_words
from reportgen.models.determinism import Determinism
from reportgen.scores.page_one import offer
from reportgen.statistics.future_draws import Look, procedure
from reportgen.statistics.intervals import Interval

BINS = 20
SIZES = (1, 10, 30, 100, 300, 1000)
MEMBERS = (5, 10, 30, 99, 199)  # ensembles whose power is set beside this one's
MOST_MEMBERS = 100
OF = {
    "odds": "Spread of log-odds over rows (standard deviation)",
    "values": "Spread of predictions over rows, in the target's (standard deviation)",
    "loss": "Log loss on train",
    "error": "Error on train, share of the target's variance",
}
MOST_ROWS = 100


def series(
    measured: Measured, found: Luck, untold: dict[str, str], classes: int = 30
) -> dict[str, Any]:
    """What is drawn, and what an engineer wants by row; ``untold`` has a reason by code."""
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
                "low": s.expected.low,
                "high": s.expected.high,
                "sd": s.sd,
                "sd_low": s.sd_interval[0],
                "sd_high": s.sd_interval[1],
                "sd_distribution": s.variance.sd,
                "sampling": s.sampling,
                "delivered": s.delivered,
                "headline": s is measured.head,
            }
            for s in measured.spreads
        ],
        "bounds": {"upper": found.upper, "lower": found.lower, "reach": found.reach},
        "power": _power(found),
        "traits": _traits(measured),
        "variants": _variants(measured),
        "honest": _honest(measured),
        **repeated_series(measured.prepared),
        "untold": {code.partition(".")[2]: reason for code, reason in untold.items()},
        "agreement": _agreement(measured),
        "churn": {
            "value": agreement.churn.value,
            "low": agreement.churn.low,
            "high": agreement.churn.high,
            "announced": agreement.announced,
            "delivered": agreement.delivered,
            "ambiguity": {str(k): v for k, v in agreement.ambiguity.items()},
            "step": measured.step,
            "of": agreement.cells,
        },
        "averaged": {
            "members": list(measured.averaged.by_size),
            "gain": list(measured.averaged.by_size.values()),
            "churn": [measured.averaged.churn.get(k) for k in measured.averaged.by_size],
            "churn_of_one": measured.averaged.churn.get(1),
            "unit": measured.head.metric.unit,
            "label": measured.head.metric.label,
        },
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


def _traits(measured: Measured) -> list[dict[str, Any]]:
    """What else than its score the delivered model has, and where its recipe's models lie."""
    return [
        {
            "trait": t.kind,
            "of": OF[t.kind],
            "delivered": t.delivered,
            "typical": t.typical,
            "low": t.low,
            "high": t.high,
        }
        for t in measured.traits
    ]


def _variants(measured: Measured) -> list[dict[str, Any]]:
    """Changes of the recipe that were trained, nearest to the delivered model first."""
    return [
        {
            "setting": t.variant.setting,
            "factor": t.variant.factor,
            "value": t.variant.value,
            "words": variant_words(t),
            "members": len(t.variant.members),
            "loss": t.loss,
            "spread": t.spread,
            "far": t.far,
            "alike": t.alike,
        }
        for t in sorted(measured.tried, key=lambda t: t.far)
    ]


def _power(found: Luck) -> dict[str, Any]:
    """Chance that the best of so many seeds is called lucky: this way, and with other ensembles."""
    ways = [("this audit", found.procedure)]
    ways += [(plural(n, "member"), procedure(Look(n, found.alpha, "ranked"))) for n in MEMBERS]
    return {
        "best_of": SIZES,
        "way": [name for name, _ in ways],
        "chance": [way.power_of_best(SIZES).tolist() for _, way in ways],
    }


def _honest(measured: Measured) -> list[dict[str, Any]]:
    """Steps that page one may take: from the delivered model's score to the mean over seeds."""
    k = len(measured.sound)
    whose = "of the job's own" if measured.prepared.own else "trained again by the recipe"
    gone = len(measured.members) - k + measured.given.diverged
    but = f"; {plural(gone, 'training')} that collapsed left out" if gone else ""
    return [
        offer(
            "mean_over_seeds",
            s.metric.claim,
            s.delivered,
            s.expected,
            f"Mean of {plural(k, 'model')} {whose}, each from its own seed{but}.",
            change=_change(s),
        )
        for s in measured.spreads
    ]


def _change(s: Spread) -> Interval:
    """From the delivered model's score to the mean: the lead, seen from the other end."""
    ends = sorted(-s.metric.better * end for end in (s.lead.low, s.lead.high))
    return Interval(-s.metric.better * s.lead.value, ends[0], ends[1], s.lead.method)


def repeated_series(prepared: Prepared) -> dict[str, Any]:
    """Where two starts from one seed part, and whether one model answers alike twice."""
    seen, asked = prepared.determinism, prepared.asked
    out: dict[str, Any] = {}
    if isinstance(seen, Determinism):
        out |= {
            "call": seen.call,
            "seed": seen.seed,
            "where": seen.where,
            "weights": seen.weights,
            "batch_same": seen.batch_same,
            "step": seen.step,
        }
    if asked is not None:
        out |= {"asked_twice": asked.apart, "called_twice": asked.called}
    return {"determinism": out}


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
