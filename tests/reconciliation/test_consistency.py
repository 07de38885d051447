"""Whether a printed report is possible at all, against scikit-learn's own reports."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import classification_report

from reportgen.job.claims import of_report
from reportgen.reconciliation.consistency import of_report as judged


def printed(y, p, digits=2, **kwargs):
    return classification_report(y, p, digits=digits, zero_division=0, **kwargs)


def confused(rng, k, n):
    """Labels and answers of a model that is right more often than not."""
    y = rng.integers(0, k, n)
    p = np.where(rng.random(n) < rng.uniform(0.4, 0.95), y, rng.integers(0, k, n))
    return y, p


@pytest.mark.parametrize("digits", [2, 4])
@pytest.mark.parametrize("k", [2, 3, 6])
def test_a_real_report_is_never_impossible(k, digits):
    rng = np.random.default_rng(k * 10 + digits)
    kinds = []
    for _ in range(12):
        y, p = confused(rng, k, int(rng.integers(30, 2000)))
        kinds.append(judged(of_report(printed(y, p, digits))).kind)
    assert "impossible" not in kinds
    assert kinds.count("possible") >= 9


def test_the_answers_found_print_the_report():
    rng = np.random.default_rng(3)
    y, p = confused(rng, 3, 400)
    found = judged(of_report(printed(y, p, 3)))
    assert found.kind == "possible"
    assert sum(found.given) == sum(found.support) == 400
    recall = [f"{h / n:.3f}" for h, n in zip(found.right, found.support, strict=True)]
    rows = printed(y, p, 3).splitlines()[2:5]
    assert recall == [row.split()[2] for row in rows]


def brute_force(claims, n0, n1):
    """Every binary confusion matrix with these supports, printed by scikit-learn's formulas."""
    for h0, h1 in itertools.product(range(n0 + 1), range(n1 + 1)):
        g0, g1 = h0 + n1 - h1, h1 + n0 - h0
        values = {
            ("precision", "0"): h0 / g0 if g0 else 0,
            ("precision", "1"): h1 / g1 if g1 else 0,
            ("recall", "0"): h0 / n0,
            ("recall", "1"): h1 / n1,
            ("f1", "0"): 2 * h0 / (n0 + g0),
            ("f1", "1"): 2 * h1 / (n1 + g1),
            ("accuracy", None): (h0 + h1) / (n0 + n1),
        }
        if all(
            abs(values[c.metric, c.per_class] - float(c.value)) <= float(c.value.ulp) / 2 + 1e-12
            for c in claims
            if (c.metric, c.per_class) in values and c.average is None
        ):
            return True
    return False


def test_altered_reports_are_impossible_exactly_where_brute_force_says_so():
    rng = np.random.default_rng(4)
    agreed = {True: 0, False: 0}
    for _ in range(40):
        y, p = confused(rng, 2, 60)
        lines = printed(y, p, 2).splitlines()
        row = int(rng.integers(2, 4))
        words = lines[row].split()
        column = int(rng.integers(1, 4))
        words[column] = f"{min(1, max(0, float(words[column]) + rng.choice([-0.02, 0.02]))):.2f}"
        altered = "\n".join([*lines[:row], "  " + "  ".join(words), *lines[row + 1 : 6]])
        claims = of_report(altered)
        possible = brute_force(claims, int((y == 0).sum()), int((y == 1).sum()))
        assert (judged(claims).kind != "impossible") == possible, altered
        agreed[possible] += 1
    assert agreed[False] >= 20


def test_the_number_that_contradicts_the_rest_is_named():
    text = printed([0] * 50 + [1] * 50, [0] * 40 + [1] * 60, 2)
    wrong = text.replace(
        "accuracy                           0.90", "accuracy                           0.97"
    )
    assert wrong != text
    found = judged(of_report(wrong))
    assert found.kind == "impossible"
    assert "accuracy" in found.reason


def test_supports_that_do_not_add_up_are_told():
    text = printed([0] * 50 + [1] * 50, [0] * 40 + [1] * 60, 2).replace("100", "101")
    found = judged(of_report(text))
    assert found.kind == "impossible"
    assert "101" in found.reason


def test_a_report_of_some_labels_is_not_held_to_all_rows():
    rng = np.random.default_rng(5)
    y, p = confused(rng, 4, 300)
    text = printed(y, p, 3, labels=[0, 2])
    assert judged(of_report(text)).kind != "impossible"
