"""Each metric with its interval, on rows that may be weighted and clustered.

Closed forms throughout; the weights bootstrap is for quantiles of weighted or clustered rows alone.
A design effect (the clustered variance over that of independent rows, Kish 1965) turns
counts into effective counts, so that score intervals stay usable (Korn, Graubard 1998).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.statistics import clusters, influence
from reportgen.statistics import matrix as of_matrix
from reportgen.statistics.bootstrap import bootstrap
from reportgen.statistics.clusters import Codes
from reportgen.statistics.influence import Influence
from reportgen.statistics.intervals import (
    FISHER,
    LEVEL,
    LOG,
    LOGIT,
    Interval,
    auc_interval,
    critical,
    on_scale,
    quantile,
    student,
    unknown,
    wilson,
)
from reportgen.statistics.matrix import Functional
from reportgen.statistics.regression import weighted_quantile

Floats = NDArray[np.float64]
FEW = 10  # rows below which the wider of two intervals is taken


@dataclass(frozen=True, slots=True)
class Design:
    """How rows count: weights of shape (n,) and a cluster a row, or None for one by one."""

    n: int
    weights: Floats | None = None
    codes: Codes | None = None

    @property
    def plain(self) -> bool:
        return self.weights is None and self.codes is None

    @property
    def df(self) -> int | None:
        """Degrees of freedom of a clustered variance; None where counts suffice."""
        return clusters.freedom(self.n, self.codes)

    @property
    def units(self) -> int:
        return clusters.count(self.n, self.codes)

    def rows(self, chosen: NDArray[np.bool_]) -> Design:
        """The design of some of the rows."""
        codes = None
        if self.codes is not None:
            codes = np.unique(self.codes[chosen], return_inverse=True)[1].astype(np.int64)
        weights = None if self.weights is None else self.weights[chosen]
        return Design(int(chosen.sum()), weights, codes)

    def se(self, contributions: Floats) -> float:
        return float(np.sqrt(clusters.variance(contributions, self.codes)))

    def effective(self) -> float:
        return clusters.effective(np.ones(self.n, dtype=bool), self.weights, self.codes)


def proportion(right: NDArray[Any], design: Design, *, level: float = LEVEL) -> Interval:
    """Share of right rows: Wilson, on effective counts where rows are weighted or clustered."""
    hits = np.asarray(right, dtype=np.float64)
    if design.plain:
        return wilson(float(hits.sum()), len(hits), level=level)
    share = influence.mean(hits, design.weights)
    if not np.isfinite(share.value):
        return unknown(share.value, "Wilson")
    spread = share.value * (1 - share.value)
    measured = clusters.variance(share.rows, design.codes)
    n = design.effective()
    if spread > 0 and measured > 0:
        n = min(spread / measured, float(design.n))
    df = design.units - 1 if design.codes is not None else None
    between = wilson(share.value * n, n, level=level, df=df)
    name = "Wilson by cluster" if design.codes is not None else "Wilson, weighted"
    return Interval(share.value, between.low, between.high, name, float(np.sqrt(measured)))


def recall(y_true: NDArray[Any], y_pred: NDArray[Any], k: int, design: Design) -> Interval:
    own = y_true == k
    return proportion((y_pred == k)[own], design.rows(own))


def precision(y_true: NDArray[Any], y_pred: NDArray[Any], k: int, design: Design) -> Interval:
    given = y_pred == k
    return proportion((y_true == k)[given], design.rows(given))


def f1(y_true: NDArray[Any], y_pred: NDArray[Any], k: int, design: Design) -> Interval:
    """F1 of one class, through J = TP / (TP + FP + FN), of which it is 2J / (1 + J).

    Given TP + FP + FN, J is a proportion, so Wilson's interval serves.
    """
    either = (y_true == k) | (y_pred == k)
    share = proportion(((y_true == k) & (y_pred == k))[either], design.rows(either))
    value, low, high = (2 * j / (1 + j) for j in (share.value, share.low, share.high))
    return Interval(value, low, high, f"{share.method}, of F1")


def balanced_accuracy(
    y_true: NDArray[Any],
    y_pred: NDArray[Any],
    n_classes: int,
    design: Design,
    *,
    level: float = LEVEL,
) -> Interval:
    """Mean recall; limits recovered from those of each class (MOVER; Zou, Donner 2008)."""
    recalls = []
    for k in range(n_classes):
        own = y_true == k
        if own.any():
            recalls.append(proportion((y_pred == k)[own], design.rows(own), level=level))
    method = "Wilson a class, combined"
    if not recalls:
        return unknown(float("nan"), method)
    if design.codes is not None:  # clusters reach over classes: their recalls are not independent
        cells = of_matrix.confusion_matrix(y_true, y_pred, n_classes, design.weights)
        whole = influence.of_labels(
            of_matrix.balanced_accuracy(cells), y_true, y_pred, n_classes, design.weights
        )
        alone = sum(r.se**2 for r in recalls) / len(recalls) ** 2
        stretch = max(1.0, design.se(whole.rows) / float(np.sqrt(alone))) if alone > 0 else 1.0
    else:
        stretch = 1.0
    value = float(np.mean([r.value for r in recalls]))
    down = stretch * float(np.sqrt(sum((r.value - r.low) ** 2 for r in recalls))) / len(recalls)
    up = stretch * float(np.sqrt(sum((r.high - r.value) ** 2 for r in recalls))) / len(recalls)
    se = stretch * float(np.sqrt(sum(r.se**2 for r in recalls))) / len(recalls)
    low, high = max(0.0, value - down), min(1.0, value + up)
    if len(recalls) > 2:  # many skewed limits add up short: covers 0.89 alone, 0.95 so
        other = of_cells(
            of_matrix.balanced_accuracy, y_true, y_pred, n_classes, design, level=level
        )
        low, high = np.fmin(low, other.low), np.fmax(high, other.high)
    return Interval(value, float(low), float(high), method, se)


def of_cells(
    metric: Callable[[Floats], Functional],
    y_true: NDArray[Any],
    y_pred: NDArray[Any],
    n_classes: int,
    design: Design,
    *,
    lowest: float = 0.0,
    level: float = LEVEL,
) -> Interval:
    """Macro F1, MCC and other functions of the confusion matrix, by the delta method.

    The matrix gets z² rows more, half of them right and half spread over the answers, as Agresti
    and Coull (1998) do for one proportion: no width of zero where there are no errors. Where
    there are few errors or few rows of a class, the interval reaches at least as far as the plain
    delta method's on a transformed scale.
    """
    method = "delta method, z² rows added"
    cells = of_matrix.confusion_matrix(y_true, y_pred, n_classes, design.weights)
    here = metric(cells)
    if not np.isfinite(here.value) or design.units < 2:
        return unknown(here.value, method)
    rows = influence.of_labels(here, y_true, y_pred, n_classes, design.weights)
    se = design.se(rows.rows)
    z = critical(level, design.df if design.codes is not None else None)
    total = float(cells.sum())
    alone = float((cells * here.gradient**2).sum())
    n = total
    if not design.plain:
        n = design.effective() if alone <= 0 or se <= 0 else min(total * alone / se**2, design.n)
    counts = cells * (n / total)
    padded = metric(counts + _padding(counts, z * z))
    half = z * float(np.sqrt(((counts + _padding(counts, z * z)) * padded.gradient**2).sum()))
    low, high = padded.value - half, padded.value + half
    wrong = n * (1 - float(np.trace(cells)) / total)
    support = counts.sum(axis=1)
    few = min(wrong, float(support[support > 0].min())) < FEW
    if few and se > 0 and lowest < here.value < 1:
        scale = LOGIT if lowest == 0 else FISHER
        other = on_scale(here.value, se, scale, design.df, level=level)
        low, high = min(low, other.low), max(high, other.high)
    value = here.value
    return Interval(value, max(lowest, min(low, value)), min(1.0, max(high, value)), method, se)


def _padding(counts: Floats, rows: float) -> Floats:
    shares = counts.sum(axis=1) / counts.sum()
    spread = np.outer(shares, np.full(len(counts), 1 / len(counts)))
    return np.asarray(rows / 2 * (np.diag(shares) + spread))


def macro_f1(
    y_true: NDArray[Any], y_pred: NDArray[Any], n_classes: int, design: Design
) -> Interval:
    return of_cells(of_matrix.macro_f1, y_true, y_pred, n_classes, design)


def mcc(y_true: NDArray[Any], y_pred: NDArray[Any], n_classes: int, design: Design) -> Interval:
    return of_cells(of_matrix.mcc, y_true, y_pred, n_classes, design, lowest=-1.0)


def roc_auc(y_true: NDArray[Any], scores: Floats, design: Design) -> Interval:
    positive = np.asarray(y_true, dtype=bool)
    found = influence.roc_auc(positive, scores, design.weights)
    return auc_interval(found, positive, design.weights, design.codes)


def average_precision(y_true: NDArray[Any], scores: Floats, design: Design) -> Interval:
    """Delta method on the logit scale (Boyd, Eng, Page 2013), at least Wilson's at one."""
    positive = np.asarray(y_true, dtype=bool)
    found = influence.average_precision(positive, scores, design.weights)
    return _ap_interval(found, positive, design)


def ranking(
    y_true: NDArray[Any], scores: Floats, design: Design
) -> tuple[tuple[Influence, Interval], tuple[Influence, Interval]]:
    """ROC-AUC and average precision, each with its rows' contributions; one sort for both."""
    positive = np.asarray(y_true, dtype=bool)
    area, precision = influence.ranking(positive, scores, design.weights)
    return (
        (area, auc_interval(area, positive, design.weights, design.codes)),
        (precision, _ap_interval(precision, positive, design)),
    )


def _ap_interval(found: Influence, positive: NDArray[np.bool_], design: Design) -> Interval:
    method = "delta method, logit"
    if not np.isfinite(found.value):
        return unknown(found.value, method)
    n = clusters.effective(positive, design.weights, design.codes)
    wide = wilson(found.value * n, n)
    se = design.se(found.rows)
    if not 0 < found.value < 1 or not se > 0:
        return Interval(found.value, wide.low, wide.high, "Wilson on positives", se)
    plain = on_scale(found.value, se, LOGIT, design.df, method=method)
    if n * min(found.value, 1 - found.value) >= FEW:
        return plain
    return Interval(
        found.value, min(plain.low, wide.low), max(plain.high, wide.high), f"{method} or Wilson", se
    )


def mean_of(parts: list[tuple[Influence, Interval]], design: Design) -> Interval:
    """Mean of metrics of the same rows (macro AUC), with the covariance of their rows."""
    known = [p for p in parts if np.isfinite(p[0].value)]
    method = "delta method, logit"
    if not known:
        return unknown(float("nan"), method)
    whole = Influence.mean_of([p[0] for p in known])
    value, se = whole.value, design.se(whole.rows)
    if 0 < value < 1 and se > 0:
        plain = on_scale(value, se, LOGIT, design.df, method=method)
    else:
        plain = Interval(value, value, value, method, se)
    # Where single ones are at their bound their errors are not known, but their limits are.
    if min(p[1].se if np.isfinite(p[1].se) else 0.0 for p in known) > 0:
        return plain
    down = sum((p[1].value - p[1].low) ** 2 for p in known) ** 0.5 / len(known)
    up = sum((p[1].high - p[1].value) ** 2 for p in known) ** 0.5 / len(known)
    low, high = min(plain.low, value - down), max(plain.high, value + up)
    return Interval(value, max(0.0, low), min(1.0, high), method, se)


def positive_mean(found: Influence, design: Design) -> Interval:
    """A mean, or root of a mean, that cannot be negative: t on the log scale."""
    method = "t, log scale" if design.codes is None else "t by cluster, log scale"
    if not np.isfinite(found.value) or found.value <= 0:
        return unknown(found.value, method)
    return on_scale(found.value, design.se(found.rows), LOG, design.df, method=method)


def r2(found: Influence, design: Design) -> Interval:
    """Student's t on log(1 - R²), which has no upper bound and no lower one."""
    method = "t on log(1 − R²)"
    if not np.isfinite(found.value) or found.value >= 1:
        return unknown(found.value, method)
    left = on_scale(1 - found.value, design.se(found.rows), LOG, design.df, method=method)
    return Interval(found.value, 1 - left.high, 1 - left.low, method, left.se)


def of_quantile(
    values: Floats, q: float, design: Design, rng: np.random.Generator, *, times: int = 2000
) -> Interval:
    """A quantile of a value a row: order statistics, or the weights bootstrap by cluster."""
    if design.plain:
        return quantile(values, q)
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    own = np.ones(design.n) if design.weights is None else design.weights

    def at(drawn: Floats) -> float:
        share = np.cumsum((own * drawn)[order])
        place = int(np.searchsorted(share, q * share[-1] * (1 - 1e-12)))
        return float(ordered[min(place, len(ordered) - 1)])

    if design.n > 50_000:  # a quantile needs no resampling where its density is well known
        return student(
            weighted_quantile(values, q, own),
            design.se(influence.quantile(values, q, design.weights).rows),
            design.df,
            method="delta method",
        )
    return bootstrap(at, design.n, rng, codes=design.codes, times=times)
