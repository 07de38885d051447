"""From a case to what is trained: its recipe, its pool of rows, its costs, and why not."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.models.keras_inputs import Feeder, specs_of
from reportgen.models.keras_loss import targets_for
from reportgen.models.randomness import untouched
from reportgen.models.training import class_weights, train_split
from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.costs import Cost
from reportgen.retraining.member import Pool, Recipe, Stopping

if TYPE_CHECKING:
    from reportgen.evidence import Case


@dataclass(frozen=True)
class Setting:
    """All that the engine needs of a case.

    ``delivered`` holds the delivered model's raw predictions in TensorFlow by split.
    """

    recipe: Recipe
    pool: Pool
    cost: Cost
    blueprint: Blueprint
    delivered: dict[str, np.ndarray]


def setting(case: Case, folder: Path, file: Path | None = None) -> Setting:
    """The setting of a Keras model.

    Parameters
    ----------
    folder : where a model that is not in a ``.keras`` file is saved as one.
    file : the delivered file, absolute; None for a model that Python built.

    Raises
    ------
    CannotRetrain
        There is no ``training:``, no compiled loss, or no train split with a target.
    """
    training = case.entry.training
    if case.predictor.framework != "keras":
        raise CannotRetrain(f"a {case.predictor.framework} model keeps no recipe to train by")
    if training is None:
        raise CannotRetrain("the job does not say how the model was trained (`training:`)")
    if "train" not in case.dataset.splits or case.split("train").y is None:
        raise CannotRetrain("there is no train split with a target")
    model = case.predictor.model
    blueprint = Blueprint.read(_file(case, folder, file))
    loss = blueprint.compiled.get("loss")
    if not loss:
        raise CannotRetrain("the model's file keeps no loss: it was saved without being compiled")
    inputs, y = train_split(case.dataset, case.preprocess, training)
    feed = Feeder(specs_of(model))
    outputs = int((getattr(model, "output_shape", None) or (None, 1))[-1] or 1)
    codes = y if y.ndim == 1 and case.task in ("binary", "multiclass") else None
    stop = training.early_stopping
    recipe = Recipe(
        file=blueprint.file,
        epochs=training.epochs,
        batch_size=training.batch_size,
        shuffle=training.shuffle,
        class_weight=tuple(sorted(class_weights(training, y, case.dataset).items())),
        stopping=None
        if stop is None
        else Stopping(stop.monitor, stop.patience, stop.restore_best, stop.min_delta),
    )
    validation = None
    if "validation" in case.dataset.splits and not training.include_validation:
        held = case.split("validation")
        if held.y is not None:
            targets = targets_for(held.y, loss, outputs, case.task)
            validation = (_arrays(feed(case.inputs("validation"))), targets, None)
    if stop is not None and stop.monitor.startswith("val_") and validation is None:
        raise CannotRetrain(f"early stopping watches {stop.monitor}: there is no validation split")
    pool = Pool(
        inputs=_arrays(feed(inputs)),
        targets=targets_for(y, loss, outputs, case.task),
        n_train=len(y),
        classes=codes,
        validation=validation,
        splits={name: _arrays(feed(case.inputs(name))) for name in case.splits},
    )
    delivered = {name: case.predict(name).raw for name in case.splits}
    return Setting(recipe, pool, Cost.of(model), blueprint, delivered)


def _arrays(fed: Any) -> tuple[np.ndarray, ...]:
    """What a model is fed, an array an input."""
    parts = fed if isinstance(fed, (list, tuple)) else [fed]
    arrays = tuple(np.asarray(part) for part in parts)
    if any(array.dtype.kind in "OUS" for array in arrays):
        raise CannotRetrain("texts reach the model itself, which only TensorFlow can read")
    return arrays
