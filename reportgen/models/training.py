"""Training a model that came without weights, by the job's ``training:``."""

from __future__ import annotations

import hashlib
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.errors import ModelError, Problem
from reportgen.job import python_code
from reportgen.models.tables import concatenate, n_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reportgen.data.table import Dataset, Split
    from reportgen.job.schema import Job, Training
    from reportgen.models.preprocess import Preprocess

SEED_CALL = "keras.utils.set_random_seed"
#: Modules as everybody names them when they import them.
ALIASES = {"tf": "tensorflow", "np": "numpy"}


def seed_of(job: Job, model: str, training: Training | None) -> int:
    """The declared seed, else one derived from the job's seed and the model's name."""
    if training is not None and training.seed is not None:
        return training.seed
    digest = hashlib.sha256(f"{job.seed}\0{model}\0training".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def sow(training: Training | None, seed: int, folder: Path) -> None:
    """Calls what the job names to seed, ``keras.utils.set_random_seed`` unless it says otherwise.

    Raises
    ------
    ModelError
        if there is no such function, or it raises.
    """
    name = SEED_CALL if training is None or training.seed_call is None else training.seed_call
    name = name.removesuffix("()")
    first, dot, rest = name.partition(".")
    name = ALIASES.get(first, first) + dot + rest
    module_name, _, attribute = name.replace(":", ".").rpartition(".")
    try:
        with python_code.on_path(folder):
            function = _attribute(module_name, attribute)
    except (ImportError, AttributeError, ValueError):
        raise ModelError(
            Problem(f"there is no {name} to seed with", key="training.seed_call", got=name)
        ) from None
    python_code.call(function, seed, name=name, folder=folder, error=ModelError)


def _attribute(module_name: str, attribute: str) -> Any:
    """``numpy.random`` and ``seed``: modules are imported as far as they go."""
    parts = module_name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            if cut == 1:
                raise
            continue
        for part in (*parts[cut:], attribute):
            found = getattr(found, part)
        return found
    raise ImportError(module_name)


def train_split(
    dataset: Dataset, preprocess: Preprocess, training: Training | None
) -> tuple[Any, np.ndarray]:
    """Inputs and target of the rows to train on; with validation where the job includes it.

    Raises
    ------
    ModelError
        if there is no train split with a target.
    """
    if dataset.heads:
        raise ModelError(
            Problem(
                "a model with several outputs is not trained by an audit",
                advice="Give the trained model, or its `weights:`.",
            )
        )
    chosen = [_required(dataset, "train")]
    if training is not None and training.include_validation:
        chosen.append(_required(dataset, "validation"))
    y = np.concatenate([_target(split) for split in chosen])
    inputs = concatenate([preprocess(split.X) for split in chosen])
    return inputs, y


def _required(dataset: Dataset, name: str) -> Split:
    if name not in dataset.splits:
        raise ModelError(
            Problem(
                f"the model has to be trained, and the data set {dataset.name} has no {name} split",
                expected=f"`{name}:` on the data set",
            )
        )
    return dataset.splits[name]


def _target(split: Split) -> np.ndarray:
    if split.y is None:
        raise ModelError(Problem(f"the {split.name} split has no target to train on"))
    if split.steps is not None:
        raise ModelError(
            Problem(
                "a model of labels step by step is not trained by an audit",
                advice="Give the trained model, or its `weights:`.",
            )
        )
    y: np.ndarray = split.y
    unknown = int((y < 0).sum()) if y.dtype.kind == "i" and y.ndim == 1 else 0
    if unknown:
        raise ModelError(
            Problem(
                f"{unknown:,} rows of {split.name} have a label that is no class",
                advice="Name all labels under `classes:`.",
            )
        )
    return y


def class_weights(training: Training | None, y: np.ndarray, dataset: Dataset) -> dict[int, float]:
    """Weight of each class code; empty when there are none.

    "balanced" is n / (K · count) over the K classes present, as in scikit-learn.

    Raises
    ------
    ModelError
        if a weight is named for a class that does not exist.
    """
    wanted = None if training is None else training.class_weight
    if wanted is None or y.ndim != 1 or dataset.task not in ("binary", "multiclass"):
        return {}
    if wanted == "balanced":
        codes, counts = np.unique(y, return_counts=True)
        return {
            int(code): float(len(y) / (len(codes) * count))
            for code, count in zip(codes, counts, strict=True)
        }
    from reportgen.data.labels import encode

    named = encode(list(wanted), dataset.classes)
    if (named < 0).any():
        strange = [name for name, code in zip(wanted, named, strict=True) if code < 0]
        raise ModelError(
            Problem(
                f"a class weight is given for {', '.join(strange)}, which is no class",
                key="training.class_weight",
                expected=", ".join(dataset.classes),
            )
        )
    weights = dict.fromkeys(range(len(dataset.classes)), 1.0)
    weights |= {int(code): float(w) for code, w in zip(named, wanted.values(), strict=True)}
    return weights


def train_weights(dataset: Dataset, training: Training | None) -> np.ndarray | None:
    """Weights of the rows that :func:`train_split` gives, float64 (n,); None where there are none.

    The data set's weight column, unless the job says that training did not use it.
    """
    names = ["train"]
    if training is not None and training.include_validation:
        names.append("validation")
    if training is not None and not training.sample_weight:
        return None
    parts = [dataset.splits[name].weights for name in names]
    if any(part is None for part in parts):
        return None
    return np.concatenate([np.asarray(part, np.float64) for part in parts])


def weighted_fit(estimator: Any, weights: np.ndarray | None) -> dict[str, np.ndarray]:
    """What ``fit`` is given so that rows are weighted, a pipeline's for its last step.

    Empty without weights, and for an estimator that takes none: it never had any.
    """
    from sklearn.utils.validation import has_fit_parameter

    if weights is None:
        return {}
    steps = getattr(estimator, "steps", None)
    name, fitted = steps[-1] if steps else ("", estimator)
    if not hasattr(fitted, "fit") or not has_fit_parameter(fitted, "sample_weight"):
        return {}
    return {f"{name}__sample_weight" if name else "sample_weight": weights}


def fit_estimator(
    model: Any, dataset: Dataset, preprocess: Preprocess, training: Training | None
) -> str:
    """Fits an estimator on the train split; a note for the report.

    Classification targets are the data set's class codes, so that ``classes_`` are positions.

    Raises
    ------
    ModelError
        if ``fit`` raises, or the estimator takes no class weights where the job gives some.
    """
    from reportgen.models.sklearn import feed

    inputs, y = train_split(dataset, preprocess, training)
    weights = class_weights(training, y, dataset)
    by_row = train_weights(dataset, training)
    takes_classes = "class_weight" in getattr(model, "get_params", dict)()
    if weights and not takes_classes:
        of_classes = np.array([weights[int(code)] for code in y])
        by_row = of_classes if by_row is None else by_row * of_classes
        if not weighted_fit(model, by_row):
            raise ModelError(
                Problem(
                    f"{type(model).__name__} takes neither class weights nor sample weights",
                    key="training.class_weight",
                )
            )
    extra = weighted_fit(model, by_row)
    target = y if dataset.task == "regression" or y.ndim > 1 else _labels(y, dataset)
    if weights and takes_classes:
        model.set_params(
            class_weight={_labels(np.array([c]), dataset)[0]: w for c, w in weights.items()}
        )
    try:
        model.fit(feed_for_fit(model, inputs, feed), target, **extra)
    except ModelError:
        raise
    except Exception as error:
        said = (str(error).splitlines() or [""])[0][:300]
        raise ModelError(
            Problem(f"{type(model).__name__}.fit raised {type(error).__name__}: {said}")
        ) from error
    return f"fitted here on {n_rows(inputs):,} rows of train: the estimator came unfitted"


def feed_for_fit(model: Any, inputs: Any, feed: Any) -> Any:
    """A frame becomes a pandas table with its names, so that transformers may select by name."""
    from reportgen.models.sklearn import takes_texts
    from reportgen.models.tables import named_table

    if hasattr(inputs, "columns") and not takes_texts(model):
        return named_table(inputs, [str(c) for c in inputs.columns], who="the model")
    return feed(model, inputs, who="the model")


def _labels(codes: np.ndarray, dataset: Dataset) -> NDArray[np.generic]:
    labels: np.ndarray = np.asarray(dataset.classes)[codes]
    return labels


def fit_keras(
    model: Any,
    dataset: Dataset,
    preprocess: Preprocess,
    training: Training,
    loss: Any,
    feed: Any,
) -> str:
    """Trains a Keras model by the job's recipe; a note for the report.

    Raises
    ------
    ModelError
        if the model is not compiled, the recipe needs a split that is not there, or training
        raises or diverges.
    """
    from reportgen.models.keras_loss import targets_for

    if not getattr(model, "compiled", getattr(model, "_is_compiled", False)):
        raise ModelError(
            Problem(
                "the model is not compiled, so it cannot be trained",
                advice="Call `model.compile(...)` in the function that builds it.",
            )
        )
    inputs, y = train_split(dataset, preprocess, training)
    weights = class_weights(training, y, dataset)
    outputs = _outputs(model, feed, inputs)
    held_out = None
    if "validation" in dataset.splits and not training.include_validation:
        split = _required(dataset, "validation")
        held_out = (
            feed(preprocess(split.X)),
            targets_for(_target(split), loss, outputs, dataset.task),
        )
    callbacks = _early_stopping(model, training, held_out is not None)
    try:
        history = model.fit(
            feed(inputs),
            targets_for(y, loss, outputs, dataset.task),
            epochs=training.epochs,
            batch_size=training.batch_size,
            shuffle=training.shuffle,
            class_weight=weights or None,
            sample_weight=train_weights(dataset, training),
            validation_data=held_out,
            callbacks=callbacks,
            verbose=0,
        )
    except ModelError:
        raise
    except Exception as error:
        said = (str(error).splitlines() or [""])[0][:300]
        raise ModelError(Problem(f"training raised {type(error).__name__}: {said}")) from error
    losses = history.history.get("loss", [])
    if losses and not np.isfinite(losses[-1]):
        raise ModelError(
            Problem(
                f"training diverged: the loss is {losses[-1]} after epoch {len(losses)}",
                advice="Lower the learning rate, or look for missing values in train.",
            )
        )
    return (
        f"trained here on {n_rows(inputs):,} rows of train for {len(losses)} "
        f"{'epoch' if len(losses) == 1 else 'epochs'}: the model came without weights"
    )


def _outputs(model: Any, feed: Any, inputs: Any) -> int:
    """Numbers that a model gives for a row; one of its own class is asked for a row."""
    from reportgen.models.tables import take

    shape = getattr(model, "output_shape", None)
    if shape is None:
        shape = np.shape(model.predict_on_batch(feed(take(inputs, 0, 1))))
    return int(shape[-1] or 1) if len(shape) > 1 else 1


def _early_stopping(model: Any, training: Training, has_validation: bool) -> list[Any]:
    stop = training.early_stopping
    if stop is None:
        return []
    if stop.monitor.startswith("val_") and not has_validation:
        raise ModelError(
            Problem(
                f"early stopping watches {stop.monitor}, and there is no validation split",
                key="training.early_stopping.monitor",
                advice="Add `validation:` to the data set, or watch `loss`.",
            )
        )
    from reportgen.models.keras_read import is_tf_keras

    keras = importlib.import_module("tf_keras" if is_tf_keras(model) else "keras")
    return [
        keras.callbacks.EarlyStopping(
            monitor=stop.monitor,
            patience=stop.patience,
            min_delta=stop.min_delta,
            restore_best_weights=stop.restore_best,
        )
    ]
