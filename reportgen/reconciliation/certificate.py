"""A number as arithmetic that anybody can check: numbers, a formula, the digits.

A formula has whole numbers, names of what is given beside it, ``+ - * / **``, brackets and
``sqrt``: Python reads it. Where no counts make up a number, sums over rows are given; where only a
range can be, ``low <= printed <= high``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation.areas import members
from reportgen.reconciliation.hypothesis import Candidate
from reportgen.reconciliation.quantities import Unknown, code, positive, possible
from reportgen.reconciliation.row_sets import row_sums
from reportgen.reconciliation.world import Floats, World

#: A mean over more classes than this is written as its sum.
MOST_TERMS = 12


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A formula, what is given for its names, and how its value was cut to the printed digits."""

    formula: str
    given: Mapping[str, float] = field(default_factory=dict)
    cut: str = "rounded"


def certificate(
    claim: Claim, value: float | None, candidate: Candidate, cause: str, world: World | None
) -> Arithmetic:
    """How the claimed number comes about under a cause.

    Parameters
    ----------
    value : the number under the candidate. world : the evaluation as declared, where there is one.
    """
    limits = _limits(claim, candidate)
    if limits is not None:
        return Arithmetic("low <= printed <= high", {"low": limits[0], "high": limits[1]})
    if claim in candidate.expressions:
        return Arithmetic(candidate.expressions[claim])
    seen = candidate.world if candidate.world is not None else None
    if seen is not None:
        reading = candidate.readings.get(claim, claim)
        found = of_number(reading, seen)
        if found is not None and _is(possible(reading, seen), value):
            return found
    changed = _changed(claim, value, candidate, cause, world)
    if changed is not None:
        return changed
    return _as_sums(claim, value, candidate, world)


def _limits(claim: Claim, candidate: Candidate) -> tuple[float, float] | None:
    ranges = candidate.ranges
    if ranges is None or candidate.claims is None:
        return None
    return dict(zip(candidate.claims, ranges, strict=True)).get(claim)


def _is(a: float | None, b: float | None) -> bool:
    return a is not None and b is not None and abs(a - b) <= 1e-9 * max(1.0, abs(b))


#: Causes that change a number that is right in itself: what they make of it.
_MADE: dict[str, tuple[str, Callable[[float], float]]] = {
    "error-rate": ("1 - ({})", lambda v: 1 - v),
    "percent": ("100 * ({})", lambda v: 100 * v),
    "percent of a fraction": ("({}) / 100", lambda v: v / 100),
    "scorer-sign": ("-({})", lambda v: -v),
    "root-or-square": ("sqrt({})", lambda v: float(np.sqrt(max(v, 0.0)))),
}


def _changed(
    claim: Claim, value: float | None, candidate: Candidate, cause: str, world: World | None
) -> Arithmetic | None:
    """A number as declared, and what was made of it."""
    declared = None if world is None else possible(claim, world)
    plain = None if world is None or declared is None else of_number(claim, world)
    if plain is None or declared is None or value is None:
        return None
    if cause == "rounding":
        return Arithmetic(plain.formula, plain.given, str(candidate.parameters.get("way")))
    if cause == "penalty-in-loss":
        given = {**plain.given, "penalty": value - declared}
        return Arithmetic(f"{plain.formula} + penalty", given)
    for name, (made, of) in _MADE.items():
        if name.startswith(cause) and _is(of(declared), value):
            return Arithmetic(made.format(plain.formula), plain.given)
    return plain if _is(declared, value) else None


def _as_sums(
    claim: Claim, value: float | None, candidate: Candidate, world: World | None
) -> Arithmetic:
    """A mean as its sum over what it is divided by; any other number as it came out."""
    if value is None:
        return Arithmetic("printed")
    if "epoch" in candidate.parameters:
        return Arithmetic("in_history", {"in_history": value})
    size, n = candidate.parameters.get("batch_size"), None if world is None else world.n
    if "last_batch" in candidate.parameters and n is not None:
        first = int(np.ravel(np.asarray(size))[0])
        whole = "left out" in str(candidate.parameters["last_batch"])
        batches = n // first if whole else -(-n // first)
        return Arithmetic(
            "sum_of_batch_values / batches",
            {"sum_of_batch_values": value * batches, "batches": batches},
        )
    if n is None or claim.metric in ("r2", "mcc"):
        return Arithmetic("came_out", {"came_out": value})
    if claim.metric == "rmse":
        return Arithmetic("sqrt(sum / rows)", {"sum": value**2 * n, "rows": n})
    total = value * n
    near = round(total)
    return Arithmetic("sum / rows", {"sum": near if abs(total - near) < 1e-6 else total, "rows": n})


def of_number(claim: Claim, world: World) -> Arithmetic | None:
    """The arithmetic of a number in a world; None where it is not defined."""
    formula = of_world(claim, world)
    if formula is not None:
        return Arithmetic(formula)
    value = possible(claim, world)
    if value is None:
        return None
    if claim.weighted and world.weights is not None:
        total = float(world.weights.sum())
        return Arithmetic("weighted_sum / weights", {"weighted_sum": value * total,
                                                      "weights": total})  # fmt: skip
    if claim.metric == "r2" and world.values is not None:
        left = float(((np.asarray(world.truth) - _values(world)) ** 2).sum())
        whole = left / (1 - value) if value != 1 else 0.0
        return Arithmetic("1 - residual / total", {"residual": left, "total": whole})
    if claim.metric == "rmse":
        return Arithmetic("sqrt(sum / rows)", {"sum": value**2 * world.n, "rows": world.n})
    if claim.metric == "average_precision" and (claim.per_class or world.task == "binary"):
        k = code(claim.per_class, world) if claim.per_class else positive(world)
        own = int(members(world, k).sum())
        return Arithmetic("sum_of_precisions / positives",
                          {"sum_of_precisions": value * own, "positives": own})  # fmt: skip
    if claim.metric in ("roc_auc", "average_precision"):
        return Arithmetic("sum_of_areas / classes",
                          {"sum_of_areas": value * world.k, "classes": world.k})  # fmt: skip
    sums = row_sums(claim, world)
    total = value * world.n if sums is None else float(sums[-1])
    if abs(total / world.n - value) > 1e-9 * max(1.0, abs(value)):
        total = value * world.n
    return Arithmetic("sum / rows", {"sum": total, "rows": world.n})


def _values(world: World) -> Floats:
    return np.asarray(world.values, dtype=np.float64).reshape(np.shape(world.truth))


def named(arithmetic: Arithmetic) -> dict[str, Any]:
    """As the report has it: sums as text, since its floats are cut to six digits."""
    told: dict[str, Any] = {"formula": arithmetic.formula}
    if arithmetic.given:
        told["given"] = {name: exact(number) for name, number in arithmetic.given.items()}
    if arithmetic.cut != "rounded":
        told["cut"] = arithmetic.cut
    return told


def exact(number: float) -> int | str:
    """A whole number, or all digits of a float as text."""
    return int(number) if float(number).is_integer() else repr(float(number))


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
    if claim.metric == "mcc":
        n = _int(cells.sum())
        top = f"{_int(hits.sum())} * {n} - {_int(truth @ given)}"
        return (
            f"({top}) / sqrt(({n}**2 - {_int(given @ given)}) * ({n}**2 - {_int(truth @ truth)}))"
        )
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
