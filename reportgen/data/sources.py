"""From a source as the job writes it to its rows."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from reportgen.data.raw import Raw
from reportgen.errors import DataError, Problem
from reportgen.job.schema import (
    FileSource,
    ImagesSource,
    PythonSource,
    SklearnSource,
    SqlSource,
)

if TYPE_CHECKING:
    from reportgen.job.schema import DatasetEntry, Job

Source = FileSource | SklearnSource | ImagesSource | PythonSource | SqlSource


def named_columns(entry: DatasetEntry) -> tuple[str, ...]:
    """Every column the data set's entry speaks of."""
    roles = (entry.id, entry.group, entry.time, entry.weight)
    by = entry.split.column if entry.split is not None else None
    mask = entry.mask.array if entry.mask is not None else None
    named = (*entry.every_target, *(entry.features or ()), *roles, by, mask)
    return tuple(dict.fromkeys(name for name in named if name is not None))


def written(source: Source) -> str:
    """The source as it stands in the job, for messages; a database's password is hidden."""
    if isinstance(source, FileSource):
        return source.path
    if isinstance(source, SklearnSource):
        return f"{{sklearn: {source.sklearn}}}"
    if isinstance(source, ImagesSource):
        return source.images
    if isinstance(source, PythonSource):
        return f"{{python: {source.python}}}"
    from reportgen.data.sql import safe_url

    return f"{{sql: {safe_url(source.sql)}}}"


def read_source(
    job: Job,
    source: Source,
    *,
    split: str = "train",
    known: Collection[str] = (),
    as_text: Collection[str] = (),
) -> Raw:
    """The rows of a source: all of them, but of a file that is larger than memory.

    Parameters
    ----------
    split : tells ``x_train`` from ``x_test`` in archives that hold both.
    known, as_text : see :func:`reportgen.data.delimited.read_delimited`.

    Raises
    ------
    DataError
        when it cannot be read; files and Python are named, with line and row where known.
    """
    where = written(source)
    try:
        if isinstance(source, FileSource):
            from reportgen.data.files import read_file
            from reportgen.data.large import memory_of

            return read_file(
                job.locate(source.path),
                where,
                split=split,
                known=known,
                as_text=as_text,
                memory=memory_of(job),
                seed=job.seed,
            )
        if isinstance(source, SklearnSource):
            from reportgen.data.bundles import read_bundle

            return read_bundle(source.sklearn)
        if isinstance(source, ImagesSource):
            from reportgen.data.images import read_images

            return read_images(job.locate(source.images), where)
        if isinstance(source, PythonSource):
            from reportgen.data.functions import read_function

            return read_function(source.python, job.file.parent.resolve())
        from reportgen.data.sql import read_sql

        return read_sql(source.sql, source.query, job.file.parent, where)
    except MemoryError:
        raise DataError(
            Problem(
                "the rows do not fit in memory",
                file=where,
                advice="Audit a sample, or run on a machine with more memory.",
            )
        ) from None
