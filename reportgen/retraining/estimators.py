"""scikit-learn estimators trained again: a clone a member, several at a time."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.retraining.draws import stream
from reportgen.retraining.member import Member
from reportgen.retraining.results import STOPPED, Trained, TrainedMember

if TYPE_CHECKING:
    from reportgen.data.table import Dataset

WHY = "a scikit-learn estimator is cloned and fitted"


@dataclass(frozen=True)
class Fits:
    """What estimators are fitted on.

    Attributes
    ----------
    estimator : the delivered, fitted one; it is only cloned.
    dataset : for the order of classes.
    inputs : training rows as the estimator takes them (array or pandas table), then added rows.
    y : class codes, or targets, of these rows.
    n_train : how many of them are training rows.
    splits : name -> preprocessed inputs that every member predicts.
    weights : sample weights of the rows, or None.
    """

    estimator: Any
    dataset: Dataset
    inputs: Any
    y: np.ndarray
    n_train: int
    splits: Mapping[str, Any]
    weights: np.ndarray | None = None


def train(
    fits: Fits,
    members: Sequence[Member],
    jobs: int | None = None,
    *,
    deadline: float | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Trained:
    """Fit a clone for each member; a failing one harms no other.

    Parameters
    ----------
    jobs : clones that are fitted at a time; by default one a core.
    deadline : ``time.monotonic()`` after which none is begun.
    report : called with (clones fitted, clones in all).
    """
    from joblib import Parallel, delayed

    workers = jobs or len(os.sched_getaffinity(0))
    chosen = list(dict.fromkeys(members))
    # Threads: forests and linear algebra release the lock, and nothing is copied or spawned.
    parallel = Parallel(
        n_jobs=min(workers, max(1, len(chosen))), prefer="threads", return_as="generator"
    )
    found: dict[Member, TrainedMember] = {}
    for trained in parallel(delayed(_one)(fits, member, deadline) for member in chosen):
        found[trained.member] = trained
        report(len(found), len(chosen))
    stopped = sum(trained.status == "stopped" for trained in found.values())
    was = "member was" if stopped == 1 else "members were"
    return Trained(found, notes=(f"{stopped} {was} stopped: {STOPPED}",) if stopped else ())


def _one(fits: Fits, member: Member, deadline: float | None) -> TrainedMember:
    if deadline is not None and time.monotonic() > deadline:
        return TrainedMember(member, "stopped", why=STOPPED)
    try:
        predictions = _fitted(fits, member)
    except Exception as error:  # one member's failure is a finding, not the audit's end
        said = f"{type(error).__name__}: {error}"[:1000]
        return TrainedMember(member, "failed", "clone", WHY, error=said)
    return TrainedMember(member, "trained", "clone", WHY, predictions=predictions)


def _fitted(fits: Fits, member: Member) -> dict[str, np.ndarray]:
    from sklearn.base import clone
    from sklearn.frozen import FrozenEstimator

    from reportgen.models.sklearn import SklearnPredictor
    from reportgen.models.training import weighted_fit

    if member.config_patch or member.augment or member.epochs is not None:
        raise ValueError("an estimator has no layers, no epochs and no augmentation to change")
    estimator = seeded(clone(fits.estimator), member)
    estimator.set_params(**dict(member.overrides))
    for step in member.kept:
        estimator.set_params(**{step: FrozenEstimator(dict(fits.estimator.steps)[step])})
    rows = np.arange(fits.n_train) if member.rows is None else member.rows.array
    inputs = _without(_taken(fits.inputs, rows), member, fits)
    codes = fits.y[rows] if member.labels is None else member.labels.array
    weights = fits.weights[rows] if fits.weights is not None else None
    if member.weights is not None:
        weights = member.weights.array
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said once, of the delivered model, not by each clone
        extra = weighted_fit(estimator, weights)
        if member.weights is not None and not extra:
            raise ValueError(f"{type(estimator).__name__} takes no sample weights")
        estimator.fit(inputs, labels_of(fits.estimator, codes, fits.dataset), **extra)
        predictor = SklearnPredictor(estimator, fits.dataset)
        return {
            name: predictor.predict(_without(x, member, fits)) for name, x in fits.splits.items()
        }


def seeded(estimator: Any, member: Member) -> Any:
    """The estimator with every ``random_state`` in it drawn from the member's seeds."""
    rng = stream("estimator", member.weight_seed, member.order_seed)
    names = [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]
    estimator.set_params(**{name: int(rng.integers(0, 2**31)) for name in sorted(names)})
    return estimator


def labels_of(estimator: Any, codes: np.ndarray, dataset: Dataset) -> np.ndarray:
    """Class codes as the labels that the delivered estimator was fitted with."""
    known = getattr(estimator, "classes_", None)
    if dataset.task not in ("binary", "multiclass") or known is None:
        return codes
    from reportgen.data.labels import encode

    known = np.asarray(known)
    order = encode(known, dataset.classes)
    if (order < 0).any():
        order = np.arange(len(known))  # numbers, taken as positions, as in predicting
    by_code = {int(code): label for code, label in zip(order, known, strict=True)}
    missing = sorted({int(code) for code in codes} - by_code.keys())
    if missing:
        names = ", ".join(dataset.classes[code] for code in missing)
        raise ValueError(f"the delivered estimator was never fitted with {names}")
    return np.array([by_code[int(code)] for code in codes])


def _taken(inputs: Any, rows: np.ndarray) -> Any:
    return inputs.iloc[rows] if hasattr(inputs, "iloc") else inputs[rows]


def _without(inputs: Any, member: Member, fits: Fits) -> Any:
    """The inputs with left-out columns at their training mean, or their most frequent value.

    ``member.columns`` count the columns of the model's inputs as the case has them; the table that
    an estimator is fitted on may have them in its own order, by name.
    """
    if not member.columns:
        return inputs
    names = _names(fits)
    if names is not None and _names_of(inputs) is not None:
        return _filled_table(inputs, [names[column] for column in member.columns], fits)
    if hasattr(inputs, "tocsr"):  # nought is what a sparse column mostly holds
        import scipy.sparse

        keep = np.ones(inputs.shape[1])
        keep[list(member.columns)] = 0
        return (inputs @ scipy.sparse.diags_array(keep)).tocsr()
    if hasattr(inputs, "iloc"):
        return _filled_table(inputs, [inputs.columns[c] for c in member.columns], fits)
    if not isinstance(inputs, np.ndarray):
        raise TypeError(f"columns cannot be left out of a {type(inputs).__name__}")
    changed = inputs.copy()
    for column in member.columns:
        changed[..., column] = neutral(_train_values(fits, column))
    return changed


def _names_of(inputs: Any) -> list[str] | None:
    columns = getattr(inputs, "columns", None)
    return None if columns is None else list(columns)


def _names(fits: Fits) -> list[str] | None:
    """Names of the case's input columns, in their order; None where they have none."""
    for inputs in fits.splits.values():
        return _names_of(inputs)
    return _names_of(fits.inputs)


def _filled_table(inputs: Any, chosen: Sequence[str], fits: Fits) -> Any:
    """A pandas or polars table with one value in each of the chosen columns."""
    values = {name: neutral(_train_values(fits, name)) for name in chosen}
    if hasattr(inputs, "iloc"):
        return inputs.assign(**{name: value for name, value in values.items() if name in inputs})
    import polars as pl

    return inputs.with_columns(
        pl.lit(value, dtype=inputs.schema[name]).alias(name) for name, value in values.items()
    )


def _train_values(fits: Fits, column: Any) -> np.ndarray:
    inputs = fits.inputs
    if hasattr(inputs, "iloc"):
        if isinstance(column, str) and column not in inputs:
            return np.zeros(0)  # the estimator does not take it
        series = inputs[column] if isinstance(column, str) else inputs.iloc[:, column]
        return np.asarray(series.iloc[: fits.n_train])
    names = _names(fits)
    if isinstance(column, str) and names is not None:
        column = names.index(column)
    if hasattr(inputs, "tocsr"):
        return np.zeros(1)
    return np.asarray(inputs[: fits.n_train, ..., column])


def neutral(values: np.ndarray) -> Any:
    """The mean of floats, the most frequent of all else; missing ones do not count.

    None where there is no value at all.
    """
    flat = np.asarray(values).reshape(-1)
    if flat.dtype.kind == "f":
        known = flat[~np.isnan(flat)]
        return float(known.mean(dtype=np.float64)) if len(known) else None
    known = flat[np.array([v is not None and v == v for v in flat], dtype=bool)]
    if not len(known):
        return None
    if known.dtype == object:
        counted: dict[Any, int] = {}
        for value in known.tolist():
            counted[value] = counted.get(value, 0) + 1
        return max(counted.items(), key=lambda item: item[1])[0]
    distinct, counts = np.unique(known, return_counts=True)
    return distinct[int(counts.argmax())].item()
