"""What a source says of itself without being loaded: columns, types, rows. For checks up front.

Nothing here imports scikit-learn or pyarrow, runs a job's Python, or asks a database.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.data.files import ARCHIVES, DELIMITED, PARQUET, check_file, damaged_parquet
from reportgen.errors import DataError, Problem
from reportgen.job.schema import FileSource, HeldOut, ImagesSource, SklearnSource

if TYPE_CHECKING:
    import polars as pl

    from reportgen.data.layout import Layout
    from reportgen.data.sources import Source
    from reportgen.job.schema import DatasetEntry, Job

#: Files up to this size are read through for their number of rows or a column's values.
_CHEAP = 200 << 20


@dataclass(frozen=True, slots=True)
class Header:
    """The outline of a source.

    Attributes
    ----------
    where : the source as the job writes it.
    columns : names of columns, or of the arrays in an archive; empty for a folder of images.
    dtypes : name -> type as polars calls it ("Int64", "String"); of delimited text from the first
        rows only.
    n_rows : number of rows, None where counting takes long.
    shapes : name -> shape of one row, for arrays.
    X, y : names of the arrays that are features and target, where the source tells them apart.
    labels : class labels the source itself knows: folders, or a bundle's classes.
    own_target : the source brings its target without the job naming it.
    index_like : columns that are row numbers, no features by default.
    """

    where: str
    columns: tuple[str, ...]
    dtypes: Mapping[str, str]
    n_rows: int | None
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    X: str | None = None
    y: str | None = None
    labels: tuple[str, ...] = ()
    own_target: tuple[str, ...] = ()
    index_like: tuple[str, ...] = ()

    def features(self, entry: DatasetEntry) -> tuple[str, ...]:
        """Names of the features under the job's roles; of an archive with ``X`` just ``X``."""
        if self.X is not None:
            return (self.X,)
        if entry.features:
            return entry.features
        taken = {*entry.every_target, *self.own_target, *self.index_like, self.y}
        taken |= {entry.id, entry.group, entry.time, entry.weight}
        if entry.mask is not None:
            taken.add(entry.mask.array)
        if entry.split is not None:
            taken.add(entry.split.column)
        return tuple(name for name in self.columns if name not in taken)

    def has(self, column: str) -> bool:
        """Whether a role may name ``column``."""
        return column in self.columns or column in self.own_target


def read(
    job: Job, source: Source | HeldOut, *, split: str = "train", known: Collection[str] = ()
) -> Header | None:
    """The header of a source; None where it cannot be had without running or asking something.

    Parameters
    ----------
    split : tells ``x_train`` from ``x_test`` in archives that hold both.
    known : columns that the job names (they tell a header line from a row).

    Raises
    ------
    DataError
        when the file is missing, empty, or already its header is damaged.
    """
    if isinstance(source, SklearnSource):
        return _bundle(source.sklearn)
    if isinstance(source, ImagesSource):
        return _images(job.locate(source.images), source.images)
    if not isinstance(source, FileSource):
        return None
    path, where = job.locate(source.path), source.path
    check_file(path, where)
    suffix = path.suffix.lower()
    if suffix in DELIMITED:
        return _delimited(path, where, known)
    if suffix in PARQUET:
        return _parquet(path, where)
    if suffix in ARCHIVES:
        return _archive(path, where, split)
    return _lines(path, where)


def is_empty(job: Job, source: Source | HeldOut, *, split: str = "train") -> bool | None:
    """Whether a source has no row at all; None where that is not known up front.

    Raises
    ------
    DataError
        as :func:`read` does.
    """
    header = read(job, source, split=split)
    return None if header is None or header.n_rows is None else header.n_rows == 0


def distinct(
    job: Job, source: Source | HeldOut, column: str | None, *, split: str = "train"
) -> tuple[str, ...] | None:
    """Distinct labels of one column, in the order in which a loaded data set has its classes.

    Parameters
    ----------
    column : None for the target that the source itself brings.

    Returns
    -------
    label texts without missing ones, or None where the source is large or not to be read here.

    Raises
    ------
    DataError
        when the file is damaged. A column that is not there gives None.
    """
    from reportgen.data.labels import sorted_labels

    header = read(job, source, split=split, known=(column,) if column else ())
    if header is None:
        return None
    if header.labels and (column is None or column in header.own_target or not header.columns):
        return header.labels
    if not isinstance(source, FileSource):
        return None
    path = job.locate(source.path)
    suffix = path.suffix.lower()
    if suffix in ARCHIVES:
        name = column if column in header.columns else header.y
        array = _one_array(path, name) if name is not None else None
        return None if array is None or array.ndim != 1 else sorted_labels(array)
    if column is None or column not in header.columns:
        return None
    if suffix not in PARQUET and path.stat().st_size > _CHEAP:
        return None
    values = _column(path, source.path, column)
    if values.dtype.is_nested():
        return None
    if suffix in DELIMITED:
        from reportgen.data.delimited import padded_number

        number = padded_number(values)
        values = values if number is None else number
    return tuple(label for label in sorted_labels(values) if label)


# --- kinds of source -------------------------------------------------------------------------


def _bundle(name: str) -> Header:
    from reportgen.data import bundles

    goals = bundles.targets(name)
    columns = (*bundles.FEATURES[name], *goals)
    classes = tuple(str(i) for i in range(bundles.N_CLASSES.get(name, 0)))
    return Header(
        where=f"{{sklearn: {name}}}",
        columns=columns,
        dtypes=dict.fromkeys(bundles.FEATURES[name], "Float64")
        | dict.fromkeys(goals, "Int64" if classes else "Float64"),
        n_rows=bundles.ROWS[name],
        labels=classes,
        own_target=goals,
    )


def _images(folder: Path, where: str) -> Header:
    from reportgen.data.images import classes_of, files_of, size_of

    labels = classes_of(folder, where)
    files = [path for name in labels for path in files_of(folder, name)]
    shapes = {"X": size_of(files[0], where)} if files else {}
    return Header(
        where, (), {}, len(files), shapes=shapes, X="X", y="y", labels=labels, own_target=("y",)
    )


def _parquet(path: Path, where: str) -> Header:
    import polars as pl

    from reportgen.data.files import PANDAS_INDEX

    try:
        lazy = pl.scan_parquet(path, glob=False, hive_partitioning=False)
        schema = lazy.collect_schema()
        n_rows = int(lazy.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError, ValueError, pl.exceptions.PanicException) as error:
        raise damaged_parquet(where, error) from None
    return Header(
        where,
        tuple(schema.names()),
        {name: str(dtype) for name, dtype in schema.items()},
        n_rows,
        index_like=tuple(name for name in schema.names() if name == PANDAS_INDEX),
    )


def _delimited(path: Path, where: str, known: Collection[str]) -> Header:
    import polars as pl

    from reportgen.data.delimited import padded_number
    from reportgen.data.layout import read_layout

    layout = read_layout(path, where, known)
    dtypes = {}
    for i, name in enumerate(layout.names):
        cells = [row[i] for row in layout.sample if i < len(row)]
        number = padded_number(pl.Series(name, cells, dtype=pl.String)) if cells else None
        truth = {cell.lower() for cell in cells} - {""}
        dtypes[name] = (
            str(number.dtype)
            if number is not None
            else "Boolean"
            if truth and truth <= {"true", "false"}
            else "String"
        )
    n_rows: int | None = len(layout.sample)
    if n_rows and path.stat().st_size > layout.sample_bytes:
        n_rows = None
        if path.stat().st_size <= _CHEAP:
            n_rows = int(_lazy(path, layout).select(pl.len()).collect().item())
    return Header(where, layout.names, dtypes, n_rows, index_like=layout.index_like)


def _lazy(path: Path, layout: Layout) -> pl.LazyFrame:
    """A delimited file, every column as text."""
    import polars as pl

    source: Any = path
    if not layout.encoding.startswith("utf-8"):
        source = path.read_bytes().decode(layout.encoding, "replace").encode()
    return pl.scan_csv(
        source,
        separator=layout.delimiter,
        has_header=False,
        skip_lines=layout.skip_lines,
        schema=dict.fromkeys(layout.names, pl.String),
        encoding="utf8-lossy",
        truncate_ragged_lines=True,
        glob=False,
    )


def _column(path: Path, where: str, column: str) -> pl.Series:
    """The distinct values of one column of a file."""
    import polars as pl

    suffix = path.suffix.lower()
    try:
        if suffix in PARQUET:
            lazy = pl.scan_parquet(path, glob=False, hive_partitioning=False)
        elif suffix in DELIMITED:
            from reportgen.data.layout import read_layout

            lazy = _lazy(path, read_layout(path, where, (column,)))
        else:
            from reportgen.data.lines import read_lines

            return read_lines(path, where).get_column(column)
        return lazy.select(pl.col(column).unique()).collect().to_series()
    except (pl.exceptions.PolarsError, OSError, ValueError, pl.exceptions.PanicException) as error:
        raise DataError(
            Problem("the column cannot be read", file=where, column=column, got=str(error)[:300])
        ) from None


def _lines(path: Path, where: str) -> Header:
    """From the first lines; all lines are counted when that is cheap."""
    columns: dict[str, str] = {}
    n_rows = 0
    size = path.stat().st_size
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            n_rows += 1
            if n_rows > 100:
                if size > _CHEAP:
                    break
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise DataError(
                    Problem("the line is no JSON", file=where, line=number, got=str(error))
                ) from None
            if not isinstance(value, dict):
                raise DataError(
                    Problem(
                        "the line is not an object",
                        file=where,
                        line=number,
                        expected='{"column": value, …}',
                        got=line[:60].decode("utf-8", "replace"),
                    )
                )
            for name, item in value.items():
                kind = _json_type(item)
                if kind is not None or name not in columns:
                    columns[name] = kind or "Null"
    return Header(
        where, tuple(columns), columns, None if size > _CHEAP and n_rows > 100 else n_rows
    )


def _json_type(value: Any) -> str | None:
    if value is None:
        return None
    names = {bool: "Boolean", int: "Int64", float: "Float64", str: "String", list: "List"}
    return names.get(type(value), "Struct")


# --- archives ----------------------------------------------------------------------------------


def _archive(path: Path, where: str, split: str) -> Header:
    from reportgen.data.arrays import array_names, damaged_archive, holds_objects

    shapes: dict[str, tuple[int, ...]] = {}
    dtypes: dict[str, str] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if not member.endswith(".npy"):
                    continue
                name = member.removesuffix(".npy")
                with archive.open(member) as file:
                    shapes[name], dtype = _npy_header(file)
                if dtype.hasobject:
                    raise holds_objects(name, where)
                dtypes[name] = str(dtype)
    except DataError:
        raise
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError) as error:
        raise damaged_archive(where, error) from None
    X, y = array_names(shapes, split)
    rows = next((shapes[name][0] for name in (X, y, *shapes) if name and shapes[name]), None)
    return Header(
        where,
        tuple(name for name in shapes if shapes[name]),
        dtypes,
        rows,
        shapes={name: shape[1:] for name, shape in shapes.items() if shape},
        X=X,
        y=y,
        own_target=(y,) if y else (),
    )


def _npy_header(file: Any) -> tuple[tuple[int, ...], Any]:
    from numpy.lib import format as npy

    version = npy.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = npy.read_array_header_1_0(file)
    elif version in ((2, 0), (3, 0)):
        shape, _, dtype = npy.read_array_header_2_0(file)
    else:
        raise ValueError(f"npy version {version} is not known")
    return tuple(shape), dtype


def _one_array(path: Path, name: str) -> Any:
    from numpy.lib import format as npy

    try:
        with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as file:
            if archive.getinfo(f"{name}.npy").file_size > _CHEAP:
                return None
            return npy.read_array(file, allow_pickle=False)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error, KeyError):
        return None
