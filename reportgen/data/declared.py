"""The sources that a data set declares, each read once and columns alike in all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.data.layout import MISSING
from reportgen.data.raw import Raw
from reportgen.data.sources import named_columns, read_source, written
from reportgen.errors import DataError, Problem
from reportgen.job.schema import SPLITS, FileSource, HeldOut

if TYPE_CHECKING:
    from reportgen.job.schema import DatasetEntry, Job


def read_declared(job: Job, entry: DatasetEntry) -> dict[str, Raw]:
    """The source of each split that has one of its own, train first; equal sources are one."""
    known = named_columns(entry)
    declared = {
        split: source
        for split in SPLITS
        if (source := getattr(entry, split)) is not None and not isinstance(source, HeldOut)
    }
    if not declared:
        raise DataError("the data set has no split: give train, validation or test")
    read: dict[tuple[str, str], Raw] = {}
    raws: dict[str, Raw] = {}
    for split, source in declared.items():
        archive = isinstance(source, FileSource) and source.path.lower().endswith(".npz")
        key = (source.model_dump_json(), split if archive else "")
        if key not in read:
            read[key] = read_source(
                job, source, split=split, known=known, as_text=_spelled_targets(entry)
            )
            if read[key].n == 0:
                raise DataError(Problem(f"{split} is empty: there is no row", file=written(source)))
        raws[split] = read[key]
    return _reread_as_text(job, entry, raws)


def _spelled_targets(entry: DatasetEntry) -> tuple[str, ...]:
    """Target columns in which a word for "missing" (``None``, ``NA``) is a class of the job."""
    return entry.targets if set(entry.classes or ()) & set(MISSING) else ()


def _reread_as_text(job: Job, entry: DatasetEntry, raws: dict[str, Raw]) -> dict[str, Raw]:
    """Delimited files again where one holds text in a column in which another holds numbers.

    ``00123`` is a number only to a file in which every value is one; what train has as text is
    read as text everywhere.
    """
    import polars as pl

    first = next(iter(raws.values()))
    goals = set(entry.targets)
    text = {
        column.name
        for column in first.columns
        if column.dtype == pl.String and column.name not in goals
    }
    again: dict[int, Raw] = {}
    for split, raw in raws.items():
        mixed = [
            column.name
            for column in raw.columns
            if column.name in text and column.dtype != pl.String
        ]
        if raw.delimited and mixed and id(raw) not in again:
            source = getattr(entry, split)
            again[id(raw)] = read_source(
                job,
                source,
                split=split,
                known=named_columns(entry),
                as_text=(*mixed, *_spelled_targets(entry)),
            )
    return {split: again.get(id(raw), raw) for split, raw in raws.items()}
