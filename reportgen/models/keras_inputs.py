"""Rows of preprocessed inputs in the shape and type that a Keras model takes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from reportgen.errors import ModelError, Problem
from reportgen.models.tables import float_array, texts

WHO = "the Keras model"


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input of a model; ``shape`` without the batch axis, None where any size will do."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str

    def __str__(self) -> str:
        return said(self.shape)


@dataclass
class Feeder:
    """Turns rows into what the model's ``predict_on_batch`` takes.

    ``specs`` is empty for models that do not say what they take. ``notes`` gathers, in words,
    what had to be done to the rows.
    """

    specs: tuple[InputSpec, ...]
    notes: dict[str, None] = field(default_factory=dict)
    missing_rows: int = 0

    def __call__(self, inputs: Any) -> Any:
        """One array for a model with one input, else a list in the model's order.

        Raises
        ------
        ModelError
            if texts reach an input of numbers, the shape differs, or inputs do not match.
        """
        if not self.specs:
            if isinstance(inputs, (Mapping, list, tuple)):
                return inputs
            return self._counted(float_array(inputs, who=WHO, dtype=np.float32))
        if len(self.specs) == 1:
            return self._shaped(_single(inputs, self.specs[0]), self.specs[0])
        parts = self._parts(inputs)
        return [self._shaped(part, spec) for part, spec in zip(parts, self.specs, strict=True)]

    def _parts(self, inputs: Any) -> list[Any]:
        names = [spec.name for spec in self.specs]
        if isinstance(inputs, Mapping):
            if all(name in inputs for name in names):
                return [inputs[name] for name in names]
            if len(inputs) == len(names):
                self.notes[
                    f"the inputs {', '.join(map(str, inputs))} are taken for the model's "
                    f"{', '.join(names)}, in this order"
                ] = None
                return list(inputs.values())
            raise _inputs_error(names, f"inputs named {', '.join(map(str, inputs))}")
        if isinstance(inputs, (list, tuple)):
            if len(inputs) != len(names):
                raise _inputs_error(names, f"{len(inputs)} arrays")
            return list(inputs)
        if isinstance(inputs, pl.DataFrame):
            if all(name in inputs.columns for name in names):
                return [inputs.select(name) for name in names]
            raise _inputs_error(names, f"columns {', '.join(inputs.columns[:12])}")
        raise _inputs_error(names, f"one array of shape {np.shape(inputs)}")

    def _shaped(self, part: Any, spec: InputSpec) -> Any:
        if spec.dtype == "string":
            import tensorflow as tf

            flat = texts(part, who=f"the input {spec.name!r}")
            shape = (-1, *(1 for _ in spec.shape))
            return tf.reshape(tf.constant(flat.tolist(), dtype=tf.string), shape)
        numbers = "int" in spec.dtype or spec.dtype == "bool"
        array = self._counted(
            float_array(part, who=WHO, dtype=np.float64 if numbers else _float(spec.dtype))
        )
        if numbers:
            array = array.astype(spec.dtype)
        return self._fit(array, spec)

    def _counted(self, array: np.ndarray) -> np.ndarray:
        if array.dtype.kind == "f":
            # A sum is NaN or infinite when some value is: cheaper than a mask of all of them.
            with np.errstate(invalid="ignore", over="ignore"):
                total = array.sum()
            if np.isnan(total):
                flat = np.isnan(array.reshape(len(array), -1)).any(axis=1)
                self.missing_rows += int(flat.sum())
        return array

    def _fit(self, array: np.ndarray, spec: InputSpec) -> np.ndarray:
        wanted, given = spec.shape, array.shape[1:]
        if _matches(given, wanted):
            return array
        if wanted and wanted[-1] == 1 and _matches(given, wanted[:-1]):
            return array[..., np.newaxis]
        if given and given[-1] == 1 and _matches(given[:-1], wanted):
            return array[..., 0]
        known = None not in wanted
        if known and 1 in (len(given), len(wanted)):
            size = math.prod(int(s) for s in wanted if s is not None)
            if math.prod(given) == size:
                self.notes[
                    f"rows of {said(given)} are read as {said(wanted)}, in row-major order"
                ] = None
                return array.reshape(len(array), *(int(s) for s in wanted if s is not None))
        raise ModelError(
            Problem(
                "the model takes rows of another shape than the inputs have",
                expected=f"{said(wanted)} (input {spec.name!r})",
                got=said(given),
                advice="Name the columns it was trained on under `features:`, or its "
                "preprocessing under `preprocess:`.",
            )
        )


def specs_of(model: Any) -> tuple[InputSpec, ...]:
    """The inputs of a live Keras model; empty for subclassed models that do not say."""
    try:
        tensors = model.inputs
    except (AttributeError, ValueError):
        return ()
    if not tensors:
        return ()
    names = list(getattr(model, "input_names", None) or [])
    if len(names) != len(tensors):
        names = [str(getattr(t, "name", i)).split(":")[0] for i, t in enumerate(tensors)]
    return tuple(
        InputSpec(
            name,
            tuple(None if s is None else int(s) for s in tuple(tensor.shape)[1:]),
            _dtype_name(tensor.dtype),
        )
        for name, tensor in zip(names, tensors, strict=True)
    )


def said(shape: Sequence[int | None]) -> str:
    """``28 × 28 × 1``; "any" where the size is free."""
    return " × ".join("any" if s is None else str(s) for s in shape) or "one number"


def _dtype_name(dtype: Any) -> str:
    return str(getattr(dtype, "name", dtype))


def _float(dtype: str) -> Any:
    return dtype if dtype in ("float16", "float64") else np.float32


def _single(inputs: Any, spec: InputSpec) -> Any:
    if isinstance(inputs, Mapping):
        if spec.name in inputs:
            return inputs[spec.name]
        if len(inputs) == 1:
            return next(iter(inputs.values()))
        raise _inputs_error([spec.name], f"inputs named {', '.join(map(str, inputs))}")
    if isinstance(inputs, (list, tuple)):
        if len(inputs) == 1:
            return inputs[0]
        raise _inputs_error([spec.name], f"{len(inputs)} arrays")
    return inputs


def _matches(given: Sequence[int], wanted: Sequence[int | None]) -> bool:
    return len(given) == len(wanted) and all(
        w is None or w == g for g, w in zip(given, wanted, strict=True)
    )


def _inputs_error(names: Sequence[str], got: str) -> ModelError:
    several = f"{len(names)} inputs: {', '.join(names)}" if len(names) > 1 else "one input"
    return ModelError(
        Problem(
            f"the model takes {several}",
            got=got,
            advice="Let the data set's source or a preprocessing function give a mapping with "
            "these names, or arrays in this order.",
        )
    )
