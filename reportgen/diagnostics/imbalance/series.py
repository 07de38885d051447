"""The numbers of every figure and table."""

from __future__ import annotations

from typing import Any

from reportgen.diagnostics.imbalance.gains import Gains
from reportgen.diagnostics.imbalance.prepare import Prepared
from reportgen.diagnostics.imbalance.rare import Range
from reportgen.diagnostics.imbalance.verdicts import Gap, Recall
from reportgen.scores.page_one import offer, tried

MOST = 60  # classes in a table


def of_rows(
    prepared: Prepared,
    classes: tuple[Recall, ...],
    gap: Gap | None,
    found: Gains,
    unfair: bool,
) -> dict[str, Any]:
    """Classes, remedies, and the step that page one takes where accuracy is ``unfair``."""
    counted = prepared.counted
    assert counted is not None
    ordered = sorted(classes, key=lambda c: (c.recall.value, c.name))[:MOST]
    trained = counted.counts.get("train")
    places = {name: k for k, name in enumerate(counted.classes)}
    out: dict[str, Any] = {
        "judged": {"split": prepared.delivered.split, "n": prepared.delivered.n},
        "classes": [
            {
                "name": c.name,
                "train": None if trained is None else int(trained[places[c.name]]),
                "n": c.n,
                "share": c.share,
                "recall": c.recall.value,
                "low": c.recall.low,
                "high": c.recall.high,
                "precision": None if c.precision is None else c.precision.value,
                "others": c.others.value,
                "gmean": c.gmean,
            }
            for c in ordered
        ],
        "classes_total": len(classes),
        "remedies": [
            {
                "name": g.words,
                "gain": g.gain.value,
                "low": g.gain.low,
                "high": g.gain.high,
                "without": g.without,
                "having": g.having,
                "members": g.members,
                "threshold": None if g.move is None else g.move.threshold,
                "others": [
                    {"label": label, "unit": unit, "change": change}
                    for label, (unit, change) in g.others.items()
                ],
            }
            for g in found.found
        ],
        "metric": {"name": found.metric.name, "label": found.metric.label,
                   "unit": found.metric.unit, "level": found.level},
        "untold": found.untold,
        "tried": _tried(found),
    }  # fmt: skip
    if gap is not None and unfair:
        out["honest"] = [
            offer(
                "imbalance_aware",
                "balanced_accuracy",
                gap.accuracy.value,
                gap.balanced,
                "The mean of the classes' recalls: each class counts alike, a new unit, not a "
                "loss.",
                from_metric="accuracy",
            )
        ]
    return out


def _tried(found: Gains) -> list[dict[str, Any]]:
    """The best remedy that was trained, and the moved threshold, as a clean page one shows them."""
    metric = found.metric
    trained = [g for g in found.found if g.name != "threshold"]
    best = max(trained, key=lambda g: g.gain.value, default=None)
    moved = found.of("threshold")
    named = [(f"Best of {len(trained)} remedies: {best.words}", best)] if best else []
    named += [("Threshold moved", moved)] if moved else []
    return [tried(name, g.gain, metric.claim, metric.unit) for name, g in named]


def of_ranges(found: tuple[Range, ...]) -> dict[str, Any]:
    """Regression: error and bias by range of the target."""
    return {
        "ranges": [
            {
                "name": r.name,
                "from": r.low,
                "to": r.high,
                "n": r.n,
                "train": r.train,
                "error": r.error.value,
                "error_low": r.error.low,
                "error_high": r.error.high,
                "bias": r.bias.value,
                "bias_low": r.bias.low,
                "bias_high": r.bias.high,
            }
            for r in found
        ]
    }
