"""``{python: pkg.mod:build}``: the job author's function gives a Keras model or an estimator."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reportgen.errors import ModelError, Problem
from reportgen.job import python_code, python_names
from reportgen.models import training
from reportgen.models.randomness import untouched
from reportgen.models.sniff import sniff

if TYPE_CHECKING:
    from pathlib import Path

    from reportgen.data.table import Dataset
    from reportgen.job.schema import Job, PythonModel
    from reportgen.models.keras import KerasPredictor
    from reportgen.models.preprocess import Preprocess
    from reportgen.models.sklearn import SklearnPredictor


def load(
    job: Job, name: str, source: PythonModel, dataset: Dataset, preprocess: Preprocess
) -> KerasPredictor | SklearnPredictor:
    """Calls the builder, loads ``weights:``, or trains what came without them.

    An estimator that is not fitted is fitted on train. A Keras model without ``weights:`` is
    trained by the job's ``training:``, unless its optimizer has already taken steps.

    Raises
    ------
    ModelError
        if the code raises (with file and line), gives something else, or training fails.
    """
    recipe = job.models[name].training
    folder = job.file.parent
    with untouched(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        builder = python_code.resolve(source.python, folder, error=ModelError)
        seed = training.seed_of(job, name, recipe)
        _sow_for(builder, source, recipe, seed, folder)
        model = python_code.call(builder, name=source.python, folder=folder, error=ModelError)
        from reportgen.models.keras_read import is_keras

        if is_keras(model):
            return _keras(job, name, source, model, dataset, preprocess, builder)
        if not hasattr(model, "predict"):
            raise ModelError(
                Problem(
                    f"{source.python} gave {type(model).__name__}",
                    expected="a Keras model or a scikit-learn estimator",
                )
            )
        return _estimator(job, name, source, model, dataset, preprocess, seed)


def _sow_for(builder: Any, source: PythonModel, recipe: Any, seed: int, folder: Path) -> None:
    """Seeds before building: initial weights are drawn there."""
    if not callable(builder):
        raise ModelError(Problem(f"{source.python} cannot be called", got=type(builder).__name__))
    declared_call = recipe is not None and recipe.seed_call is not None
    if declared_call or python_names.imports_tensorflow(source.python, folder):
        training.sow(recipe, seed, folder)
        return
    import random

    import numpy as np

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - what unseeded estimators draw from


def _keras(
    job: Job,
    name: str,
    source: PythonModel,
    model: Any,
    dataset: Dataset,
    preprocess: Preprocess,
    builder: Callable[[], Any],
) -> KerasPredictor:
    from reportgen.models.headers import only
    from reportgen.models.keras_inputs import Feeder, specs_of
    from reportgen.models.keras_loss import serialised_loss
    from reportgen.models.keras_read import of_live_model

    recipe = job.models[name].training
    note = None
    if source.weights is not None:
        _load_weights(model, job.locate(source.weights))
    elif recipe is not None and not _has_trained(model):
        loss = only(serialised_loss(model))
        feed = Feeder(specs_of(model))
        note = training.fit_keras(model, dataset, preprocess, recipe, loss, feed)
    elif recipe is None:
        note = (
            f"the model is audited as {source.python} gave it: the job names neither `weights:` "
            "nor `training:`"
        )

    def build() -> Any:
        folder = job.file.parent
        return python_code.call(builder, name=source.python, folder=folder, error=ModelError)

    said = () if note is None else (note,)
    return of_live_model(model, dataset.task, notes=said, build=build, head=dataset.head)


def _has_trained(model: Any) -> bool:
    try:
        return int(model.optimizer.iterations) > 0
    except (AttributeError, TypeError, ValueError):
        return False


def _load_weights(model: Any, path: Path) -> None:
    kind = sniff(path)
    if kind in ("pickle", "compressed-pickle", "skops", "savedmodel"):
        raise ModelError(
            Problem(
                "the weights are not a Keras file",
                file=str(path),
                expected=".weights.h5, .h5 or .keras",
                got=kind,
            )
        )
    try:
        model.load_weights(str(path))
    except Exception as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:300]
        raise ModelError(
            Problem(
                f"the weights do not fit the model: {said}",
                file=str(path),
                advice="Were they saved from this architecture?",
            )
        ) from error


def _estimator(
    job: Job,
    name: str,
    source: PythonModel,
    model: Any,
    dataset: Dataset,
    preprocess: Preprocess,
    seed: int,
) -> SklearnPredictor:
    from reportgen.models.sklearn import SklearnPredictor, is_fitted

    if source.weights is not None:
        raise ModelError(
            Problem(
                f"{source.python} gave {type(model).__name__}, which takes no weights file",
                file=source.weights,
                advice="Save the fitted estimator with skops, and name it under {sklearn: FILE}.",
            )
        )
    notes: tuple[str, ...] = ()
    if not is_fitted(model):
        recipe = job.models[name].training
        if recipe is not None and recipe.seed is not None:
            _seed_estimator(model, seed)
        notes = (training.fit_estimator(model, dataset, preprocess, recipe),)
    return SklearnPredictor(model, dataset, notes)


def _seed_estimator(model: Any, seed: int) -> None:
    """The declared seed where the builder left ``random_state`` open, nested ones included."""
    parameters: dict[str, Any] = getattr(model, "get_params", dict)()
    states = {key: seed for key, value in parameters.items()
              if key.rpartition("__")[2] == "random_state" and value is None}  # fmt: skip
    if states:
        model.set_params(**states)
