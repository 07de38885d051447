"""Certificates of means of batches, against a loop."""

import numpy as np
import pytest

from reportgen.reconciliation.batch_formula import CONVENTIONS, formula


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("n", [96, 101])
def test_the_formula_is_the_loop(n: int, convention: str) -> None:
    rows = (np.random.default_rng(1).random(n) < 0.7).astype(float)
    batches = [rows[i : i + 32] for i in range(0, n, 32)]
    if convention == CONVENTIONS[1]:
        batches = [b for b in batches if len(b) == 32]
    by_hand = np.mean([b.mean() for b in batches])
    if convention == CONVENTIONS[2]:
        by_hand = sum(b.sum() for b in batches) / (32 * len(batches))
    text = formula(rows, 32, convention)
    assert text is not None
    assert eval(text) == pytest.approx(by_hand, rel=1e-12)
    assert "." not in text  # counts of right rows


def test_fewer_rows_than_a_batch_or_another_way_have_none() -> None:
    assert formula(np.ones(5), 32, CONVENTIONS[0]) is None
    assert formula(np.ones(64), 32, "the value of the last batch") is None
