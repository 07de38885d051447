"""Searches in one sweep say what trying every value one by one says."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from sklearn import metrics

from reportgen.job.claims import of_number
from reportgen.reconciliation import hypothesis, row_sets
from reportgen.reconciliation.areas import averaged_areas
from reportgen.reconciliation.batch_numbers import per_batch_of_labels
from reportgen.reconciliation.batch_tables import mean_of_batches
from reportgen.reconciliation.causes import causes
from reportgen.reconciliation.digits import prints_same
from reportgen.reconciliation.evidence import Evaluation
from reportgen.reconciliation.margins import of_margins, running
from reportgen.reconciliation.quantities import quantity
from reportgen.statistics.assignment import assigned
from tests.reconciliation.told import binary, evidence, multiclass, multilabel, numbers, with_loss

LABEL_NUMBERS = ("precision", "recall", "f1")


def _found(name, world, claims, **more):
    """Candidates of a cause for an evaluation of these claims."""
    return list(
        causes()[name].candidates(evidence(world, **more), Evaluation("test", tuple(claims)))
    )


def _said(world, names):
    """Claims of a world's own numbers, to four digits."""
    blank = numbers(world.task, dict.fromkeys(names, (0.5, 4)))
    values = {n: (quantity(c, world), 4) for n, c in zip(names, blank, strict=True)}
    return numbers(world.task, values)


def _all_print(world, claims):
    return all(prints_same(quantity(c, world), c.value) for c in claims)


def test_every_threshold() -> None:
    world = binary(np.random.default_rng(0), n=150)
    world = replace(world, scores=np.round(world.scores, 2))
    claims = _said(replace(world, labels=(world.scores > 0.31).astype(int)), ["accuracy", "f1"])
    limits = np.unique(np.r_[world.scores, 0.0, 1.0])
    fitting = {
        t
        for t in limits
        if _all_print(replace(world, labels=(world.scores > t).astype(int)), claims)
    }
    found = _found("decision-threshold", world, claims)
    spans = [c.parameters["threshold"] for c in found]
    assert {t for t in limits if any(low <= t < high for low, high in spans)} == fitting
    assert 0.31 in fitting


def test_every_confidence_and_default_class() -> None:
    world = multiclass(np.random.default_rng(1), n=160, k=3)
    confidence = world.scores.max(axis=1)
    truly = replace(world, labels=np.where(confidence <= 0.6, 1, world.labels))
    claims = _said(truly, ["accuracy", "f1 macro"])
    limits = np.unique(confidence)
    fitting = {
        (code, t)
        for code in range(4)
        for t in limits[:-1]
        if _all_print(replace(world, labels=np.where(confidence <= t, code, world.labels)), claims)
    }
    names = {name: code for code, name in enumerate(world.classes)}
    found = set()
    for c in _found("default-class", world, claims):
        low, high = c.parameters["threshold"]
        code = names.get(c.parameters["default"], 3)
        if _all_print(c.world, claims):
            found |= {(code, t) for t in limits[:-1] if low <= t < high}
    assert found == fitting
    assert any(code == 1 for code, _ in found)


def test_every_number_of_first_rows() -> None:
    world = multiclass(np.random.default_rng(2), n=120, k=3)
    claims = _said(world.rows(slice(0, 83)), ["accuracy", "f1 macro"])
    fitting = {e for e in range(60, 120) if _all_print(world.rows(slice(0, e)), claims)}
    found = _found("dropped-remainder", world, claims)
    printing = {c.parameters["rows"] for c in found if _all_print(c.world, claims)}
    assert {e for e in printing if e >= 60} == fitting
    assert 83 in fitting


@pytest.mark.parametrize("n", [96, 101])
@pytest.mark.parametrize("metric", ["accuracy", "f1 macro", "mcc", "precision weighted"])
def test_every_batch_size_and_convention(n: int, metric: str) -> None:
    world = multiclass(np.random.default_rng(3), n=n, k=3)
    (claim,) = numbers("multiclass", {metric: (0.5, 4)})
    sizes = np.arange(2, 40)
    found = mean_of_batches(evidence(world), claim, world, sizes, np.ones(len(sizes), dtype=bool))
    for size, row in zip(sizes, found.table, strict=True):
        parts = [world.rows(slice(i, min(i + size, n))) for i in range(0, n, size)]
        values = np.array([quantity(claim, part) for part in parts])
        if len(parts) >= 3:
            assert row[0] == pytest.approx(values.mean(), abs=1e-12)
        whole = [v for v, part in zip(values, parts, strict=True) if part.n == size]
        if np.isfinite(row[1]):
            assert row[1] == pytest.approx(np.mean(whole), abs=1e-12)
        if np.isfinite(row[2]):  # the sum of rows over batches of full size
            rows = sum(v * part.n for v, part in zip(values, parts, strict=True))
            assert row[2] == pytest.approx(rows / (len(parts) * size), abs=1e-12)


def test_margins_of_batches_of_many_sizes_are_those_of_each() -> None:
    world = multiclass(np.random.default_rng(4), n=77, k=3)
    (claim,) = numbers("multiclass", {"f1 macro": (0.5, 4)})
    for places, starts, values in per_batch_of_labels(claim, world, np.array([2, 5, 11, 76])):
        bounds = [*starts.tolist(), len(values)]
        for place, (a, b) in zip(places, pairwise(bounds), strict=True):
            size = (2, 5, 11, 76)[place]
            parts = [world.rows(slice(i, i + size)) for i in range(0, world.n, size)]
            np.testing.assert_allclose(values[a:b], [quantity(claim, p) for p in parts])


def _claims_of_labels(world):
    made = {"task": world.task}
    averages = ("macro", "micro", "weighted")
    yield from (of_number(m, "0.5", average=a, **made) for m in LABEL_NUMBERS for a in averages)
    yield from (
        of_number(m, "0.5", per_class=c, **made) for m in LABEL_NUMBERS for c in world.classes
    )
    if world.truth.ndim == 1:
        yield from (of_number(m, "0.5", **made) for m in ("accuracy", "balanced_accuracy", "mcc"))


@pytest.mark.parametrize("make", [binary, multiclass, multilabel])
def test_numbers_of_margins_are_those_of_scikit_learn(make) -> None:
    world = make(np.random.default_rng(5), n=90)
    ends = np.array([17, 44, 90])
    for claim in _claims_of_labels(world):
        values = of_margins(claim, running(world).at(ends), world)
        for end, value in zip(ends, values, strict=True):
            truth, given = world.truth[:end], world.labels[:end]
            if claim.metric in LABEL_NUMBERS:
                of = getattr(metrics, f"{claim.metric}_score")
                labels = None if claim.per_class is None else [world.classes.index(claim.per_class)]
                average = claim.average if claim.per_class is None else "macro"
                expected = of(truth, given, average=average, labels=labels, zero_division=0)
            else:
                names = {"accuracy": "accuracy_score", "mcc": "matthews_corrcoef"}
                expected = getattr(metrics, names.get(claim.metric, "balanced_accuracy_score"))(
                    truth, given
                )
            assert value == pytest.approx(expected, abs=1e-12), claim.name


def test_cells_of_margins() -> None:
    world = multiclass(np.random.default_rng(6), n=90, k=3)
    for a in world.classes:
        for b in world.classes:
            claim = replace(
                of_number("accuracy", "1", task="multiclass"),
                metric="cell",
                per_class=a,
                predicted=b,
            )
            at_end = of_margins(claim, running(world).at(90), world)
            assert at_end == quantity(claim, world)


@pytest.mark.parametrize(
    "pieces",
    [[(0, 100, 1)], [(0, 300, 1), (0, 20, 1)], [(0, 150, 2)], [(0, 300, 1), (299, 300, 7)]],
)
def test_rows_are_refuted_by_what_they_would_give(pieces, monkeypatch) -> None:
    world = with_loss(multiclass(np.random.default_rng(7), n=300, k=3))
    world = replace(world, row_losses=lambda: -np.log(world.table[np.arange(300), world.truth]))
    names = ["accuracy", "f1 macro", "recall weighted", "log_loss", "brier"]
    claims = numbers("multiclass", dict.fromkeys(names, (0.111, 4)))
    full = row_sets.of_rows(world, claims, pieces)
    monkeypatch.setattr(row_sets, "MANY_ROWS", 0)
    cheap = row_sets.of_rows(world, claims, pieces)
    assert cheap.world is None
    np.testing.assert_allclose(cheap.values, full.values, atol=1e-12)
    np.testing.assert_array_equal(cheap.build().labels, full.world.labels)


def test_orders_are_refuted_by_the_matrix(monkeypatch) -> None:
    world = multiclass(np.random.default_rng(8), n=300, k=4)
    claims = numbers("multiclass", {"accuracy": (0.111, 4), "f1 macro": (0.222, 4)})
    full = _found("label-order", world, claims)
    monkeypatch.setattr(hypothesis, "MANY_ROWS", 0)
    cheap = _found("label-order", world, claims)
    assert all(c.world is None for c in cheap)
    np.testing.assert_allclose([c.values for c in cheap], [c.values for c in full], atol=1e-12)


def test_areas_of_rows_and_moved_columns_need_no_new_sort() -> None:
    rng = np.random.default_rng(9)
    world = multiclass(rng, n=400, k=3)
    world = replace(world, scores=np.round(world.scores, 2))  # ties
    index = rng.integers(0, 400, 350)
    part = world.rows(index)
    order = np.array([2, 0, 1])
    moved = world.scores[:, order]
    turned = replace(world, scores=moved, ranking=world.ranking.of_columns(moved, order))
    for other in (world, part, turned, world.rows(slice(0, 15))):
        member = other.truth[:, None] == np.arange(3)
        for metric, of in (("roc_auc", metrics.roc_auc_score),
                           ("average_precision", metrics.average_precision_score)):  # fmt: skip
            for average in ("macro", "micro", "weighted"):
                expected = of(member, other.scores, average=average)
                assert averaged_areas(metric, average, other, None) == pytest.approx(expected)


def test_areas_of_each_row_of_labels() -> None:
    world = multilabel(np.random.default_rng(10), n=200)
    some = (world.truth.sum(1) > 0) & (world.truth.sum(1) < 4)
    world = replace(world, scores=np.round(world.scores, 1)).rows(some)
    for metric, of in (("roc_auc", metrics.roc_auc_score),
                       ("average_precision", metrics.average_precision_score)):  # fmt: skip
        expected = of(world.truth, world.scores, average="samples")
        assert averaged_areas(metric, "samples", world, None) == pytest.approx(expected)


@pytest.mark.parametrize("n", [1, 2, 7, 25])
def test_the_assignment_costs_as_little_as_scipy_s(n: int) -> None:
    rng = np.random.default_rng(n)
    for cost in (rng.normal(size=(n, n)), rng.integers(0, 3, (n, n))):
        found = assigned(cost)
        assert sorted(found) == list(range(n))
        assert cost[np.arange(n), found].sum() == pytest.approx(
            cost[linear_sum_assignment(cost)].sum()
        )
