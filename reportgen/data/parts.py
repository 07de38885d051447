"""Which rows of which source make up each split of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reportgen.data.cuts import hold_out, named_parts, take, within
from reportgen.data.large import refuse_to_cut
from reportgen.data.raw import Raw
from reportgen.data.roles import role_column, target_columns
from reportgen.data.times import read_times
from reportgen.errors import DataError, Problem
from reportgen.job.schema import SPLITS, HeldOut

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from reportgen.job.schema import DatasetEntry, Job


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a source that make up a split."""

    raw: Raw
    at: range | NDArray[np.int64]


def parts_of(
    job: Job, entry: DatasetEntry, raws: Mapping[str, Raw], times: Mapping[int, np.ndarray]
) -> dict[str, Part]:
    """The rows of each split, in the order train, validation, test."""
    parts = {split: Part(raw, range(raw.n)) for split, raw in raws.items()}
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
            named = {k: Part(raw, at) for k, at in named_parts(column, raw.where).items()}
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
    part: Part,
    fraction: float,
    method: str,
    times: Mapping[int, np.ndarray],
) -> tuple[Part, Part]:
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
        groups = role_of(part, entry.group, "group")
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


def positions(part: Part) -> NDArray[np.int64]:
    """Where each row stands in its source, held whole or not."""
    import numpy as np

    at = part.at
    if isinstance(at, range):
        at = np.arange(at.start, at.stop, dtype=np.int64)
    at = np.asarray(at, dtype=np.int64)
    return at if part.raw.large is None else part.raw.large.at[at]


def times_of(
    raws: Mapping[str, Raw], entry: DatasetEntry
) -> tuple[dict[int, np.ndarray], tuple[str, ...]]:
    """Times by source (``id`` of it), and notes."""
    if entry.time is None:
        return {}, ()
    sources = list({id(raw): raw for raw in raws.values()}.values())
    columns = [role_column(raw, entry.time, "time") for raw in sources]
    arrays, note = read_times(columns)
    return {id(raw): a for raw, a in zip(sources, arrays, strict=True)}, (note,) if note else ()


def role_of(part: Part, name: str | None, role: str) -> np.ndarray | None:
    """The values of a column that has a role, of the rows of a split; None without one."""
    import polars as pl

    if name is None:
        return None
    column = take(role_column(part.raw, name, role), part.at)
    if column.dtype in (pl.Categorical, pl.Enum):
        column = column.cast(pl.String)
    values: np.ndarray = column.to_numpy()
    return values
