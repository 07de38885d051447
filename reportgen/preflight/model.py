"""A model's files against its data set: inputs, outputs, prediction files, reported files."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reportgen.data import headers as data_headers
from reportgen.errors import DataError, ModelError, Problem
from reportgen.job import python_names
from reportgen.job.keypath import KeyPath, key_path, meant, named
from reportgen.job.reported import claims, history_of
from reportgen.job.schema import (
    DatasetEntry,
    FileSource,
    Job,
    KerasModel,
    ModelEntry,
    PredictionsModel,
    PythonModel,
    PythonStep,
    SklearnStep,
)
from reportgen.models import checkpoints, headers
from reportgen.models.headers import ModelHeader, no_such_output, several_outputs
from reportgen.preflight.data import Outline

_COLUMN = "prediction"


def check(job: Job, name: str, entry: ModelEntry, outline: Outline | None) -> list[Problem]:
    """What is wrong with a model's files, and how they do not fit the data set.

    Without an ``outline`` of the data set, or without the data set, only the former.
    """
    dataset = job.datasets.get(entry.dataset)
    key = key_path(("models", name, "model"))
    problems = [*_python(job, name, entry), *_steps(job, name, entry), *_members(job, name, entry)]
    try:
        header = headers.read(job, entry)
    except (ModelError, DataError) as error:
        problems += error.at(key=key).problems
    else:
        if dataset is not None and outline is not None:
            problems += [p.at(key=key) for p in _inputs(entry, header, outline)]
            problems += [p.at(key=key) for p in _outputs(entry, header, dataset, outline)]
            if isinstance(entry.model, PredictionsModel):
                problems += _predictions(job, name, entry.model, header, dataset, outline)
    reads: list[Callable[[], object]] = [
        lambda: history_of(job, name),
        lambda: checkpoints.located(job, name),
    ]
    if dataset is not None and outline is not None:
        task, classes = dataset.task, outline.classes
        others = {h: dataset.of_head(h) for h in dataset.heads or {}}
        heads = {h: (d.task, d.classes or ()) for h, d in others.items()}
        reads.insert(0, lambda: claims(job, entry, task, classes, heads or None))
    for read in reads:
        try:
            read()
        except (DataError, ModelError) as error:
            problems += error.problems
    return problems


def _python(job: Job, name: str, entry: ModelEntry) -> Iterator[Problem]:
    named_in: dict[KeyPath, str] = {}
    if isinstance(entry.model, PythonModel):
        named_in[("models", name, "model", "python")] = entry.model.python
    if isinstance(entry.model, KerasModel):
        for i, custom in enumerate(entry.model.custom_objects):
            named_in[("models", name, "model", "custom_objects", i)] = custom
    for i, step in enumerate(entry.preprocess):
        if isinstance(step, PythonStep):
            named_in[("models", name, "preprocess", i, "python")] = step.python
    for metric, python in entry.metrics.items():
        named_in[("models", name, "metrics", metric)] = python
    for path, python in named_in.items():
        problem = python_names.problem_of(python, job.file.parent)
        if problem is None and path[2] == "metrics":
            problem = python_names.takes(python, job.file.parent, ("y_true", "y_pred"))
        if problem is not None:
            yield problem.at(key=key_path(path))


def _members(job: Job, name: str, entry: ModelEntry) -> Iterator[Problem]:
    """Retrainings of its own that are not there."""
    for index, file in enumerate(entry.members):
        path = job.locate(file)
        if not path.is_file():
            yield Problem(
                "there is no such file",
                file=str(path),
                key=key_path(("models", name, "members", index)),
                expected="a model or predictions, one retraining of this model",
            )


def _steps(job: Job, name: str, entry: ModelEntry) -> Iterator[Problem]:
    for i, step in enumerate(entry.preprocess):
        if not isinstance(step, SklearnStep):
            continue
        path = job.locate(step.sklearn)
        try:
            kind = headers.require_kind(path, "skops", "pickle", "compressed-pickle")
            if kind == "skops":
                headers.skops_schema(path)
            else:
                headers.require_trust(path, kind, step.trusted)
        except ModelError as error:
            yield from error.at(key=key_path(("models", name, "preprocess", i))).problems


def _inputs(entry: ModelEntry, header: ModelHeader, outline: Outline) -> Iterator[Problem]:
    """The features against what the model takes, unless a step may change their number."""
    if any(isinstance(step, (SklearnStep, PythonStep)) for step in entry.preprocess):
        return
    features = outline.features
    if header.feature_names and features is not None:
        missing = [n for n in header.feature_names if n not in features]
        if missing:
            yield Problem(
                "the model was fitted on columns that the data set does not have",
                expected=named([repr(n) for n in missing]),
                got=named([repr(n) for n in features]),
                advice=meant(missing[0], features) or "Add them to `features:`.",
            )
        return
    if header.n_inputs is None or outline.n_inputs is None:
        return
    if header.n_inputs != outline.n_inputs:
        listed = f": {named([repr(n) for n in features])}" if features else ""
        yield Problem(
            f"the model takes {header.n_inputs} inputs, the data set has {outline.n_inputs} "
            "features",
            expected=str(header.n_inputs),
            got=f"{outline.n_inputs}{listed}",
            advice="List the model's columns under `features:`, or name its `preprocess:`.",
        )


def _outputs(
    entry: ModelEntry, header: ModelHeader, dataset: DatasetEntry, outline: Outline
) -> Iterator[Problem]:
    """The number of outputs against the classes or targets."""
    if len(header.heads) > 1 or dataset.heads:
        yield from _heads(header, dataset)
    n = header.n_outputs
    if dataset.first_head is not None:
        n = header.columns_of.get(dataset.first_head, n)
    if n is None or (len(header.heads) > 1 and not dataset.heads) or entry.output == "label":
        return
    if dataset.task == "regression":
        wanted = len(dataset.targets)
        if wanted and n != wanted:
            yield Problem(
                f"the model has {n} outputs for {wanted} target column{'s' * (wanted != 1)}",
                expected=named(dataset.targets),
                got=f"{n} outputs",
            )
        return
    classes = outline.classes
    if dataset.task == "binary":
        if n not in (1, 2):
            yield Problem(
                f"the model has {n} outputs, and a binary task needs one or two",
                expected="1 or 2 outputs",
                got=f"{n} outputs",
                advice="Is the task multiclass or multilabel?",
            )
    elif classes and n != len(classes):
        yield Problem(
            f"the model has {n} outputs for {len(classes)} classes",
            expected=f"an output for each of: {named(classes)}",
            got=f"{n} outputs",
            advice="List every class that the model knows under `classes:`, in its order.",
        )


def _heads(header: ModelHeader, dataset: DatasetEntry) -> Iterator[Problem]:
    """The names of the outputs against the data set's ``targets``."""
    if not header.framework.endswith("keras"):
        return  # what Python builds is known when it is built
    if dataset.heads is None:
        yield several_outputs(header.heads).problems[0]
        return
    for head in dataset.heads:
        if head not in header.heads:
            yield no_such_output(head, header.heads).problems[0]


def _predictions(
    job: Job,
    name: str,
    source: PredictionsModel,
    header: ModelHeader,
    dataset: DatasetEntry,
    outline: Outline,
) -> Iterator[Problem]:
    for split, path in source.predictions.items():
        columns = (header.columns or {}).get(split, ())
        key = key_path(("models", name, "model", "predictions", split))
        problem = _columns(path, columns, dataset, outline)
        if problem is not None:
            yield problem.at(key=key)
        try:
            for found in _rows(job, split, path, dataset, outline):
                yield found.at(key=key)
        except DataError as error:
            yield from error.at(key=key).problems


def _columns(
    path: str, columns: tuple[str, ...], dataset: DatasetEntry, outline: Outline
) -> Problem | None:
    """The columns of a prediction file that say something, or the problem that none does."""
    from reportgen.data.labels import label_text

    vector = any(column.startswith(f"{_COLUMN}.") for column in columns)
    if vector or (_COLUMN in columns and dataset.task != "multilabel"):
        return None
    if dataset.task == "regression":
        if dataset.targets and set(dataset.targets) <= set(columns):
            return None
        wanted: tuple[str, ...] = dataset.targets
    else:
        wanted = outline.classes
        present = set(label_text(list(columns))) & set(wanted)
        enough = 1 if dataset.task == "binary" else len(wanted)
        if not wanted or len(present) >= enough:
            return None
    single = f"`{_COLUMN}`, or " if dataset.task != "multilabel" else ""
    return Problem(
        "the file has no column of predictions",
        file=path,
        expected=f"{single}columns named {named(wanted)}",
        got=named(columns),
        advice="Name the columns of scores as the classes are named.",
    )


def _rows(
    job: Job, split: str, path: str, dataset: DatasetEntry, outline: Outline
) -> Iterator[Problem]:
    """Rows of a prediction file against the split's: by id where both have it, else by number."""
    source = FileSource(path=path)
    own = getattr(dataset, split)
    known = (*outline.classes, _COLUMN)
    header = data_headers.read(job, source, split=split, known=known)
    if header is None:
        return
    by_id = dataset.id is not None and dataset.id in header.columns
    rows, expected = header.n_rows, outline.rows.get(split)
    if rows is not None and expected is not None and rows != expected:
        yield Problem(
            f"the file has {rows:,} predictions for the {expected:,} rows of {split}",
            file=path,
            expected=f"{expected:,} rows",
            got=f"{rows:,} rows",
            advice="Give one prediction for each row of the split.",
        )
    elif by_id and isinstance(own, FileSource) and split in outline.headers:
        given = data_headers.distinct(job, source, dataset.id, split=split)
        wanted = data_headers.distinct(job, own, dataset.id, split=split)
        if given is None or wanted is None:
            return
        missing, extra = set(wanted) - set(given), set(given) - set(wanted)
        if missing or extra:
            parts = [f"{len(missing):,} ids of {split} have no prediction"] if missing else []
            parts += [f"{len(extra):,} ids of the file are not in {split}"] if extra else []
            yield Problem(
                "; ".join(parts),
                file=path,
                column=dataset.id,
                got=named(sorted(missing or extra), 5),
            )
