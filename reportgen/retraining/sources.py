"""What the engines need of a case and its live model: a compiled file, rows to fit on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reportgen.models.randomness import untouched
from reportgen.models.sklearn import feed
from reportgen.models.training import class_weights, feed_for_fit, train_split
from reportgen.retraining.estimators import Fits

if TYPE_CHECKING:
    from reportgen.evidence import Case


def write_compiled(case: Case, file: Path) -> Path:
    """The delivered network as a ``.keras`` file, compiled as it was: models load uncompiled.

    Raises
    ------
    ModelError
        if the model does not say how it was compiled.
    """
    with untouched():
        model = case.predictor.fresh()  # type: ignore[attr-defined]
        # The worker asks the delivered weights for what TensorFlow gave: do backends agree?
        model.set_weights(case.predictor.model.get_weights())
        model.save(file)
    return file


def fits_of(case: Case) -> Fits:
    """The training rows as the delivered estimator takes them, and every split.

    Raises
    ------
    ModelError
        if there are no training rows, or some have a label that is no class.
    """
    model, training = case.predictor.model, case.entry.training
    inputs, y = train_split(case.dataset, case.preprocess, training)
    weights = class_weights(training, y, case.dataset)
    return Fits(
        estimator=model,
        dataset=case.dataset,
        inputs=feed_for_fit(model, inputs, feed),
        y=y,
        n_train=len(y),
        splits={name: case.inputs(name) for name in case.splits},
        weights=np.array([weights[int(code)] for code in y]) if weights else None,
    )
