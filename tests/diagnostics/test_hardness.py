"""How hard rows were, by the model's own word: faults at the sure end explain nothing."""

import numpy as np
import pytest

from benchmarks.faults.cases import case_from_arrays
from reportgen.answers import answers
from reportgen.diagnostics.performance.hardness import expected, hardness


def of(task, answers_of, y, **more):
    X = np.arange(2.0 * len(y)).reshape(-1, 2)
    return answers(case_from_arrays(task, {"test": (X, y)}, {"test": answers_of}, **more), "test")


def test_expected_losses_are_those_of_calibrated_scores():
    rng = np.random.default_rng(0)
    p = rng.beta(1.5, 1.5, 20_000)
    hard = hardness(of("binary", p, (rng.random(20_000) < p).astype(int)))
    usual = expected(hard, np.arange(20_000))
    assert np.abs(usual - np.minimum(p, 1 - p)).mean() < 0.015


def test_sure_rows_that_go_wrong_are_expected_to_be_right():
    rng = np.random.default_rng(1)
    p = np.r_[rng.uniform(0.05, 0.95, 4000), np.full(300, 0.9999)]
    truth = np.r_[p[:4000], np.full(300, 0.4)]  # these 300 came in other units
    y = (rng.random(len(p)) < truth).astype(int)
    hard = hardness(of("binary", p, y))
    usual = expected(hard, np.arange(len(p)))
    broken = np.arange(len(p)) >= 4000
    assert hard.loss[broken].mean() == pytest.approx(0.6, abs=0.08)
    assert usual[broken].mean() < 0.4  # not 0.6: surer rows are held to those before them
    order = np.argsort(p)
    assert np.all(np.diff(usual[order][p[order] > 0.6]) <= 1e-9)


@pytest.mark.parametrize("positive", [0, 1])
def test_the_threshold_is_where_answers_are_least_sure(positive):
    p = np.linspace(0.01, 0.99, 500)
    y = (p > 0.3).astype(int)
    hard = hardness(of("binary", p, y, positive=positive, decision={"threshold": 0.3}))
    border = 0.3
    assert hard.hardest == pytest.approx(border, abs=0.003)
    assert hardness(of("binary", np.full(50, 0.9), np.arange(50) % 2)).hardest == -np.inf


def test_values_that_no_target_has_are_no_matter_of_difficulty():
    rng = np.random.default_rng(2)
    y = rng.normal(size=3000)
    given = y + rng.normal(0, 0.5, 3000)
    given[:200] *= 1000
    hard = hardness(of("regression", given, y))
    usual = expected(hard, np.arange(3000))
    assert hard.level.min() == pytest.approx(y.min())
    assert hard.level.max() == pytest.approx(y.max())
    # Within the targets seen, the loss is at most their width; by their own answers it is hundreds.
    assert hard.loss[:200].mean() > 100
    assert usual[:200].max() < np.ptp(y) / y.std()


def test_noise_that_grows_with_the_value_is_difficulty():
    rng = np.random.default_rng(3)
    level = np.exp(rng.normal(0, 0.5, 20_000))
    y = level + level * rng.normal(0, 0.3, 20_000)
    usual = expected(hardness(of("regression", level, y)), np.arange(20_000))
    theory = 0.3 * np.sqrt(2 / np.pi) * level / y.std()
    middle = (level > 0.5) & (level < 2)
    assert usual[middle] == pytest.approx(theory[middle], rel=0.15)
