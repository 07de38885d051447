"""The score on the judged rows that have no copy."""

from __future__ import annotations

import numpy as np

from reportgen.answers import answers
from reportgen.diagnostics.leakage.questions.copies.pairs import Pair
from reportgen.evidence import Case
from reportgen.results import Metric
from reportgen.scores.followed import followed
from reportgen.scores.headline import headline
from reportgen.statistics.intervals import student

FEWEST = 20


def scored(case: Case, pair: Pair) -> list[Metric]:
    """Share of judged rows without a copy, and the headline metric on them."""
    if not pair.copied.any():
        return []
    delivered = answers(case, pair.here)
    free = ~pair.copied[delivered.kept]
    made = [
        Metric(
            name="rows_without_copy",
            label="Judged rows without a copy",
            value=float(1.0 - pair.copied.mean()),
            unit="share",
            split=pair.here,
            n=pair.n,
        )
    ]
    if int(free.sum()) < FEWEST:
        return made
    head = headline(case, delivered, followed(delivered))
    part = delivered.part(free)
    found = head.of(part)
    if not np.isfinite(found.value):
        return made
    between = student(found.value, part.design.se(found.rows), part.design.df, method="t")
    made.append(
        Metric(
            name=f"{head.name}_without_copies",
            label=f"{head.label} on rows without a copy",
            value=found.value,
            low=between.low,
            high=between.high,
            interval=between.method,
            unit=head.unit,
            split=pair.here,
            n=part.n,
        )
    )
    return made
