"""A number as arithmetic that anybody can check: whole numbers, a formula, the digits."""

from __future__ import annotations

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation.hypothesis import Candidate
from reportgen.reconciliation.quantities import Unknown, code, positive
from reportgen.reconciliation.world import Floats, World

#: A mean over more classes than this is written as its sum.
MOST_TERMS = 12


def expression(claim: Claim, candidate: Candidate) -> str | None:
    """How the claimed number comes about under a candidate: ``(2322 + 537) / 3000``.

    Python and any pocket calculator read it. None where it is no function of counts.
    """
    if claim in candidate.expressions:
        return candidate.expressions[claim]
    if candidate.world is None:
        return None
    return of_world(candidate.readings.get(claim, claim), candidate.world)


def of_world(claim: Claim, world: World) -> str | None:
    """The arithmetic of a number in a world; None where it is no function of counts."""
    try:
        if world.task == "regression" or claim.weighted:
            return None
        if claim.metric == "roc_auc":
            return _area(claim, world)
        if world.labels is None:
            return None
        if world.truth.ndim == 2:
            return _of_sets(claim, world)
        return _of_matrix(claim, world.matrix, world)
    except Unknown:
        return None


def _of_matrix(claim: Claim, cells: Floats, world: World) -> str | None:
    hits, truth, given = np.diag(cells), cells.sum(1), cells.sum(0)
    classes = [k for k in range(len(cells)) if truth[k] + given[k] > 0]
    micro = claim.average == "micro" and claim.metric in ("precision", "recall", "f1")
    if claim.metric == "accuracy" or micro:
        return f"{_sum(hits)} / {_int(cells.sum())}"
    if claim.metric == "balanced_accuracy":
        present = [k for k in classes if truth[k] > 0]
        return _mean([_quotient(hits[k], truth[k]) for k in present])
    if claim.metric == "cell":
        row, column = code(claim.per_class, world), code(claim.predicted, world)
        return _int(cells[row, column])
    if claim.metric == "support":
        own = truth.sum() if claim.per_class is None else truth[code(claim.per_class, world)]
        return _int(own)
    if claim.metric not in ("precision", "recall", "f1"):
        return None
    terms = {k: _class(claim.metric, hits[k], truth[k], given[k]) for k in classes}
    if claim.per_class is not None or claim.average == "binary":
        k = positive(world) if claim.per_class is None else code(claim.per_class, world)
        return terms.get(k, "0")
    if claim.average == "macro":
        return _mean([terms[k] for k in classes])
    weighted = [f"{_int(truth[k])} * {terms[k]}" for k in classes if truth[k] > 0]
    return f"({' + '.join(weighted)}) / {_int(truth.sum())}"


def _of_sets(claim: Claim, world: World) -> str | None:
    truth, labels = world.truth == 1, np.asarray(world.labels) == 1
    if claim.metric == "accuracy":
        return f"{_int((truth == labels).all(axis=1).sum())} / {world.n}"
    if claim.metric not in ("precision", "recall", "f1") or claim.average == "samples":
        return None
    hits, own, given = (truth & labels).sum(0), truth.sum(0), labels.sum(0)
    if claim.average == "micro":
        return _class(claim.metric, hits.sum(), own.sum(), given.sum())
    terms = [_class(claim.metric, h, t, g) for h, t, g in zip(hits, own, given, strict=True)]
    if claim.per_class is not None:
        return terms[code(claim.per_class, world)]
    if claim.average == "macro":
        return _mean(terms)
    weighted = [f"{_int(t)} * {term}" for t, term in zip(own, terms, strict=True) if t > 0]
    return f"({' + '.join(weighted)}) / {_int(own.sum())}"


def _area(claim: Claim, world: World) -> str | None:
    """Pairs in the right order, ties half, over all pairs."""
    if world.scores is None or world.task != "binary":
        return None
    from scipy.stats import rankdata

    k = positive(world) if claim.per_class is None else code(claim.per_class, world)
    member, scores = world.truth == k, world.table[:, k]
    own = int(member.sum())
    others = world.n - own
    twice = round(2 * float(rankdata(scores)[member].sum()) - own * (own + 1))
    return f"({twice} / 2) / ({own} * {others})"


def _class(metric: str, hits: float, truth: float, given: float) -> str:
    if metric == "precision":
        return _quotient(hits, given)
    if metric == "recall":
        return _quotient(hits, truth)
    return _quotient(2 * hits, truth + given)


def _quotient(top: float, bottom: float) -> str:
    return f"({_int(top)} / {_int(bottom)})" if bottom > 0 else "0"


def _sum(parts: Floats) -> str:
    if len(parts) > MOST_TERMS:
        return _int(parts.sum())
    return f"({' + '.join(_int(p) for p in parts)})"


def _mean(terms: list[str]) -> str:
    return f"({' + '.join(terms)}) / {len(terms)}"


def _int(value: float) -> str:
    return str(round(float(value)))
