"""Thousands of classes: the report keeps to the worst of them and says so."""

from __future__ import annotations

import numpy as np

from reportgen.answers import Answers
from reportgen.diagnostics.performance.series import LISTED, series
from reportgen.statistics.estimates import Design


def _answers(k: int) -> Answers:
    y = np.arange(2 * k) % k
    labels = y.copy()
    labels[-10:] = (y[-10:] + 1) % k
    return Answers(
        split="test", task="multiclass", classes=tuple(f"c{i}" for i in range(k)), y=y,
        labels=labels, scores=None, values=None, kept=np.ones(len(y), dtype=bool),
        design=Design(len(y)),
    )  # fmt: skip


def test_of_thousands_of_classes_the_lowest_recalls_are_listed() -> None:
    found = series(_answers(3000), [], [])
    names = [row["name"] for row in found["per_class"]]
    assert len(names) == LISTED
    assert found["judged"]["n_classes"] == 3000
    assert {f"c{i}" for i in range(2990, 3000)} <= set(names)
    assert names == sorted(names, key=lambda name: int(name[1:]))


def test_few_classes_are_all_listed() -> None:
    found = series(_answers(12), [], [])
    assert len(found["per_class"]) == 12
    assert "n_classes" not in found["judged"]
