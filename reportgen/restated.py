"""Each reported number beside the one that this model, on this data, gives for the same quantity.

Nothing is explained here; where a number cannot be computed again, that is said in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reportgen.job.claims import Claim
from reportgen.job.rules.reported import of_its_own
from reportgen.results import Restated

if TYPE_CHECKING:
    from reportgen.evidence import Case

#: A report or matrix with more numbers than this is shown as those that differ, and a count.
MOST_LISTED = 24
MOST_DIFFERING = 12
#: How the row ends that counts the numbers of a file.
CONDENSED = "that agree"
RUNNING = (
    "printed by fit for train: a mean over the epoch while the weights moved, "
    "so that it need not come out"
)
KERAS_AUC = "Keras sums AUC over 200 thresholds; this is the exact area"


def restate(case: Case) -> tuple[Restated, ...]:
    """The reported numbers of a model with what they are.

    Single numbers of the job come first, in its order, then those of files and matrices. A file
    or matrix with many numbers is shown as those that differ and the count of all.
    """
    reported = case.claims
    rows: list[Restated] = [_restated(c, case) for c in reported if c.form == "number"]
    for source in dict.fromkeys(c.source for c in reported if c.form != "number"):
        listed = [c for c in reported if c.source == source]
        listed.sort(key=lambda c: _WEIGHT.get(c.metric, 0))
        rows += _condensed([_restated(c, case) for c in listed], listed)
    return tuple(rows)


_WEIGHT = {"accuracy": -1, "support": 1, "cell": 1}


def _restated(claim: Claim, case: Case) -> Restated:
    from reportgen.reconciliation.digits import prints_same
    from reportgen.reconciliation.quantities import Unknown

    row = Restated(metric=claim.name, split=claim.split, reported=str(claim.value))
    try:
        value = _recomputed(claim, case)
    except Unknown as why:
        return row.model_copy(update={"reason": str(why)})
    agrees: bool | None = prints_same(value, claim.value)
    reason: str | None = None
    if not agrees and claim.running:
        agrees, reason = None, RUNNING
    elif not agrees and claim.form == "log" and claim.metric == "roc_auc":
        agrees, reason = None, KERAS_AUC
    return row.model_copy(update={"recomputed": value, "agrees": agrees, "reason": reason})


def _condensed(rows: Sequence[Restated], listed: Sequence[Claim]) -> list[Restated]:
    if len(rows) <= MOST_LISTED:
        return list(rows)
    differing = [r for r in rows if r.agrees is False]
    kept = [r for r, c in zip(rows, listed, strict=True) if c.per_class is None]
    kept += [r for r in differing if r not in kept][:MOST_DIFFERING]
    origin = listed[0].origin.rpartition(".confusion_matrix")[0]
    name = "cells" if origin else f"numbers of {listed[0].origin.rpartition(':')[0]}"
    same = sum(r.agrees is True for r in rows)
    unknown = sum(r.agrees is None for r in rows)
    reason = f"{len(differing)} of {len(rows)} differ" if differing else None
    if unknown:
        reason = f"{reason + '; ' if reason else ''}{unknown} cannot be computed again"
    whole = Restated(
        metric=f"{name} {CONDENSED}",
        split=listed[0].split,
        reported=str(len(rows)),
        recomputed=float(same),
        agrees=False if differing else (None if unknown else True),
        reason=reason,
    )
    return [*kept, whole]


def _recomputed(claim: Claim, case: Case) -> float:
    """The number that is claimed, computed from the evidence.

    Raises
    ------
    Unknown
        with the reason when it cannot be computed.
    """
    from reportgen.reconciliation.quantities import Unknown, quantity
    from reportgen.reconciliation.several_outputs import world_for

    if of_its_own(claim.metric, case.entry):
        raise Unknown("one of the job's own metrics: under Metrics is what its function gives")
    if claim.split not in case.dataset.splits:
        raise Unknown(f"there is no {claim.split} split")
    if claim.split not in case.splits:
        missing = case.split(claim.split).y is None
        what = "no labels" if missing else "no predictions"
        raise Unknown(f"there are {what} for {claim.split}")
    if case.split(claim.split).whole is not None:
        from reportgen.reconciliation.from_case import world_of_all

        if case.dataset.heads:
            raise Unknown(f"{claim.split} is larger than memory, and the model has several outputs")
        if claim.metric == "loss":
            raise Unknown(f"{claim.split} is larger than memory: its loss is not computed in parts")
        return quantity(claim, world_of_all(case, claim.split))
    if case.split(claim.split).n == 0:
        raise Unknown(f"the {claim.split} split has no rows")
    return quantity(claim, world_for(case, claim.split, claim.output))
