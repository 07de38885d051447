"""What was measured, and whether the model keeps to its answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from reportgen.answers import Answers
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.sensitivity.asking import Change, Floats
from reportgen.diagnostics.sensitivity.curves import Curve
from reportgen.diagnostics.sensitivity.importance import Importance
from reportgen.diagnostics.sensitivity.regions import Regions
from reportgen.diagnostics.sensitivity.roles import Layout
from reportgen.diagnostics.sensitivity.words import Words

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
    again : why the model was asked more in a second look, in words; "" where it was not.
    per_step : labels stand step by step: sequences are changed, and answers to steps compared.
    power : rows that a second look gives ``joint`` and ``noise``, where a first one is all.
    regions, words : what parts of images and sequences, and words of texts, are worth.
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
    again: str = ""
    per_step: bool = False
    power: Mapping[str, int] = field(default_factory=dict)
    regions: Regions | None = None
    words: Words | None = None


def steady(compared: tuple[Floats, Floats, Floats], rows: int) -> None:
    """Unchanged rows must get the answers that they had.

    Parameters
    ----------
    compared : flips and moves of their answers, as of ``Subject.compared``.

    Raises
    ------
    NotApplicable
        where they do not.
    """
    flips, _, moved = compared
    if flips.mean() > UNSTEADY or (moved > 0.01).mean() > 0.02:
        raise NotApplicable(
            f"{np.mean((flips > 0) | (moved > 0.01)):.0%} of {rows:,} unchanged rows get "
            "another answer when they are asked again beside changed ones; what a change does "
            "cannot be told from that"
        )
