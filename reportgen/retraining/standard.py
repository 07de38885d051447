"""The standard members: the seed ensemble's, which any diagnostic may declare too."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from reportgen.retraining.member import Member

if TYPE_CHECKING:
    from reportgen.evidence import Case


def ensemble(case: Case) -> list[Member]:
    """The members of the seed ensemble, none where it is off or the model cannot be retrained."""
    if why_not(case) is not None:
        return []
    return [Member(weight_seed=s, order_seed=s) for s in seeds(case, case.ensemble_size)]


def seeds(case: Case, n: int) -> list[int]:
    """The first ``n`` seeds of the case, below 2³¹: the same whoever asks, and however many."""
    found = []
    for index in range(n):
        words = "\0".join((str(case.seed), case.name, "seed ensemble", str(index)))
        found.append(int.from_bytes(hashlib.sha256(words.encode()).digest()[:4], "big") >> 1)
    return found


def why_not(case: Case) -> str | None:
    """Why the model cannot be trained again, in words; None where it can."""
    kind = case.predictor.framework
    if kind == "predictions":
        return "there are stored predictions only, and the job lists no members of its own"
    if kind == "savedmodel":
        return "a SavedModel cannot be trained again, and the job lists no members of its own"
    if kind == "tf_keras":
        return "models of Keras 2 (tf_keras) are not trained again"
    train = case.dataset.splits.get("train")
    if train is None or train.y is None or train.n == 0:
        return "there are no training rows with a target to train on again"
    if train.whole is not None:
        return (
            f"train is larger than memory ({train.n:,} of its {train.whole.n:,} rows are held), "
            "and a part of it makes another model"
        )
    if getattr(case.predictor, "stateful", False):
        return "layers carry a state from batch to batch, and such a model is not trained again"
    if case.dataset.heads:
        return "the model has several outputs, and such a model is not trained again"
    if train.steps is not None:
        return "labels stand step by step (`mask:`), and such a model is not trained again"
    if kind == "keras":
        if case.entry.training is None:
            return "the job has no `training:`, so how the network was trained is not known"
        if not (getattr(case.predictor, "compiled", None) or {}).get("optimizer"):
            return "the model's file does not say with which optimizer and loss it was trained"
        return None
    if kind == "sklearn":
        from sklearn.base import BaseEstimator

        if isinstance(case.predictor.model, BaseEstimator):
            return None
        return f"a {type(case.predictor.model).__name__} cannot be cloned and fitted again"
    return "a Python function cannot be trained again"
