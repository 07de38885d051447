"""A network's layers of preprocessing, read from the live model; nothing of it is called.

What ``Rescaling`` and ``Normalization`` give is computed from their figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from reportgen.charts.numbers import amount, plural
from reportgen.diagnostics.preprocessing.chain import Known, Link
from reportgen.evidence import Case
from reportgen.fitted.layers import as_arrays, input_of

Rows = Mapping[str, Any]

#: Layers that leave the scale of their inputs alone when a model is asked.
PASSING = (
    "InputLayer", "Flatten", "Reshape", "Dropout", "GaussianNoise", "SpatialDropout1D", "Identity",
    "Resizing", "CenterCrop", "Permute", "ZeroPadding2D",
)  # fmt: skip
SHOWN = (
    "Rescaling", "Normalization", "TextVectorization", "StringLookup", "IntegerLookup",
    "Discretization", "CategoryEncoding", "Hashing", "HashedCrossing", "Resizing", "CenterCrop",
    "Embedding",
)  # fmt: skip


def of_network(case: Case) -> Iterator[Link]:
    """Layers that work on the inputs before anything is learnt, in the model's order."""
    from reportgen.models.keras_inputs import Feeder, specs_of

    model: Any = case.predictor.model
    if not any(_shown(type(layer).__name__) for layer in _opened(model)):
        return
    specs = specs_of(model)
    known: dict[int, Rows] = {}
    if specs and all(spec.dtype != "string" for spec in specs):
        feed = Feeder(specs)
        fed = {n: as_arrays(feed(case.inputs(n))) for n, s in case.dataset.splits.items() if s.n}
        for i, tensor in enumerate(model.inputs):
            known[id(tensor)] = {n: x[i] for n, x in fed.items()}
    names = case.dataset.features if len(specs) == 1 else ()
    yield from _followed(model, known, names, tuple(spec.name for spec in specs))


def _followed(
    model: Any, known: dict[int, Rows], names: tuple[str, ...], inputs: tuple[str, ...]
) -> Iterator[Link]:
    """Links of a model whose tensors' rows are known as far as figures tell; ``known`` grows."""
    before: dict[int, tuple[str, ...]] = {}
    for layer in getattr(model, "layers", ()):
        kind = type(layer).__name__
        source, target = _tensor(layer, "input"), _tensor(layer, "output")
        rows = None if source is None else known.get(id(source))
        if getattr(layer, "layers", None):
            inner = {} if rows is None else {id(_tensor(layer, "inputs")): rows}
            yield from _followed(layer, inner, names, ())
            rows = inner.get(id(_tensor(layer, "outputs")))
        else:
            if _shown(kind):
                at = input_of(model, layer)
                own = (inputs[at],) if at is not None and at < len(inputs) > 1 else names
                yield _link(layer, kind, rows or {}, own, before.get(id(source), ()))
            before[id(target)] = (*before.get(id(source), ()), kind)
            rows = _after(layer, kind, rows)
        if rows is not None and target is not None:
            known[id(target)] = rows


def _tensor(layer: Any, name: str) -> Any:
    """A layer's only input or output, a nested model's own; None where there are several."""
    try:
        found = getattr(layer, name)
    except (AttributeError, ValueError):  # called more than once, or never
        return None
    if isinstance(found, (list, tuple)):
        return found[0] if len(found) == 1 else None
    return found


def _shown(kind: str) -> bool:
    return kind in SHOWN or kind.startswith("Random")


def _opened(model: Any) -> Iterator[Any]:
    for layer in getattr(model, "layers", ()):
        if getattr(layer, "layers", None):
            yield from _opened(layer)
        else:
            yield layer


def _after(layer: Any, kind: str, rows: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What follows a layer, where its figures tell; None from the first that learns on."""
    if rows is None:
        return None
    if kind in PASSING or kind.startswith("Random"):
        return dict(rows)
    if kind == "Rescaling":
        scale, offset = np.asarray(layer.scale, np.float64), np.asarray(layer.offset, np.float64)
        scale = scale.astype(np.float32)
        return {n: np.asarray(x, np.float32) * scale + offset for n, x in rows.items()}
    if kind == "Normalization" and not getattr(layer, "invert", False):
        mean, size = _figures(layer)
        return {n: (np.asarray(x, np.float32) - mean) / size for n, x in rows.items()}
    return None


def _figures(layer: Any) -> tuple[np.ndarray, np.ndarray]:
    mean = np.asarray(layer.mean, np.float64)
    size = np.sqrt(np.asarray(layer.variance, np.float64))
    return mean, np.maximum(size, 1e-7)


def _link(
    layer: Any, kind: str, fed: Mapping[str, Any], names: tuple[str, ...], before: tuple[str, ...]
) -> Link:
    known = None
    if kind == "Normalization" and not getattr(layer, "invert", False):
        mean, size = _figures(layer)
        known = Known(mean.ravel(), size.ravel(), "moments")
    divides = None
    if kind == "Rescaling" and np.ndim(layer.scale) == 0:
        divides = float(layer.scale)
    unknown = ""
    if kind in ("StringLookup", "IntegerLookup", "TextVectorization"):
        slots = int(getattr(layer, "num_oov_indices", 1))
        unknown = (
            f"the layer gives it {plural(slots, 'index', 'indices')} for the unknown"
            if slots
            else "the layer refuses it"
        )
    if kind == "Hashing":
        unknown = "the layer hashes it like any other"
    return Link(f"the model: {layer.name}", kind, _does(layer, kind), fed, names, known, divides,
                before, unknown, step=layer)  # fmt: skip


def _does(layer: Any, kind: str) -> str:
    try:
        return _words(layer, kind)
    except Exception:  # another version of Keras, or a layer that was not built
        return ""


def _words(layer: Any, kind: str) -> str:
    if kind == "Rescaling":
        if np.ndim(layer.scale):
            return "multiplies by a factor a channel"
        times = float(layer.scale)
        factor = f"divides by {amount(1 / times, 4)}" if 0 < times < 1 else f"times {amount(times)}"
        offset = np.asarray(layer.offset, np.float64)
        return factor if not offset.any() else f"{factor}, adds {amount(float(offset.ravel()[0]))}"
    if kind == "Normalization":
        mean, size = _figures(layer)
        if mean.size == 1:
            place, spread = float(mean.ravel()[0]), float(size.ravel()[0])
            return f"subtracts {amount(place)}, divides by {amount(spread)}"
        return f"subtracts a mean and divides by a standard deviation in {mean.size:,} columns"
    if kind in ("StringLookup", "IntegerLookup", "TextVectorization"):
        words = plural(int(layer.vocabulary_size()), "entry", "entries")
        length = getattr(layer, "_output_sequence_length", None)
        return f"looks up {words}" + (f", cut to {length} words" if length else "")
    if kind == "Discretization":
        return f"cuts at {plural(len(layer.bin_boundaries), 'boundary', 'boundaries')}"
    if kind == "CategoryEncoding":
        of = plural(int(layer.num_tokens), "category", "categories")
        return f"encodes {of}, {str(layer.output_mode).replace('_', '-')}"
    if kind == "Hashing":
        return f"hashes into {plural(int(layer.num_bins), 'bin')}"
    if kind in ("Resizing", "CenterCrop"):
        return f"to {layer.height} × {layer.width}"
    if kind == "Embedding":
        return f"looks up one of {plural(int(layer.input_dim), 'vector')}"
    return "changes rows in training alone" if kind.startswith("Random") else ""
