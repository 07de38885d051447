"""A model of the job, loaded, asked for a row, and ready to predict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.errors import ModelError, Problem
from reportgen.job.keypath import key_path
from reportgen.job.schema import KerasModel, PredictionsModel, PythonModel, SavedModel, SklearnModel
from reportgen.models import preprocess as steps
from reportgen.models.randomness import untouched
from reportgen.models.tables import n_rows, take

if TYPE_CHECKING:
    from reportgen.data.table import Dataset, Split
    from reportgen.job.schema import Job
    from reportgen.models.predictor import Predictor
    from reportgen.models.preprocess import Preprocess

#: Rows looked at to tell probabilities from logits.
PROBE_ROWS = 256


def load(job: Job, name: str, dataset: Dataset) -> tuple[Predictor, Preprocess]:
    """The predictor and the preprocessing of one of the job's models.

    An unfitted model is trained. A model that computes predicts one row, and then a few, before
    anything else is asked of it: files that load and cannot predict are found here.

    Raises
    ------
    ModelError
        naming the file or the key in the job.
    """
    with untouched():  # imports, loading and building draw from global generators
        return _loaded(job, name, dataset)


def _loaded(job: Job, name: str, dataset: Dataset) -> tuple[Predictor, Preprocess]:
    entry = job.models[name]
    source = entry.model
    try:
        if isinstance(source, PredictionsModel):
            from reportgen.models import predictions

            return predictions.load(job, source, entry, dataset), steps.Preprocess()
        preprocess = steps.load(job, entry, dataset)
        predictor = _computing(job, name, dataset, preprocess)
        _try(predictor, preprocess, dataset, entry)
    except ModelError as error:
        raise error.at(key=key_path(("models", name))) from error.__cause__
    return predictor, preprocess


def _computing(job: Job, name: str, dataset: Dataset, preprocess: Preprocess) -> Any:
    source = job.models[name].model
    if isinstance(source, KerasModel):
        from reportgen.models import keras_read

        return keras_read.load(job, source, dataset.task, dataset.head)
    if isinstance(source, SavedModel):
        from reportgen.models import savedmodel

        return savedmodel.load(job, source, dataset.task)
    if isinstance(source, SklearnModel):
        from reportgen.models.sklearn import SklearnPredictor, is_fitted, load_object

        path = job.locate(source.sklearn)
        model, notes = load_object(path, trusted=source.trusted)
        if hasattr(model, "predict") and not is_fitted(model):
            raise ModelError(
                Problem(
                    f"the {type(model).__name__} in the file is not fitted",
                    file=str(path),
                    advice="Fit it before saving, or build it: {python: pkg.mod:build}.",
                )
            )
        return SklearnPredictor(model, dataset, notes)
    assert isinstance(source, PythonModel)
    from reportgen.models import python

    return python.load(job, name, source, dataset, preprocess)


def _try(predictor: Any, preprocess: Preprocess, dataset: Dataset, entry: Any) -> None:
    """One row, then a few: does the model compute at all, and what do its outputs mean?"""
    split = _first_split(dataset)
    if split is None:
        return
    # The first rows: a slice is the one selection that every kind of container gives for nothing.
    inputs = preprocess(take(split.X, 0, min(PROBE_ROWS, split.n)))
    one = predictor.predict(take(inputs, 0, 1))
    if len(one) != 1:
        raise ModelError(Problem(f"the model gave {len(one)} predictions for one row"))
    probe = np.asarray(predictor.predict(inputs))
    if len(probe) != n_rows(inputs):
        raise ModelError(
            Problem(f"the model gave {len(probe)} predictions for {n_rows(inputs)} rows")
        )
    if split.steps is not None and probe.ndim > 1:
        probe = probe.reshape(-1, *probe.shape[2:])
    predictor.look_at(probe, entry)


def _first_split(dataset: Dataset) -> Split | None:
    for name in ("test", "validation", "train"):
        split = dataset.splits.get(name)
        if split is not None and split.n:
            return split
    return None
