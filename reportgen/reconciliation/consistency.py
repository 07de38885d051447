"""A printed report alone: can any model on these supports have printed it?

Every class has a whole number of rows, of right rows and of answers. What recall, precision, F1,
accuracy and their averages print bounds these numbers linearly; whether whole numbers satisfy all
of it at once is an integer programme, solved exactly. Macro and weighted averages of precision and
F1 are not linear: they are bounded, and checked on the solution that is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits

Floats = NDArray[np.float64]
#: Solutions that are tried where an average is not linear.
TRIES = 24


@dataclass(frozen=True, slots=True)
class Consistency:
    """Whether a report can have been printed.

    ``kind``: possible (``support``, ``right`` and ``given`` of each class print it), impossible
    (``reason`` says what contradicts), or open (nothing contradicts, no solution was found).
    """

    kind: Literal["possible", "impossible", "open"]
    classes: tuple[str, ...]
    reason: str = ""
    support: tuple[int, ...] = ()
    right: tuple[int, ...] = ()
    given: tuple[int, ...] = ()


def of_report(claims: Sequence[Claim]) -> Consistency:
    """Whether single-label answers exist that print all of a classification report.

    Parameters
    ----------
    claims : of one report: per class numbers with their support, averages, accuracy.
    """
    classes = tuple(dict.fromkeys(c.per_class for c in claims if c.per_class is not None))
    supports = {c.per_class: c for c in claims if c.metric == "support"}
    missing = [k for k in classes if k not in supports]
    if not classes or missing:
        what = ", ".join(missing) or "any class"
        return Consistency("open", classes, f"the report has no support of {what}")
    n = np.array([float(supports[k].value) for k in classes])
    if (n != np.round(n)).any():
        return Consistency("impossible", classes, "a support is not a whole number of rows")
    total = supports.get(None)
    if total is not None and float(total.value) != n.sum():
        reason = f"the supports add up to {n.sum():.0f}, and {total.value} stands below them"
        return Consistency("impossible", classes, reason)
    programme = _Programme(classes, n, claims)
    single = _alone(programme)
    if single is not None:
        return Consistency("impossible", classes, single)
    found = programme.solved(np.zeros(2 * len(classes)))
    if found is None:
        return Consistency("impossible", classes, _together(programme))
    rng = np.random.default_rng(0)
    for attempt in range(TRIES):
        if attempt:
            found = programme.solved(rng.standard_normal(2 * len(classes)))
        if found is not None and _prints(found, n, classes, claims):
            right, given = found[: len(classes)], found[len(classes) :]
            return Consistency("possible", classes, "", _whole(n), _whole(right), _whole(given))
    return Consistency("open", classes, "nothing contradicts it, and no answers were found")


class _Programme:
    """Right rows h and answers g of each class, and all linear bounds on them."""

    def __init__(self, classes: tuple[str, ...], n: Floats, claims: Sequence[Claim]) -> None:
        k = len(classes)
        self.n = n
        self.rows: list[Floats] = []
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.names: list[str] = []
        eye = np.eye(k)
        none = np.zeros(k)
        # A report of some labels alone, or of several a row, has a micro average for accuracy.
        self.whole = not any(c.average in ("micro", "samples") for c in claims)
        for i in range(k):
            self._add(np.r_[-eye[i], eye[i]], 0, np.inf, "")  # h <= g
            if self.whole and k > 1:
                # Wrong rows of a class are wrong answers of the others: n_i - h_i <= sum over
                # j != i of (g_j - h_j), where all g add up to the number of rows.
                row = np.r_[1 - 2 * eye[i], eye[i]]
                self._add(row, -np.inf, float(n.sum() - n[i]), "")
        if self.whole:
            self._add(np.r_[none, np.ones(k)], float(n.sum()), float(n.sum()), "")
        for claim in claims:
            self._claim(claim, classes, eye, none)

    def _claim(self, claim: Claim, classes: Sequence[str], eye: Floats, none: Floats) -> None:
        low, high = digits.interval(claim.value)
        n = self.n
        name = claim.name
        ones = np.ones(len(n))
        if claim.metric == "accuracy" or (claim.average == "micro" and claim.metric == "recall"):
            self._add(np.r_[ones, none], low * n.sum(), high * n.sum(), name)
        elif claim.average == "micro" and claim.metric == "precision":
            self._add(np.r_[ones, -low * ones], 0, np.inf, name)
            self._add(np.r_[ones, -high * ones], -np.inf, 0, name)
        elif claim.average == "micro" and claim.metric == "f1":
            self._add(np.r_[2 * ones, -low * ones], low * n.sum(), np.inf, name)
            self._add(np.r_[2 * ones, -high * ones], -np.inf, high * n.sum(), name)
        elif claim.per_class is not None and claim.metric in ("precision", "recall", "f1"):
            i = classes.index(claim.per_class)
            self._class(claim.metric, i, low, high, eye, none, name)
        elif claim.metric == "recall" and claim.average == "macro" and (n > 0).all():
            self._add(np.r_[1 / n / len(n), none], low, high, name)
        elif claim.metric == "recall" and claim.average == "weighted":
            self._add(np.r_[np.ones(len(n)), none], low * n.sum(), high * n.sum(), name)

    def _class(
        self, metric: str, i: int, low: float, high: float, eye: Floats, none: Floats, name: str
    ) -> None:
        h, g = np.r_[eye[i], none], np.r_[none, eye[i]]
        if metric == "recall":
            self._add(h, low * self.n[i], high * self.n[i], name)
        elif metric == "precision":
            self._add(h - low * g, 0, np.inf, name)
            self._add(h - high * g, -np.inf, 0, name)
            if low > 0:  # nothing answered prints 0
                self._add(g, 1, np.inf, name)
        else:
            self._add(2 * h - low * g, low * self.n[i], np.inf, name)
            self._add(2 * h - high * g, -np.inf, high * self.n[i], name)

    def _add(self, row: Floats, low: float, high: float, name: str) -> None:
        self.rows.append(row)
        self.lower.append(low)
        self.upper.append(high)
        self.names.append(name)

    def solved(self, wish: Floats, only: Sequence[int] | None = None) -> Floats | None:
        """Whole numbers within all bounds that are best for ``wish``; None when there are none."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        index = list(range(len(self.rows))) if only is None else list(only)
        found = milp(
            wish,
            constraints=LinearConstraint(
                np.array([self.rows[i] for i in index]),
                np.array([self.lower[i] for i in index]),
                np.array([self.upper[i] for i in index]),
            ),
            integrality=np.ones(2 * len(self.n)),
            bounds=Bounds(0, np.r_[self.n, np.full(len(self.n), self.n.sum())]),
            options={"time_limit": 5.0},
        )
        return None if found.x is None else np.round(found.x)


def _alone(programme: _Programme) -> str | None:
    """One number, or one class, that no whole numbers print; None when there is none."""
    structure = [i for i, name in enumerate(programme.names) if not name]
    zero = np.zeros(2 * len(programme.n))
    for name in dict.fromkeys(n for n in programme.names if n):
        own = [i for i, other in enumerate(programme.names) if other == name]
        if programme.solved(zero, structure + own) is None:
            return f"no whole number of rows gives the {name.replace(',', ' of', 1)} printed"
    return None


def _together(programme: _Programme) -> str:
    """What to say when each number is possible and all of them are not."""
    reason = "no whole numbers of right rows and answers print all of these numbers together"
    zero = np.zeros(2 * len(programme.n))
    odd = []
    for name in dict.fromkeys(n for n in programme.names if n):
        rest = [i for i, other in enumerate(programme.names) if other != name]
        if programme.solved(zero, rest) is not None:
            odd.append(name.replace(",", " of", 1))
    if not odd:
        return reason
    return f"{reason}; without {' or '.join(odd[:3])} the rest would agree"


def _prints(found: Floats, n: Floats, classes: Sequence[str], claims: Sequence[Claim]) -> bool:
    """Whether right rows and answers print every number, averages included."""
    k = len(classes)
    h, g = found[:k], found[k:]
    values = {
        "precision": np.divide(h, g, out=np.zeros(k), where=g > 0),
        "recall": np.divide(h, n, out=np.zeros(k), where=n > 0),
        "f1": np.divide(2 * h, n + g, out=np.zeros(k), where=n + g > 0),
    }
    return all(
        digits.prints_same(value, claim.value)
        for claim in claims
        if (value := _value(claim, values, n, h, classes)) is not None
    )


def _value(
    claim: Claim, values: dict[str, Floats], n: Floats, h: Floats, classes: Sequence[str]
) -> float | None:
    """A number of a report; None for micro averages, which the programme holds exactly."""
    if claim.metric == "accuracy":
        return float(h.sum() / n.sum())
    if claim.metric not in values:
        return None
    own: Any = values[claim.metric]
    if claim.per_class is not None:
        return float(own[classes.index(claim.per_class)])
    if claim.average == "macro":
        return float(own.mean())
    return float((own * n).sum() / n.sum()) if claim.average == "weighted" else None


def _whole(values: Floats) -> tuple[int, ...]:
    return tuple(round(float(v)) for v in values)
