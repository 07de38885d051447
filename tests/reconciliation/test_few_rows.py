"""A search that moves few rows is met by others that move as few."""

from dataclasses import replace

import numpy as np
from sklearn import metrics

from reportgen.reconciliation.few_rows import met
from tests.reconciliation.told import multiclass, report, told


def test_rows_that_somebody_put_right_are_given_no_default_class():
    named = fitting = 0
    for seed in range(24):
        rng = np.random.default_rng([7, seed])
        world = multiclass(rng, int(rng.choice([50, 120])), k=3)
        wrong = np.flatnonzero(world.labels != world.truth)
        given = world.labels.copy()
        rows = rng.permutation(wrong)[: int(rng.integers(1, 4))]
        given[rows] = world.truth[rows]
        text = metrics.classification_report(
            world.truth, given, digits=3, zero_division=0, labels=range(3),
            target_names=world.classes,
        )  # fmt: skip
        found = told(world, report(text, world))
        named += "default-class" in found.named
        fitting += "default-class" in found.listed
    assert fitting > 0  # it does meet some of them
    assert named == 0


def test_many_rows_of_several_kinds_are_met_by_nobody():
    world = multiclass(np.random.default_rng(8), 2000, k=4)
    unsure = world.scores.max(axis=1) <= 0.5
    labels = np.where(unsure, 0, world.labels)
    text = metrics.classification_report(world.truth, labels, digits=3,
                                         target_names=world.classes)  # fmt: skip
    assert told(world, report(text, world)).named == ["default-class"]


def test_one_row_may_be_anybodys_and_none_is_no_match():
    world = multiclass(np.random.default_rng(9), 300)
    labels = world.labels.copy()
    labels[5] = (labels[5] + 1) % 4
    off = report(metrics.classification_report(world.truth, labels, digits=4), world)
    assert met(world, replace(world, labels=labels), off) > 0.1
    assert met(world, world, off) == 0.0


def test_a_search_that_fits_by_no_chance_at_all_does_not_outweigh_itself():
    from reportgen.reconciliation.causes import causes
    from reportgen.reconciliation.deciding import _weighed
    from reportgen.reconciliation.hypothesis import Candidate
    from reportgen.reconciliation.verdict import Explanation

    one = Explanation((causes()["decision-threshold"],), ((Candidate((0.5,), tried=9),),), 0.0)
    assert _weighed([one]) == ([one], [])
