"""A first job file: commented, and valid as it stands."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import DataError, JobError, ModelError, Problem
from reportgen.job.keypath import meant, named, quoted
from reportgen.job.schema import DatasetEntry, Job, KerasModel, ModelEntry

if TYPE_CHECKING:
    from reportgen.data.headers import Header
    from reportgen.models.headers import ModelHeader

_MOST_CLASSES = 30
_FEW_NUMBERS = 20  # more distinct numbers than this are taken for a regression target
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")
_PATH = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_.-]+)+\Z")
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
_ID = re.compile(r"(?:.*_)?(?:id|uuid|key)\Z|.*[a-z]I[Dd]\Z", re.IGNORECASE)

EXAMPLE = """\
# A job of reportgen: which models to audit, on which data. It runs as it stands:
#   reportgen validate JOB.yaml     checks it, with its files
#   reportgen run JOB.yaml          writes the reports into the folder `reports`
# `reportgen init --model MODEL --train TRAIN --test TEST --target COLUMN` fills it in from your
# own files; every key is in the documentation, and `reportgen schema` gives completion.
version: 1
name: first-audit
seed: 0                            # every random choice of the audit derives from it

datasets:
  patients:
    task: binary                   # binary | multiclass | multilabel | regression
    # Data that comes with scikit-learn, to begin with. Yours: a .csv, .parquet, .npz or .jsonl.
    train: {sklearn: breast_cancer}
    split: {test: 0.3, method: stratified}   # cuts the test rows off. Yours: `test: data/test.csv`
    target: target                 # the column that is predicted
    classes: [malignant, benign]   # in the order of the model's outputs
    positive: malignant            # the class that the model is to find
    # id: patient_id               # columns that are no features: what names a row,
    # group: hospital              # what rows belong to,
    # time: admitted               # and what orders them

models:
  forest:
    dataset: patients
    # An estimator that is not fitted yet is trained on the train split. Yours, one of:
    #   {keras: models/m.keras}   {sklearn: models/m.skops}   {python: "pkg.mod:build"}
    #   {predictions: {test: preds/test.csv}}
    model: {python: "sklearn.ensemble:RandomForestClassifier"}
    # preprocess: {standardize: train}
    # reported:                    # what was said of the model; the report sets beside it what is
    #   - {metric: accuracy, split: test, value: 0.953}

# diagnostics:                     # default: all of them; `reportgen list` names them
#   calibration: false
"""


@dataclass(frozen=True, slots=True)
class _Target:
    task: str
    classes: tuple[str, ...]
    why: str


def starter(
    folder: Path,
    *,
    model: Path | None = None,
    train: Path | None = None,
    validation: Path | None = None,
    test: Path | None = None,
    target: str | None = None,
) -> str:
    """A commented job for files that are there, or an example that runs when none are named.

    Parameters
    ----------
    folder : where the job file will stand; paths are written relative to it.
    model, train, validation, test : files, from the working directory.
    target : the column that is predicted; not needed where the source tells.

    Raises
    ------
    JobError
        when a file is missing, or the target cannot be told.
    """
    splits = {"train": train, "validation": validation, "test": test}
    given = {name: path for name, path in splits.items() if path is not None}
    if model is None and not given and target is None:
        return EXAMPLE
    if not given:
        raise JobError(
            Problem(
                "a job needs data as well",
                expected="--train or --test, and --target",
                advice="reportgen init --model m.keras --train t.csv --target y",
            )
        )
    sources = {name: _relative(path, folder) for name, path in given.items()}
    try:
        return _written(folder, model, sources, target)
    except (DataError, ModelError) as error:
        raise JobError(*error.problems) from None


def _relative(path: Path, folder: Path) -> str:
    absolute = path.expanduser().absolute()
    try:
        return Path(os.path.relpath(absolute, folder.absolute())).as_posix()
    except ValueError:  # another drive
        return absolute.as_posix()


def _written(folder: Path, model: Path | None, sources: dict[str, str], target: str | None) -> str:
    from reportgen.data import headers

    job = _probe(folder, sources, target)
    entry = job.datasets["data"]
    found: dict[str, Header] = {}
    for split in sources:
        header = headers.read(
            job, getattr(entry, split), split=split, known=(target,) if target else ()
        )
        if header is not None:
            found[split] = header
    first = next(iter(found.values()))
    _require_target(first, target)
    kind, source, notes = _model(model, folder, first, entry)
    described = _model_header(job, model, kind, source)
    aim = _target(job, entry, found, target, described)
    if kind == "stand-in":
        wanted = "RandomForestRegressor" if aim.task == "regression" else "RandomForestClassifier"
        source = f'{{python: "sklearn.ensemble:{wanted}"}}'
    if kind == "predictions":
        split = "test" if "test" in sources else next(iter(sources))
        source = f"{{predictions: {{{split}: {source}}}}}"
    name = _clean(model.stem if model is not None else "forest")
    identity = _id_column(job, entry, found)
    n_features = len(set(first.features(entry)) - {identity}) if first.X is None else None
    steps = _steps(model, folder, n_features, described)
    written = {
        split: f"{{images: {scalar(path)}}}" if _is_folder(folder, path) else scalar(path)
        for split, path in sources.items()
    }
    return _text(name, written, target, aim, identity, source, notes, kind, described, steps)


def _is_folder(folder: Path, path: str) -> bool:
    """Data in a folder are images, a folder a class."""
    return (folder / path).is_dir()


def _steps(
    model: Path | None, folder: Path, n_features: int | None, described: ModelHeader | None
) -> list[str]:
    """The ``preprocess:`` lines: a comment, or the one file beside the model that may be it."""
    example = [
        "    # What the features go through before, also {standardize: train} or {scale: 255}:",
        "    # preprocess: {sklearn: columns.skops}",
    ]
    wanted = described.n_inputs if described is not None else None
    if model is None or wanted is None or n_features is None or wanted == n_features:
        return example
    count = f"The model takes {wanted} inputs, and the data has {n_features} features"
    beside = sorted(model.expanduser().absolute().parent.glob("*.skops"))
    if len(beside) != 1:
        return [f"    # {count}: name what makes the one of the other.", example[1]]
    return [
        f"    # {count}; this file beside the model is taken for what",
        "    # makes the one of the other. Is it?",
        f"    preprocess: {{sklearn: {scalar(_relative(beside[0], folder))}}}",
    ]


def _probe(folder: Path, sources: dict[str, str], target: str | None) -> Job:
    """A job just good enough to open the files by."""
    opened: dict[str, object] = {
        split: {"images": path} if _is_folder(folder, path) else path
        for split, path in sources.items()
    }
    return Job.model_validate(
        {
            "version": 1,
            "name": "probe",
            "datasets": {"data": {"task": "multiclass", "target": target, **opened}},
            "models": {"probe": {"dataset": "data", "model": {"predictions": {"test": "none"}}}},
            "file": folder.absolute() / "job.yaml",
        }
    )


def _require_target(header: Header, target: str | None) -> None:
    if target is None and not header.own_target and header.X is None:
        raise JobError(
            Problem(
                "which column is the target?",
                file=header.where,
                expected=f"--target with one of: {named(header.columns, 30)}",
            )
        )
    if target is not None and not header.has(target):
        raise JobError(
            Problem(
                f"there is no column {quoted(target)}",
                file=header.where,
                expected=f"one of: {named(header.columns, 30)}",
                advice=meant(target, header.columns),
            )
        )


def _model(
    model: Path | None, folder: Path, header: Header, entry: DatasetEntry
) -> tuple[str, str, list[str]]:
    """Kind of model, its source as YAML, and comments for it."""
    from reportgen.data.files import EXTENSIONS
    from reportgen.models.sniff import sniff

    if model is None:
        return (
            "stand-in",
            "",
            ["A model that is fitted here, until yours stands in its place:"],
        )
    path = scalar(_relative(model, folder))
    if model.suffix.lower() in EXTENSIONS and model.is_file():
        return "predictions", path, ["What the model predicted, one row for each row of the data:"]
    kind = sniff(model.expanduser())
    if kind in ("keras-zip", "hdf5"):
        return "keras", f"{{keras: {path}}}", []
    if kind == "savedmodel":
        return "savedmodel", f"{{savedmodel: {path}}}", []
    if kind == "skops":
        return "sklearn", f"{{sklearn: {path}}}", []
    warning = "A pickle may run any code when it is loaded. Remove `trusted` unless you made it:"
    return "sklearn", f"{{sklearn: {path}, trusted: true}}", [warning]


def _model_header(job: Job, model: Path | None, kind: str, source: str) -> ModelHeader | None:
    """The model's own description, for Keras files; None where there is none, or it is damaged."""
    from reportgen.models import headers

    if kind != "keras" or model is None:
        return None
    path = str(model.expanduser().absolute())
    entry = ModelEntry(dataset="data", model=KerasModel(keras=path))
    try:
        return headers.read(job, entry)
    except ModelError:
        return None


def _target(
    job: Job,
    entry: DatasetEntry,
    found: dict[str, Header],
    target: str | None,
    described: ModelHeader | None,
) -> _Target:
    """The task, as the target's values and the model's last layer have it."""
    from reportgen.data import headers

    labels: list[str] = []
    for split in found:
        values = headers.distinct(job, getattr(entry, split), target, split=split)
        labels += [value for value in values or () if value not in labels]
    first = next(iter(found.values()))
    column = target or next(iter(first.own_target), first.y or "")
    dtype = first.dtypes.get(column, "").lower()
    n = len(labels)
    if not labels:
        if dtype.startswith(("float", "int", "uint")):
            return _Target("regression", (), "the target is numbers")
        raise JobError(
            Problem("the values of the target cannot be told", file=first.where, column=column)
        )
    numeric = all(_number(label) is not None for label in labels)
    ordered = sorted(labels, key=lambda label: _number(label) or 0.0) if numeric else sorted(labels)
    whole = numeric and all(float(label).is_integer() for label in labels)
    linear = described is not None and described.last_activation == "linear"
    single = described is not None and described.n_outputs == 1
    if numeric and n > 2 and (not whole or n > _FEW_NUMBERS or (linear and single)):
        return _Target("regression", (), f"the target has {n} different numbers")
    task = "binary" if n <= 2 else "multiclass"
    return _Target(task, tuple(ordered), f"the target has {n} different values")


def _number(label: str) -> float | None:
    try:
        return float(label)
    except ValueError:
        return None


def _id_column(job: Job, entry: DatasetEntry, found: dict[str, Header]) -> str | None:
    """A column that is called an id and has another value in each row."""
    from reportgen.data import headers

    split, header = next(iter(found.items()))
    if header.X is not None or header.n_rows is None:
        return None
    shared = [c for c in header.features(entry) if all(h.has(c) for h in found.values())]
    for column in shared:
        if _ID.match(column):
            values = headers.distinct(job, getattr(entry, split), column, split=split)
            if values is not None and len(values) == header.n_rows:
                return column
    return None


def _text(
    name: str,
    sources: dict[str, str],
    target: str | None,
    aim: _Target,
    id_column: str | None,
    source: str,
    notes: Sequence[str],
    kind: str,
    described: ModelHeader | None,
    steps: Sequence[str],
) -> str:
    lines = [
        "# A job of reportgen, written by `reportgen init`. Paths are relative to this file.",
        "# `reportgen validate` checks it, `reportgen run` writes the reports.",
        "version: 1",
        f"name: {scalar(name)}",
        "seed: 0                            # every random choice of the audit derives from it",
        "",
        "datasets:",
        "  data:",
        f"    task: {aim.task}  # {aim.why}",
    ]
    lines += [f"    {split}: {written}" for split, written in sources.items()]
    if "validation" not in sources and "train" in sources:
        lines += ["    # validation: {from: train, fraction: 0.2, method: random}"]
    if "test" not in sources and "train" in sources:
        lines += [
            "    # No test rows were given, so that they are cut off train. If the model was",
            "    # trained on these rows already, its score here is none: give `test:` instead.",
            "    split: {test: 0.3, method: random}   # random stratified group time tail",
        ]
    if target is not None:
        lines.append(f"    target: {scalar(target)}")
    if aim.classes and len(aim.classes) <= _MOST_CLASSES:
        listed = ", ".join(map(scalar, aim.classes))
        lines.append(f"    classes: [{listed}]  # in the order of the model's outputs")
    if aim.task == "binary":
        lines.append(f"    positive: {scalar(aim.classes[-1])}  # the class the model is to find")
    if id_column is not None:
        lines.append(f"    id: {scalar(id_column)}  # names a row, so that it is no feature")
    else:
        lines.append("    # id: COLUMN                   # columns that are no features")
    lines += [
        "    # group: COLUMN",
        "    # time: COLUMN",
        "    # weight: COLUMN",
        "",
        "models:",
        f"  {scalar(name)}:",
        "    dataset: data",
        *(f"    # {note}" for note in notes),
        f"    model: {source}",
    ]
    if kind != "predictions":
        lines += steps
    if kind == "keras":
        last = described.last_activation if described is not None else None
        told = f"; the last layer is {last}" if last else ""
        lines += [
            f"    # output: probability           # probability logit label value{told}",
            "    # How it was trained, for diagnostics that train it again:",
            "    # training: {epochs: 20, batch_size: 32}",
        ]
    metric = "r2" if aim.task == "regression" else "accuracy"
    split = "test" if "test" in sources or "train" in sources else next(iter(sources))
    lines += [
        "    # What was said of the model; the report sets beside it what comes out:",
        "    # reported:",
        f"    #   - {{metric: {metric}, split: {split}, value: 0.953}}",
        "",
        "# diagnostics:                     # default: all of them; `reportgen list` names them",
        "#   calibration: false",
    ]
    return "\n".join(lines) + "\n"


def _clean(stem: str) -> str:
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.") or "model"


def scalar(text: str) -> str:
    """A text as one YAML scalar: plain where nobody could misread it, else in double quotes."""
    plain = _PLAIN.match(text) or _PATH.match(text) or re.fullmatch(r"-?(?:0|[1-9]\d{0,15})", text)
    if plain and text.lower() not in _WORDS:
        return text
    escaped = "".join(map(_escaped, text))
    return f'"{escaped}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    return f"\\U{ord(character):08x}" if ord(character) > 0xFFFF else f"\\u{ord(character):04x}"
