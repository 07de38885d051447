"""Targets as the task wants them: class codes, indicator matrices, or finite numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.data.labels import encode, label_text, sorted_labels
from reportgen.data.roles import refuse_missing
from reportgen.errors import DataError, Problem

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from reportgen.job.schema import DatasetEntry


@dataclass(frozen=True, slots=True)
class Labelled:
    """The target of one split before it is encoded.

    ``columns`` has a column for each target; ``rows`` are positions in the source; ``labels`` are
    names of the codes 0, 1 … where the source knows them.
    """

    where: str
    columns: Sequence[pl.Series]
    rows: NDArray[np.int64]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Encoded:
    """Targets of all splits; see :class:`reportgen.data.table.Dataset`."""

    classes: tuple[str, ...]
    positive: int | None
    target: tuple[str, ...]
    y: Mapping[str, NDArray[np.generic]]
    notes: tuple[str, ...] = ()


def encode_targets(entry: DatasetEntry, splits: Mapping[str, Labelled]) -> Encoded:
    """Encode the targets of all splits alike.

    Classes are those of the job, else the labels of train's source (all of it, also what is cut
    from it as validation or test; the first split's where there is no train) in the order in
    which scikit-learn sorts them. A label that is none of them is an error: no model with an
    output for each class could ever give it, and a code for "none" would silently count as wrong
    everywhere.

    Parameters
    ----------
    splits : train first.

    Raises
    ------
    DataError
        with column, row and count: missing targets, labels that are no class, numbers that are
        not finite; and when the labels do not suit the task.
    """
    first = next(iter(splits.values()))
    names = tuple(column.name for column in first.columns)
    for split in splits.values():
        if len(split.columns) != len(names):
            raise DataError(
                Problem(
                    "the splits differ in their number of target columns",
                    file=split.where,
                    expected=f"{len(names)}, as in {first.where}",
                    got=str(len(split.columns)),
                )
            )
    if entry.task == "regression":
        y = {name: _numbers(split) for name, split in splits.items()}
        return Encoded((), None, names, y)
    if entry.task == "multilabel":
        return _multilabel(entry, splits, names)
    return _classes(entry, splits, names)


# --- regression --------------------------------------------------------------------------------


def _numbers(split: Labelled) -> NDArray[np.float64]:
    import numpy as np
    import polars as pl

    columns = []
    for column in split.columns:
        refuse_missing(column, "target", split.where, split.rows)
        values = column.cast(pl.Float64, strict=False)
        bad = ~values.is_finite().fill_null(value=False)
        if bad.any():
            at = int(bad.arg_true()[0])
            raise DataError(
                Problem(
                    f"{int(bad.sum())} of {len(column)} targets are no finite numbers",
                    file=split.where,
                    column=column.name,
                    row=int(split.rows[at]),
                    expected="numbers, for task: regression",
                    got=repr(column[at]),
                )
            )
        columns.append(values.to_numpy())
    return columns[0] if len(columns) == 1 else np.column_stack(columns)


# --- one class a row -----------------------------------------------------------------------------


def _classes(
    entry: DatasetEntry, splits: Mapping[str, Labelled], names: tuple[str, ...]
) -> Encoded:
    declared = tuple(label_text(entry.classes or ()).tolist())
    notes: list[str] = []
    if len(names) > 1:
        by_split = {name: _hot(split) for name, split in splits.items()}
        own = entry.targets if len(entry.targets) == len(names) else ()
        classes = declared or tuple(label_text(own or names).tolist())
        if len(classes) != len(names):
            raise _not_as_declared(next(iter(splits.values())), declared, names)
        y: dict[str, NDArray[np.generic]] = dict(by_split)
        notes.append(f"The target has a column for each of the {len(names)} classes (one-hot).")
        target = entry.targets or ("y",)
    else:
        labels = {name: _named(split, declared) for name, split in splits.items()}
        for name, split in splits.items():
            refuse_missing(labels[name], "target", split.where, split.rows)
        first = next(iter(splits))
        classes = declared or _order(_of_source(labels, splits), splits[first])
        y = {}
        for name, split in splits.items():
            codes = encode(labels[name], classes)
            y[name] = codes
            _refuse_unknown(codes, labels[name], split, classes, bool(declared), first)
        target = names
    _check_number(entry, classes, next(iter(splits.values())))
    notes += _absent(y, classes)
    return Encoded(classes, _positive(entry, classes), target, y, tuple(notes))


def _named(split: Labelled, declared: tuple[str, ...]) -> pl.Series:
    """The labels; by the source's own names when the job speaks in those."""
    import numpy as np
    import polars as pl

    column = split.columns[0]
    if split.labels and set(declared) == set(split.labels) and column.dtype.is_integer():
        return pl.Series(column.name, np.array(split.labels)[column.to_numpy()])
    if column.dtype.is_nested():
        raise DataError(
            Problem(
                "the target holds lists, which only task: multilabel takes",
                file=split.where,
                column=column.name,
            )
        )
    return column


def _of_source(labels: Mapping[str, pl.Series], splits: Mapping[str, Labelled]) -> pl.Series:
    """Labels of all that is cut from the first split's source."""
    import polars as pl

    first = next(iter(splits.values()))
    return pl.concat([labels[name] for name, s in splits.items() if s.where == first.where])


def _order(column: pl.Series, split: Labelled) -> tuple[str, ...]:
    found = sorted_labels(column)
    if split.labels and set(found) == set(split.labels):
        return split.labels
    return found


def _hot(split: Labelled) -> NDArray[np.int64]:
    """Codes of one-hot columns.

    Raises
    ------
    DataError
        when a row has not exactly one 1.
    """
    import numpy as np

    indicator = _indicators(split)
    bad = np.flatnonzero(indicator.sum(axis=1) != 1)
    if len(bad):
        raise DataError(
            Problem(
                f"{len(bad)} rows do not belong to exactly one class",
                file=split.where,
                row=int(split.rows[bad[0]]),
                expected="one 1 and else 0 over the target columns, or task: multilabel",
                got=str(indicator[bad[0]].tolist()[:20]),
            )
        )
    codes: NDArray[np.int64] = indicator.argmax(axis=1).astype(np.int64)
    return codes


def _refuse_unknown(
    codes: NDArray[np.int64],
    column: pl.Series,
    split: Labelled,
    classes: tuple[str, ...],
    declared: bool,
    first: str,
) -> None:
    import numpy as np

    unknown = np.flatnonzero(codes < 0)
    if not len(unknown):
        return
    at = int(unknown[0])
    others = sorted({str(t) for t in label_text(column[unknown.tolist()]).tolist()})
    shown = ", ".join(map(repr, others[:10])) + (", …" if len(others) > 10 else "")
    plural = "labels that are" if len(others) > 1 else "a label that is"
    whose = "`classes` of the job" if declared else f"the labels of {first}"
    raise DataError(
        Problem(
            f"{len(unknown)} of {len(codes)} rows have {plural} not among {whose}",
            file=split.where,
            column=column.name,
            row=int(split.rows[at]),
            expected=_some(classes),
            got=shown,
            advice="List every class under `classes`, in the order of the model's outputs, or "
            "correct the rows.",
        )
    )


def _check_number(entry: DatasetEntry, classes: tuple[str, ...], first: Labelled) -> None:
    if entry.task == "binary" and len(classes) == 2:
        return
    if entry.task == "multiclass" and len(classes) >= 2:
        return
    wanted = "exactly two classes" if entry.task == "binary" else "two classes or more"
    raise DataError(
        Problem(
            f"task {entry.task} needs {wanted}",
            file=first.where,
            column=first.columns[0].name,
            got=f"{len(classes)}: {_some(classes)}",
            advice="If a class is only absent from these rows, list all under `classes`."
            if len(classes) < 2
            else "Numbers to be predicted are task: regression."
            if len(classes) > 100
            else "Several classes are task: multiclass.",
        )
    )


def _positive(entry: DatasetEntry, classes: tuple[str, ...]) -> int | None:
    if entry.task != "binary":
        return None
    if entry.positive is None:
        return len(classes) - 1
    text = str(label_text([entry.positive])[0])
    if text not in classes:
        raise DataError(
            Problem(
                f"`positive: {entry.positive}` is none of the classes",
                expected=_some(classes),
            )
        )
    return classes.index(text)


def _absent(y: Mapping[str, NDArray[np.generic]], classes: tuple[str, ...]) -> list[str]:
    import numpy as np

    notes = []
    for name, codes in y.items():
        there = set(np.unique(codes).tolist())
        gone = [label for code, label in enumerate(classes) if code not in there]
        if gone:
            notes.append(f"No row of {name} is of class {_some(gone)}.")
    return notes


# --- several labels a row ---------------------------------------------------------------------


def _multilabel(
    entry: DatasetEntry, splits: Mapping[str, Labelled], names: tuple[str, ...]
) -> Encoded:
    import polars as pl

    declared = tuple(label_text(entry.classes or ()).tolist())
    first = next(iter(splits.values()))
    y: dict[str, NDArray[np.generic]] = {}
    listed = first.columns[0]
    if len(names) == 1 and isinstance(listed.dtype, (pl.List, pl.Array)):
        if listed.dtype.inner == pl.String:
            classes = declared or sorted_labels(listed.explode().drop_nulls())
            for name, split in splits.items():
                y[name] = _binarize(split, classes)
            return Encoded(classes, None, names, y, tuple(_absent_labels(y, classes)))
        splits = {name: _spread(split) for name, split in splits.items()}
        names = tuple(column.name for column in next(iter(splits.values())).columns)
    if declared and len(declared) != len(names):
        raise _not_as_declared(first, declared, names)
    for name, split in splits.items():
        y[name] = _indicators(split)
    classes = declared or tuple(names)
    target = entry.targets if len(entry.targets) == len(classes) else classes
    return Encoded(classes, None, target, y, tuple(_absent_labels(y, classes)))


def _absent_labels(y: Mapping[str, NDArray[np.generic]], classes: Sequence[str]) -> list[str]:
    notes = []
    for name, matrix in y.items():
        gone = [label for k, label in enumerate(classes) if not matrix[:, k].any()]
        if gone:
            notes.append(f"No row of {name} has the label {_some(gone)}.")
    return notes


def _indicators(split: Labelled) -> NDArray[np.int8]:
    """Columns of 0 and 1 as int8 of shape (n, K)."""
    import numpy as np
    import polars as pl

    matrix = np.empty((len(split.rows), len(split.columns)), dtype=np.int8)
    for k, column in enumerate(split.columns):
        refuse_missing(column, "target", split.where, split.rows)
        numbers = column.cast(pl.Float64, strict=False)
        bad = ~numbers.is_in([0.0, 1.0]).fill_null(value=False)
        if bad.any():
            at = int(bad.arg_true()[0])
            raise DataError(
                Problem(
                    f"{int(bad.sum())} of {len(column)} values are neither 0 nor 1",
                    file=split.where,
                    column=column.name,
                    row=int(split.rows[at]),
                    expected="0 or 1 in each of the target columns",
                    got=repr(column[at]),
                )
            )
        matrix[:, k] = numbers.to_numpy()
    return matrix


def _spread(split: Labelled) -> Labelled:
    """A column of equally long lists as a column for each place."""
    import polars as pl

    column = split.columns[0]
    if isinstance(column.dtype, pl.Array):
        column = column.arr.to_list()
    refuse_missing(column, "target", split.where, split.rows)
    lengths = column.list.len()
    width = int(lengths[0])
    odd = lengths != width
    if odd.any():
        at = int(odd.arg_true()[0])
        raise DataError(
            Problem(
                "the lists of labels differ in length",
                file=split.where,
                column=column.name,
                row=int(split.rows[at]),
                expected=f"{width}, as in the first row",
                got=str(lengths[at]),
            )
        )
    columns = [column.list.get(k).alias(str(k)) for k in range(width)]
    return Labelled(split.where, columns, split.rows)


def _binarize(split: Labelled, classes: tuple[str, ...]) -> NDArray[np.int8]:
    """Lists of label names as int8 of shape (n, K)."""
    import numpy as np

    column = split.columns[0]
    refuse_missing(column, "target", split.where, split.rows)
    lengths = column.list.len().to_numpy()
    row = np.repeat(np.arange(len(column)), lengths)
    flat = column.filter(column.list.len() > 0).explode()
    codes = encode(flat, classes)
    bad = np.flatnonzero(codes < 0)
    if len(bad):
        raise DataError(
            Problem(
                f"{len(bad)} labels are not among the classes",
                file=split.where,
                column=column.name,
                row=int(split.rows[row[bad[0]]]),
                expected=_some(classes),
                got=repr(flat[int(bad[0])]),
            )
        )
    matrix = np.zeros((len(column), len(classes)), dtype=np.int8)
    matrix[row, codes] = 1
    return matrix


def _not_as_declared(
    split: Labelled, declared: tuple[str, ...], names: tuple[str, ...]
) -> DataError:
    return DataError(
        Problem(
            f"`classes` has {len(declared)} names, the target {len(names)} columns",
            file=split.where,
            expected=f"a class for each column: {_some(names)}",
            got=_some(declared),
        )
    )


def _some(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (f", … ({len(names)} in all)" if len(names) > most else "")
