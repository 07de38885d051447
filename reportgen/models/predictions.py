"""Prediction files: stored outputs for whole splits, aligned to the data set's rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.errors import DataError, ModelError, Problem
from reportgen.job.inputs import not_a_file
from reportgen.models.inference import checked, declared
from reportgen.models.predictor import Framework, Output

if TYPE_CHECKING:
    import polars as pl

    from reportgen.data.table import Dataset, Split
    from reportgen.job.schema import Job, ModelEntry, PredictionsModel

COLUMN = "prediction"
_SHOWN = 5
_EXTENSIONS = ".csv, .tsv, .parquet, .jsonl or .npz"


class StoredPredictor:
    """Prediction files behind the :class:`~reportgen.models.predictor.Predictor` protocol."""

    def __init__(
        self,
        raw: Mapping[str, np.ndarray],
        output: Output,
        notes: tuple[str, ...],
        whole: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """``whole``: outputs of all rows of the splits that are held in part."""
        self.framework: Framework = "predictions"
        self.model: Any = None
        self.n_weights: int | None = None
        self.output = output
        self.notes = notes
        self._raw = dict(raw)
        self._whole = dict(whole or {})
        rows = ", ".join(f"{len(values):,} {name}" for name, values in self._raw.items())
        self.description = f"Stored predictions for {rows} rows; the model itself is not here."

    def predict(self, inputs: Any) -> np.ndarray:
        """Raises a ModelError: stored predictions answer for whole splits only."""
        raise ModelError(
            Problem(
                "there are stored predictions only: the model cannot be asked about other rows",
                advice="Give the model itself for diagnostics that change its inputs.",
            )
        )

    def predict_split(self, name: str) -> np.ndarray | None:
        """The stored outputs in the order of the split's rows; None where there is no file."""
        return self._raw.get(name)

    def of_all_rows(self, name: str) -> np.ndarray | None:
        """The same of a split that is held in part, of all of its rows."""
        return self._whole.get(name)


def load(
    job: Job, source: PredictionsModel, entry: ModelEntry, dataset: Dataset
) -> StoredPredictor:
    """All prediction files of a model, read, aligned and told apart.

    Columns named as the classes are scores. ``prediction`` is a label when its values are classes
    (compared as canonical text), else P(classes[1]), or the value in regression.

    Raises
    ------
    ModelError
        if a file cannot be read, its rows do not match the split's, or its columns say nothing.
    """
    id_name = job.datasets[entry.dataset].id
    raw: dict[str, np.ndarray] = {}
    whole: dict[str, np.ndarray] = {}
    outputs: dict[str, Output] = {}
    notes: dict[str, None] = {}
    for name, path in source.predictions.items():
        if name not in dataset.splits:
            raise ModelError(
                Problem(
                    f"there are predictions for {name}, but the data set has no such split",
                    file=path,
                    expected=", ".join(dataset.splits),
                )
            )
        split = dataset.splits[name]
        frame = read(job.locate(path), (*dataset.classes, COLUMN))
        if (
            split.whole is not None
            and frame.height == split.whole.n
            and id_name not in frame.columns
        ):
            whole[name] = _columns(frame, dataset, path, notes)[0]
        frame = _aligned(frame, split, id_name, path, notes)
        raw[name], outputs[name] = _columns(frame, dataset, path, notes)
    kinds = {output.kind for output in outputs.values()}
    inferred = next(iter(outputs.values()))
    if len(kinds) > 1:
        said = ", ".join(f"{output.kind} for {name}" for name, output in outputs.items())
        raise ModelError(
            Problem(
                "the prediction files hold different things",
                got=said,
                advice="Give scores for all splits, or labels for all.",
            )
        )
    output = declared(entry, inferred)
    for values in raw.values():
        looked = checked(output, values, dataset.task)
        if looked.note != output.note:
            output = looked
            break
    return StoredPredictor(raw, output, tuple(notes), whole)


def columns(path: Path) -> tuple[str, ...]:
    """Column names of a prediction file.

    Raises
    ------
    ModelError
        if it is missing, empty, or of no kind that is known.
    """
    import polars as pl

    _require(path)
    suffix = path.suffix.lower()
    try:
        if suffix == ".parquet":
            return tuple(pl.read_parquet_schema(path))
        if suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                return tuple(arrays.files)
        if suffix == ".jsonl":
            return tuple(pl.read_ndjson(path, n_rows=100).columns)
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            import csv

            header = stream.readline()
            counts = {mark: header.count(mark) for mark in (",", ";", "\t")}
            mark = max(counts, key=lambda m: counts[m])
            return tuple(cell.strip() for cell in next(csv.reader([header], delimiter=mark), []))
    except ModelError:
        raise
    except Exception as error:
        raise _unreadable(path, error) from None


def read(path: Path, known: Collection[str] = ()) -> pl.DataFrame:
    """A prediction file as a table.

    Parameters
    ----------
    known : names that its columns may have: two classes 0 and 1 head two columns of numbers.

    Raises
    ------
    ModelError
        if it is missing, empty, damaged, or of no kind that is known.
    """
    import polars as pl

    _require(path)
    suffix = path.suffix.lower()
    try:
        if suffix == ".parquet":
            frame = pl.read_parquet(path)
        elif suffix == ".jsonl":
            frame = pl.read_ndjson(path, infer_schema_length=None)
        elif suffix == ".npz":
            frame = _from_npz(path)
        else:
            from reportgen.data.delimited import read_delimited

            frame = read_delimited(path, str(path), known=known).columns
    except ModelError:
        raise
    except DataError as error:
        raise ModelError(*error.problems) from None
    except Exception as error:
        raise _unreadable(path, error) from None
    if not frame.height:
        raise ModelError(Problem("there are no predictions in the file", file=str(path)))
    return frame


def _require(path: Path) -> None:
    problem = None
    if path.suffix.lower() not in (".csv", ".tsv", ".txt", ".parquet", ".jsonl", ".npz"):
        problem = Problem(
            "not a file of predictions that is known", expected=_EXTENSIONS, got=path.name
        )
    elif (special := not_a_file(path)) is not None:
        problem = Problem(f"this is {special}, which may never end", expected="a file")
    elif path.is_dir():
        problem = Problem("this is a folder", expected=_EXTENSIONS)
    elif not path.is_file():
        problem = Problem("there is no such file")
    elif not path.stat().st_size:
        problem = Problem("the file is empty")
    if problem is not None:
        raise ModelError(problem.at(file=str(path)))


def _unreadable(path: Path, error: Exception) -> ModelError:
    said = (str(error).splitlines() or [type(error).__name__])[0][:300]
    return ModelError(
        Problem(
            f"the predictions cannot be read: {said}",
            file=str(path),
            advice="Was it cut short? Write it again.",
        )
    )


def _from_npz(path: Path) -> pl.DataFrame:
    import polars as pl

    series: dict[str, Any] = {}
    with np.load(path, allow_pickle=False) as arrays:
        for name in arrays.files:
            array = arrays[name]
            if array.ndim == 2 and array.shape[1] == 1:
                array = array[:, 0]
            if array.ndim == 1:
                series[name] = pl.Series(array)
            elif array.ndim == 2:
                series |= {f"{name}.{i}": pl.Series(array[:, i]) for i in range(array.shape[1])}
    lengths = {len(s) for s in series.values()}
    if len(lengths) > 1:
        raise ModelError(
            Problem(
                "the arrays differ in length",
                file=str(path),
                got=", ".join(f"{name}: {len(s):,}" for name, s in series.items()),
            )
        )
    return pl.DataFrame(series)


def _aligned(
    frame: pl.DataFrame, split: Split, id_name: str | None, path: str, notes: dict[str, None]
) -> pl.DataFrame:
    """The file's rows in the order of the split's."""
    where = next((c for c in frame.columns if c.strip() == id_name), None)
    if split.ids is None or where is None:
        if split.whole is not None and frame.height == split.whole.n:
            return frame[split.rows]
        if frame.height != split.n:
            raise ModelError(
                Problem(
                    f"the file has {frame.height:,} predictions for the "
                    f"{split.rows_of_all:,} rows of {split.name}",
                    file=path,
                    advice="Give one prediction a row, in the order of the rows"
                    + (f", or a column {id_name!r} to align them by." if id_name else "."),
                )
            )
        if split.ids is not None:
            notes[
                f"{path} has no column {id_name!r}: its rows are taken in the order of {split.name}"
            ] = None
        return frame
    from reportgen.data.labels import label_text

    if split.whole is not None:
        import polars as pl

        column = frame.get_column(where)
        held = pl.Series(split.ids).cast(column.dtype, strict=False)
        frame = frame.filter(column.is_in(held.implode()))
    given, wanted = label_text(frame.get_column(where)), label_text(split.ids)
    _require_same_ids(given, wanted, split, where, path)
    position = {text: i for i, text in enumerate(given)}
    order = np.array([position[text] for text in wanted], dtype=np.int64)
    return frame[order].drop(where)


def _require_same_ids(
    given: np.ndarray, wanted: np.ndarray, split: Split, where: str, path: str
) -> None:
    problems = []
    for texts, what in ((given, "the file"), (wanted, split.name)):
        counts = Counter(texts.tolist())
        twice = [text for text, count in counts.items() if count > 1 and text is not None]
        if None in counts:
            problems.append(f"{counts[None]:,} rows of {what} have no id")
        if twice:
            problems.append(f"{len(twice):,} ids stand more than once in {what} ({_some(twice)})")
    in_file, in_split = set(given), set(wanted)
    missing = [] if problems else [t for t in wanted if t not in in_file]
    extra = [] if problems else [t for t in given if t not in in_split]
    if missing:
        problems.append(
            f"{len(missing):,} of {len(wanted):,} rows of {split.name} have no prediction "
            f"(ids {_some(missing)})"
        )
    if extra:
        problems.append(
            f"{len(extra):,} predictions are for ids that {split.name} does not have "
            f"({_some(extra)})"
        )
    if problems:
        raise ModelError(
            Problem(
                "; ".join(problems),
                file=path,
                column=where,
                expected=f"each of the {len(wanted):,} ids of {split.name} once",
                got=f"{len(given):,} rows",
            )
        )


def _some(texts: list[Any]) -> str:
    return ", ".join(map(str, texts[:_SHOWN])) + (" …" if len(texts) > _SHOWN else "")


def _columns(
    frame: pl.DataFrame, dataset: Dataset, path: str, notes: dict[str, None]
) -> tuple[np.ndarray, Output]:
    from reportgen.data.labels import label_text

    if dataset.task == "regression":
        return _regression(frame, dataset, path)
    texts = label_text(frame.columns)
    classes = label_text(list(dataset.classes))
    named = dict(zip(texts, frame.columns, strict=True))
    present = [named[c] for c in classes if c in named]
    if len(present) == len(classes):
        if COLUMN in frame.columns:
            notes[f"{path}: the columns of scores are read, `{COLUMN}` is not"] = None
        return _numbers(frame, present, path), Output("probability", "the columns of the file")
    if dataset.task == "binary" and len(present) == 1 and COLUMN not in frame.columns:
        scores = _numbers(frame, present, path)[:, 0]
        if present[0] == named.get(classes[0]):
            notes[f"{path}: P({classes[1]}) is 1 − the column {present[0]!r}"] = None
            scores = 1.0 - scores
        return scores, Output("probability", f"the column {present[0]!r}")
    vector = [c for c in frame.columns if c.startswith(f"{COLUMN}.")]
    if len(vector) == len(classes):
        return _numbers(frame, vector, path), Output("probability", f"the array `{COLUMN}`")
    if COLUMN in frame.columns and dataset.task != "multilabel":
        return _one_column(frame.get_column(COLUMN), dataset, path)
    raise ModelError(
        Problem(
            "the file has neither a column for each class nor a column `prediction`",
            file=path,
            expected=", ".join(dataset.classes[:12]),
            got=", ".join(frame.columns[:12]),
            advice=f"There is none for {_some([c for c in classes if c not in named])}."
            if present
            else "Name the columns of scores as the classes are named.",
        )
    )


def _regression(frame: pl.DataFrame, dataset: Dataset, path: str) -> tuple[np.ndarray, Output]:
    vector = [c for c in frame.columns if c.startswith(f"{COLUMN}.")]
    if dataset.target and all(t in frame.columns for t in dataset.target):
        chosen = list(dataset.target)
    elif COLUMN in frame.columns:
        chosen = [COLUMN]
    elif vector:
        chosen = vector
    else:
        raise ModelError(
            Problem(
                "the file has no column of predictions",
                file=path,
                expected=f"`{COLUMN}`, or {', '.join(dataset.target[:8])}",
                got=", ".join(frame.columns[:12]),
            )
        )
    values = _numbers(frame, chosen, path)
    origin = f"the {'column' if len(chosen) == 1 else 'columns'} {', '.join(chosen[:4])}"
    return (values[:, 0] if len(chosen) == 1 else values), Output("value", origin)


def _one_column(column: pl.Series, dataset: Dataset, path: str) -> tuple[np.ndarray, Output]:
    from reportgen.data.labels import encode

    _require_present(column, path)
    codes = encode(column, dataset.classes)
    origin = f"the column {COLUMN!r}"
    if (codes >= 0).all():
        return _label_array(column), Output("label", origin)
    numeric = column.dtype.is_numeric()
    if numeric and dataset.task == "binary":
        return column.to_numpy().astype(np.float64), Output("probability", origin)
    note = None if not numeric else "values that are no class are counted as wrong"
    return _label_array(column), Output("label", origin, note)


def _label_array(column: pl.Series) -> np.ndarray:
    if column.dtype.is_numeric():
        return np.asarray(column.to_numpy())
    from reportgen.data.labels import label_text

    return label_text(column)


def _numbers(frame: pl.DataFrame, names: list[str], path: str) -> np.ndarray:
    for name in names:
        column = frame.get_column(name)
        if not (column.dtype.is_numeric() or str(column.dtype) == "Boolean"):
            raise ModelError(
                Problem(
                    "the predictions are not numbers",
                    file=path,
                    column=name,
                    got=f"{column[0]!r} in the first row",
                )
            )
        _require_present(column, path)
    import polars as pl

    return frame.select(pl.col(names).cast(pl.Float64)).to_numpy()


def _require_present(column: pl.Series, path: str) -> None:
    missing = column.is_null().to_numpy()
    if missing.any():
        raise ModelError(
            Problem(
                f"{int(missing.sum()):,} of {len(column):,} predictions are missing",
                file=path,
                column=column.name,
                row=int(np.flatnonzero(missing)[0]),
            )
        )
