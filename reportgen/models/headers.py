"""What can be known of a model before it is loaded: no TensorFlow, no unpickling.

``reportgen validate`` checks jobs with this, and the pipeline asks it which stack to load.
"""

from __future__ import annotations

import importlib.util
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reportgen.errors import ModelError, Problem
from reportgen.job import python_names
from reportgen.job.schema import (
    Job,
    KerasModel,
    ModelEntry,
    PredictionsModel,
    PythonModel,
    PythonStep,
    SavedModel,
    SklearnModel,
)
from reportgen.models import keras_config
from reportgen.models.predictor import Framework
from reportgen.models.sniff import NAMES, sniff

Shape = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class ModelHeader:
    """A model as its file describes it; None and () where the file does not say.

    Attributes
    ----------
    framework : which stack will load it; "python" for ``{python: …}``, which is not run here.
    needs_tensorflow : whether loading it imports TensorFlow.
    n_outputs : columns of its output.
    last_activation : of the last layer, "linear" where it has none.
    n_inputs : columns of a row, for models with one flat input.
    input_names, input_shapes : of every input; shapes without the batch axis.
    heads : names of the outputs, one for nearly all models; ``columns_of`` has, where there are
        several, the number of columns of each, None where it cannot be read.
    loss, optimizer, metrics : names as compiled into the file.
    loss_config : the loss as serialised.
    version : of Keras, or of scikit-learn, that wrote the file.
    custom : registered names of classes that are not the framework's own.
    feature_names : columns that a scikit-learn object was fitted with.
    class_name : of a scikit-learn object.
    columns : of each prediction file, by split.
    """

    framework: Framework
    needs_tensorflow: bool = False
    n_outputs: int | None = None
    last_activation: str | None = None
    n_inputs: int | None = None
    input_names: tuple[str, ...] = ()
    input_shapes: tuple[Shape, ...] = ()
    heads: tuple[str, ...] = ("",)
    columns_of: Mapping[str, int | None] = field(default_factory=dict)
    loss: str | None = None
    loss_config: Any = None
    optimizer: str | None = None
    metrics: tuple[str, ...] = ()
    version: str = ""
    custom: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    class_name: str | None = None
    columns: Mapping[str, tuple[str, ...]] | None = None


def read(job: Job, entry: ModelEntry) -> ModelHeader:
    """The header of a model's file or files.

    Raises
    ------
    ModelError
        if a file is missing, damaged, of the wrong kind, or would be refused on loading
        (a Lambda layer, an untrusted pickle, a Keras 2 file without tf_keras).
    """
    source = entry.model
    if isinstance(source, KerasModel):
        return _keras(job, source)
    if isinstance(source, SavedModel):
        path = job.locate(source.savedmodel)
        require_kind(path, "savedmodel")
        return ModelHeader("savedmodel", needs_tensorflow=True)
    if isinstance(source, SklearnModel):
        return _sklearn(job.locate(source.sklearn), source.trusted)
    if isinstance(source, PythonModel):
        if source.weights is not None:
            sniff(job.locate(source.weights))
        return ModelHeader("python", needs_tensorflow=needs_tensorflow(job, entry))
    return _predictions(job, source)


def needs_tensorflow(job: Job, entry: ModelEntry) -> bool:
    """Whether auditing this model imports TensorFlow, as far as can be told without running code.

    For ``{python: …}`` the module's text is searched for imports; when it is not in the job's
    folder the answer is False, and TensorFlow is imported when the model is built.
    """
    source = entry.model
    if isinstance(source, (KerasModel, SavedModel)):
        return True
    folder = job.file.parent
    named = [step.python for step in entry.preprocess if isinstance(step, PythonStep)]
    if isinstance(source, PythonModel):
        named.append(source.python)
    return any(python_names.imports_tensorflow(name, folder) for name in named)


def require_kind(path: Path, *expected: str) -> str:
    """The file's kind, when it is one of ``expected``; else a ModelError."""
    kind = sniff(path)
    if kind not in expected:
        wanted = " or ".join(NAMES[e] for e in NAMES if e in expected)
        raise ModelError(
            Problem("the file is of another kind", file=str(path), expected=wanted, got=NAMES[kind])
        )
    return kind


def _keras(job: Job, source: KerasModel) -> ModelHeader:
    path = job.locate(source.keras)
    config = keras_config.read_config(path)
    refuse_unsafe(config, source)
    require_tf_keras(config)
    inputs = keras_config.inputs(config.model)
    activation, units = keras_config.last_layer(config.model)
    heads = keras_config.output_heads(config.model)
    flat = len(inputs) == 1 and len(inputs[0][1]) == 1
    compiled = config.compiled or {}
    return ModelHeader(
        "tf_keras" if config.is_keras2 else "keras",
        needs_tensorflow=True,
        n_outputs=units,
        last_activation=activation,
        n_inputs=inputs[0][1][0] if flat else None,
        input_names=tuple(name for name, _ in inputs),
        input_shapes=tuple(shape for _, shape in inputs),
        heads=heads,
        columns_of={
            h: keras_config.last_layer(config.model, h)[1] for h in heads if len(heads) > 1
        },
        loss=keras_config.spoken(only(compiled.get("loss"))),
        loss_config=only(compiled.get("loss")),
        optimizer=keras_config.spoken(compiled.get("optimizer")),
        metrics=_metric_names(compiled),
        version=config.version,
        custom=keras_config.custom_names(config),
    )


def refuse_unsafe(config: keras_config.KerasConfig, source: KerasModel) -> None:
    """Raises a ModelError when the file holds code, or foreign classes that the job leaves out."""
    named = tuple(name.partition(":")[2].rpartition(".")[2] for name in source.custom_objects)
    unsafe = keras_config.unsafe_parts(config, named)
    if unsafe:
        raise ModelError(
            Problem(
                f"the model file carries {'; '.join(unsafe)}: it is not loaded",
                file=config.file,
                expected="files that are data: layers of Keras, or classes that the job names",
                advice="Replace it by a layer class of your own, and name that class: "
                "{keras: FILE, custom_objects: [pkg.mod:Class]}.",
            )
        )
    missing = [
        name
        for name in keras_config.custom_names(config)
        if name.rpartition(">")[2] not in named and name not in named
    ]
    if missing:
        raise ModelError(
            Problem(
                f"the model uses classes that are not Keras's own: {', '.join(missing[:8])}",
                file=config.file,
                advice="Name them: {keras: FILE, custom_objects: [pkg.mod:Class]}.",
            )
        )


def require_tf_keras(config: keras_config.KerasConfig) -> None:
    """Raises a ModelError when a Keras 2 file meets an environment without tf_keras."""
    if config.is_keras2 and importlib.util.find_spec("tf_keras") is None:
        raise ModelError(
            Problem(
                f"the file was written by Keras {config.version or '1 or 2'}, "
                "which Keras 3 does not load reliably",
                file=config.file,
                expected="tf_keras, which is not installed",
                advice="Install the extra: pip install 'reportgen[keras2]'.",
            )
        )


def several_outputs(names: tuple[str, ...]) -> ModelError:
    """The error for a model with more than one output, of which the job does not speak."""
    named = f" ({', '.join(names)})" if any(names) else ""
    example = ", ".join(f"{name or k}: COLUMN" for k, name in enumerate(names[:3]))
    return ModelError(
        Problem(
            f"the model has {len(names)} outputs{named}",
            expected="the column that each predicts",
            advice=f"Write `targets: {{{example}}}` on the data set in place of `target:`; the "
            "first is audited.",
        )
    )


def no_such_output(head: str, names: tuple[str, ...]) -> ModelError:
    """The error for an output that the job names and the model does not have."""
    from reportgen.job.keypath import meant

    return ModelError(
        Problem(
            f"the model has no output {head!r}",
            expected="one of: " + (", ".join(map(repr, names)) if any(names) else "a single one"),
            advice=meant(head, names) or "Name the model's outputs under `targets:`.",
        )
    )


def of_heads(value: Any, heads: tuple[str, ...]) -> dict[str, Any]:
    """Losses, or weights of losses, by output: as they were given to ``compile``."""
    if isinstance(value, Mapping) and "class_name" not in value:
        return {head: value.get(head) for head in heads}
    if isinstance(value, (list, tuple)):
        return dict(zip(heads, value, strict=False))
    return dict.fromkeys(heads, value)


def only(value: Any) -> Any:
    """The one element of a list or mapping of losses; anything else as it is."""
    if isinstance(value, list) and len(value) == 1:
        return value[0]
    if isinstance(value, Mapping) and len(value) == 1 and "class_name" not in value:
        return next(iter(value.values()))
    return value


def _metric_names(compiled: Mapping[str, Any]) -> tuple[str, ...]:
    found: list[str] = []

    def gather(value: Any) -> None:
        if isinstance(value, list):
            for part in value:
                gather(part)
        elif isinstance(value, Mapping) and "class_name" not in value:
            gather(list(value.values()))
        else:
            name = keras_config.spoken(value)
            if name:
                found.append(name)

    gather(compiled.get("metrics"))
    gather(compiled.get("weighted_metrics"))
    return tuple(found)


def _sklearn(path: Path, trusted: bool) -> ModelHeader:
    kind = require_kind(path, "skops", "pickle", "compressed-pickle")
    if kind != "skops":
        require_trust(path, kind, trusted)
        return ModelHeader("sklearn")
    schema = skops_schema(path)
    content = schema.get("content", {})
    content = content.get("content", content) if isinstance(content, Mapping) else {}
    names = _skops_value(content.get("feature_names_in_"))
    n_inputs = _skops_value(content.get("n_features_in_"))
    return ModelHeader(
        "sklearn",
        n_inputs=n_inputs if isinstance(n_inputs, int) else None,
        feature_names=tuple(map(str, names)) if isinstance(names, list) else (),
        version=str(_skops_value(content.get("_sklearn_version")) or ""),
        class_name=str(schema.get("__class__", "")) or None,
    )


def require_trust(path: Path, kind: str, trusted: bool) -> None:
    """Raises a ModelError for a pickle that the job does not trust; nothing of it is loaded."""
    if not trusted:
        raise ModelError(
            Problem(
                f"this is {'a pickle' if kind == 'pickle' else 'a compressed pickle'}: "
                "loading one runs whatever code is in it",
                file=str(path),
                expected="a skops file, or a pickle that the job trusts",
                advice="Save it with skops, or write `trusted: true` beside it "
                "if you know who made it.",
            )
        )


def skops_schema(path: Path) -> dict[str, Any]:
    """A skops file's description of its objects.

    Raises
    ------
    ModelError
        if the file is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            schema = json.loads(keras_config.part(archive, "schema.json"))
    except (zipfile.BadZipFile, ValueError, KeyError, OSError, EOFError, RecursionError) as error:
        raise ModelError(
            Problem("the skops file is damaged", file=str(path), got=str(error)[:200])
        ) from None
    if not isinstance(schema, dict):
        raise ModelError(Problem("the skops file is damaged", file=str(path)))
    return schema


def _skops_value(node: Any) -> Any:
    """A JSON value or a list of them from a skops schema; None for anything else."""
    if not isinstance(node, Mapping):
        return None
    content = node.get("content")
    if node.get("__loader__") == "JsonNode" and isinstance(content, str):
        try:
            return json.loads(content)
        except ValueError:
            return None
    if isinstance(content, list):
        return [_skops_value(part) for part in content]
    return None


def _predictions(job: Job, source: PredictionsModel) -> ModelHeader:
    from reportgen.models.predictions import columns

    return ModelHeader(
        "predictions",
        columns={split: columns(job.locate(path)) for split, path in source.predictions.items()},
    )
