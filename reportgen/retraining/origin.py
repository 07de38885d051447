"""Where the networks of a case come from: the delivered file, or the job's own builder."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.models.randomness import untouched
from reportgen.models.sniff import sniff
from reportgen.retraining.blueprint import Blueprint

if TYPE_CHECKING:
    import numpy as np

    from reportgen.retraining.member import Member
    from reportgen.retraining.network import Network


class CannotRetrain(Exception):
    """There is no recipe to train by; the reason is shown in the report."""


@dataclass(frozen=True)
class Origin:
    """Makes networks to be trained.

    Attributes
    ----------
    blueprint : of the file, or what is known of a model that cannot be written into one.
    custom : name -> object, for classes and functions of the job's own.
    build : the job's builder, for models that cannot be made from a file: gives a compiled model
        with initial weights of its own.
    live : the delivered model that the builder once gave; its fixed weights are kept.
    example : a few rows of inputs, on which a model that knows no shapes is built.
    """

    blueprint: Blueprint
    custom: Mapping[str, Any] = field(default_factory=dict)
    build: Callable[[], Any] | None = None
    live: Any = None
    example: tuple[np.ndarray, ...] = ()

    def network(self, member: Member) -> Network:
        """A network for members of this one's architecture."""
        from reportgen.retraining.network import Network

        return Network(self.blueprint, member, custom=self.custom, build=self.built, live=self.live)

    @property
    def built(self) -> Callable[[], Any] | None:
        """The builder, its model called on the example where it has no weights before that."""
        build = self.build
        if build is None:
            return None

        def called() -> Any:
            model = build()
            if not model.built:
                model(self.example[0] if len(self.example) == 1 else list(self.example))
            return model

        return called


def origin_of(predictor: Any, folder: Path, example: tuple[np.ndarray, ...] = ()) -> Origin:
    """The origin of a Keras predictor's model.

    A ``.keras`` file is read where it is. An HDF5 model is written anew as one, and so is a model
    that Python built; if it is of a class of its own, the builder is asked again for each.

    Parameters
    ----------
    folder : for files written here.

    Raises
    ------
    CannotRetrain
        The model is not compiled, or an HDF5 file does not load with what it was compiled with.
    """
    file: Path | None = predictor.file
    if file is not None and sniff(file) == "keras-zip":
        if file.suffix != ".keras":
            link = Path(tempfile.mkdtemp(dir=folder)) / "delivered.keras"
            link.symlink_to(file.absolute())
            file = link
        return Origin(Blueprint.read(file), predictor.custom)
    model = predictor.model if file is None else _with_recipe(file, predictor.custom)
    if not getattr(model, "compiled", False):
        raise CannotRetrain("the model keeps no optimizer and no loss: it is not compiled")
    saved = folder / "delivered.keras"
    try:
        with untouched(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a class of its own does not tell of itself
            model.save(saved)
        blueprint = Blueprint.read(saved)
    except Exception as error:
        if predictor.build is None:
            raise CannotRetrain(f"the model cannot be saved: {_first(error)}") from error
        blueprint = Blueprint("", _told(model, predictor.compiled))
    own = blueprint.own_class or blueprint.foreign
    if predictor.build is None or not own:
        return Origin(blueprint, predictor.custom)
    return Origin(blueprint, predictor.custom, predictor.build, model, example)


def _told(model: Any, compiled: Mapping[str, Any] | None) -> dict[str, Any]:
    """The little that is known of a model that cannot be saved."""
    name = type(model).__name__
    return {
        "class_name": name,
        "registered_name": name,
        "config": {"name": model.name},
        "compile_config": dict(compiled or {}),
    }


def _with_recipe(file: Path, custom: Mapping[str, Any]) -> Any:
    """An HDF5 model with what it was compiled with."""
    import keras

    try:
        with (
            untouched(),
            warnings.catch_warnings(),
            tempfile.TemporaryDirectory() as folder,
        ):
            warnings.simplefilter("ignore")  # the optimizer's state does not matter
            link = Path(folder) / "delivered.h5"
            link.symlink_to(file.absolute())
            return keras.saving.load_model(
                link, custom_objects=dict(custom), compile=True, safe_mode=True
            )
    except Exception as error:
        said = f"{file.name} cannot be loaded with its recipe: {_first(error)}"
        raise CannotRetrain(said) from error


def _first(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
