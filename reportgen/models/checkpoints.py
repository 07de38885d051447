"""Weights that were saved during training, and the delivered network with them."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

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
