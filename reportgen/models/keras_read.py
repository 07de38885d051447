"""Keras models from files and from the job's own Python, as predictors."""

from __future__ import annotations

import importlib
import json
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.errors import ModelError, Problem
from reportgen.job import python_code
from reportgen.models import headers, keras_config
from reportgen.models.keras import Framework, KerasPredictor, first_line, output_names
from reportgen.models.keras_loss import serialised_loss
from reportgen.models.randomness import untouched
from reportgen.models.sniff import sniff

if TYPE_CHECKING:
    from reportgen.job.schema import Job, KerasModel


def load(job: Job, source: KerasModel, task: str, head: str | None = None) -> KerasPredictor:
    """A .keras or HDF5 file as a predictor; nothing in the file is executed.

    Raises
    ------
    ModelError
        if the file is missing, damaged, carries code, needs classes that the job does not name,
        has several outputs of which none is named, or cannot be built.
    """
    path = job.locate(source.keras)
    config = keras_config.read_config(path)
    headers.refuse_unsafe(config, source)
    headers.require_tf_keras(config)
    heads = keras_config.output_heads(config.model)
    if head is not None and any(heads) and head not in heads:
        raise headers.no_such_output(head, heads)
    if len(heads) > 1 and head is None:
        raise headers.several_outputs(heads)
    head = head if len(heads) > 1 else None
    framework: Framework = "tf_keras" if config.is_keras2 else "keras"
    custom = custom_objects(source.custom_objects, job.file.parent)
    model = _read(path, framework, custom, config)
    notes: tuple[str, ...] = ()
    if framework == "tf_keras":
        said_version = f"Keras {config.version}" if config.version else "Keras 1 or 2"
        notes = (f"the file was written by {said_version} and is loaded by tf_keras",)
    compiled = config.compiled or {}
    return KerasPredictor(
        model,
        framework,
        config=config.model,
        loss=_loss_of(compiled.get("loss"), heads, head),
        task=task,
        custom_objects=custom,
        notes=notes,
        compiled=config.compiled,
        file=path,
        head=head,
    )


def _loss_of(loss: Any, heads: tuple[str, ...], head: str | None) -> Any:
    return headers.only(loss) if head is None else headers.of_heads(loss, heads)[head]


def of_live_model(
    model: Any,
    task: str,
    custom: Mapping[str, Any] | None = None,
    notes: tuple[str, ...] = (),
    build: Callable[[], Any] | None = None,
    head: str | None = None,
) -> KerasPredictor:
    """A predictor for a model that Python built; ``build`` builds it again, ``head`` is the output
    that is asked, of several.

    Raises
    ------
    ModelError
        if there are several, and none or another one is named.
    """
    framework: Framework = "tf_keras" if is_tf_keras(model) else "keras"
    names = output_names(model)
    if len(names) > 1 and head is None:
        raise headers.several_outputs(names)
    if head is not None and names and head not in names:
        raise headers.no_such_output(head, names)
    head = head if len(names) > 1 else None
    try:
        config = json.loads(model.to_json())
    except (NotImplementedError, TypeError, ValueError, AttributeError):
        config = None
    return KerasPredictor(
        model,
        framework,
        config=config,
        loss=_loss_of(serialised_loss(model), names, head),
        task=task,
        custom_objects=custom,
        notes=notes,
        compiled=_compile_config(model),
        build=build,
        head=head,
    )


def _compile_config(model: Any) -> Mapping[str, Any] | None:
    if not getattr(model, "compiled", False):
        return None
    try:
        found: Mapping[str, Any] | None = model.get_compile_config()
    except (NotImplementedError, TypeError, ValueError, AttributeError):
        return None
    return found


def is_tf_keras(model: Any) -> bool:
    """Whether a live model belongs to tf_keras (Keras 2)."""
    return any(c.__module__.partition(".")[0] == "tf_keras" for c in type(model).__mro__)


def is_keras(model: Any) -> bool:
    """Whether an object is a Keras model, of either major version; imports nothing."""
    return any(
        c.__module__.partition(".")[0] in ("keras", "tf_keras") and c.__name__ == "Model"
        for c in type(model).__mro__
    )


def custom_objects(names: tuple[str, ...], folder: Path) -> dict[str, Any]:
    """The job's ``custom_objects`` by their own and their registered names."""
    found: dict[str, Any] = {}
    for name in names:
        value = python_code.resolve(name, folder, error=ModelError)
        found[name.partition(":")[2].rpartition(".")[2]] = value
        registered = getattr(value, "_api_export_path", None)
        if isinstance(registered, str):
            found[registered] = value
    return found


def _read(
    path: Path,
    framework: Framework,
    custom: Mapping[str, Any],
    config: keras_config.KerasConfig,
) -> Any:
    # Keras tells formats by the extension, and extensions lie: a link with the right one helps.
    suffix = ".keras" if sniff(path) == "keras-zip" else ".h5"
    module = importlib.import_module(framework)
    with tempfile.TemporaryDirectory() as folder, untouched(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        named = path
        if path.suffix != suffix:
            named = Path(folder) / f"model{suffix}"
            named.symlink_to(path)
        try:
            return module.models.load_model(
                str(named), custom_objects=dict(custom), compile=False, safe_mode=True
            )
        except Exception as error:
            unknown = "Unknown layer" in str(error) or "Could not locate" in str(error)
            raise ModelError(
                Problem(
                    f"{framework} cannot load the model: {first_line(error)}",
                    file=str(path),
                    got=f"written by Keras {config.version}" if config.version else None,
                    advice="Name its classes: {keras: FILE, custom_objects: [pkg.mod:Class]}."
                    if unknown
                    else "Load it where it was made and save it again as .keras.",
                )
            ) from error
