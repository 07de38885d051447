"""Rows that stand in more than one split, word for word."""

from __future__ import annotations

from reportgen.diagnostics.leakage.declared import LeakageSettings
from reportgen.diagnostics.leakage.declared.copies import CONFLICTING, EXACT, VALIDATION
from reportgen.diagnostics.leakage.found import Looked
from reportgen.diagnostics.leakage.questions.copies import words
from reportgen.diagnostics.leakage.questions.copies.conflicts import conflicts
from reportgen.diagnostics.leakage.questions.copies.pairs import Pair, pair, row_cells
from reportgen.diagnostics.leakage.questions.copies.score import scored
from reportgen.diagnostics.leakage.questions.copies.tables import tables
from reportgen.diagnostics.leakage.questions.copies.validation import validation_is_training
from reportgen.evidence import Case, settings_of

ORDER = 10
METHOD = (
    "Rows are equal when all their features are. Whether chance explains it is told by near "
    "misses: how often rows that agree on most columns agree on the rest as well."
)


def look(case: Case, judged: str) -> Looked:
    """Copies of judged and validation rows in train, and what their labels say."""
    settings = settings_of(case, LeakageSettings)
    if row_cells(case, judged) is None:
        why = "the features are of a kind whose rows are not compared"
        return Looked((EXACT, CONFLICTING, VALIDATION), untold=dict.fromkeys(DECIDES, why))
    found = {(here, there): pair(case, here, there) for here, there in _asked(case, judged)}
    leaks = []
    validation = validation_is_training(case, found.get(("validation", "train")), settings)
    if validation is not None:
        leaks.append(validation)
    for (here, there), one in found.items():
        beside = here == "validation" and validation is not None and here != judged
        if one.twins.n and not beside:
            leaks.append(
                words.leak(case, one, judged=here == judged and there == "train", settings=settings)
            )
    own = [p for p in found.values() if validation is None or p.here != "validation"]
    conflicting, untold = conflicts(case, own)
    if conflicting is not None:
        leaks.append(conflicting)
    main = found[judged, "train"]
    if "validation" not in case.dataset.splits:
        untold[VALIDATION] = "there are no validation rows"
    return Looked(
        DECIDES,
        tuple(leaks),
        untold=untold,
        metrics=(*words.metrics(case, main, settings), *scored(case, main)),
        tables=tables(case, list(found.values())),
        tried=words.tried(list(found.values())),
        detectable=words.detectable(main),
        method=METHOD,
    )


DECIDES = (EXACT, CONFLICTING, VALIDATION)


def _asked(case: Case, judged: str) -> list[tuple[str, str]]:
    """Which split is looked for in which: the judged one in train first."""
    asked = [(judged, "train")]
    if judged == "test" and "validation" in case.dataset.splits:
        asked += [("validation", "train"), ("test", "validation")]
    return asked


__all__ = ["DECIDES", "ORDER", "Pair", "look"]
