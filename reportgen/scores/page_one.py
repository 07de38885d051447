"""What sections bring to page one, in the form in which it looks for it.

Five conventions, none of them an import of the other side:

- a finding's evidence may have ``effect`` (score lost, more is worse) with ``effect_low``,
  ``effect_high`` and ``effect_metric``, made by :func:`effect`;
- findings of two sections whose evidence has the same ``fault``, made by :func:`fault`, are one
  cause: two questions asked of one mistake; one with :func:`covers` speaks for those that follow
  from it;
- ``series["honest"]`` offers steps of the honest score, made by :func:`offer`;
- ``series["tried"]`` lists changes that were tried, made by :func:`tried`: a clean page one draws
  them beside the smallest change that would have been found;
- ``series["constant"]`` has the scores of one answer to all rows, made by :func:`constant`: a
  dashed line in the chart of page one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reportgen.statistics.intervals import Interval

POWER = 2.8  # standard errors of the smallest effect that 80 of 100 audits find


def effect(lost: Interval, metric: str) -> dict[str, Any]:
    """Evidence of a finding: score lost on ``metric`` (as it is reported), and between what."""
    return {
        "effect": lost.value,
        "effect_low": lost.low if lost.known else None,
        "effect_high": lost.high if lost.known else None,
        "effect_metric": metric,
    }


def fault(kind: str, split: str) -> dict[str, Any]:
    """Evidence of a finding that another section may come upon too: what was done, and to what."""
    return {"fault": f"{kind}: {split}"}


def covers(code: str, columns: Sequence[str]) -> dict[str, Any]:
    """Evidence of a finding that explains others of this code, where they name no other columns."""
    return {"covers": {"code": code, "columns": list(columns)}}


#: A split that was scaled by figures of its own.
OWN_FIGURES = "scaled by its own figures"


def constant(answer: str, metric: str, value: float) -> dict[str, Any]:
    """The score on ``metric`` of giving the same ``answer`` to all rows, as a sentence names it."""
    return {"answer": answer, "metric": metric, "value": value}


def offer(
    step: str,
    metric: str,
    start: float,
    found: Interval,
    why: str,
    *,
    change: Interval | None = None,
    from_metric: str = "",
    once: str = "",
    wanted: bool = True,
) -> dict[str, Any]:
    """A step from a score to what was measured.

    Parameters
    ----------
    start : the score that it was measured from, in ``from_metric`` (``metric`` by default).
    change : of the score, with its interval; None where the metric changes.
    once : "Accuracy 0.953 is 0.889 once ...": under what condition the score is so.
    wanted : False for a step that is taken only if another section asks for one of its name.
    """
    told: dict[str, Any] = {
        "step": step,
        "metric": metric,
        "from": start,
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "why": why,
    }
    if from_metric:
        told["from_metric"] = from_metric
    if change is not None:
        told |= {"change_low": change.low, "change_high": change.high}
    if once:
        told["once"] = once
    if not wanted:
        told["wanted"] = False
    return told


def tried(name: str, gain: Interval, metric: str, unit: str) -> dict[str, Any]:
    """A change that was tried: what it gains, and from which gain on it would have been found."""
    se = gain.se if np.isfinite(gain.se) else (gain.high - gain.low) / 3.92
    return {
        "name": name,
        "metric": metric,
        "unit": unit,
        "gain": gain.value,
        "low": gain.low,
        "high": gain.high,
        "found_from": POWER * se,
    }
