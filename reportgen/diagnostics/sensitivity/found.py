"""What was measured, and whether the model keeps to its answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.sensitivity.asking import Change, Replies, Ruler
from reportgen.diagnostics.sensitivity.curves import Curve
from reportgen.diagnostics.sensitivity.importance import Importance
from reportgen.diagnostics.sensitivity.roles import Layout

Ints = NDArray[np.int64]
#: Answers to unchanged rows that may differ when they are asked again, as a share of them.
UNSTEADY = 0.002


@dataclass(frozen=True)
class Evidence:
    """What was measured on one split.

    Attributes
    ----------
    changes : by the name of its question, as in :mod:`tabular`, or ``image:<way>``.
    all_over : share of answers that differ between two rows drawn at random, counted as
        ``Change.beyond``.
    inside : of a wide table's blocks that change answers, the columns that do; by question.
    sent : changed rows that the model was asked for; ``plain`` rows of the split.
    """

    kind: str
    answers: Answers
    n_judged: int
    changes: Mapping[str, Change]
    all_over: float
    sent: int
    plain: int
    layout: Layout | None = None
    importance: Importance | None = None
    curves: tuple[Curve, ...] = ()
    spoiled: Mapping[str, float] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    inside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def steady(before: Replies, rows: Ints, again: Replies, ruler: Ruler) -> None:
    """Unchanged rows must get the answers that they had."""
    flips, _, moved = ruler.compared(before.at(rows), again)
    if flips.mean() > UNSTEADY or (moved > 0.01).mean() > 0.02:
        raise NotApplicable(
            f"{np.mean((flips > 0) | (moved > 0.01)):.0%} of {len(rows):,} unchanged rows get "
            "another answer when they are asked again beside changed ones; what a change does "
            "cannot be told from that"
        )
