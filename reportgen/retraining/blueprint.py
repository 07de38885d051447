"""What a ``.keras`` file says of its model, read as data: no Keras, no backend, no code run."""

from __future__ import annotations

import copy
import hashlib
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from reportgen.errors import ModelError, Problem
from reportgen.retraining.insertions import with_dropout
from reportgen.retraining.member import Member, Scalar

#: Optimizers whose second moment TensorFlow feeds with the squares of indexed slices entry by
#: entry, and for which the stacked engine does the same.
SQUARING = ("Adam", "AdamW", "Nadam", "RMSprop", "Adagrad")
#: Optimizers that treat each weight on its own and linearly in what is squared nowhere.
PLAIN = ("SGD", "Lion")
ELEMENTWISE = (*SQUARING, *PLAIN, "Adadelta", "Adamax", "Ftrl", "Adafactor", "Lamb")
#: Layers that give other results, or none, outside TensorFlow.
TENSORFLOW_ONLY = (
    "TextVectorization", "StringLookup", "IntegerLookup", "Hashing", "HashedCrossing",
    "TFSMLayer", "SpectralNormalization", "Lambda",
)  # fmt: skip

#: Layers that treat each row of a batch on its own, in training too, or can be told which count.
ROWWISE = frozenset((
    "Sequential", "Functional", "InputLayer", "Dense", "EinsumDense", "Activation", "ReLU",
    "LeakyReLU", "PReLU", "ELU", "Softmax", "Dropout", "SpatialDropout1D", "SpatialDropout2D",
    "GaussianNoise", "GaussianDropout", "AlphaDropout", "Flatten", "Reshape", "Permute",
    "RepeatVector", "Conv1D", "Conv2D", "Conv3D", "SeparableConv1D", "SeparableConv2D",
    "DepthwiseConv1D", "DepthwiseConv2D", "Conv1DTranspose", "Conv2DTranspose", "MaxPooling1D",
    "MaxPooling2D", "MaxPooling3D", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D",
    "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalAveragePooling1D",
    "GlobalAveragePooling2D", "ZeroPadding1D", "ZeroPadding2D", "Cropping1D", "Cropping2D",
    "UpSampling1D", "UpSampling2D", "Embedding", "LSTM", "GRU", "SimpleRNN", "Bidirectional",
    "LayerNormalization", "UnitNormalization", "GroupNormalization", "MultiHeadAttention", "Add",
    "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot", "Rescaling",
    "Normalization", "BatchNormalization",
))  # fmt: skip
#: Layers whose loop over steps TensorFlow maps over members more slowly than it loops.
RECURRENT = frozenset(("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM2D"))
#: Layers that ``adapt`` to data.
ADAPTED = ("Normalization", "Discretization", "FeatureSpace")


@dataclass(frozen=True)
class Blueprint:
    """The configuration in a ``.keras`` file; ``config`` is never changed."""

    file: str
    config: dict[str, Any]

    @classmethod
    def read(cls, file: str | Path) -> Blueprint:
        """Read the configuration; ``ModelError`` where the file has none."""
        try:
            with zipfile.ZipFile(file) as archive:
                config = json.loads(archive.read("config.json"))
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            problem = Problem(
                "the model's architecture cannot be read",
                file=str(file),
                expected="a .keras file (a zip archive with config.json)",
                got=f"{type(error).__name__}: {error}",
                advice="Save the model again with model.save('NAME.keras').",
            )
            raise ModelError(problem) from error
        return cls(str(file), config)

    @cached_property
    def layers(self) -> tuple[dict[str, Any], ...]:
        """The configurations of all layers, nested ones and wrapped ones included."""
        return tuple(_layers(self.config.get("config", {})))

    @property
    def rowwise(self) -> bool:
        """Whether a row of weight zero in a batch has no effect while training.

        Not so where rows are counted (activity penalties, masks), or where the loss is no plain
        mean over rows. Batch normalisation is told which rows count
        (:mod:`reportgen.retraining.moments`).
        """
        for layer in self.layers:
            settings = layer["config"]
            if layer["class_name"] not in ROWWISE or settings.get("mask_zero"):
                return False
            if settings.get("renorm") or settings.get("synchronized"):
                return False
            if layer["class_name"] == "BatchNormalization" and settings.get("axis", -1) != -1:
                return False
            if settings.get("activity_regularizer") or settings.get("stateful"):
                return False
        loss = self.compiled.get("loss")
        if isinstance(loss, str):
            return True
        if not isinstance(loss, dict) or loss.get("module") != "keras.losses":
            return False
        reduction = loss.get("config", {}).get("reduction", "sum_over_batch_size")
        return reduction in ("sum_over_batch_size", "mean")

    @property
    def foreign(self) -> bool:
        """Whether a layer is of somebody's own class, whose code is not known here."""
        return any(_is_foreign(layer) for layer in self.layers)

    @cached_property
    def digest(self) -> str:
        """Of all that decides the model's computation: its configuration, and what was measured.

        Layers that were adapted to data may hold results outside their variables, so the weights
        count where there are such layers.
        """
        if any(layer["class_name"] in ADAPTED for layer in self.layers):
            return self.content
        return hashlib.sha256(json.dumps(self.config, sort_keys=True).encode()).hexdigest()

    @cached_property
    def content(self) -> str:
        """A digest of the configuration and of all weights, not of when they were saved."""
        digest = hashlib.sha256(json.dumps(self.config, sort_keys=True).encode())
        with zipfile.ZipFile(self.file) as archive:
            for name in sorted(archive.namelist()):
                if name not in ("metadata.json", "config.json"):
                    digest.update(archive.read(name))
        return digest.hexdigest()

    @property
    def compiled(self) -> dict[str, Any]:
        """The ``compile`` arguments, empty where the model was not compiled."""
        return self.config.get("compile_config") or {}

    @property
    def optimizer(self) -> tuple[str, dict[str, Any]]:
        """Class name and settings of the optimizer."""
        optimizer = self.compiled.get("optimizer")
        if isinstance(optimizer, str):
            return _named(optimizer), {}
        if not optimizer:
            return "", {}
        return optimizer["class_name"], optimizer.get("config", {})

    @property
    def has_schedule(self) -> bool:
        """Whether the learning rate follows a schedule."""
        return isinstance(self.optimizer[1].get("learning_rate"), dict)

    @property
    def monitors(self) -> bool:
        """Whether it was compiled with metrics."""
        return bool(self.compiled.get("metrics"))

    @property
    def own_class(self) -> bool:
        """Whether the model is of somebody's own class, whose training step may be too."""
        plain = self.config.get("class_name") in ("Sequential", "Functional", "Model")
        return not plain or _is_foreign(self.config)

    def unstackable(self) -> str | None:
        """Why it cannot be stacked on JAX, in words; None when nothing is known against it."""
        why = self._unknown()
        if why is not None:
            return why
        for layer in self.layers:
            if layer["class_name"] in TENSORFLOW_ONLY:
                return f"the layer {layer['class_name']} runs in TensorFlow alone"
            if _is_foreign(layer):
                return f"the layer {layer['class_name']} is the job's own code, in TensorFlow"
        name, settings = self.optimizer
        if self._slices() and name not in PLAIN:
            if name not in SQUARING:
                return f"TensorFlow's {name} treats the gradients of an embedding in its own way"
            if settings.get("centered"):
                return "TensorFlow's centered RMSprop treats an embedding in its own way"
            if any(settings.get(k) for k in ("clipnorm", "global_clipnorm", "clipvalue")):
                return "clipped gradients of an embedding are TensorFlow's own"
        return None

    def unmappable(self) -> str | None:
        """Why it cannot be stacked in TensorFlow either, in words, or None."""
        recurrent = any(layer["class_name"] in RECURRENT for layer in self.layers)
        return self._unknown() or ("recurrent layers stack slowly there" if recurrent else None)

    def _unknown(self) -> str | None:
        """Why its training cannot be stacked on any backend."""
        if not self.compiled.get("loss"):
            return "the file does not say which loss it was trained with"
        if self.own_class:
            name = self.config.get("class_name")
            return f"the model is a class of its own ({name}), whose training step is not known"
        for layer in self.layers:
            if layer["config"].get("ragged") or layer["config"].get("sparse"):
                name = layer["config"]["name"]
                return f"the input {name!r} takes rows of different lengths"
        name, settings = self.optimizer
        if name not in ELEMENTWISE:
            return f"the optimizer {name} keeps state across weights, or is not known"
        if settings.get("use_ema"):
            return "the optimizer keeps an average of the weights"
        if settings.get("gradient_accumulation_steps"):
            return "the optimizer accumulates gradients"
        return None

    def _slices(self) -> bool:
        """Whether some gradient is indexed slices in TensorFlow."""
        return any(
            layer["class_name"] == "Embedding" and not layer["config"].get("embeddings_regularizer")
            for layer in self.layers
        )

    def patched(self, member: Member) -> dict[str, Any]:
        """The configuration with a member's overrides and patches, as a copy.

        Raises
        ------
        ValueError
            A key that no layer and no optimizer has.
        """
        config = copy.deepcopy(self.config)
        for key, value in (*member.overrides, *member.config_patch):
            if not _apply(config, key, value):
                raise ValueError(f"nothing in the model is called {key!r}")
        if member.config_patch:
            for layer in _layers(config.get("config", {})):
                layer.pop("build_config", None)  # shapes from before the change
        return config


def _layers(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "class_name" in node and isinstance(node.get("config"), dict) and _is_layer(node):
            yield node
        for value in node.values():
            yield from _layers(value)
    elif isinstance(node, list):
        for value in node:
            yield from _layers(value)


def _is_foreign(layer: dict[str, Any]) -> bool:
    """Whether a class is somebody's own: then the file tells no module, or another one."""
    return (layer.get("module", "keras") or "").partition(".")[0] != "keras"


def _is_layer(node: dict[str, Any]) -> bool:
    module = node.get("module") or ""
    return "name" in node["config"] and (
        module.startswith("keras.layers")
        or node.get("registered_name") is not None
        or module.startswith("keras.src.models")
        or node["class_name"] in ("Sequential", "Functional")
    )


def _named(identifier: str) -> str:
    known = {name.lower(): name for name in (*ELEMENTWISE, "Muon")}
    return known.get(identifier.lower(), identifier)


def _apply(config: dict[str, Any], key: str, value: Scalar) -> bool:
    optimizer = (config.get("compile_config") or {}).get("optimizer")
    if isinstance(optimizer, dict) and key in optimizer.get("config", {}):
        optimizer["config"][key] = value
        return True
    layers = list(_layers(config.get("config", {})))
    if key == "dropout":
        return _set(layers, "rate", value, only="Dropout")
    if key == "l2":
        return _penalise(layers, value)
    if key == "inserted_dropout":
        return isinstance(value, float) and with_dropout(config, value)
    name, dot, field = key.rpartition(".")
    if not dot:
        return _set(layers, field, value)
    return _set([layer for layer in layers if layer["config"]["name"] == name], field, value)


def _set(layers: Sequence[dict[str, Any]], field: str, value: Scalar, only: str = "") -> bool:
    found = [la for la in layers if field in la["config"] and only in la["class_name"]]
    for layer in found:
        layer["config"][field] = value
    return bool(found)


def _penalise(layers: Sequence[dict[str, Any]], strength: Scalar) -> bool:
    penalty = {
        "module": "keras.regularizers",
        "class_name": "L2",
        "config": {"l2": strength},
        "registered_name": None,
    }
    found = [layer for layer in layers if "kernel_regularizer" in layer["config"]]
    for layer in found:
        layer["config"]["kernel_regularizer"] = penalty if strength else None
    return bool(found)
