"""Models with several inputs: their columns side by side, each input in the form it came in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.sensitivity.columns import Ask, Columns, Ints, Table, table_of
from reportgen.diagnostics.sensitivity.sequences import LEAST_WIDTH, are_tokens
from reportgen.evidence import Case

#: Of an input (n, a, b): up to so many channels, else a picture; layers that an input is followed
#: through to its Embedding.
MOST_CHANNELS, FURTHEST = 24, 6
UNCHANGED = ("Reshape", "Flatten", "Permute", "Cast", "Identity", "Squeeze", "ExpandDims",
             "IntegerLookup", "StringLookup", "Hashing", "TextVectorization")  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One input as a table, and the shape and type in which the model takes it back."""

    name: str
    table: Table
    shape: tuple[int, ...]
    dtype: np.dtype[Any] | None

    def given(self, asks: Sequence[Ask]) -> Any:
        """Rows of some questions, in the form the input came in."""
        out = self.table.copied(asks)
        if self.dtype is None:  # a frame
            return out
        if isinstance(out, pl.DataFrame):  # texts
            out = out.to_series(0).to_numpy().astype(object)
        return np.asarray(out, dtype=self.dtype).reshape(len(out), *self.shape)


class Inputs:
    """Several inputs as one table: a column of each is a column of all."""

    def __init__(
        self, parts: Sequence[Part], keys: Sequence[str] | None, alone: bool = False
    ) -> None:
        self.parts, self.keys, self.alone = tuple(parts), keys, alone
        self.n = parts[0].table.n
        self._place = [(p, j) for p, part in enumerate(parts) for j in range(part.table.width)]
        self.names = [_name(parts[p], j) for p, j in self._place]

    @property
    def width(self) -> int:
        return len(self._place)

    @property
    def size(self) -> int:
        return sum(part.table.size for part in self.parts)

    @property
    def steps(self) -> int:
        """Of the only input; 0 of several, which have steps of their own, or none."""
        return self.parts[0].table.steps if self.alone else 0

    def part_of(self, j: int) -> Part:
        """The input that a column is of."""
        return self.parts[self._place[j][0]]

    def _of(self, j: int) -> tuple[Table, int]:
        p, k = self._place[j]
        return self.parts[p].table, k

    def is_number(self, j: int) -> bool:
        table, k = self._of(j)
        return table.is_number(k)

    def is_category(self, j: int) -> bool:
        table, k = self._of(j)
        return table.is_category(k)

    def is_text(self, j: int) -> bool:
        table, k = self._of(j)
        return table.is_text(k)

    def is_flat(self, j: int) -> bool:
        table, k = self._of(j)
        return table.is_flat(k)

    def is_tokens(self, j: int) -> bool:
        table, k = self._of(j)
        return table.is_tokens(k)

    def numbers(self, j: int, rows: Ints | None = None) -> NDArray[np.float64]:
        table, k = self._of(j)
        return table.numbers(k, rows)

    def texts(self, j: int, rows: Ints | None = None) -> NDArray[Any]:
        table, k = self._of(j)
        return table.texts(k, rows)

    def codes(self, j: int) -> Ints:
        table, k = self._of(j)
        return table.codes(k)

    def missing(self, j: int) -> NDArray[np.bool_]:
        table, k = self._of(j)
        return table.missing(k)

    def copied(self, asks: Sequence[Ask]) -> Any:
        """All rows of some asks, one below the other, input by input."""
        out = []
        for p, part in enumerate(self.parts):
            own = [
                Ask(ask.rows, {k: new for j, new in ask.changes.items()
                               for q, k in (self._place[j],) if q == p})
                for ask in asks
            ]  # fmt: skip
            out.append(part.given(own))
        if self.alone:
            return out[0]
        return out if self.keys is None else dict(zip(self.keys, out, strict=True))


def _name(part: Part, j: int) -> str:
    if part.table.width == 1:
        return part.name
    own = part.table.names[j]
    return f"{part.name}: {own}" if part.table.frame else f"{part.name} {own}"


def inputs_of(X: Any, embedded: Collection[str] = ()) -> Inputs:
    """A mapping or list of arrays as columns.

    Parameters
    ----------
    embedded : inputs whose numbers are places in a vocabulary; ``input 1`` where they have no name.

    Raises
    ------
    NotApplicable
        where one of them is neither numbers nor texts.
    """
    keys = list(X) if isinstance(X, Mapping) else None
    named = X.items() if isinstance(X, Mapping) else ((f"input {k}", x) for k, x in enumerate(X, 1))
    return Inputs([_part(str(name), value, str(name) in embedded) for name, value in named], keys)


def by_step(X: NDArray[Any], tokens: bool) -> Inputs:
    """Sequences of one number a step, (n, T), as one channel."""
    part = Part("value", Table(X[..., None], ["value"], tokens), X.shape[1:], X.dtype)
    return Inputs([part], None, alone=True)


def _part(name: str, value: Any, tokens: bool) -> Part:
    if isinstance(value, pl.DataFrame):
        return Part(name, Table(value, value.columns), (), None)
    array = np.asarray(value)
    n, shape = len(array), tuple(array.shape[1:])
    if array.dtype.kind in "OUST" and int(np.prod(shape)) == 1:
        texts = [None if v is None else str(v) for v in array.reshape(n)]
        return Part(name, Table(pl.DataFrame({name: texts}), [name]), shape, array.dtype)
    if array.dtype.kind not in "biuf":
        raise NotApplicable(f"the input {name} is of {array.dtype}, neither numbers nor texts")
    wide = array.ndim == 3 and (array.shape[2] > MOST_CHANNELS or array.shape[1] == array.shape[2])
    if array.ndim == 1 or wide or (tokens and array.ndim == 2 and array.shape[1] > 1):
        array = array[..., None]  # a number a row; a picture without an axis of channels; a text
    what = "" if array.ndim == 2 else "channel "
    names = [f"{what}{j}" for j in range(array.shape[-1])]
    return Part(name, Table(array, names, tokens), shape, array.dtype)


def columns_of(case: Case, X: Any, per_step: bool) -> Columns:
    """Rows as columns, of one input or of several.

    Parameters
    ----------
    per_step : labels stand step by step: an array (n, T) is then one channel of sequences.

    Raises
    ------
    NotApplicable
        as :func:`table_of` and :func:`inputs_of`.
    """
    if isinstance(X, (Mapping, list, tuple)):
        return inputs_of(X, embedded(case, X))
    tokens = are_tokens(case, X)
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "biuf":
        if per_step or (tokens and X.shape[1] >= LEAST_WIDTH):
            return by_step(X, tokens)
        if tokens:
            return Table(X, case.dataset.features, tokens=True)
    return table_of(X, case.dataset.features)


def embedded(case: Case, X: Any) -> frozenset[str]:
    """Inputs whose numbers a Keras network embeds, by the names that :func:`inputs_of` gives them.

    Only where the job preprocesses nothing: what a step makes of an input is not followed.
    """
    if case.predictor.framework not in ("keras", "tf_keras") or case.preprocess.steps:
        return frozenset()
    predictor: Any = case.predictor
    found = embedded_inputs(predictor.model)
    specs = [spec.name for spec in predictor.feeder.specs]
    if isinstance(X, Mapping):
        own = list(X) if all(name in X for name in specs) else dict(zip(X, specs, strict=False))
        return frozenset(k for k in X if (k if isinstance(own, list) else own.get(k)) in found)
    return frozenset(f"input {k}" for k, name in enumerate(specs[: len(X)], 1) if name in found)


def embedded_inputs(model: Any) -> frozenset[str]:
    """Names of a live network's inputs that go to an Embedding, in another shape perhaps.

    Numbers that are cut into bins on their way are numbers.
    """
    from reportgen.models.training_mode import layers_within

    found = set()
    for layer in layers_within(model):
        if type(layer).__name__ != "Embedding":
            continue
        try:
            tensor: Any = layer.input
            for _ in range(FURTHEST):
                before = tensor._keras_history[0]
                if type(before).__name__ == "InputLayer":
                    found.add(str(before.name))
                    break
                if type(before).__name__ not in UNCHANGED:
                    break
                tensor = before.input
        except (AttributeError, ValueError, IndexError, TypeError, RuntimeError):
            continue  # a subclassed network, or a layer with several inputs: not followed
    return frozenset(found)
