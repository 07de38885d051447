"""Features of any kind as a matrix of numbers with names, for simple models and segments.

What is learned (levels, medians, vocabulary) is learned on train.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEVELS = 20  # of a categorical column; rarer ones count together
PIXELS = 16  # images are thinned to at most this many a side
WORDS = 300  # of a text's vocabulary
COLUMNS = 1024


@dataclass(frozen=True)
class Column:
    """One number a row. ``level`` is set where the column is 1 for rows whose text equals it."""

    name: str
    level: str | None = None


@dataclass(frozen=True)
class Encoder:
    """Learned on train; ``encode(X)`` gives float64 of shape (n, d), NaN where missing."""

    columns: tuple[Column, ...]
    encode: Callable[[Any], Floats]
    words: str


def learn(X: Any, features: Sequence[str]) -> Encoder | None:
    """How to make numbers of features like ``X``; None where there is no sensible way."""
    if hasattr(X, "get_columns"):
        return _table(X)
    if isinstance(X, Mapping):
        return _several(dict(X))
    if isinstance(X, (list, tuple)):
        return _several({f"input {i + 1}": part for i, part in enumerate(X)})
    if isinstance(X, np.ndarray):
        return _array(X, features)
    return None


def _several(parts: dict[str, Any]) -> Encoder | None:
    encoders = {name: learn(part, ()) for name, part in parts.items()}
    if any(e is None for e in encoders.values()):
        return None
    known = {name: e for name, e in encoders.items() if e is not None}
    names = list(known)

    def encode(X: Any) -> Floats:
        of = X if isinstance(X, Mapping) else dict(zip(names, X, strict=True))
        return np.hstack([e.encode(of[name]) for name, e in known.items()])

    columns = tuple(
        Column(f"{name} {c.name}", c.level) for name, e in known.items() for c in e.columns
    )
    return Encoder(columns, encode, "all inputs side by side")


def _array(X: NDArray[Any], features: Sequence[str]) -> Encoder | None:
    if X.dtype.kind in "OUST":
        return _text(X) if X.ndim == 1 or (X.ndim == 2 and X.shape[1] == 1) else None
    if X.dtype.kind not in "biuf":
        return None
    step = 1
    if X.ndim in (3, 4):
        step = max(1, -(-max(X.shape[1:3]) // PIXELS))
    width = int(np.prod(X[:1, ::step, ::step].shape[1:] if X.ndim in (3, 4) else X.shape[1:]))
    skip = max(1, -(-width // COLUMNS))

    def encode(values: Any) -> Floats:
        part = np.asarray(values)
        if step > 1:
            part = part[:, ::step, ::step]
        flat = part.reshape(len(part), -1)[:, ::skip].astype(np.float64)
        flat[~np.isfinite(flat)] = np.nan
        return flat

    named = len(features) == width and skip == 1
    columns = tuple(
        Column(features[j] if named else f"value {j * skip}") for j in range(-(-width // skip))
    )
    words = "inputs as they are"
    if step > 1 or skip > 1:
        words = f"inputs thinned to {len(columns)} values a row"
    return Encoder(columns, encode, words)


def _text(X: NDArray[Any]) -> Encoder | None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(max_features=WORDS, dtype=np.float64)
    try:
        words.fit([str(v) for v in X.reshape(-1)[:20_000]])
    except ValueError:  # an empty vocabulary
        return None

    def encode(values: Any) -> Floats:
        texts = [str(v) for v in np.asarray(values).reshape(-1)]
        return np.asarray(words.transform(texts).toarray(), dtype=np.float64)

    columns = tuple(Column(f"weight of “{w}”") for w in words.get_feature_names_out())
    return Encoder(columns, encode, f"tf-idf of the {len(columns)} most frequent words")


def _table(X: Any) -> Encoder | None:
    import polars as pl

    makers: list[tuple[tuple[Column, ...], Callable[[Any], Floats]]] = []
    for name, kind in X.schema.items():
        if kind.is_numeric() or kind == pl.Boolean:
            makers.append(((Column(name),), _number(name)))
        elif kind.is_temporal():
            makers.append(((Column(f"{name} (days)"),), _days(name)))
        elif kind in (pl.String, pl.Categorical, pl.Enum):
            makers.append(_levels(X, name))
    if not makers:
        return None

    def encode(frame: Any) -> Floats:
        return np.hstack([make(frame) for _, make in makers])

    columns = tuple(c for cs, _ in makers for c in cs)
    return Encoder(columns, encode, "numbers as they are, one column a category")


def _number(name: str) -> Callable[[Any], Floats]:
    def make(frame: Any) -> Floats:
        import polars as pl

        values = frame[name].cast(pl.Float64, strict=False).to_numpy().astype(np.float64)
        return np.where(np.isfinite(values), values, np.nan)[:, None]

    return make


def _days(name: str) -> Callable[[Any], Floats]:
    def make(frame: Any) -> Floats:
        import polars as pl

        whole = frame[name]
        if whole.dtype in (pl.Time, pl.Duration):
            numbers = whole.cast(pl.Int64) / 8.64e13
        else:
            numbers = whole.cast(pl.Datetime("ms")).cast(pl.Int64) / 8.64e7
        return np.asarray(numbers.cast(pl.Float64).to_numpy(), dtype=np.float64)[:, None]

    return make


def _levels(X: Any, name: str) -> tuple[tuple[Column, ...], Callable[[Any], Floats]]:
    import polars as pl

    texts = X[name].cast(pl.String)
    counts = texts.drop_nulls().value_counts(sort=True)
    if counts.height > max(LEVELS, len(X) // 5) and texts.str.count_matches(" ").mean() > 2:
        found = _text(texts.fill_null("").to_numpy())
        if found is not None:
            named = tuple(Column(f"{name}: {c.name}") for c in found.columns)
            return named, lambda frame: found.encode(
                frame[name].cast(pl.String).fill_null("").to_numpy()
            )
    kept = sorted(counts[name].to_list()[:LEVELS])

    def make(frame: Any) -> Floats:
        values = frame[name].cast(pl.String).fill_null("\0").to_numpy()
        return np.column_stack([values == level for level in kept]).astype(np.float64)

    if not kept:
        return (Column(name),), lambda frame: np.zeros((len(frame), 1))
    return tuple(Column(name, level) for level in kept), make
