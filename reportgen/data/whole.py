"""All rows of a split that is held in part: features and target, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reportgen.data.labels import encode, sorted_labels
from reportgen.data.layout import MISSING
from reportgen.data.raw import Raw

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from reportgen.data.large import Large
    from reportgen.data.target import Encoded
    from reportgen.job.schema import DatasetEntry

Batch = tuple["pl.DataFrame", "NDArray[np.generic] | None"]


@dataclass(frozen=True, slots=True)
class Whole:
    """A split of ``n`` rows, of which a :class:`Split` holds some.

    Attributes
    ----------
    n : all of its rows.
    batches : reads them anew, in the order of the source: features with the types of those that
        are held, and the target as codes or numbers; None for a target of several columns.
    room : bytes that the answers to all rows may take.
    """

    n: int
    room: int
    batches: Callable[[], Iterator[Batch]]


def whole_of(raw: Raw, held: Any, entry: DatasetEntry, encoded: Encoded) -> Whole | None:
    """What reads all rows of a source that is held in part; None of others.

    Parameters
    ----------
    held : features of the rows that are held.
    """
    import polars as pl

    if raw.large is None:
        return None
    large, schema = raw.large, held.schema if isinstance(held, pl.DataFrame) else {}

    def batches() -> Iterator[Batch]:
        for frame in large.frames():
            X = alike(frame.select(list(schema)), schema, spelled=raw.delimited)
            yield X, _target(frame, entry, encoded)

    return Whole(large.n, large.memory.answers, batches)


def alike(frame: pl.DataFrame, schema: Mapping[str, pl.DataType], *, spelled: bool) -> pl.DataFrame:
    """Columns of the types that the held rows have; ``spelled``: text may say "missing"."""
    import polars as pl

    made = []
    for column in frame:
        wanted = schema[column.name]
        text = column.dtype == pl.String
        if text and spelled:
            words = [word for word in MISSING if word != " "]
            column = column.to_frame().select(pl.when(~pl.first().is_in(words)).then(pl.first()))[
                column.name
            ]
        if text and wanted.is_numeric():
            column = column.str.strip_chars()
        if column.dtype != wanted:
            column = column.cast(wanted, strict=False)
        made.append(column)
    return pl.DataFrame(made)


def with_all_classes(entry: DatasetEntry, raws: Mapping[str, Raw]) -> DatasetEntry:
    """The entry with the classes of all rows, where the rows held may lack a rare one."""
    first = next(iter(raws.values()))
    one = len(entry.targets) == 1 and entry.task in ("binary", "multiclass")
    if first.large is None or entry.classes is not None or not one:
        return entry
    import polars as pl

    name = entry.targets[0]
    seen = [frame.get_column(name).unique() for frame in _of_column(first.large, name)]
    found = sorted_labels(pl.concat(seen).unique())
    return entry.model_copy(update={"classes": found})


def _of_column(large: Large, name: str) -> Iterator[pl.DataFrame]:
    for frame in large.frames():
        yield frame.select(name)


def _target(
    frame: pl.DataFrame, entry: DatasetEntry, encoded: Encoded
) -> NDArray[np.generic] | None:
    import polars as pl

    if len(entry.targets) != 1 or entry.targets[0] not in frame.columns:
        return None
    column = frame.get_column(entry.targets[0])
    if entry.task == "regression":
        return column.cast(pl.Float64, strict=False).to_numpy()
    if entry.task == "multilabel":
        return None
    return encode(column, encoded.classes)
