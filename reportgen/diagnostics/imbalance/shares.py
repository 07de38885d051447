"""How many rows each class has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reportgen.evidence import Case

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Shares:
    """Rows by class and split, int64 (K,); of a multilabel task rows that have each label.

    ``total`` has the rows of each split with a known class.
    """

    classes: tuple[str, ...]
    counts: dict[str, Counts]
    total: dict[str, int]
    multilabel: bool

    @property
    def first(self) -> str:
        """The split that says how skewed the classes are: train where there is one."""
        return "train" if "train" in self.counts else next(iter(self.counts))

    def part(self, split: str) -> NDArray[np.float64] | None:
        """Share of a split's rows by class, (K,); None where the split has no targets."""
        if not self.total.get(split):
            return None
        return np.asarray(self.counts[split] / self.total[split], np.float64)

    def ratio(self) -> float:
        """Rows of the largest class for one of the smallest; multilabel: the worst label's own."""
        counts = self.counts[self.first]
        if self.multilabel:
            has = counts.astype(np.float64)
            less = np.minimum(has, self.total[self.first] - has)
            smallest = float(less.min(initial=np.inf))
            whole = self.total[self.first]
            return (whole - smallest) / smallest if smallest > 0 else float("inf")
        present = counts[counts > 0]
        if len(present) < 2:
            return float("inf") if len(present) else 1.0
        return float(present.max() / present.min())

    def smallest(self) -> tuple[str, int]:
        """The class with the fewest rows that has any, and how many."""
        counts = self.counts[self.first]
        if self.multilabel:
            counts = np.minimum(counts, self.total[self.first] - counts)
        at = int(np.where(counts > 0, counts, np.iinfo(np.int64).max).argmin())
        return self.classes[at], int(counts[at])


def shares(case: Case) -> Shares:
    """Of every split that has a target; classification only."""
    counts, total = {}, {}
    many = case.task == "multilabel"
    for name, split in case.dataset.splits.items():
        if split.y is None or split.n == 0:
            continue
        y = np.asarray(split.y)
        if many:
            counts[name] = (y == 1).sum(axis=0).astype(np.int64)
            total[name] = len(y)
        else:
            known = y[(y >= 0) & (y < len(case.classes))].astype(np.int64)
            counts[name] = np.bincount(known, minlength=len(case.classes)).astype(np.int64)
            total[name] = len(known)
    return Shares(case.classes, counts, total, many)
