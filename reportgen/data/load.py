"""A data set of the job, loaded: sources read once, cut into splits, columns by their roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reportgen.data.arrays import as_column
from reportgen.data.cuts import hold_out, named_parts, take, within
from reportgen.data.features import (
    choose_features,
    feature_values,
    is_free_text,
    kind_of,
    sequences,
    spell_missing,
    unify,
)
from reportgen.data.large import refuse_to_cut
from reportgen.data.layout import MISSING
from reportgen.data.raw import Raw
from reportgen.data.roles import role_column, target_columns, weights_of
from reportgen.data.sources import named_columns, read_source, written
from reportgen.data.steps import Steps, classes_of, masked, truth_of
from reportgen.data.table import Dataset, Kind, Split
from reportgen.data.target import Encoded, Labelled, encode_targets
from reportgen.data.times import read_times
from reportgen.data.whole import whole_of, with_all_classes
from reportgen.errors import DataError, Problem, ReportgenError
from reportgen.job.keypath import key_path
from reportgen.job.schema import SPLITS, FileSource, HeldOut

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from reportgen.job.schema import DatasetEntry, Job


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows of a source that make up a split."""

    raw: Raw
    at: range | NDArray[np.int64]


def load(job: Job, name: str) -> Dataset:
    """Load a data set of the job.

    Every declared split is read, a source that several splits share only once. Rows are in the
    order of their source, but for splits that ``random`` and ``stratified`` cut: those are in
    the order in which scikit-learn's ``train_test_split`` returns them.

    Parameters
    ----------
    name : key under ``datasets``.

    Raises
    ------
    DataError
        with all that is known of the place: file, line, row, column.
    """
    entry = job.datasets[name]
    try:
        return _load(job, name, entry)
    except ReportgenError as error:
        raise error.at(key=key_path(("datasets", name))) from error.__cause__


def _load(job: Job, name: str, entry: DatasetEntry) -> Dataset:
    raws = _read(job, entry)
    entry = with_all_classes(entry, raws)
    times, time_notes = _times(raws, entry)
    parts = _parts(job, entry, raws, times)
    for split, part in parts.items():
        if len(part.at) == 0:
            raise DataError(Problem(f"the split {split} has no rows", file=part.raw.where))
    names = choose_features(entry, {split: part.raw for split, part in parts.items()})
    X, kind = _features(entry, parts, names)
    rows = {split: _positions(part) for split, part in parts.items()}
    if entry.mask is not None:
        return _step_by_step(name, entry, parts, X, kind, names, rows, times)
    encoded = _encoded(entry, parts, rows)
    whole = {
        split: Split(
            name=split,
            X=X[split],
            y=encoded.y[split],
            rows=rows[split],
            source=part.raw.where,
            sha256=part.raw.sha256,
            ids=_ids(part, entry),
            groups=_role(part, entry.group, "group"),
            times=take(times[id(part.raw)], part.at) if entry.time is not None else None,
            weights=take(weights_of(part.raw, entry.weight).to_numpy(), part.at)
            if entry.weight is not None
            else None,
            unused=_unused(part, entry, names),
            whole=whole_of(part.raw, X[split], entry, encoded),
        )
        for split, part in parts.items()
    }
    found = Dataset(
        name=name,
        task=entry.task,
        kind=kind,
        features=names,
        classes=encoded.classes,
        positive=encoded.positive,
        splits=whole,
        target=encoded.target,
        notes=_notes(parts, names, X, encoded, time_notes),
        id=entry.id,
        head=entry.first_head,
    )
    others = {
        head: _of_head(found, entry.of_head(head), head, parts, rows)
        for head in entry.heads or {}
        if head != entry.first_head
    }
    return replace(found, heads=others)


def _encoded(
    entry: DatasetEntry, parts: Mapping[str, _Part], rows: Mapping[str, NDArray[np.int64]]
) -> Encoded:
    """The targets of every split, encoded alike."""
    return encode_targets(
        entry,
        {
            split: Labelled(
                part.raw.where,
                [take(column, part.at) for column in target_columns(part.raw, entry)],
                rows[split],
                part.raw.labels,
            )
            for split, part in parts.items()
        },
    )


def _of_head(
    dataset: Dataset,
    entry: DatasetEntry,
    head: str,
    parts: Mapping[str, _Part],
    rows: Mapping[str, NDArray[np.int64]],
) -> Dataset:
    """The same rows with the target of another output."""
    encoded = _encoded(entry, parts, rows)
    return replace(
        dataset,
        task=entry.task,
        classes=encoded.classes,
        positive=encoded.positive,
        splits={k: replace(s, y=encoded.y[k]) for k, s in dataset.splits.items()},
        target=encoded.target,
        notes=(),
        head=head,
        heads={},
    )


def _step_by_step(
    name: str,
    entry: DatasetEntry,
    parts: Mapping[str, _Part],
    X: Mapping[str, Any],
    kind: Kind,
    features: tuple[str, ...],
    at: Mapping[str, NDArray[np.int64]],
    times: Mapping[int, np.ndarray],
) -> Dataset:
    """A data set whose rows are the steps of its sequences that are not padding."""
    sources = {id(part.raw): masked(part.raw, entry) for part in parts.values()}
    found = {k: tuple(take(v, part.at) for v in sources[id(part.raw)]) for k, part in parts.items()}
    if entry.task != "regression" and entry.classes is None:
        classes = classes_of(*sources[id(next(iter(parts.values())).raw)], entry)
        entry = entry.model_copy(update={"classes": classes})
    encoded = encode_targets(
        entry,
        {
            split: Labelled(
                part.raw.where,
                [as_column(found[split][0][found[split][1]]).alias(_first(entry.targets))],
                at[split][found[split][1].nonzero()[0]],
            )
            for split, part in parts.items()
        },
    )
    splits = {}
    for split, part in parts.items():
        labels, kept = found[split]
        steps = Steps(kept, truth_of(labels, encoded.classes, entry.task))
        of = steps.spread
        splits[split] = Split(
            name=split,
            X=X[split],
            y=encoded.y[split],
            rows=of(at[split]),
            source=part.raw.where,
            sha256=part.raw.sha256,
            ids=of(_ids(part, entry)),
            groups=of(_role(part, entry.group, "group")),
            times=of(take(times[id(part.raw)], part.at)) if entry.time is not None else None,
            weights=of(take(weights_of(part.raw, entry.weight).to_numpy(), part.at))
            if entry.weight is not None
            else None,
            steps=steps,
        )
    counted = ", ".join(
        f"{int(s.steps.kept.sum()):,} of {s.steps.kept.size:,} steps of {k}"
        for k, s in splits.items()
        if s.steps is not None
    )
    notes = _notes(parts, features, X, encoded, ())
    return Dataset(
        name=name,
        task=entry.task,
        kind=kind,
        features=features,
        classes=encoded.classes,
        positive=encoded.positive,
        splits=splits,
        target=encoded.target,
        notes=(*notes, f"A row is a step of a sequence. {counted} count, the rest is padding."),
    )


def _first(targets: tuple[str, ...]) -> str:
    return targets[0] if targets else "y"


# --- reading -----------------------------------------------------------------------------------


def _read(job: Job, entry: DatasetEntry) -> dict[str, Raw]:
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


# --- splits ------------------------------------------------------------------------------------


def _parts(
    job: Job, entry: DatasetEntry, raws: Mapping[str, Raw], times: Mapping[int, np.ndarray]
) -> dict[str, _Part]:
    """The rows of each split, in the order train, validation, test."""
    parts = {split: _Part(raw, range(raw.n)) for split, raw in raws.items()}
    rule = entry.split
    if rule is not None:
        if "train" not in parts:
            raise DataError("`split` cuts the source of `train`, and there is none")
        if "test" in parts:
            raise DataError("a data set has a `test` of its own or a `split`, not both")
        raw = parts["train"].raw
        if raw.large is not None:
            raise refuse_to_cut("the data set", raw.where)
        if rule.column is not None:
            column = role_column(raw, rule.column, "split column")
            named = {k: _Part(raw, at) for k, at in named_parts(column, raw.where).items()}
            if "validation" in named and entry.validation is not None:
                raise DataError(
                    Problem(
                        "validation is given twice: in the job and in the split column",
                        file=raw.where,
                        column=rule.column,
                    )
                )
            if "train" not in named:
                raise DataError(
                    Problem("no row is of split train", file=raw.where, column=rule.column)
                )
            parts = {**parts, **named}
        elif rule.test is not None:
            method = "stratified" if rule.stratify else rule.method
            parts["train"], parts["test"] = _cut(
                job, entry, parts["train"], rule.test, method, times
            )
    if isinstance(entry.validation, HeldOut):
        if "train" not in parts:
            raise DataError("`validation: {from: train}` cuts train, and there is none")
        held = entry.validation
        if parts["train"].raw.large is not None:
            raise refuse_to_cut("validation", parts["train"].raw.where)
        parts["train"], parts["validation"] = _cut(
            job, entry, parts["train"], held.fraction, held.method, times
        )
    return {split: parts[split] for split in SPLITS if split in parts}


def _cut(
    job: Job,
    entry: DatasetEntry,
    part: _Part,
    fraction: float,
    method: str,
    times: Mapping[int, np.ndarray],
) -> tuple[_Part, _Part]:
    import numpy as np

    labels = groups = when = None
    if method == "stratified":
        if entry.task == "regression":
            raise DataError("`stratified` needs classes; a regression target has none")
        columns = [take(column, part.at) for column in target_columns(part.raw, entry)]
        arrays = [column.to_numpy() for column in columns]
        labels = arrays[0] if len(arrays) == 1 else np.column_stack(arrays)
    elif method == "group":
        if entry.group is None:
            raise DataError("method `group` needs the role `group: COLUMN` on the data set")
        groups = _role(part, entry.group, "group")
    elif method == "time":
        if entry.time is None:
            raise DataError("method `time` needs the role `time: COLUMN` on the data set")
        when = take(times[id(part.raw)], part.at)
        if when.dtype.kind not in "Miuf":
            raise DataError(
                Problem(
                    "the time column cannot be read as dates, so there is no latest row",
                    file=part.raw.where,
                    column=entry.time,
                    got=repr(when[0]),
                    advice="Write times as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS.",
                )
            )
    kept, held = hold_out(
        len(part.at),
        fraction,
        method,
        job.seed,
        where=part.raw.where,
        labels=labels,
        groups=groups,
        times=when,
    )
    return replace(part, at=within(part.at, kept)), replace(part, at=within(part.at, held))


def _positions(part: _Part) -> NDArray[np.int64]:
    """Where each row stands in its source, held whole or not."""
    import numpy as np

    at = part.at
    if isinstance(at, range):
        at = np.arange(at.start, at.stop, dtype=np.int64)
    at = np.asarray(at, dtype=np.int64)
    return at if part.raw.large is None else part.raw.large.at[at]


# --- roles -------------------------------------------------------------------------------------


def _times(
    raws: Mapping[str, Raw], entry: DatasetEntry
) -> tuple[dict[int, np.ndarray], tuple[str, ...]]:
    """Times by source (``id`` of it), and notes."""
    if entry.time is None:
        return {}, ()
    sources = list({id(raw): raw for raw in raws.values()}.values())
    columns = [role_column(raw, entry.time, "time") for raw in sources]
    arrays, note = read_times(columns)
    return {id(raw): a for raw, a in zip(sources, arrays, strict=True)}, (note,) if note else ()


def _role(part: _Part, name: str | None, role: str) -> np.ndarray | None:
    import polars as pl

    if name is None:
        return None
    column = take(role_column(part.raw, name, role), part.at)
    if column.dtype in (pl.Categorical, pl.Enum):
        column = column.cast(pl.String)
    values: np.ndarray = column.to_numpy()
    return values


def _ids(part: _Part, entry: DatasetEntry) -> np.ndarray | None:
    if entry.id is None and part.raw.is_images:
        return _role(part, "file", "id")
    return _role(part, entry.id, "id")


def _unused(part: _Part, entry: DatasetEntry, names: tuple[str, ...]) -> pl.DataFrame | None:
    """Columns that are neither features nor of a role: a subject's name, a date, a note."""
    known = {*names, *entry.targets, entry.id, entry.group, entry.time, entry.weight}
    if entry.split is not None:
        known.add(entry.split.column)
    left = [name for name in part.raw.columns.columns if name not in known]
    return take(part.raw.columns.select(left), part.at) if left else None


# --- features ----------------------------------------------------------------------------------


def _features(
    entry: DatasetEntry, parts: Mapping[str, _Part], names: tuple[str, ...]
) -> tuple[dict[str, Any], Kind]:
    """The features of each split, and what they are."""
    import polars as pl

    raws = list({id(part.raw): part.raw for part in parts.values()}.values())
    values = [feature_values(raw, entry, names) for raw in raws]
    text = False
    if all(isinstance(value, pl.DataFrame) for value in values):
        values = unify(values, raws)
        text = is_free_text(values[0])
        if not text:
            values = [
                spell_missing(frame) if raw.delimited else frame
                for frame, raw in zip(values, raws, strict=True)
            ]
        values = sequences(values) or values
    kind = kind_of(values[0], raws[0], text=text)
    by_source = {id(raw): value for raw, value in zip(raws, values, strict=True)}
    return {k: take(by_source[id(part.raw)], part.at) for k, part in parts.items()}, kind


def _notes(
    parts: Mapping[str, _Part],
    names: tuple[str, ...],
    X: Mapping[str, Any],
    encoded: Encoded,
    more: tuple[str, ...],
) -> tuple[str, ...]:
    """What a reader must know, each said once."""
    import polars as pl

    notes: list[str] = []
    for part in parts.values():
        notes += part.raw.notes
        if part.raw.large is not None:
            notes.append(part.raw.large.note(part.raw.where))
        left = [name for name in part.raw.index_like if name not in names]
        if left:
            listed = ", ".join(map(repr, left))
            notes.append(f"{part.raw.where}: {listed} is no feature (row numbers without a name).")
    for split, values in X.items():
        if not isinstance(values, pl.DataFrame):
            continue
        empty = [c.name for c in values if _all_missing(c)]
        if empty:
            shown = ", ".join(map(repr, empty[:10])) + (", …" if len(empty) > 10 else "")
            notes.append(f"No row of {split} has a value in {shown}.")
    return tuple(dict.fromkeys((*notes, *more, *encoded.notes)))


def _all_missing(column: pl.Series) -> bool:
    gone = column.null_count()
    if column.dtype.is_float() and column.len() and (gone or column[0] != column[0]):
        gone += int(column.is_nan().sum() or 0)
    return gone == column.len()
