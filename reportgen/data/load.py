"""A data set of the job, loaded: sources read once, cut into splits, columns by their roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reportgen.data.arrays import as_column
from reportgen.data.cuts import take
from reportgen.data.declared import read_declared
from reportgen.data.features import (
    choose_features,
    feature_values,
    is_free_text,
    kind_of,
    sequences,
    spell_missing,
    unify,
)
from reportgen.data.parts import Part, parts_of, positions, role_of, times_of
from reportgen.data.roles import target_columns, weights_of
from reportgen.data.steps import Steps, classes_of, masked, truth_of
from reportgen.data.table import Dataset, Kind, Split
from reportgen.data.target import Encoded, Labelled, encode_targets
from reportgen.data.whole import whole_of, with_all_classes
from reportgen.errors import DataError, Problem, ReportgenError
from reportgen.job.keypath import key_path

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from reportgen.job.schema import DatasetEntry, Job


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
    raws = read_declared(job, entry)
    entry = with_all_classes(entry, raws)
    times, time_notes = times_of(raws, entry)
    parts = parts_of(job, entry, raws, times)
    for split, part in parts.items():
        if len(part.at) == 0:
            raise DataError(Problem(f"the split {split} has no rows", file=part.raw.where))
    names = choose_features(entry, {split: part.raw for split, part in parts.items()})
    X, kind = _features(entry, parts, names)
    rows = {split: positions(part) for split, part in parts.items()}
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
            groups=role_of(part, entry.group, "group"),
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
    entry: DatasetEntry, parts: Mapping[str, Part], rows: Mapping[str, NDArray[np.int64]]
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
    parts: Mapping[str, Part],
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
    parts: Mapping[str, Part],
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
            groups=of(role_of(part, entry.group, "group")),
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


# --- roles -------------------------------------------------------------------------------------


def _ids(part: Part, entry: DatasetEntry) -> np.ndarray | None:
    if entry.id is None and part.raw.is_images:
        return role_of(part, "file", "id")
    return role_of(part, entry.id, "id")


def _unused(part: Part, entry: DatasetEntry, names: tuple[str, ...]) -> pl.DataFrame | None:
    """Columns that are neither features nor of a role: a subject's name, a date, a note."""
    known = {*names, *entry.targets, entry.id, entry.group, entry.time, entry.weight}
    if entry.split is not None:
        known.add(entry.split.column)
    left = [name for name in part.raw.columns.columns if name not in known]
    return take(part.raw.columns.select(left), part.at) if left else None


# --- features ----------------------------------------------------------------------------------


def _features(
    entry: DatasetEntry, parts: Mapping[str, Part], names: tuple[str, ...]
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
    parts: Mapping[str, Part],
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
