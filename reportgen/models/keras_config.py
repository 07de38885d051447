"""What a Keras file says of itself, read as JSON: no TensorFlow, nothing executed.

.keras files (Keras 3 and late Keras 2) hold config.json; HDF5 files hold the same as attributes.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.errors import ModelError, Problem
from reportgen.models.sniff import sniff

MAX_DESCRIPTION = 1 << 28  # bytes; vocabularies stand in it, weights do not
_MODELS = ("Sequential", "Functional", "Model")
#: Layers that leave the number of outputs, and what they mean, as the layer before made them.
_PASSING = (
    "Dropout", "Flatten", "Reshape", "Identity", "GaussianNoise", "GaussianDropout",
    "AlphaDropout", "SpatialDropout1D", "ActivityRegularization", "Masking",
)  # fmt: skip
_ACTIVATION_LAYERS = {"Softmax": "softmax", "ReLU": "relu", "LeakyReLU": "leaky_relu", "ELU": "elu"}
_VOCABULARIES = ("StringLookup", "IntegerLookup", "TextVectorization")
_TF_FAMILIES = (
    "math", "nn", "linalg", "image", "strings", "signal", "keras", "sparse", "ragged", "bitwise",
    "random", "dtypes", "__operators__",
)  # fmt: skip
_TF_REFUSED = ("py_function", "numpy_function", "py_func", "load_op_library", "load_library")


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer, flattened out of nested models and wrappers."""

    class_name: str
    name: str
    config: Mapping[str, Any]
    shape: tuple[int | None, ...] | None = None

    @property
    def activation(self) -> str | None:
        return _ACTIVATION_LAYERS.get(self.class_name) or spoken(self.config.get("activation"))


@dataclass(frozen=True, slots=True)
class KerasConfig:
    """A Keras file's own description.

    ``version`` is the Keras version that wrote it ("" when it does not say); ``model`` the
    architecture; ``compiled`` has ``loss``, ``metrics``, ``weighted_metrics``,
    ``loss_weights`` and ``optimizer`` as they were serialised, or is None.
    """

    file: str
    version: str
    model: Mapping[str, Any]
    compiled: Mapping[str, Any] | None

    @property
    def is_keras2(self) -> bool:
        """Written by Keras 1 or 2, which tf_keras loads and Keras 3 often does not."""
        return not self.version or int(self.version.split(".")[0]) < 3


def read_config(path: Path) -> KerasConfig:
    """The architecture, version and compilation of a .keras or HDF5 file.

    Raises
    ------
    ModelError
        if it is no Keras file, damaged, or holds weights only.
    """
    kind = sniff(path)
    if kind == "keras-zip":
        return _from_zip(path)
    if kind == "hdf5":
        return _from_hdf5(path)
    from reportgen.models.sniff import NAMES

    say = {
        "savedmodel": "Write {savedmodel: DIR} in the job.",
        "skops": "Write {sklearn: FILE} in the job.",
    }.get(kind, "Write {sklearn: FILE, trusted: true} in the job, if you trust who made it.")
    raise ModelError(
        Problem(
            f"this is {NAMES[kind]}, not a Keras model",
            file=str(path),
            expected="a .keras or HDF5 file",
            advice=say,
        )
    )


def part(archive: zipfile.ZipFile, name: str) -> bytes:
    """A description in a zip file.

    Raises
    ------
    ValueError
        if it unpacks to more than any description has.
    """
    size = archive.getinfo(name).file_size
    if size > MAX_DESCRIPTION:
        raise ValueError(f"{name} unpacks to {size:,} bytes")
    return archive.read(name)


def _from_zip(path: Path) -> KerasConfig:
    try:
        with zipfile.ZipFile(path) as archive:
            model = json.loads(part(archive, "config.json"))
            names = archive.namelist()
            written = part(archive, "metadata.json") if "metadata.json" in names else b"{}"
            metadata = json.loads(written)
    except (zipfile.BadZipFile, ValueError, KeyError, OSError, EOFError, RecursionError) as error:
        raise _damaged(path, error) from None
    if not isinstance(model, dict) or "class_name" not in model:
        raise _damaged(path, "config.json describes no model")
    if not any(name.startswith("model.weights") for name in names):
        raise _damaged(path, "there are no weights in it")
    return KerasConfig(
        str(path), str(metadata.get("keras_version", "3")), model, model.get("compile_config")
    )


def _from_hdf5(path: Path) -> KerasConfig:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            attributes = {
                key: file.attrs[key]
                for key in ("keras_version", "model_config", "training_config")
                if key in file.attrs
            }
            keys = set(file.keys())
            weights_only = "layer_names" in file.attrs or {"layers", "_layer_checkpoint"} & keys
            if "model_weights" in file and "keras_version" in file["model_weights"].attrs:
                attributes.setdefault("keras_version", file["model_weights"].attrs["keras_version"])
    except (OSError, RuntimeError) as error:
        raise _damaged(path, error) from None
    if "model_config" not in attributes:
        if weights_only:
            raise ModelError(
                Problem(
                    "the file holds weights without an architecture",
                    file=str(path),
                    advice="Name what builds the model: {python: pkg.mod:build, weights: FILE}.",
                )
            )
        raise ModelError(Problem("an HDF5 file, but no Keras model is in it", file=str(path)))
    try:
        model = json.loads(_text(attributes["model_config"]))
        compiled = attributes.get("training_config")
        compiled = None if compiled is None else json.loads(_text(compiled))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, error) from None
    if compiled is not None and "optimizer" not in compiled:
        compiled = {**compiled, "optimizer": compiled.get("optimizer_config")}
    return KerasConfig(str(path), _text(attributes.get("keras_version", "")), model, compiled)


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _damaged(path: Path, error: object) -> ModelError:
    return ModelError(
        Problem(
            "the model file is cut short or damaged",
            file=str(path),
            got=str(error).splitlines()[0][:200] if str(error) else None,
            advice="Copy or save the model again; compare the sizes.",
        )
    )


def spoken(value: Any) -> str | None:
    """The name of a loss, metric, activation or optimizer, however it was serialised."""
    if value is None:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        config = value.get("config")
        if value.get("class_name") in ("function", "Function") and isinstance(config, str):
            return config
        if isinstance(config, Mapping) and isinstance(config.get("fn"), str):
            return str(config["fn"])
        name = value.get("class_name") or value.get("registered_name")
        return str(name).rpartition(">")[2] if name else None
    return str(value)


def layers(model: Mapping[str, Any]) -> list[Layer]:
    """All layers of a model in order; nested models are opened."""
    found: list[Layer] = []
    for node in _nodes(model):
        if node.get("class_name") in _MODELS:
            found += layers(node)
        else:
            found.append(_layer(node))
    return found


def _nodes(model: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    config = model.get("config", {})
    listed = config if isinstance(config, list) else config.get("layers", [])
    return [node for node in listed if isinstance(node, Mapping)]


def _layer(node: Mapping[str, Any]) -> Layer:
    config = node.get("config") or {}
    inner = config.get("layer") if isinstance(config, Mapping) else None
    if isinstance(inner, Mapping):  # TimeDistributed, Bidirectional and their like
        return _layer(inner)
    shape = config.get("batch_shape") or config.get("batch_input_shape")
    return Layer(
        str(node.get("class_name", "")),
        str(config.get("name") or node.get("name") or ""),
        config,
        tuple(shape) if isinstance(shape, (list, tuple)) else None,
    )


def inputs(model: Mapping[str, Any]) -> tuple[tuple[str, tuple[int | None, ...]], ...]:
    """``(name, shape without the batch axis)`` of every input, in the model's order."""
    config = model.get("config", {})
    named = {}
    for node in _nodes(model):
        layer = _layer(node)
        own = layers(node)[:1] if node.get("class_name") in _MODELS else []
        shape = layer.shape or (own[0].shape if own else None)
        if shape is not None:
            named[layer.name or str(node.get("name", ""))] = shape[1:]
    listed = _ends(config.get("input_layers")) if isinstance(config, Mapping) else []
    if listed:
        return tuple((name, named[name]) for name in listed if name in named)
    if named:
        return tuple(named.items())[:1]
    built = config.get("build_input_shape") if isinstance(config, Mapping) else None
    return (("", tuple(built[1:])),) if isinstance(built, list) and built else ()


def output_heads(model: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the model's outputs; one, perhaps nameless, for a Sequential model.

    Keys of a mapping of outputs, in Keras's order; else names of the last layers.
    """
    return tuple(_heads(model)) or ("",)


def _heads(model: Mapping[str, Any]) -> dict[str, str]:
    """The last layer of each output, by the output's name."""
    config = model.get("config", {})
    listed = config.get("output_layers") if isinstance(config, Mapping) else None
    if isinstance(listed, Mapping):
        ends = {key: _ends(listed[key]) for key in sorted(listed)}
        if all(len(found) == 1 for found in ends.values()):
            return {key: found[0] for key, found in ends.items()}
    return {name: name for name in _ends(listed)}


def _ends(listed: Any) -> list[str]:
    """Layer names in ``[name, node, tensor]``, a list of these, or a mapping to them."""
    if isinstance(listed, Mapping):
        return [name for part in listed.values() for name in _ends(part)]
    if not isinstance(listed, list) or not listed:
        return []
    if isinstance(listed[0], str):
        return [listed[0]]
    return [name for part in listed for name in _ends(part)]


def last_layer(model: Mapping[str, Any], head: str | None = None) -> tuple[str | None, int | None]:
    """``(activation, number of outputs)`` of an output, as far as they can be read.

    ``head`` names one of several; without it there must be a single one. The activation is
    "linear" where the last layer has none; None where it cannot be known
    (an unknown layer, several outputs).
    """
    nodes = _nodes(model)
    heads = _heads(model)
    if not nodes or (head is None and len(heads) > 1) or (head is not None and head not in heads):
        return None, None
    by_name = {_layer(n).name or str(n.get("name")): n for n in nodes}
    ends = list(heads.values()) if head is None else [heads[head]]
    node: Mapping[str, Any] | None = by_name.get(ends[0]) if ends else nodes[-1]
    activation: str | None = None
    while node is not None:
        if node.get("class_name") in _MODELS:
            inner, units = last_layer(node)
            return activation or inner, units
        layer = _layer(node)
        known = layer.activation
        activation = activation or known
        units = layer.config.get("units")
        if isinstance(units, int):
            return activation or "linear", units
        passing = layer.class_name in (*_PASSING, "Activation", *_ACTIVATION_LAYERS)
        if not passing:
            return activation, None
        if layer.class_name in ("Flatten", "Reshape"):
            inner, _ = _before(node, nodes, by_name, bool(ends), model)
            return activation or inner, None
        node = _previous(node, nodes, by_name, bool(ends))
    return activation, None


def _before(
    node: Mapping[str, Any],
    nodes: list[Mapping[str, Any]],
    by_name: Mapping[str, Mapping[str, Any]],
    graph: bool,
    model: Mapping[str, Any],
) -> tuple[str | None, int | None]:
    previous = _previous(node, nodes, by_name, graph)
    if previous is None:
        return None, None
    if previous.get("class_name") in _MODELS:
        return last_layer(previous)
    return _layer(previous).activation or "linear", None


def _previous(
    node: Mapping[str, Any],
    nodes: list[Mapping[str, Any]],
    by_name: Mapping[str, Mapping[str, Any]],
    graph: bool,
) -> Mapping[str, Any] | None:
    if not graph:
        index = nodes.index(node)
        return nodes[index - 1] if index else None
    name = _first_source(node.get("inbound_nodes"))
    return by_name.get(name) if name else None


def _first_source(inbound: Any) -> str | None:
    if isinstance(inbound, Mapping):
        history = inbound.get("keras_history")
        if isinstance(history, list) and history:
            return str(history[0])
        inbound = list(inbound.values())
    if isinstance(inbound, list):
        if len(inbound) >= 3 and isinstance(inbound[0], str) and isinstance(inbound[1], int):
            return inbound[0]
        for part in inbound:
            found = _first_source(part)
            if found:
                return found
    return None


def walk(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every mapping with a ``class_name`` in a serialised model, outermost first."""
    if isinstance(value, Mapping):
        if "class_name" in value:
            yield value
        for part in value.values():
            yield from walk(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from walk(part)


def custom_names(config: KerasConfig) -> tuple[str, ...]:
    """Classes of the architecture that are not Keras's own, as they were registered."""
    found: dict[str, None] = {}
    for node in walk(config.model.get("config")):
        registered = node.get("registered_name")
        module = node.get("module")
        foreign = isinstance(module, str) and module.partition(".")[0] not in ("keras", "builtins")
        if isinstance(registered, str) and ">" in registered:
            found[registered] = None
        elif "module" in node and (foreign or (module is None and registered)):
            found[str(registered or node["class_name"])] = None
    return tuple(found)


def unsafe_parts(config: KerasConfig, allowed: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What would run code or read files that the model's author chose, in words.

    Parameters
    ----------
    allowed : names of functions that the job itself supplies as custom objects.
    """
    found: dict[str, None] = {}
    for node in walk([config.model, config.compiled]):
        kind, inner = node["class_name"], node.get("config")
        inner = inner if isinstance(inner, Mapping) else {}
        if kind == "__lambda__":
            found["Python bytecode (a lambda)"] = None
        elif kind == "Lambda" and spoken(inner.get("function")) not in allowed:
            found[f"a Lambda layer ({inner.get('name', 'unnamed')}), which is Python code"] = None
        elif kind in _VOCABULARIES and isinstance(inner.get("vocabulary"), str):
            found[f"a {kind} layer that reads the file {inner['vocabulary']!r}"] = None
        elif kind in ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"):
            function = str(inner.get("function") or inner.get("name") or "")
            family, dot, _ = function.partition(".")
            if (dot and family not in _TF_FAMILIES) or function in _TF_REFUSED:
                found[f"a call of tf.{function}"] = None
            if kind == "TensorFlowOpLayer":
                found["a raw TensorFlow operation"] = None
    return tuple(found)
