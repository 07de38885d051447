"""The rows that clones of a case's estimator are fitted on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reportgen.models.sklearn import feed
from reportgen.models.training import class_weights, feed_for_fit, train_split, train_weights
from reportgen.retraining.added import fits_with_added
from reportgen.retraining.estimators import Fits

if TYPE_CHECKING:
    from reportgen.evidence import Case


def fits_of(case: Case) -> Fits:
    """The training rows as the delivered estimator takes them, added rows, and every split.

    Raises
    ------
    ModelError
        if there are no training rows, or some have a label that is no class.
    """
    model, training = case.predictor.model, case.entry.training
    inputs, y = train_split(case.dataset, case.preprocess, training)
    by_class = class_weights(training, y, case.dataset)
    weights = train_weights(case.dataset, training)
    if by_class:
        of_rows = np.array([by_class[int(code)] for code in y])
        weights = of_rows if weights is None else weights * of_rows
    fits = Fits(
        estimator=model,
        dataset=case.dataset,
        inputs=feed_for_fit(model, inputs, feed),
        y=y,
        n_train=len(y),
        splits={name: case.inputs(name) for name in case.splits},
        weights=weights,
    )
    return fits_with_added(case, fits, lambda rows: feed_for_fit(model, rows, feed))
