"""Causes in which classes stood in another order, or the other class was the positive one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, permutations
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis, from_matrix, prints, under
from reportgen.reconciliation.quantities import of_labels
from reportgen.reconciliation.row_losses import changed, detailed
from reportgen.reconciliation.sweeps import of_label_claims, swept
from reportgen.reconciliation.world import Floats, World
from reportgen.statistics.assignment import assigned

#: All orders are tried up to this many classes; exchanges of two above it.
MOST_CLASSES = 6
Order = NDArray[np.int64]


def _label_order(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    world = detailed(evidence, evaluation.split)
    if world.labels is None or world.truth.ndim != 1 or world.k < 2:
        return
    if world.k == 2 and not any(of_labels(c) for c in evaluation.claims):
        return  # of scores alone it is the column of the other class
    found = False
    orders: dict[str, Order] = world.keep("stated orders", lambda: _stated(world))
    for name, order in orders.items():
        for of in ("answers", "names") if world.k > 2 else ("answers",):
            candidate = _under_order(world, evaluation, order, of, name)
            found = found or prints(candidate, evaluation.claims)
            yield candidate
    if world.k > 2 and not found:
        yield from _searched(world, evaluation)


def _under_order(world: World, evaluation: Evaluation, order: Order, of: str, by: str) -> Candidate:
    """Output j is read as class ``order[j]``: of the answers alone, or of the names of both."""
    make = _answers if of == "answers" else _names
    return from_matrix(
        world,
        lambda: _moved(world.matrix, order, of),
        lambda: make(world, order),
        evaluation.claims,
        order=[world.classes[i] for i in order],
        by=by,
        of=of,
    )


def _stated(world: World) -> dict[str, Order]:
    """Orders that have a reason, by it; each and its inverse."""
    classes, k = world.classes, world.k
    counts = np.bincount(np.clip(world.truth, 0, k), minlength=k + 1)[:k]
    first = [int(np.argmax(world.truth == i)) if counts[i] else world.n for i in range(k)]
    named: dict[str, list[int]] = {
        "reversed": list(range(k))[::-1],
        "sorted as text": sorted(range(k), key=lambda i: classes[i]),
        "sorted without case": sorted(range(k), key=lambda i: classes[i].casefold()),
        "first come, first numbered": sorted(range(k), key=lambda i: first[i]),
        "most frequent first": sorted(range(k), key=lambda i: -counts[i]),
        "least frequent first": sorted(range(k), key=lambda i: counts[i]),
        "moved up by one": [*range(1, k), 0],
        "moved down by one": [k - 1, *range(k - 1)],
    }
    numbers = [_number(c) for c in classes]
    if all(n is not None for n in numbers):
        named["sorted as numbers"] = sorted(range(k), key=lambda i: numbers[i] or 0.0)
    if world.positive is not None:
        p = world.positive
        named["positive first"] = [p, *(i for i in range(k) if i != p)]
    matrix = world.matrix[:k, :k]
    named["the assignment that fits the truth best"] = _assigned(matrix).tolist()
    kept: dict[str, Order] = {}
    said = {tuple(range(k))}
    for name, order in named.items():
        given = np.array(order, dtype=np.int64)
        for way, one in ((name, given), (f"{name}, inverse", np.argsort(given))):
            if tuple(one) not in said:
                said.add(tuple(one))
                kept[way] = one
    return kept


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _assigned(matrix: Floats) -> Order:
    """For each output the class that it meets most (Kuhn's assignment)."""
    order = np.empty(len(matrix), dtype=np.int64)
    order[assigned(-matrix)] = np.arange(len(matrix))
    return order


def _answers(world: World, order: Order) -> World:
    assert world.labels is not None
    labels = _mapped(world.labels, order)
    scores, ranking = world.scores, world.ranking
    if scores is not None and ranking is not None:
        if scores.ndim == 1:
            scores = 1.0 - scores if order[0] == 1 else scores
        else:
            inverse = np.argsort(order)
            scores = scores[:, inverse]
            ranking = ranking.of_columns(scores, inverse)
    return changed(world, labels=labels, scores=scores, ranking=ranking)


def _names(world: World, order: Order) -> World:
    other = _answers(world, order)
    return replace(
        other,
        truth=_mapped(world.truth, order),
        loss=world.loss,
        row_losses=world.row_losses,
    )


def _mapped(codes: Any, order: Order) -> NDArray[np.int64]:
    k = len(order)
    inside = (codes >= 0) & (codes < k)
    return np.asarray(np.where(inside, order[np.where(inside, codes, 0)], codes))


def _searched(world: World, evaluation: Evaluation) -> Iterator[Candidate]:
    """Every order of a few classes, every exchange of two of many."""
    claims = [c for c in evaluation.claims if of_labels(c) and not c.weighted]
    if not claims or world.matrix.shape[0] != world.k:
        return
    k = world.k
    if k <= MOST_CLASSES:
        orders = np.array(list(permutations(range(k)))[1:], dtype=np.int64)
        most = factorial(k)
    else:
        pairs = list(combinations(range(k), 2))
        orders = np.tile(np.arange(k), (len(pairs), 1))
        for row, (a, b) in zip(orders, pairs, strict=True):
            row[a], row[b] = b, a
        most = len(pairs) + 1
    for of in ("answers", "names"):
        values = _under_orders(world, orders, claims, of)
        sweep = swept(values, claims)
        chosen = sweep.fitting[:8].tolist()
        if not chosen and sweep.nearest is not None:
            chosen = [sweep.nearest]
        for i in chosen:
            candidate = _under_order(world, evaluation, orders[i], of, "search")
            yield replace(candidate, tried=max(2, min(sweep.tried, most)))


def _under_orders(world: World, orders: Order, claims: list[Claim], of: str) -> Floats:
    cells = np.empty((len(orders), world.k, world.k))
    for matrix, order in zip(cells, orders, strict=True):
        matrix[:] = _moved(world.matrix, order, of)
    return of_label_claims(claims, cells, world)


def _moved(matrix: Floats, order: Order, of: str) -> Floats:
    """The matrix under an order; what is no class stays where it is."""
    inverse = np.argsort(order)
    inverse = np.r_[inverse, np.arange(len(order), len(matrix))]
    return matrix[:, inverse] if of == "answers" else matrix[np.ix_(inverse, inverse)]


def _flipped(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    world = detailed(evidence, evaluation.split)
    if world.positive is None:
        return
    other = replace(world, positive=1 - world.positive)
    yield under(other, evaluation.claims, positive=world.classes[1 - world.positive])
    if world.scores is not None:
        turned = changed(world, scores=1.0 - world.scores)
        yield under(turned, evaluation.claims, scores=f"of {world.classes[0]}")
        both = replace(turned, positive=1 - world.positive)
        if any(c.average == "binary" for c in evaluation.claims):
            positive = world.classes[1 - world.positive]
            yield under(both, evaluation.claims, positive=positive, scores="of the other class")


HYPOTHESES = [
    Hypothesis(
        "label-order",
        "Classes stood in another order where the numbers were made.",
        "output j counts as class order[j]; the best assignment of outputs to classes, an order "
        "with a reason, or one that a search finds",
        "Keep the classes with the model and write them as `classes:`, in the order of its "
        "outputs; never rebuild them from a set, a folder listing or a new encoder.",
        _label_order,
        wrong="classes = sorted(set(y_test)); names = [classes[i] for i in y_pred]",
        right="classes = encoder.classes_   # saved when the model was trained",
        source="Kuhn 1955 for the assignment",
        free=True,
        cost=1,
        same_as=("error-rate",),
        tasks=("binary", "multiclass"),
    ),
    Hypothesis(
        "positive-class-flipped",
        "The other class was taken as the positive one, or its scores were used.",
        "precision, recall and F1 of the other class; with the other column's scores the area is "
        "1 - AUC",
        "Name the positive class: `positive:` in the job, `pos_label=` in scikit-learn; use the "
        "score column of that class.",
        _flipped,
        wrong="roc_auc_score(y_test, model.predict_proba(X_test)[:, 0])",
        right="roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])",
        source="scikit-learn, f1_score: pos_label",
        tasks=("binary",),
    ),
]
