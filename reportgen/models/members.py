"""Retrainings that a job brings along, as predictors of the same case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reportgen.errors import ModelError, Problem
from reportgen.job.schema import KerasModel, PredictionsModel, SklearnModel
from reportgen.models.randomness import untouched

if TYPE_CHECKING:
    from reportgen.data.table import Dataset
    from reportgen.job.schema import Job
    from reportgen.models.predictor import Predictor

NETWORKS = (".keras", ".h5", ".hdf5")
TABLES = (".csv", ".parquet", ".npz", ".npy")


def load(job: Job, name: str, dataset: Dataset) -> tuple[Predictor, ...]:
    """The model's own members, in the order of the job; none where it lists none.

    Raises
    ------
    ModelError
        naming the key, where a file is missing or is no model.
    """
    found: list[Predictor] = []
    for index, file in enumerate(job.models[name].members):
        try:
            with untouched():
                found.append(_one(job, name, file, dataset))
        except ModelError as error:
            raise error.at(key=f"models.{name}.members[{index}]") from error.__cause__
    return tuple(found)


def _one(job: Job, name: str, file: str, dataset: Dataset) -> Any:
    lower = file.lower()
    if lower.endswith(NETWORKS):
        from reportgen.models import keras_read

        return keras_read.load(job, KerasModel(keras=file), dataset.task, dataset.head)
    if lower.endswith(".skops"):
        from reportgen.models.sklearn import SklearnPredictor, load_object

        model, notes = load_object(job.locate(SklearnModel(sklearn=file).sklearn), trusted=False)
        return SklearnPredictor(model, dataset, notes)
    if lower.endswith(TABLES):
        from reportgen.models import predictions

        source = PredictionsModel(predictions={"test": file})
        return predictions.load(job, source, job.models[name], dataset)
    raise ModelError(
        Problem(
            "it is not told from the file's name what this member is",
            file=file,
            expected=", ".join((*NETWORKS, ".skops", *TABLES)),
        )
    )
