"""Whether a column that is far ahead of the others is stranger than a strong cause is."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from reportgen.diagnostics.leakage.alone.effect import place
from reportgen.diagnostics.leakage.alone.measured import Measured, measured
from reportgen.diagnostics.leakage.alone.origin import remains
from reportgen.evidence import Case

OTHERS = 12  # columns that tell how related columns are here
LEAST_OTHERS = 4
MOST_ALIKE = 0.5  # share of the others that are related to some other
SURELY = 1e-5  # level at which they are
NEAR, NEARER = 0.15, 0.5  # correlation of a stranger at most, alone and of what others have
FAR = 2.5  # times what it leaves, all others together leave
NEARLY_ALL = 0.93  # share of the target's variation that is hardly left to chance
UNRELATED = 4.0  # standard errors up to which the nearest of several columns may be by chance


def odd(case: Case, judged: str, first: Measured, rest: float, out: Collection[str]) -> str:
    """What is strange about a column that is far ahead of the others, in words; "" for nothing.

    Parameters
    ----------
    rest : share of the target's variation that all others together explain.
    out : columns that are no evidence (the column itself, others that say the same).
    """
    part, explained = first.alone.part, first.alone.least
    left_over = remains(case, judged, part)
    near = left_over.related(first.name, out)
    strongest = sorted(measured(case, judged), key=lambda m: -m.alone.least)
    others = [m.name for m in strongest if m.name not in out and not m.identity][:OTHERS]
    if len(others) >= LEAST_OTHERS and explained >= rest:
        found = [left_over.related(name, out) for name in others]
        alike = np.mean([one.p < SURELY for one in found])
        usual = float(np.median([abs(one.correlation) for one in found]))
        if alike >= MOST_ALIKE and abs(near.correlation) <= min(NEAR, NEARER * usual):
            return "the others go with each other, and it goes with none of them"
    apart = near.independent or abs(near.correlation) * np.sqrt(left_over.rows) < UNRELATED
    if explained >= NEARLY_ALL and apart and 1 - rest >= FAR * (1 - explained):
        return "it leaves next to nothing of the target"
    if explained >= rest and place(case, judged, first.name, out, part).odd:
        return "it goes with the others as an effect of the target would, and they with none"
    return ""
