"""From a case to what is trained: its recipe, its pool of rows, its costs, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.models.keras_inputs import Feeder, specs_of
from reportgen.models.keras_loss import targets_for
from reportgen.models.training import class_weights, train_split, train_weights
from reportgen.retraining.added import with_added
from reportgen.retraining.costs import Cost
from reportgen.retraining.member import Pool, Recipe, Stopping
from reportgen.retraining.origin import CannotRetrain, Origin, origin_of

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
    origin: Origin
    delivered: dict[str, np.ndarray]

    @property
    def unstackable(self) -> str | None:
        """Why its members cannot be stacked on JAX, or None."""
        if any(a.dtype.kind in "OUS" for a in self.pool.inputs):
            return "texts reach the model itself, which only TensorFlow can read"
        return self.origin.blueprint.unstackable()


def setting(case: Case, folder: Path) -> Setting:
    """The setting of a Keras model.

    Parameters
    ----------
    folder : where a model that is not in a ``.keras`` file is saved as one.

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
    inputs, y = train_split(case.dataset, case.preprocess, training)
    feed = Feeder(specs_of(model))
    fed = _arrays(feed(inputs))
    origin = origin_of(case.predictor, folder, tuple(a[:2] for a in fed))
    blueprint = origin.blueprint
    loss = blueprint.compiled.get("loss")
    if not loss:
        raise CannotRetrain("the model's file keeps no loss: it was saved without being compiled")
    delivered = {name: case.predict(name).raw for name in case.splits}
    shape = np.shape(delivered["train"])
    outputs = int(shape[-1]) if len(shape) > 1 else 1
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
        inputs=fed,
        targets=targets_for(y, loss, outputs, case.task),
        n_train=len(y),
        weights=train_weights(case.dataset, training),
        classes=codes,
        validation=validation,
        splits={name: _arrays(feed(case.inputs(name))) for name in case.splits},
    )
    pool = with_added(
        case,
        pool,
        lambda rows: _arrays(feed(rows)),
        lambda y: np.asarray(targets_for(y, loss, outputs, case.task)),
    )
    return Setting(recipe, pool, Cost.of(model), origin, delivered)


def _arrays(fed: Any) -> tuple[np.ndarray, ...]:
    """What a model is fed, an array an input."""
    parts = fed if isinstance(fed, (list, tuple)) else [fed]
    return tuple(np.asarray(part) for part in parts)
