"""What stands at each place of the way from the data to the model, split by split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reportgen.errors import ReportgenError, in_words
from reportgen.evidence import Case

Floats = NDArray[np.float64]
PlaceKey = Literal["data", "inputs", "estimator"]
MOST_COLUMNS = 1000  # of one place
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Column:
    """One column at one place.

    ``by`` is split -> values of shape (n,): numbers (float64, NaN where missing) where
    ``numeric``, else objects, None where missing.
    """

    name: str
    dtype: str
    numeric: bool
    by: Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Block:
    """An array with more axes than two (images, sequences), by split; rows first."""

    name: str
    kind: Literal["images", "sequences"]
    dtype: str
    by: Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Place:
    """A place of the way: the data as delivered, the model's inputs, the last estimator's."""

    key: PlaceKey
    words: str
    columns: tuple[Column, ...]
    blocks: tuple[Block, ...] = ()
    left_out: int = 0

    @property
    def numbers(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if c.numeric)

    @property
    def texts(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if not c.numeric)


@dataclass(frozen=True)
class Received:
    """All places, first to last; ``problem`` says why the way could not be followed further."""

    places: tuple[Place, ...]
    problem: str = ""

    @property
    def data(self) -> Place:
        return self.places[0]

    @property
    def last(self) -> Place:
        return self.places[-1]


def received(case: Case) -> Received:
    """The data, what preprocessing makes of them, and what a pipeline's last step is given."""
    names = [n for n in SPLITS if n in case.dataset.splits and case.split(n).n]
    raw = {n: case.split(n).X for n in names}
    found = [_place("data", "the data", raw, case.dataset.features)]
    problem = ""
    rows = raw
    try:
        if case.preprocess.steps and case.predictor.framework != "predictions":
            rows = {n: case.inputs(n) for n in names}
            known = _names_after(case, rows)
            found.append(_place("inputs", "what preprocessing gives", rows, known))
        inner = _inside(case, rows)
        if inner is not None:
            found.append(
                _place("estimator", "what the last step of the model receives", *inner)
            )  # fmt: skip
    except (ReportgenError, ValueError, TypeError, AttributeError, KeyError) as error:
        problem = in_words(error).splitlines()[0][:200]
    return Received(tuple(found), problem)


def _names_after(case: Case, rows: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the columns behind the steps, where they are known."""
    from reportgen.models.preprocess import Scale, SklearnTransform, Standardize

    steps = case.preprocess.steps
    names: tuple[str, ...] = case.dataset.features
    for step in steps:
        if isinstance(step, (Scale, Standardize)):
            continue
        if not isinstance(step, SklearnTransform):
            return ()
        names = _names_out(step.transformer, names)
    first = rows[next(iter(rows))]
    width = np.shape(first)[1] if len(np.shape(first)) == 2 else -1
    return names if len(names) == width else ()


def _names_out(transformer: Any, names: Sequence[str]) -> tuple[str, ...]:
    """Names behind a transformer, without the parts' own before them where these are not needed."""
    for given in ((), (list(names),)):
        try:
            known = tuple(str(n) for n in transformer.get_feature_names_out(*given))
        except Exception:  # nameless, or a transformer of somebody's own
            continue
        short = tuple(n.partition("__")[2] or n for n in known)
        return short if len(set(short)) == len(known) else known
    return ()


def _inside(
    case: Case, rows: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]] | None:  # fmt: skip
    """What the last step of a delivered pipeline is given; None where there is no such thing."""
    from reportgen.models.sklearn import feed, takes_texts

    model: Any = case.predictor.model if case.predictor.framework == "sklearn" else None
    model = getattr(model, "best_estimator_", model)
    steps = getattr(model, "steps", None)
    if not steps or len(steps) < 2 or takes_texts(model):
        return None
    fed: dict[str, Any] = {n: feed(model, x, who="the model") for n, x in rows.items()}
    names: tuple[str, ...] = tuple(map(str, getattr(fed["train"], "columns", ()))) if (
        "train" in fed) else ()  # fmt: skip
    for _, step in steps[:-1]:
        if not hasattr(step, "transform"):  # left out, or one that resamples train
            continue
        fed = {n: step.transform(x) for n, x in fed.items()}
        names = _names_out(step, names)
    if any(hasattr(x, "tocsr") for x in fed.values()):
        if max(np.prod(x.shape) for x in fed.values()) > 20_000_000:
            return None
        fed = {n: x.toarray() if hasattr(x, "toarray") else x for n, x in fed.items()}
    return fed, names


def _place(key: PlaceKey, words: str, rows: Mapping[str, Any], names: Sequence[str]) -> Place:
    columns: list[Column] = []
    blocks: list[Block] = []
    first = rows[next(iter(rows))]
    parts: dict[str, dict[str, Any]]
    if isinstance(first, Mapping):
        parts = {str(k): {n: x[k] for n, x in rows.items()} for k in first}
    elif isinstance(first, (list, tuple)):
        parts = {f"input {i}": {n: x[i] for n, x in rows.items()} for i in range(len(first))}
    else:
        parts = {"": dict(rows)}
    for name, by in parts.items():
        _add(columns, blocks, name, by, names if not name else ())
    chosen = columns
    if len(columns) > MOST_COLUMNS:
        at = np.linspace(0, len(columns) - 1, MOST_COLUMNS).astype(int)
        chosen = [columns[i] for i in at]
    return Place(key, words, tuple(chosen), tuple(blocks), len(columns) - len(chosen))


def _add(
    columns: list[Column], blocks: list[Block], name: str, by: Mapping[str, Any],
    names: Sequence[str],
) -> None:  # fmt: skip
    first = by[next(iter(by))]
    if isinstance(first, pl.DataFrame):
        for c in first.columns:
            if first.schema[c].is_nested():
                continue  # sequences of unlike length
            columns.append(_of_frame(c, {n: x.get_column(c) for n, x in by.items()}))
        return
    if hasattr(first, "iloc"):
        for c in first.columns:
            columns.append(_of_array(str(c), {n: x[c].to_numpy() for n, x in by.items()}))
        return
    if hasattr(first, "tocsr"):
        first_shape = first.shape
        if max(x.shape[0] for x in by.values()) * first_shape[1] > 20_000_000:
            return
        by = {n: x.toarray() for n, x in by.items()}
    arrays = {n: np.asarray(x) for n, x in by.items()}
    array = arrays[next(iter(arrays))]
    if array.ndim == 1:
        columns.append(_of_array(name or "value", arrays))
    elif array.ndim == 2:
        width = array.shape[1]
        known = list(names) if len(names) == width else [f"column {j}" for j in range(width)]
        for j, c in enumerate(known):
            label = f"{name}: {c}" if name and width > 1 else name or c
            columns.append(_of_array(label, {n: x[:, j] for n, x in arrays.items()}))
    elif array.ndim >= 3 and array.dtype.kind in "fiub":
        from reportgen.data.features import looks_like_images

        kind: Any = "images" if looks_like_images(array) else "sequences"
        blocks.append(Block(name or kind, kind, str(array.dtype), arrays))


def _of_frame(name: str, by: Mapping[str, pl.Series]) -> Column:
    kinds = [s.dtype for s in by.values()]
    first = kinds[0]
    plain = all(k.is_numeric() or k in (pl.Boolean, pl.Null) for k in kinds)
    if plain:
        values: dict[str, NDArray[Any]] = {
            n: s.cast(pl.Float64).to_numpy().astype(np.float64) for n, s in by.items()
        }
        return Column(name, str(first), True, values)
    if all(k.is_temporal() for k in kinds):
        values = {n: s.to_physical().cast(pl.Float64).to_numpy() for n, s in by.items()}
        return Column(name, str(first), True, values)
    texts = {n: s.cast(pl.String).to_numpy().astype(object) for n, s in by.items()}
    return Column(name, "text", False, texts)


def _of_array(name: str, by: Mapping[str, NDArray[Any]]) -> Column:
    arrays = {n: np.asarray(x) for n, x in by.items()}
    dtype = str(arrays[next(iter(arrays))].dtype)
    if all(x.dtype.kind in "fiub" for x in arrays.values()):
        return Column(
            name, dtype, True, {n: x.astype(np.float64, copy=False) for n, x in arrays.items()}
        )
    try:  # numbers in a column of objects
        if all(x.dtype.kind == "O" for x in arrays.values()) and not any(
            isinstance(v, str) for x in arrays.values() for v in x[:200]
        ):
            return Column(
                name, dtype, True, {n: x.astype(np.float64, copy=False) for n, x in arrays.items()}
            )
    except (TypeError, ValueError):
        pass
    return Column(name, "text", False, {n: _texts(x) for n, x in arrays.items()})


def _texts(values: NDArray[Any]) -> NDArray[np.object_]:
    return np.array(
        [None if v is None or v != v else v.decode("utf-8", "replace") if isinstance(v, bytes)
         else str(v) for v in values.astype(object)],
        dtype=object,
    )  # fmt: skip
