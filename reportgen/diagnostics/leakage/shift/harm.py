"""What the difference between the splits does to the score.

Judged rows are weighted by how much more often training rows like them occur (the classifier's
odds), so that they look like train; the score they then give is set beside the score as it is
(Shimodaira 2000). Few rows may carry all the weight: Kish's effective number of them says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from reportgen.answers import Answers
from reportgen.diagnostics.leakage.shift.rows import Codes, Floats
from reportgen.scores.followed import Followed
from reportgen.statistics.intervals import Interval, student

CLIPPED = 0.02  # of a probability: no row counts more than some fifty times another
LEAST = 50.0  # effective rows below which nothing is said


@dataclass(frozen=True)
class Harm:
    """``lost`` is score that the judged rows have less than rows like train would (better less)."""

    own: float
    like_train: float
    lost: Interval
    effective: float


def harm(delivered: Answers, head: Followed, scores: Floats, places: Codes) -> Harm | None:
    """The score of judged rows that are weighted to look like train; None with too few of them.

    Parameters
    ----------
    scores : P(judged) of the judged rows at ``places`` of their split.
    """
    p = np.clip(scores, CLIPPED, 1 - CLIPPED)
    odds = np.full(len(delivered.kept), np.nan)
    odds[places] = (1 - p) / p
    odds = odds[delivered.kept]
    part = delivered.part(~np.isnan(odds))
    weight = odds[~np.isnan(odds)]
    if not len(weight):
        return None
    if part.design.weights is not None:
        weight = weight * part.design.weights
    weight = weight / weight.mean()
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    if effective < LEAST:
        return None
    like = replace(part, design=replace(part.design, weights=weight))
    own, other = head.of(part), head.of(like)
    if not (np.isfinite(own.value) and np.isfinite(other.value)):
        return None
    rows = head.better * (other.rows - own.rows)
    lost = student(
        head.better * (other.value - own.value), part.design.se(rows), part.design.df,
        method="t, weighted rows",
    )  # fmt: skip
    return Harm(own.value, other.value, lost, effective)
