"""What a source gives before the job's roles are applied to it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from reportgen.data.large import Large

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Raw:
    """The rows of one source.

    Attributes
    ----------
    where : the source as the job writes it, without passwords; for messages.
    sha256 : of the file's bytes, or of the rows.
    n : number of rows.
    columns : one-dimensional columns, shape (n, p); p may be 0.
    blocks : named arrays of more dimensions, each with n rows.
    X : the features, where the source itself tells them from the rest (an array ``X``).
    y : the target, where the source itself tells it from the rest.
    x_names : names of the columns of a two-dimensional ``X``.
    y_names : names of the columns of a two-dimensional ``y``, or of its one column.
    labels : class labels in the source's own order (folders, a bundle's target names).
    index_like : columns that are row numbers (a nameless first column), no features by default.
    delimited : a text table, in which missing cells are spelled in many ways.
    is_images : ``X`` is known to hold images.
    large : where the source is larger than memory, what reads it whole; the rows are then those
        that it holds.
    notes : facts a reader must know.
    """

    where: str
    sha256: str
    n: int
    columns: pl.DataFrame
    blocks: Mapping[str, np.ndarray] = field(default_factory=dict)
    X: Any = None
    y: np.ndarray | None = None
    x_names: tuple[str, ...] = ()
    y_names: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    index_like: tuple[str, ...] = ()
    delimited: bool = False
    is_images: bool = False
    large: Large | None = None
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name a role may speak of."""
        return (*self.columns.columns, *self.blocks)


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_rows(*parts: Any) -> str:
    """SHA-256 of arrays and tables by their values, for sources that are not a file.

    Equal names, types, shapes and values give the same digest in every process.
    """
    digest = hashlib.sha256()
    for part in parts:
        _update(digest, part)
    return digest.hexdigest()


def _update(digest: Any, part: Any) -> None:
    import numpy as np
    import polars as pl

    if part is None:
        digest.update(b"none;")
    elif isinstance(part, pl.DataFrame):
        digest.update(repr(part.schema).encode())
        flat = not any(dtype.is_nested() or dtype == pl.Object for dtype in part.dtypes)
        for rows in part.iter_slices(100_000):
            sink = BytesIO()
            if flat:
                rows.write_csv(sink, include_header=False)
            else:
                rows.select(pl.exclude(pl.Object)).write_ndjson(sink)
            digest.update(sink.getvalue())
    elif isinstance(part, Mapping):
        for name, value in part.items():
            digest.update(str(name).encode() + b";")
            _update(digest, value)
    elif isinstance(part, (list, tuple)):
        for value in part:
            _update(digest, value)
    else:
        array = np.asarray(part)
        digest.update(f"{array.dtype}{array.shape};".encode())
        if array.dtype.hasobject:
            digest.update("\0".join(map(str, array.ravel().tolist())).encode())
        else:
            step = max(1, (_CHUNK * 16) // max(1, array[:1].nbytes)) if array.ndim else 1
            for start in range(0, len(array) if array.ndim else 0, step):
                digest.update(np.ascontiguousarray(array[start : start + step]).data)
