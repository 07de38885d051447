"""Features of all splits alike: the same columns, in one order, of one kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reportgen.data.layout import MISSING
from reportgen.data.raw import Raw
from reportgen.data.roles import default_features, feature_part, missing_column
from reportgen.data.table import Kind
from reportgen.errors import DataError, Problem

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from reportgen.job.schema import DatasetEntry

#: How many values are looked at to tell text from categories.
_PROBE = 1000


def choose_features(entry: DatasetEntry, raws: Mapping[str, Raw]) -> tuple[str, ...]:
    """Names of the feature columns or arrays, in the order of train.

    Parameters
    ----------
    raws : the source of each split, train first.

    Raises
    ------
    DataError
        when a split lacks a column, or has columns that the first has not.
    """
    sources = list({id(raw): raw for raw in raws.values()}.values())
    first = sources[0]
    for raw in sources[1:]:
        if (raw.X is None) != (first.X is None):
            kinds = ("a table", "an array")
            raise DataError(
                Problem(
                    "the splits are of different kinds",
                    file=raw.where,
                    expected=f"{kinds[first.X is not None]}, as {first.where}",
                    got=kinds[raw.X is not None],
                )
            )
    if first.X is not None:
        return _array_names(entry, sources)
    names = entry.features or default_features(first, entry)
    if not names:
        raise DataError(
            Problem(
                "no column is left to be a feature",
                file=first.where,
                got="columns " + ", ".join(map(repr, first.names[:10])),
            )
        )
    problems = []
    for raw in sources:
        if entry.features:
            problems += [
                missing_column(name, "feature", raw.where, raw.names)
                for name in names
                if name not in raw.names
            ]
            continue
        own = default_features(raw, entry)
        absent = [name for name in names if name not in own]
        extra = [name for name in own if name not in names]
        if absent or extra:
            got = [f"without {', '.join(map(repr, absent[:10]))}"] if absent else []
            got += [f"with {', '.join(map(repr, extra[:10]))} besides"] if extra else []
            problems.append(
                Problem(
                    f"the columns are not those of {first.where}",
                    file=raw.where,
                    column=(absent or extra)[0],
                    got=" and ".join(got),
                    advice="Bring the files to the same columns, or list `features`.",
                )
            )
    if problems:
        raise DataError(*problems)
    return tuple(names)


def _array_names(entry: DatasetEntry, sources: Sequence[Raw]) -> tuple[str, ...]:
    import numpy as np

    first = sources[0]
    if entry.features and (first.x_names or isinstance(first.X, Mapping)):
        for raw in sources:
            feature_part(raw, entry.features)
        return entry.features
    for raw in sources[1:]:
        mine, theirs = _outline(raw.X), _outline(first.X)
        if mine != theirs:
            raise DataError(
                Problem(
                    "the arrays of the splits differ in shape",
                    file=raw.where,
                    expected=f"{theirs}, as {first.where} (n: any number of rows)",
                    got=str(mine),
                )
            )
    if isinstance(first.X, Mapping):
        return tuple(first.X)
    if not isinstance(first.X, np.ndarray) or first.X.ndim != 2:
        return ()
    width = first.X.shape[1]
    names = entry.features or first.x_names or tuple(f"x{i}" for i in range(width))
    if len(names) != width:
        raise DataError(
            Problem(
                f"the job lists {len(names)} features, the array has {width} columns without names",
                file=first.where,
            )
        )
    return tuple(names)


def _outline(X: Any) -> Any:
    """Shapes without the number of rows; sequences may differ in length."""
    if isinstance(X, Mapping):
        return {name: _outline(part) for name, part in X.items()}
    if isinstance(X, (list, tuple)):
        return [_outline(part) for part in X]
    shape = ["n", *X.shape[1:]]
    if X.ndim == 3 and not looks_like_images(X):
        shape[1] = "steps"
    return "(" + ", ".join(map(str, shape)) + ")"


def feature_values(raw: Raw, entry: DatasetEntry, names: Sequence[str]) -> Any:
    """The features of one source: an array, arrays, or a frame with the columns ``names``."""
    if raw.X is not None:
        if entry.features and (raw.x_names or isinstance(raw.X, Mapping)):
            return feature_part(raw, names)
        return raw.X
    blocks = [name for name in names if name in raw.blocks]
    if blocks:
        if len(names) == 1:
            return raw.blocks[blocks[0]]
        return {
            name: raw.blocks[name]
            if name in raw.blocks
            else raw.columns.get_column(name).to_numpy()
            for name in names
        }
    return raw.columns.select(names)


def unify(frames: Sequence[pl.DataFrame], raws: Sequence[Raw]) -> list[pl.DataFrame]:
    """Types of the columns made those of the first frame, where no value is lost by it.

    Parameters
    ----------
    frames, raws : features and source of each source, train's first.

    Raises
    ------
    DataError
        when a column holds numbers in train and text elsewhere, with the first such row.
    """
    import polars as pl

    plain = [
        frame.with_columns(
            [column.cast(pl.Float64) for column in frame if column.dtype.is_decimal()]
        )
        for frame in frames
    ]
    first = plain[0]
    for i, frame in enumerate(plain[1:], start=1):
        changes = []
        for column in frame:
            wanted = first.schema[column.name]
            if column.dtype == wanted or _alike(column.dtype, wanted):
                continue
            if wanted == pl.Null or _is_empty(first.get_column(column.name)):
                continue
            changes.append(_cast(column, wanted, raws[i], raws[0]))
        plain[i] = frame.with_columns(changes)
    return plain


def _is_empty(column: pl.Series) -> bool:
    return column.null_count() == len(column)


def _alike(one: pl.DataType, other: pl.DataType) -> bool:
    import polars as pl

    words = (pl.String, pl.Categorical, pl.Enum)
    return (
        (one.is_numeric() and other.is_numeric())
        or (isinstance(one, words) and isinstance(other, words))
        or (one.is_nested() and other.is_nested())
    )


def _cast(column: pl.Series, wanted: pl.DataType, raw: Raw, first: Raw) -> pl.Series:
    import polars as pl

    if _is_empty(column):
        return pl.Series(column.name, [None] * len(column), dtype=wanted)
    try:
        cast = column.cast(wanted, strict=False)
    except pl.exceptions.PolarsError:
        cast = pl.Series(column.name, [None] * len(column), dtype=wanted)
    lost = cast.is_null() & column.is_not_null()
    if raw.delimited:
        lost &= ~column.cast(pl.String).is_in(list(MISSING)).fill_null(value=False)
    if lost.any():
        at = int(lost.arg_true()[0])
        raise DataError(
            Problem(
                f"the column is of type {_kind(wanted)} in {first.where} and holds "
                f"{int(lost.sum())} other values here",
                file=raw.where,
                column=column.name,
                row=at,
                expected=_kind(wanted),
                got=repr(column[at]),
            )
        )
    return cast


def _kind(dtype: pl.DataType) -> str:
    import polars as pl

    if dtype.is_numeric():
        return "number"
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return "text"
    if dtype == pl.Boolean:
        return "true or false"
    return "date" if dtype.is_temporal() else str(dtype)


def is_free_text(frame: pl.DataFrame) -> bool:
    """Whether the only column holds free text: strings of three words or more on average."""
    import polars as pl

    if frame.width != 1 or frame.dtypes[0] != pl.String:
        return False
    probe = frame.to_series().drop_nulls().head(_PROBE)
    if probe.is_empty():
        return False
    words = probe.str.count_matches(r"\S+").mean()
    return isinstance(words, float) and words >= 3


def spell_missing(frame: pl.DataFrame) -> pl.DataFrame:
    """Pandas' spellings of "missing" in columns of text as null; ``?`` and ``" "`` stay."""
    import polars as pl

    words = [word for word in MISSING if word != " "]
    text = [column.name for column in frame if column.dtype == pl.String]
    touched = [name for name in text if frame.get_column(name).is_in(words).any()]
    return frame.with_columns(
        pl.when(~pl.col(name).is_in(words)).then(pl.col(name)).alias(name) for name in touched
    )


def sequences(frames: Sequence[pl.DataFrame]) -> list[Any] | None:
    """Columns of equally long lists as arrays; None when that is not what all features are.

    One list column gives an array of shape (n, T, ...), several a mapping of such arrays. Lists
    of different lengths stay lists in a table.
    """
    result: list[Any] = []
    for frame in frames:
        arrays = {column.name: _stacked(column) for column in frame}
        if any(array is None for array in arrays.values()):
            return None
        result.append(arrays if len(arrays) > 1 else next(iter(arrays.values())))
    return result


def _stacked(column: pl.Series) -> np.ndarray | None:
    import numpy as np
    import polars as pl

    if not isinstance(column.dtype, (pl.List, pl.Array)) or column.null_count():
        return None
    shape: list[int] = [len(column)]
    flat = column
    while isinstance(flat.dtype, (pl.List, pl.Array)):
        lists = flat.arr.to_list() if isinstance(flat.dtype, pl.Array) else flat
        lengths = lists.list.len()
        if flat.null_count() or lengths.n_unique() != 1 or lengths[0] == 0:
            return None
        shape.append(int(lengths[0]))
        flat = lists.explode()
    if not (flat.dtype.is_numeric() or flat.dtype == pl.Boolean) or flat.null_count():
        return None
    return np.ascontiguousarray(flat.to_numpy()).reshape(shape)


def looks_like_images(X: Any) -> bool:
    """Whether an array holds images: (n, h, w, c) with 1 to 4 channels, or (n, h, w).

    Arrays of three dimensions are images when both sides are 8 or more and alike (at most 4 : 1);
    long or narrow ones are sequences.
    """
    import numpy as np

    if not isinstance(X, np.ndarray):
        return False
    if X.ndim == 4:
        return bool(X.shape[3] <= 4 and min(X.shape[1:3]) > 1)
    if X.ndim != 3:
        return False
    short, long = sorted(X.shape[1:3])
    return bool(short >= 8 and long <= 4 * short)


def kind_of(values: Any, raw: Raw, *, text: bool) -> Kind:
    """What the features of a data set are, judged by those of train."""
    import polars as pl

    if isinstance(values, pl.DataFrame):
        return "text" if text else "table"
    return "images" if raw.is_images or looks_like_images(values) else "array"
