"""A data set's files against its entry: columns, rows, labels."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from reportgen.data import headers
from reportgen.data.headers import Header
from reportgen.data.roles import missing_column
from reportgen.data.sources import named_columns
from reportgen.errors import DataError, Problem
from reportgen.job import python_names
from reportgen.job.keypath import KeyPath, key_path, meant, named, quoted
from reportgen.job.schema import (
    SPLITS,
    DatasetEntry,
    FileSource,
    HeldOut,
    Job,
    PythonSource,
    SklearnSource,
    SqlSource,
)

_URL = re.compile(r"[A-Za-z][\w+.-]*://")
_SEVERAL = ("List", "Array", "Struct")  # a column of these may be many inputs
_ROLES = ("id", "group", "time", "weight")


@dataclass(slots=True)
class Outline:
    """What is known of a data set without loading it.

    ``classes`` are label texts in the order of the outputs, () where they are not known;
    ``rows`` has the splits whose number of rows is known; ``features`` is None when unknown.
    """

    headers: dict[str, Header] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] | None = None
    n_inputs: int | None = None
    rows: dict[str, int] = field(default_factory=dict)


def check(job: Job, name: str, entry: DatasetEntry) -> tuple[Outline, list[Problem]]:
    """The outline of a data set, and what is wrong with its files."""
    outline, problems = _opened(job, name, entry)
    if not entry.targets:
        problems += _no_target(name, outline)
    problems += _alike(name, entry, outline)
    problems += _cuts(job, name, entry, outline)
    if not problems and entry.task not in ("regression", "multilabel"):
        try:
            problems += _labels(job, name, entry, outline)
        except DataError as error:
            problems += error.at(key=key_path(("datasets", name, "target"))).problems
    elif entry.task == "multilabel":
        outline.classes = entry.classes or (entry.targets if len(entry.targets) > 1 else ())
    if entry.classes and not outline.classes:
        outline.classes = entry.classes
    return outline, problems


def check_alone(job: Job, name: str, entry: DatasetEntry) -> list[Problem]:
    """What is wrong with a data set's files, whatever else its entry should say."""
    return _opened(job, name, entry)[1]


def _opened(job: Job, name: str, entry: DatasetEntry) -> tuple[Outline, list[Problem]]:
    outline, problems = Outline(), list[Problem]()
    for split in SPLITS:
        source = getattr(entry, split)
        if source is None or isinstance(source, HeldOut):
            continue
        key = key_path(("datasets", name, split))
        problem = _named_elsewhere(job, source)
        if problem is not None:
            problems.append(problem.at(key=key))
        try:
            header = headers.read(job, source, split=split, known=named_columns(entry))
        except DataError as error:
            problems += error.at(key=key).problems
            continue
        if header is not None:
            outline.headers[split] = header
            if header.n_rows == 0:
                problems.append(Problem(f"the split {split} is empty", file=header.where, key=key))
    for split, header in outline.headers.items():
        problems += _columns(job, name, entry, split, header)
        problems += _steps(name, entry, header)
    return outline, problems


def _no_target(name: str, outline: Outline) -> Iterator[Problem]:
    for header in outline.headers.values():
        if not header.own_target:
            yield Problem(
                "the job does not say which column is the target",
                file=header.where,
                key=key_path(("datasets", name)),
                got="columns " + named([repr(c) for c in header.columns], 10),
                advice="Add `target: COLUMN` to the data set.",
            )


def _named_elsewhere(job: Job, source: object) -> Problem | None:
    """What can be told of a source that is not read here: a function, a query."""
    if isinstance(source, PythonSource):
        return python_names.problem_of(source.python, job.file.parent)
    if not isinstance(source, SqlSource):
        return None
    if not _URL.match(source.sql):
        return Problem(
            "this is no database URL",
            expected="dialect://…, e.g. sqlite:///data.db or postgresql://host/name",
            got=quoted(source.sql.rpartition("@")[2]),
        )
    dialect, _, rest = source.sql.partition(":///")
    file = rest.partition("?")[0]
    if (
        dialect.startswith("sqlite")
        and file
        and file != ":memory:"
        and not file.startswith("file:")
    ):
        path = job.locate(file)
        if not path.is_file():
            return Problem("there is no such database", file=file, got=str(path))
    return None


def _columns(
    job: Job, name: str, entry: DatasetEntry, split: str, header: Header
) -> Iterator[Problem]:
    """Columns that the job names and the source does not have, or has twice."""
    at = ("datasets", name)
    repeated = _repeated(job, entry, split)
    wanted: dict[KeyPath, str | None] = {(*at, role): getattr(entry, role) for role in _ROLES}
    if entry.split is not None and split == "train":
        wanted[(*at, "split", "column")] = entry.split.column
    several = isinstance(entry.target, tuple)
    wanted |= {(*at, "targets", h): head.column for h, head in (entry.heads or {}).items()}
    for i, column in enumerate(() if entry.heads else entry.targets):
        wanted[(*at, "target", i) if several else (*at, "target")] = column
    if header.X is None:
        wanted |= {(*at, "features", i): c for i, c in enumerate(entry.features or ())}
    for path, wished in wanted.items():
        if wished is None:
            continue
        role = "feature" if "features" in path else str(path[2]).removesuffix("s")
        if not header.has(wished):
            problem = missing_column(wished, role, header.where, header.columns)
            yield problem.at(key=key_path(path))
        elif wished in repeated:
            yield Problem(
                f"there is more than one column {wished!r}, which the job names as {role}",
                file=header.where,
                key=key_path(path),
                column=wished,
                advice="Give each column a name of its own.",
            )
    if entry.task == "regression":
        for column in entry.targets or header.own_target:
            if header.dtypes.get(column) == "String":
                yield Problem(
                    "the target is text, and a regression task predicts numbers",
                    file=header.where,
                    key=key_path((*at, "target")),
                    column=column,
                )


def _steps(name: str, entry: DatasetEntry, header: Header) -> Iterator[Problem]:
    """Labels step by step that are none, and a mask of another shape."""
    if entry.mask is None:
        return
    target = entry.targets[0] if entry.targets else header.y
    at = ("datasets", name, "mask")
    if target is None or target not in header.shapes:
        return
    shape = header.shapes[target]
    if len(shape) == 2 and shape[1] == 1:
        shape = shape[:1]
    if len(shape) != 1 or shape == (1,):
        yield Problem(
            "`mask:` is for labels step by step, and the target is none",
            file=header.where,
            key=key_path(at),
            column=target,
            expected="an array of shape (n, T)",
            got=f"rows of shape {header.shapes[target]}",
        )
        return
    array = entry.mask.array
    if array is None:
        return
    if array not in header.columns:
        yield missing_column(array, "mask", header.where, header.columns).at(
            key=key_path((*at, "array"))
        )
    elif header.shapes.get(array) not in (shape, (*shape, 1)):
        yield Problem(
            "the mask does not fit the labels",
            file=header.where,
            key=key_path((*at, "array")),
            column=array,
            expected=f"rows of shape {shape}, as the labels",
            got=f"rows of shape {header.shapes.get(array)}",
        )


def _repeated(job: Job, entry: DatasetEntry, split: str) -> tuple[str, ...]:
    source = getattr(entry, split)
    if not isinstance(source, FileSource) or not source.path.lower().endswith((".csv", ".tsv")):
        return ()
    from reportgen.data.layout import read_layout

    return read_layout(job.locate(source.path), source.path, named_columns(entry)).repeated


def _alike(name: str, entry: DatasetEntry, outline: Outline) -> Iterator[Problem]:
    """Splits with other features than the first one; a table without any."""
    if not outline.headers:
        return
    first, *others = outline.headers.values()
    own = first.features(entry)
    at = key_path(("datasets", name, "features"))
    if first.X is not None:
        shape = first.shapes.get(first.X, ())
        outline.n_inputs = shape[0] if len(shape) == 1 else None
        outline.features = entry.features
        for header in others:
            theirs = header.shapes.get(header.X or "", ())
            if header.X is not None and theirs != shape:
                yield Problem(
                    "the arrays of the splits differ in shape",
                    file=header.where,
                    key=key_path(("datasets", name)),
                    expected=f"{shape} a row, as in {first.where}",
                    got=f"{theirs} a row",
                )
        return
    outline.features = own
    if not any(first.dtypes.get(column, "").startswith(_SEVERAL) for column in own):
        outline.n_inputs = len(own)
    if not own:
        yield Problem("no column is left to be a feature", file=first.where, key=at)
    for header in others:
        if entry.features or header.X is not None:
            continue
        mine = header.features(entry)
        absent = [c for c in own if c not in mine]
        extra = [c for c in mine if c not in own]
        if absent or extra:
            got = [f"without {named([repr(c) for c in absent], 10)}"] if absent else []
            got += [f"with {named([repr(c) for c in extra], 10)} besides"] if extra else []
            yield Problem(
                f"the columns are not those of {first.where}",
                file=header.where,
                key=at,
                column=(absent or extra)[0],
                got=" and ".join(got),
                advice="Bring the files to the same columns, or list `features`.",
            )


def _cuts(job: Job, name: str, entry: DatasetEntry, outline: Outline) -> Iterator[Problem]:
    """Rows of each split after the cuts; a cut that leaves nothing."""
    counts = {s: h.n_rows for s, h in outline.headers.items() if h.n_rows is not None}
    rule = entry.split
    if rule is not None and rule.column is not None and entry.train is not None:
        counts.pop("train", None)
        yield from _split_column(job, name, entry, rule.column)
    for split, fraction, method, key in (
        ("test", rule.test if rule is not None else None, rule.method if rule else "", "split"),
        *(
            [("validation", entry.validation.fraction, entry.validation.method, "validation")]
            if isinstance(entry.validation, HeldOut)
            else []
        ),
    ):
        n = counts.get("train")
        if fraction is None or n is None:
            continue
        if method == "group":
            counts.pop("train")  # a share of the groups, not of the rows
            continue
        kept = (
            int(n * (1 - fraction)) if method in ("tail", "time") else n - math.ceil(n * fraction)
        )
        if not 0 < kept < n:
            empty = split if kept >= n else "train"
            yield Problem(
                f"the split {empty} is empty: {fraction:g} of {n} rows are cut off",
                file=outline.headers["train"].where,
                key=key_path(("datasets", name, key)),
            )
        counts["train"], counts[split] = kept, n - kept
    outline.rows = counts


def _split_column(job: Job, name: str, entry: DatasetEntry, column: str) -> Iterator[Problem]:
    try:
        values = headers.distinct(job, entry.train, column) if entry.train is not None else None
    except DataError:
        return
    key = key_path(("datasets", name, "split", "column"))
    if values is None:
        return
    texts = {value.strip().lower() for value in values}
    strange = sorted(texts - set(SPLITS))
    if strange:
        yield Problem(
            "the split column has values that are no split",
            key=key,
            column=column,
            expected=named(SPLITS),
            got=named(strange, 5),
        )
    for split in ("train", "test"):
        if split not in texts:
            yield Problem(f"the split {split} is empty", key=key, column=column)


def _labels(job: Job, name: str, entry: DatasetEntry, outline: Outline) -> Iterator[Problem]:
    """Labels that are no class; too few or too many of them for the task."""
    if len(entry.targets) > 1:  # one-hot
        outline.classes = entry.classes or entry.targets
        return
    declared = entry.classes
    column = entry.targets[0] if entry.targets else None
    known = declared or ()
    for split, header in outline.headers.items():
        source = getattr(entry, split)
        labels = headers.distinct(job, source, column, split=split)
        if labels is None:
            continue
        if declared and isinstance(source, SklearnSource) and not set(labels) <= set(declared):
            from reportgen.data.bundles import CLASS_NAMES

            if set(declared) == set(CLASS_NAMES.get(source.sklearn, ())):
                continue
        if not known:
            known = labels
            yield from _enough(name, entry, header, labels)
        unknown = [label for label in labels if label not in known]
        if unknown:
            whose = "`classes` of the job" if declared else "the labels of the first split"
            yield Problem(
                f"{len(unknown)} {'label is' if len(unknown) == 1 else 'labels are'} "
                f"not among {whose}",
                file=header.where,
                key=key_path(("datasets", name, "classes" if declared else "target")),
                column=column,
                expected=f"one of: {named(known)}",
                got=named(unknown),
                advice=meant(unknown[0], known)
                or "List every class under `classes`, in the order of the model's outputs.",
            )
    outline.classes = tuple(known)
    if entry.positive is not None and known and entry.positive not in known:
        yield Problem(
            f"the positive class {quoted(entry.positive)} is not one of the labels",
            key=key_path(("datasets", name, "positive")),
            expected=f"one of: {named(known)}",
            advice=meant(entry.positive, known),
        )


def _enough(
    name: str, entry: DatasetEntry, header: Header, labels: tuple[str, ...]
) -> Iterator[Problem]:
    if len(labels) == 2 or (entry.task == "multiclass" and len(labels) > 2):
        return
    wanted = "exactly two classes" if entry.task == "binary" else "two classes or more"
    advice = "If a class is only absent from these rows, list all under `classes`."
    if len(labels) > 2:
        advice = "Numbers to be predicted are task: regression; several classes multiclass."
    yield Problem(
        f"a {entry.task} task needs {wanted}",
        file=header.where,
        key=key_path(("datasets", name, "task")),
        got=f"{len(labels)}: {named(labels)}",
        advice=advice,
    )
