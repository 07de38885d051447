"""scikit-learn estimators trained again: a clone with a seed of its own for each member."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.models import training as declared
from reportgen.models.randomness import untouched
from reportgen.models.sklearn import SklearnPredictor
from reportgen.retraining.member import Member
from reportgen.retraining.results import TrainedMember

if TYPE_CHECKING:
    from reportgen.evidence import Case

WHY = "a scikit-learn estimator is cloned and fitted"


def train(
    case: Case,
    members: Sequence[Member],
    *,
    deadline: float | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[TrainedMember]:
    """Fit a clone for each member; never raises for what one of them does.

    An estimator has one seed for everything: the weight seed is put into every ``random_state``
    of it and of its parts. The delivered estimator stays as it is.
    """
    found = []
    for index, member in enumerate(members):
        if deadline is not None and time.monotonic() > deadline:
            found.append(TrainedMember(member, "stopped", why="the time allowed was over"))
        else:
            found.append(_one(case, member))
        report(index + 1, len(members))
    return found


def _one(case: Case, member: Member) -> TrainedMember:
    if member != Member(member.weight_seed, member.order_seed, repeat=member.repeat):
        return TrainedMember(
            member, "failed", error="an estimator is trained again with other seeds alone"
        )
    try:
        with untouched(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # convergence warnings: the delivered one had its own
            np.random.seed(member.weight_seed % 2**32)  # noqa: NPY002 - estimators without a seed
            model = seeded(case.predictor.model, member.weight_seed)
            declared.fit_estimator(model, case.dataset, case.preprocess, case.entry.training)
            predictor = SklearnPredictor(model, case.dataset)
            predictions = {s: np.asarray(predictor.predict(case.inputs(s))) for s in case.splits}
    except Exception as error:  # one member's failure is a finding, not the audit's end
        told = f"{type(error).__name__}: {error}"
        return TrainedMember(member, "failed", "clone", WHY, error=told[:1000])
    return TrainedMember(member, "trained", "clone", WHY, predictions, epochs=1, best_epoch=0)


def seeded(model: Any, seed: int) -> Any:
    """An unfitted clone with the seed in every ``random_state`` parameter, parts included."""
    from sklearn.base import clone

    copy = clone(model)
    names = [
        name
        for name in copy.get_params(deep=True)
        if name == "random_state" or name.endswith("__random_state")
    ]
    return copy.set_params(**dict.fromkeys(names, seed % 2**32))
