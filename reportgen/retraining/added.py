"""Rows and predicted splits that diagnostics add to those a case's members are trained on.

A diagnostic adds them while it prepares, under a name; rows come back as indices for
:attr:`~reportgen.retraining.member.Member.rows`, behind the training rows, and an added split is
predicted by every member under its name. What is added is given as the model receives it: inputs
after preprocessing, as :meth:`Case.inputs <reportgen.evidence.Case.inputs>` has them, and targets
as the data set has them. Networks and estimators take the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.models.tables import concatenate, n_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from reportgen.evidence import Case
    from reportgen.retraining.estimators import Fits
    from reportgen.retraining.member import Pool


@dataclass(frozen=True)
class Rows:
    """Rows that were added at once: ``inputs`` (n, ...), ``y`` (n, ...), ``weights`` (n,) or None.

    ``first`` is the index of the first in the pool.
    """

    inputs: Any
    y: np.ndarray
    weights: np.ndarray | None
    first: int

    @property
    def indices(self) -> np.ndarray:
        """Their places in the pool, int64 (n,)."""
        return np.arange(self.first, self.first + len(self.y), dtype=np.int64)


@dataclass
class Added:
    """What was added to a case, in the order in which it was asked for."""

    n_train: int
    rows: dict[str, Rows] = field(default_factory=dict)
    splits: dict[str, Any] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Rows of the pool, added ones included."""
        return self.n_train + sum(len(part.y) for part in self.rows.values())


def added_to(case: Case) -> Added:
    """What diagnostics have added to a case so far."""
    return case.memo("added to the pool", lambda: Added(n_training_rows(case)))


def trained_splits(case: Case) -> tuple[str, ...]:
    """The splits whose rows the model was fitted on, in the order of the training pool."""
    training = case.entry.training
    both = training is not None and training.include_validation
    return ("train", "validation") if both else ("train",)


def n_training_rows(case: Case) -> int:
    """Rows of the training pool before anything is added."""
    return sum(case.split(name).n for name in trained_splits(case))


def add_rows(
    case: Case, name: str, inputs: Any, y: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Add rows to train on; their indices in the pool.

    Parameters
    ----------
    name : of the rows, once an audit: asked again, the indices are those of the first time.
    inputs : what the model is given for them, of the kind that ``case.inputs("train")`` is.
    y : their targets as in :class:`~reportgen.data.table.Split`: class codes or numbers.
    weights : their sample weights, 1 by default where the training rows have some.

    Raises
    ------
    ValueError
        if the numbers of rows differ, or a row has another shape than the training rows.
    """
    added = added_to(case)
    if name not in added.rows:
        if n_rows(inputs) != len(y):
            raise ValueError(f"{n_rows(inputs)} rows of inputs for {len(y)} targets")
        _alike(case, inputs)
        added.rows[name] = Rows(inputs, np.asarray(y), weights, added.n)
    return added.rows[name].indices


def add_split(case: Case, name: str, inputs: Any) -> str:
    """Have every member predict these inputs too; the name to look for in its predictions.

    Raises
    ------
    ValueError
        if the data set has a split of that name, or a row has another shape than training rows.
    """
    if name in case.dataset.splits:
        raise ValueError(f"there is a split named {name}")
    added = added_to(case)
    if name not in added.splits:
        _alike(case, inputs)
        added.splits[name] = inputs
    return name


def _alike(case: Case, inputs: Any) -> None:
    wanted, got = (_row_shape(x) for x in (case.inputs("train"), inputs))
    if wanted != got:
        raise ValueError(f"rows of shape {got}, where training rows have {wanted}")


def _row_shape(inputs: Any) -> Any:
    if isinstance(inputs, (list, tuple)):
        return [_row_shape(part) for part in inputs]
    if hasattr(inputs, "items") and not hasattr(inputs, "shape"):
        return {name: _row_shape(part) for name, part in inputs.items()}
    return tuple(np.shape(inputs)[1:])


def with_added(
    case: Case,
    pool: Pool,
    feed: Callable[[Any], tuple[np.ndarray, ...]],
    targets: Callable[[np.ndarray], np.ndarray],
) -> Pool:
    """A network's pool with what was added to its case.

    Parameters
    ----------
    feed : from what ``case.inputs`` gives to the network's arrays.
    targets : from a split's ``y`` to targets in the network's terms.
    """
    added = added_to(case)
    for part in added.rows.values():
        codes = part.y if pool.classes is not None else None
        pool, _ = pool.with_rows(feed(part.inputs), targets(part.y), codes)
        if pool.weights is not None and part.weights is not None:
            weights = pool.weights.copy()
            weights[part.indices] = part.weights
            pool = replace(pool, weights=weights)
    more = {name: feed(inputs) for name, inputs in added.splits.items()}
    return replace(pool, splits={**(pool.splits or {}), **more})


def fits_with_added(case: Case, fits: Fits, feed: Callable[[Any], Any]) -> Fits:
    """What estimators are fitted on, with what was added to their case.

    Parameters
    ----------
    feed : from what ``case.inputs`` gives to what the estimator is fitted on.
    """
    added = added_to(case)
    parts = list(added.rows.values())
    splits = {**fits.splits, **added.splits}
    if not parts:
        return replace(fits, splits=splits)
    weights = fits.weights
    if weights is not None:
        ones = [np.ones(len(p.y)) if p.weights is None else p.weights for p in parts]
        weights = np.concatenate([weights, *ones])
    return replace(
        fits,
        inputs=concatenate([fits.inputs, *(feed(part.inputs) for part in parts)]),
        y=np.concatenate([fits.y, *(part.y for part in parts)]),
        splits=splits,
        weights=weights,
    )
