"""Weights that were saved during training, and the delivered network with them."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.errors import ModelError, Problem
from reportgen.models.randomness import untouched
from reportgen.models.sniff import NAMES, sniff

if TYPE_CHECKING:
    from reportgen.job.schema import Job
    from reportgen.models.keras import KerasPredictor

_KINDS = ("keras-zip", "hdf5")


def located(job: Job, name: str) -> tuple[Path, ...]:
    """The files under a model's ``checkpoints:``, in its order; nothing of them is loaded.

    Raises
    ------
    ModelError
        naming the key of each that is missing, damaged, or no file of weights.
    """
    found: list[Path] = []
    problems: list[Problem] = []
    for index, file in enumerate(job.models[name].checkpoints):
        path = job.locate(file)
        found.append(path)
        try:
            kind = sniff(path)
        except ModelError as error:
            problems += error.at(key=f"models.{name}.checkpoints[{index}]").problems
            continue
        if kind not in _KINDS:
            problems.append(
                Problem(
                    "the file holds no weights of a network",
                    file=str(path),
                    key=f"models.{name}.checkpoints[{index}]",
                    expected="a .weights.h5, .h5 or .keras file",
                    got=NAMES[kind],
                )
            )
    if problems:
        raise ModelError(*problems)
    return tuple(found)


def with_weights(predictor: KerasPredictor, path: Path) -> KerasPredictor:
    """The delivered network with the weights of a checkpoint; the delivered one stays as it is.

    Raises
    ------
    ModelError
        if the network cannot be copied, or the weights are not of this architecture.
    """
    name = path.name.lower()
    if sniff(path) == "keras-zip":
        ending = ".keras"
    else:  # ``.weights.h5`` and the ``.h5`` of Keras 2 are laid out differently
        ending = ".h5" if name.endswith((".h5", ".hdf5")) and ".weights." not in name else ""
        ending = ending or ".weights.h5"
    with tempfile.TemporaryDirectory() as folder, untouched(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Keras tells formats by the extension, and extensions lie.
        named = Path(folder) / f"checkpoint{ending}"
        named.symlink_to(path.resolve())
        try:
            model = predictor.copied()
            model.load_weights(str(named))
        except Exception as error:
            reason = str(error).strip().splitlines()
            raise ModelError(
                Problem(
                    f"these weights do not fit the model: {reason[0] if reason else error!r}"[:300],
                    file=str(path),
                    advice="Give weights that were saved from this architecture.",
                )
            ) from error
    return predictor.around(model)


def mean_of(predictor: KerasPredictor, others: Sequence[KerasPredictor]) -> KerasPredictor:
    """The delivered network with the mean of the weights of others of its architecture.

    Raises
    ------
    ModelError
        if the network cannot be copied.
    """
    layers = zip(*(other.model.get_weights() for other in others), strict=True)
    return _holding(predictor, [np.mean(each, axis=0) for each in layers])


def moving_averages(predictor: KerasPredictor) -> KerasPredictor | None:
    """The network with the moving averages that its optimizer keeps; None where it keeps none.

    Only a live model has its optimizer; one that was read from a file for an audit has not.

    Raises
    ------
    ModelError
        if the network cannot be copied.
    """
    optimizer = getattr(predictor.model, "optimizer", None)
    averages = getattr(optimizer, "_model_variables_moving_average", None)
    trained = list(predictor.model.trainable_variables)
    if not averages or len(averages) != len(trained):
        return None
    place = {id(variable): k for k, variable in enumerate(trained)}
    weights = [
        np.array(averages[place[id(v)]] if id(v) in place else v) for v in predictor.model.weights
    ]
    return _holding(predictor, weights)


def before_training(predictor: KerasPredictor, seed: int) -> KerasPredictor:
    """The network as it is built after ``keras.utils.set_random_seed(seed)``, untrained.

    Raises
    ------
    ModelError
        if the network cannot be copied.
    """
    import importlib

    keras = importlib.import_module(predictor.framework)
    with untouched():
        keras.utils.set_random_seed(seed)
        try:
            model = predictor.copied() if predictor.build is None else predictor.build()
        except Exception as error:
            raise ModelError(Problem(f"the network cannot be copied: {error}"[:300])) from error
    return predictor.around(model)


def untrained_layers(delivered: Any, checkpoint: Any) -> tuple[str, ...]:
    """Layers that a checkpoint has trained and the delivered network has as they were made.

    They differ from the checkpoint's and their bias is exactly zero, where the checkpoint's is
    not, while other trainable layers are the checkpoint's own to the last bit. Empty where this
    is not so: two epochs of one training differ in every trainable layer.
    """
    same, unmade = False, []
    for ours, theirs in zip(delivered.layers, checkpoint.layers, strict=True):
        pairs = list(zip(ours.get_weights(), theirs.get_weights(), strict=True))
        if not pairs or not ours.trainable:
            continue
        if all(np.array_equal(a, b) for a, b in pairs):
            same = True
        elif any(a.ndim == 1 and not a.any() and b.any() for a, b in pairs):
            unmade.append(str(ours.name))
    return tuple(unmade) if same else ()


def _holding(predictor: KerasPredictor, weights: list[np.ndarray]) -> KerasPredictor:
    with untouched():
        try:
            model = predictor.copied()
            model.set_weights(weights)
        except Exception as error:
            raise ModelError(Problem(f"the network cannot be copied: {error}"[:300])) from error
    return predictor.around(model)
