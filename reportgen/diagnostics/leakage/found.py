"""What a question of this diagnostic finds: leaks, how each is cured, and what it then costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.results import Metric, Severity
from reportgen.statistics.intervals import Interval

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Fold:
    """Some judged rows, with the training rows that leave so that they can be judged honestly.

    ``rows``: split -> bool (n of the split,), as a cure's; ``judged``: bool (n of the judged
    split,).
    """

    rows: Mapping[str, Mask]
    judged: Mask


@dataclass(frozen=True)
class Cure:
    """What is left out so that a leak is gone.

    Attributes
    ----------
    rows : split -> rows of it that leave what is trained on, bool (n of the split,); train, and
        validation where the model was fitted on it too.
    carriers : split -> rows of ``rows`` that suffice to carry the leak (one copy of each judged
        row): a placebo, which removes as many rows at random, leaves them. ``rows`` by default.
    columns : features of the data set that are left out of all splits.
    reached : rows of the judged split that the leak reaches, bool (n of the split,): where nothing
        can be trained, the others are judged alone. None where that would not do.
    inputs : split -> model inputs as honest preprocessing gives them, of the shape of
        ``case.inputs``: of every split that is trained on, and of ``judged``.
    judged : the judged split, where there are ``inputs``.
    label : what was done to ``inputs``; cures of one label have the same.
    keeps : steps of the delivered estimator's pipeline in which the leak lies: to have it they
        stay as they were fitted, without it they are fitted anew, as any clone's are.
    untrainable : why training cannot be rid of it, in words.
    folds : where too little would be left without all its rows: judged rows in parts, each
        predicted by members that were trained without this part's rows alone. Judged rows of no
        fold are left out of the comparison.
    """

    rows: Mapping[str, Mask] = field(default_factory=dict)
    carriers: Mapping[str, Mask] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    reached: Mask | None = None
    inputs: Mapping[str, Any] | None = None
    judged: str = ""
    label: str = "preprocessing refitted"
    keeps: tuple[str, ...] = ()
    untrainable: str = ""
    folds: tuple[Fold, ...] = ()


@dataclass(frozen=True)
class Effect:
    """What a leak is worth on the headline metric.

    Attributes
    ----------
    lost : score that goes with the leak, better less worse (of losses: loss that comes), with its
        interval over rows and members. By Shapley's shares where leaks overlap.
    alone : the same when this leak alone is cured; equal to ``lost`` where nothing overlaps.
    with_leak, without : the scores it lies between, means over members (or one model's).
    chance : score of a constant answer, or None: how much of all skill is lost.
    members : seeds, 0 where rows were left out of the test instead.
    metric, label, unit, better : of the headline metric, as it is reported.
    """

    lost: Interval
    alone: Interval
    with_leak: float
    without: float
    chance: float | None
    members: int
    metric: str
    label: str
    unit: str
    better: int

    @property
    def skill(self) -> float | None:
        """Share of the skill over a constant answer that goes with the leak."""
        if self.chance is None:
            return None
        whole = self.better * (self.with_leak - self.chance)
        return self.alone.value / whole if whole > 0 else None


@dataclass(frozen=True)
class Leak:
    """One leak, as it was found before anything was trained.

    ``message``, ``advice`` and ``evidence`` are the finding's. ``weigh(leak, effect)`` gives
    severity and message once its worth is measured; it is called with None where that could not be
    measured, and left out where the worth changes neither.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    advice: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    cure: Cure | None = None
    weigh: Callable[[Leak, Effect | None], tuple[Severity, str]] | None = None


@dataclass(frozen=True)
class Looked:
    """What one question came to.

    Attributes
    ----------
    decides : the codes that this question decides.
    leaks : what was found; info is allowed.
    untold : why a code could not be asked, by code.
    tables : shown in the section as they are: ``{"title", "head": [[label, kind]], "rows":
        [[text]], "note"}``; kind is "n" for numbers, "q" for names, "" else.
    series : numbers of the figures, put under the question's own name.
    tried, detectable, method : its parts of the section's own; "" for none.
    """

    decides: tuple[str, ...]
    leaks: tuple[Leak, ...] = ()
    untold: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    tables: tuple[Mapping[str, Any], ...] = ()
    series: Mapping[str, Any] = field(default_factory=dict)
    tried: str = ""
    detectable: str = ""
    method: str = ""
