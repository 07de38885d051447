"""The numbers of every figure and of the table a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.diagnostics.performance.comparison import Compared
from reportgen.diagnostics.performance.decisions import named
from reportgen.diagnostics.performance.scores import positives
from reportgen.scores.page_one import constant, tried
from reportgen.statistics import clusters, estimates, matrix, ranking
from reportgen.statistics.curves import thin
from reportgen.statistics.estimates import Design
from reportgen.statistics.intervals import Interval, critical

Floats = NDArray[np.float64]
ALL_CLASSES = 40  # of which every cell of the matrix stands in the report
LISTED = 400  # classes with a row of scores; of more, those of the lowest recall
PAIRS = 20
BINS = 36  # a side of binned residuals
SCATTER = 800  # rows up to which residuals are points
CURVE_POINTS = 400


def series(
    of: Answers,
    baselines: Sequence[Compared],
    simple: Sequence[Sequence[Compared]],
) -> dict[str, Any]:
    """``baselines``: the constant answer in all metrics; ``simple``: each simple model likewise."""
    found: dict[str, Any] = {"judged": {"split": of.split, "n": of.n, "task": of.task}}
    if of.task == "regression":
        found["residuals"] = residuals(of)
    else:
        rows = per_class(of)
        if len(rows) > LISTED:
            found["judged"]["n_classes"] = len(rows)
            met = [row for row in rows if row["n"] > 0] or rows
            worst = sorted(met, key=lambda row: row["recall"])[:LISTED]
            kept = {row["name"] for row in worst}
            rows = [row for row in rows if row["name"] in kept]
        found["per_class"] = rows
        if of.task != "multilabel":
            found["confusion"] = confusion(of)
        if of.task == "binary" and of.scores is not None and 0 < (of.y == of.positive).sum() < of.n:
            found["roc"], found["pr"] = curves(of)
    found["compared"] = [
        {
            "rival": c.rival,
            "metric": c.metric,
            "label": c.label,
            "unit": c.unit,
            "model": c.model,
            "other": c.other,
            "lead": c.interval.value,
            "low": c.interval.low,
            "high": c.interval.high,
        }
        for c in (*baselines, *(c for model in simple for c in model))
    ]
    found["constant"] = [constant(named(c.rival), c.metric, c.other) for c in baselines]
    found["tried"] = _tried([model[0] for model in simple])
    return found


def _tried(simple: Sequence[Compared]) -> list[dict[str, Any]]:
    """The best simple model instead."""
    known = [c for c in simple if c.interval.known]
    best = min(known, key=lambda c: c.interval.value, default=None)
    if best is None:
        return []
    lead = best.interval
    gain = Interval(-lead.value, -lead.high, -lead.low, lead.method, lead.se)
    return [tried(f"{best.rival} instead", gain, best.metric, best.unit)]


def confusion(of: Answers) -> dict[str, Any]:
    """Counts (weights) by truth and answer; the most confused pairs alone for many classes."""
    assert of.labels is not None
    k = len(of.classes)
    cells = matrix.confusion_matrix(of.y, of.labels, k, of.design.weights)
    names = [*of.classes, of.undecided or "no class"][: len(cells)]
    off = cells.copy()
    np.fill_diagonal(off, 0)
    order = [int(i) for i in np.argsort(-off, axis=None, kind="stable")[:PAIRS]]
    support = cells.sum(axis=1)
    pairs = [
        {
            "truth": names[i // len(cells)],
            "answer": names[i % len(cells)],
            "count": off.flat[i],
            "of": support[i // len(cells)],
        }
        for i in order
        if off.flat[i] > 0
    ]
    whole = {"classes": names, "counts": cells} if k <= ALL_CLASSES else {"n_classes": k}
    return {**whole, "pairs": pairs}


def per_class(of: Answers) -> list[dict[str, Any]]:
    """Support, answers, precision, recall and F1 of each class, with intervals."""
    assert of.labels is not None
    found = []
    for k, name in enumerate(of.classes):
        y = positives(of, k)
        given = of.labels[:, k] == 1 if of.labels.ndim == 2 else of.labels == k
        row: dict[str, Any] = {"name": name, "n": int(y.sum()), "given": int(given.sum())}
        for metric, function in (
            ("precision", estimates.precision),
            ("recall", estimates.recall),
            ("f1", estimates.f1),
        ):
            at = _counted(metric, y, given) if of.design.plain else function(y, given, 1, of.design)
            row |= {metric: at.value, f"{metric}_low": at.low, f"{metric}_high": at.high}
        found.append(row)
    return found


def _counted(metric: str, y: NDArray[np.bool_], given: NDArray[np.bool_]) -> Any:
    """The same from three counts: 200 classes on a million rows take no subsets."""
    from reportgen.statistics.intervals import Interval, wilson

    hits, rows, answers = int((y & given).sum()), int(y.sum()), int(given.sum())
    if metric != "f1":
        return wilson(hits, rows if metric == "recall" else answers)
    share = wilson(hits, rows + answers - hits)
    value, low, high = (2 * j / (1 + j) for j in (share.value, share.low, share.high))
    return Interval(value, low, high, "Wilson, of F1")


def curves(of: Answers) -> tuple[dict[str, Any], dict[str, Any]]:
    """ROC and precision-recall with pointwise 95 % bands (Wilson at each point)."""
    assert of.scores is not None
    assert of.labels is not None
    truth = of.y == of.positive
    weights = of.design.weights
    roc = ranking.roc_curve(truth, of.scores, weights)
    fpr, tpr = thin(roc.fpr, roc.tpr, max_points=CURVE_POINTS)
    positive, negative = (_effective(side, of.design) for side in (truth, ~truth))
    low, high = _band(tpr, positive)
    # A point may be off to the side as well: the band follows the curve's slope (Ma, Hall 1993).
    left, right = _band(fpr, negative)
    low = np.minimum(low, np.interp(left, fpr, tpr, left=0.0))
    high = np.maximum(high, np.interp(right, fpr, tpr, right=1.0))
    given = of.labels == of.positive
    at = {
        "fpr": float(np.average(given[~truth], weights=_part(weights, ~truth))),
        "tpr": float(np.average(given[truth], weights=_part(weights, truth))),
    }
    prc = ranking.pr_curve(truth, of.scores, weights)
    along = np.concatenate([[0.0], prc.recall])  # held back to a recall of 0
    above = np.concatenate([prc.precision[:1], prc.precision])
    recall, precision = thin(along, above, max_points=CURVE_POINTS)
    called = np.maximum(recall * positive / np.maximum(precision, 1e-12), 1.0)
    plow, phigh = _band(precision, called)
    hits = float((given & truth).sum())
    chance = float(np.average(truth, weights=weights))
    return (
        {"fpr": fpr, "tpr": tpr, "low": low, "high": high, "at": at},
        {
            "recall": recall,
            "precision": precision,
            "low": plow,
            "high": phigh,
            "chance": chance,
            "at": {"recall": at["tpr"], "precision": hits / given.sum() if given.any() else None},
        },
    )


def _part(weights: Floats | None, chosen: NDArray[np.bool_]) -> Floats | None:
    return None if weights is None else weights[chosen]


def _effective(chosen: NDArray[np.bool_], design: Design) -> float:
    return clusters.effective(chosen, design.weights, design.codes)


def _band(rate: Floats, n: Floats | float) -> tuple[Floats, Floats]:
    """Wilson's limits at each point."""
    z = critical()
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return np.clip(centre - half, 0, rate), np.clip(centre + half, rate, 1)


def residuals(of: Answers) -> list[dict[str, Any]]:
    """A target: predicted value against residual, as points or in bins, with quantiles."""
    assert of.values is not None
    found = []
    for t in range(min(of.y.shape[1], 4)):
        given, gap = of.values[:, t], of.y[:, t] - of.values[:, t]
        one: dict[str, Any] = {"target": t, "n": of.n, "trend": _trend(given, gap)}
        if of.n <= SCATTER:
            one |= {"predicted": given, "residual": gap}
        else:
            x, y = _edges(given, BINS), _edges(gap, BINS)
            inside = (np.clip(given, x[0], x[-1]), np.clip(gap, y[0], y[-1]))
            counts, _, _ = np.histogram2d(*inside, bins=(x, y))
            one |= {"x_edges": x, "y_edges": y, "counts": counts.T.astype(np.int64)}
        found.append(one)
    return found


def _edges(values: Floats, bins: int) -> Floats:
    """Equal steps over the middle 99.8 % of the values; what is beyond counts in the last bin."""
    low, high = np.quantile(values, (0.001, 0.999))
    if high <= low:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1)


def _trend(given: Floats, gap: Floats) -> dict[str, Any]:
    """Quartiles of the residual along the prediction, in bins of equally many rows."""
    bins = int(np.clip(len(given) // 25, 1, 12))
    order = np.argsort(given, kind="stable")
    parts = np.array_split(order, bins)
    middle = [float(np.median(given[p])) for p in parts]
    quartiles = np.array([np.quantile(gap[p], (0.05, 0.5, 0.95)) for p in parts])
    return {
        "at": middle,
        "low": quartiles[:, 0],
        "median": quartiles[:, 1],
        "high": quartiles[:, 2],
    }
