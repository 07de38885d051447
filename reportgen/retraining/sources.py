"""From a case to what is trained: its recipe, and the pool of its rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.errors import ModelError, Problem
from reportgen.models import training as declared
from reportgen.models.keras_loss import targets_for
from reportgen.models.randomness import untouched
from reportgen.retraining.costs import Cost
from reportgen.retraining.member import Pool, Recipe, Stopping

if TYPE_CHECKING:
    from reportgen.evidence import Case
    from reportgen.job.schema import Training


def recipe_of(case: Case, file: Path) -> tuple[Recipe, Cost]:
    """How a network was trained, from its compiled arguments and the job's ``training:``.

    ``file`` is written: the delivered model, compiled as it was.

    Raises
    ------
    ModelError
        if the model does not say how it was compiled, or the job not how it was trained.
    """
    training = _training(case)
    with untouched():
        model = case.predictor.fresh()  # type: ignore[attr-defined]
        # The worker asks the delivered weights for what TensorFlow gave: do backends agree?
        model.set_weights(case.predictor.model.get_weights())
        model.save(file)
        cost = Cost.of(model)
    stop = training.early_stopping
    stopping = None
    if stop is not None:
        stopping = Stopping(stop.monitor, stop.patience, stop.restore_best, stop.min_delta)
    _, y = declared.train_split(case.dataset, case.preprocess, training)
    weights = declared.class_weights(training, y, case.dataset)
    return Recipe(
        str(file),
        training.epochs,
        training.batch_size,
        training.shuffle,
        tuple(sorted(weights.items())),
        stopping,
    ), cost


def pool_of(case: Case) -> Pool:
    """The training rows as the network takes them, validation, and every split to be predicted.

    Raises
    ------
    ModelError
        if there are no training rows, or some have a label that is no class.
    """
    training = _training(case)
    inputs, y = declared.train_split(case.dataset, case.preprocess, training)
    validation = None
    held_out = case.dataset.splits.get("validation")
    if held_out is not None and held_out.y is not None and not training.include_validation:
        validation = (_rows(case, case.inputs("validation")), _targets(case, held_out.y), None)
    coded = y.ndim == 1 and y.dtype.kind in "iu"
    return Pool(
        inputs=_rows(case, inputs),
        targets=_targets(case, y),
        n_train=len(y),
        classes=y.astype(np.int64) if coded else None,
        validation=validation,
        splits={name: _rows(case, case.inputs(name)) for name in case.splits},
    )


def _training(case: Case) -> Training:
    if case.entry.training is None:
        raise ModelError(Problem("the job has no `training:`, so the recipe is not known"))
    return case.entry.training


def _rows(case: Case, inputs: Any) -> tuple[np.ndarray, ...]:
    import keras

    fed = case.predictor.rows(inputs)  # type: ignore[attr-defined]
    return tuple(np.asarray(part) for part in keras.tree.flatten(fed))


def _targets(case: Case, y: np.ndarray) -> np.ndarray:
    predictor: Any = case.predictor
    shape = getattr(predictor.model, "output_shape", None) or (None, 1)
    loss = (predictor.compiled or {}).get("loss")
    return targets_for(y, loss, int(shape[-1] or 1), case.task)
