"""Whether accuracy misleads, and which small classes are missed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.charts.numbers import count, listed, plural, score, share
from reportgen.diagnostic import Decided
from reportgen.diagnostics.imbalance.declared import (
    CODES,
    MISLEADING,
    MISSED,
    SKEWED,
    ImbalanceSettings,
)
from reportgen.diagnostics.imbalance.shares import Shares
from reportgen.results import Finding, Severity
from reportgen.scores.what_ifs import joint_level
from reportgen.statistics import estimates
from reportgen.statistics.intervals import Interval

ADVICE = {c.code: c.advice for c in CODES}
#: for rows of several labels, where no remedy is trained
OF_LABELS = (
    "Move the label's own threshold on validation, or weigh its rows in the loss; what each gives "
    "was not tried."
)
FEWEST = 5  # rows of a class below which nothing is said of its recall
SMALL = 0.8  # of an even share: of two classes, 40 rows to 60
MOST_ALONE = 4  # missed classes that have a finding of their own


@dataclass(frozen=True)
class Recall:
    """A class (of a multilabel task: having a label) and how it is found.

    ``recall`` of its rows, ``others`` the share of right answers on all other rows, ``precision``
    None where the class is never given; ``gmean`` the geometric mean of ``recall`` and ``others``.
    ``jointly`` is the recall with an interval that holds together with those of all other small
    classes (Bonferroni).
    """

    name: str
    n: int
    share: float
    recall: Interval
    others: Interval
    precision: Interval | None
    small: bool
    jointly: Interval

    @property
    def gmean(self) -> float:
        return float(np.sqrt(self.recall.value * self.others.value))


def recalls(of: Answers, counted: Shares | None = None) -> tuple[Recall, ...]:
    """Every class that has judged rows, in their order; ``others``: its one-against-rest rows.

    A class is small that has under ``SMALL`` of an even share of the judged rows, or of train's.
    """
    assert of.labels is not None
    trained = None if counted is None else counted.part("train")
    found = []
    k = of.y.shape[1] if of.y.ndim == 2 else len(of.classes)
    even = SMALL * (0.5 if of.y.ndim == 2 else 1 / max(k, 2))
    level = joint_level(k if of.y.ndim == 2 else k - 1)
    for code in range(k):
        own, given = _columns(of, code)
        n = int(own.sum())
        if n == 0 or n == of.n:
            continue
        weights = of.design.weights
        mass = own.astype(np.float64) if weights is None else own * weights
        part = float(mass.sum() / (of.n if weights is None else weights.sum()))
        found.append(
            Recall(
                of.classes[code],
                n,
                part,
                estimates.proportion(given[own], of.design.rows(own)),
                estimates.proportion(~given[~own], of.design.rows(~own)),
                estimates.proportion(own[given], of.design.rows(given)) if given.any() else None,
                min(part, part if trained is None else float(trained[code])) < even,
                estimates.proportion(given[own], of.design.rows(own), level=level),
            )
        )
    return tuple(found)


def _columns(of: Answers, code: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    assert of.labels is not None
    if of.y.ndim == 2:
        return np.asarray(of.y[:, code] == 1), np.asarray(of.labels[:, code] == 1)
    return np.asarray(of.y == code), np.asarray(of.labels == code)


@dataclass(frozen=True)
class Gap:
    """Accuracy less balanced accuracy, with an interval that few rows of a class widen."""

    accuracy: Interval
    balanced: Interval
    majority: str
    majority_share: float
    gap: Interval


def gap_of(of: Answers, classes: tuple[Recall, ...]) -> Gap | None:
    """None in multilabel tasks, and where one class alone is judged."""
    if of.y.ndim == 2 or of.labels is None or len(classes) < 2:
        return None
    right = np.asarray(of.y == of.labels)
    accuracy = estimates.proportion(right, of.design)
    balanced = estimates.balanced_accuracy(of.y, of.labels, len(of.classes), of.design)
    largest = max(classes, key=lambda c: c.share)
    value = accuracy.value - balanced.value
    # Limits recovered from both (Zou and Donner 2008) without their covariance: no narrower.
    down = float(np.hypot(accuracy.value - accuracy.low, balanced.high - balanced.value))
    up = float(np.hypot(accuracy.high - accuracy.value, balanced.value - balanced.low))
    gap = Interval(value, value - down, value + up, "Wilson, combined")
    return Gap(accuracy, balanced, largest.name, largest.share, gap)


def skewed(counted: Shares, settings: ImbalanceSettings) -> Decided:
    """Info where the largest class has ``skew_ratio`` times the rows of the smallest."""
    ratio = counted.ratio()
    if ratio < settings.skew_ratio:
        return (), None
    name, n = counted.smallest()
    split = counted.first
    total = counted.total[split]
    if n == 0 or not np.isfinite(ratio):
        message = f"All {count(total)} rows of {split} are of one class."
    else:
        message = (
            f"“{name}” has {count(n)} of {count(total)} rows of {split} ({share(n / total)}), "
            f"the largest class {ratio:.3g} times as many."
        )
    return (_finding(SKEWED, "info", split, message, ratio=ratio, rows=n),), None


def misleading(
    gap: Gap | None, classes: tuple[Recall, ...], judged: str, settings: ImbalanceSettings
) -> Decided:
    """Accuracy far above balanced accuracy, where one class is frequent."""
    if gap is None:
        return (), "accuracy of several labels is that all of them are right"
    least = settings.accuracy_gap
    told = gap.gap.value > least and gap.gap.low > 0
    if gap.majority_share < settings.majority_share or not told:
        return (), None
    severity: Severity = "fail" if gap.gap.low > least else "warn"
    message = (
        f"Accuracy is {score(gap.accuracy.value)}, and always answering “{gap.majority}” would "
        f"have {score(gap.majority_share)}; balanced accuracy is {score(gap.balanced.value)} "
        f"({score(gap.balanced.low)} to {score(gap.balanced.high)})."
    )
    return (
        _finding(
            MISLEADING,
            severity,
            judged,
            message,
            advice=_instead(gap, classes),
            accuracy=gap.accuracy.value,
            balanced_accuracy=gap.balanced.value,
            gap=gap.gap.value,
            gap_low=gap.gap.low,
            gap_high=gap.gap.high,
            majority_share=gap.majority_share,
        ),
    ), None


def _instead(gap: Gap, classes: tuple[Recall, ...]) -> str:
    """What to report beside accuracy, with its number."""
    lowest = min((c for c in classes if c.n), key=lambda c: c.recall.value, default=None)
    if lowest is None:
        return ""
    return (
        f"Report balanced accuracy ({score(gap.balanced.value)}) and the recall of "
        f"“{lowest.name}” ({score(lowest.recall.value)}) beside accuracy, and choose the model by "
        "one of these."
    )


def missed(
    classes: tuple[Recall, ...],
    settings: ImbalanceSettings,
    advice: str = "",
    *,
    labels: bool = False,
) -> Decided:
    """Small classes most of whose rows get another label; of many the rest in one finding.

    ``labels`` says that rows have several of them: those of a class are answered without it.
    ``advice`` is what the remedies that were tried came to.
    """
    advice = OF_LABELS if labels else advice
    found: list[tuple[Severity, Recall]] = []
    for c in classes:
        least, joint = settings.missed_recall, c.jointly
        low_point = c.recall.value < least and c.recall.value < c.others.value
        if c.small and c.n >= FEWEST and low_point and joint.high < c.others.low:
            found.append(("fail" if joint.high < least else "warn", c))
    found.sort(key=lambda one: (one[0] != "fail", -_lost(one[1])))
    alone = found if len(found) <= MOST_ALONE + 1 else found[:MOST_ALONE]
    findings = [_missed(severity, c, labels, advice) for severity, c in alone]
    rest = found[len(alone) :]
    if rest:
        findings.append(_missed_too(rest, labels, advice))
    return tuple(findings), None


def _lost(c: Recall) -> int:
    return c.n - round(c.recall.value * c.n)


def _missed(severity: Severity, c: Recall, labels: bool, advice: str) -> Finding:
    happens = "are answered without it" if labels else "get another label"
    return _finding(
        MISSED,
        severity,
        c.name,
        f"{count(_lost(c))} of {count(c.n)} rows of “{c.name}” {happens}: recall is "
        f"{score(c.recall.value)} ({score(c.recall.low)} to {score(c.recall.high)}), "
        f"{score(c.others.value)} of the other rows are right.",
        recall=c.recall.value,
        low=c.recall.low,
        high=c.recall.high,
        rows=c.n,
        advice=advice,
        classes=[c.name],
    )


def _missed_too(rest: list[tuple[Severity, Recall]], labels: bool, advice: str) -> Finding:
    names = [f"“{c.name}”" for _, c in rest]
    shown = (
        listed(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"
    )
    lost, rows = sum(_lost(c) for _, c in rest), sum(c.n for _, c in rest)
    return _finding(
        MISSED,
        rest[0][0],
        plural(len(rest), "further class", "further classes"),
        f"{count(lost)} of {count(rows)} rows of {shown} "
        f"{'are answered without it' if labels else 'get another label'}.",
        advice=advice,
        lost=lost,
        rows=rows,
        classes=[c.name for _, c in rest],
    )


def _finding(
    code: str,
    severity: Severity,
    subject: str,
    message: str,
    *,
    advice: str = "",
    **evidence: object,
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        subject=subject,
        message=message,
        advice=(advice or ADVICE[code]) if severity != "info" else "",
        evidence=evidence,
    )
