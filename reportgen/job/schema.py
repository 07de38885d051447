"""The job file's shape. ``reportgen.job.load`` is the way to get one.

Paths stay as written; ``Job.locate`` makes them absolute. Sources that look alike (a path or
a mapping with one telling key) are told apart by that key, so that an error speaks of the
alternative that was meant.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    SerializeAsAny,
    Tag,
    ValidationInfo,
    field_validator,
    model_serializer,
)
from pydantic_core import PydanticCustomError

from reportgen.job.printed import Printed

SPLITS = ("train", "validation", "test")
SplitName = Literal["train", "validation", "test"]
Task = Literal["binary", "multiclass", "multilabel", "regression"]
Format = Literal["html", "pdf", "json"]
CutMethod = Literal["random", "stratified", "group", "time", "tail"]
Fraction = Annotated[float, Field(gt=0, lt=1)]
PythonName = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")]
_WHOLE = re.compile(r"[+-]?\d{1,300}\.0*\Z")
Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(min_length=1)]
SKLEARN_BUNDLES = ("breast_cancer", "iris", "wine", "digits", "diabetes", "linnerud")


class Strict(BaseModel):
    """Frozen, and every unknown key is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False
    )

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Pydantic takes ``true`` for 1; nobody who writes ``epochs: true`` means one epoch."""
        if isinstance(value, bool) and info.field_name in cls.model_fields:
            kinds = set(_plain_types(cls.model_fields[info.field_name].annotation))
            if kinds & {int, float} and bool not in kinds:
                raise PydanticCustomError("number", "a number is expected")
        return value


def _plain_types(annotation: Any) -> Iterator[Any]:
    """The members of a union, without what is annotated to them."""
    if get_origin(annotation) is Annotated:
        yield from _plain_types(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from _plain_types(member)
    else:
        yield annotation


def canonical(text: str) -> str:
    """A label's text as ``data.labels.label_text`` has it: ``" 1.0"`` and ``"1"`` are one."""
    text = text.strip()
    if text.lower() in ("true", "false"):
        return text.lower()
    return str(int(text.partition(".")[0])) if _WHOLE.match(text) else text


def _label(value: Any) -> Any:
    """A class label as text: YAML's 1, true and 1.0 stand for what a data file would hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (int, float)):
        return str(float(value) if isinstance(value, float) else value)
    return canonical(value) if isinstance(value, str) else value


Label = Annotated[str, BeforeValidator(_label, json_schema_input_type=str | int | float | bool)]


# --- where a split comes from ---------------------------------------------------------------


class FileSource(Strict):
    """``data/train.parquet``: .csv .parquet .npz .jsonl."""

    path: Text

    @model_serializer
    def _as_written(self) -> str:
        return self.path


class SklearnSource(Strict):
    """A data set that comes with scikit-learn."""

    sklearn: Literal["breast_cancer", "iris", "wine", "digits", "diabetes", "linnerud"]


class ImagesSource(Strict):
    """A folder of images, with a folder a class."""

    images: Text = Field(description="The folder; each folder in it is a class.")


class PythonSource(Strict):
    """A Python function that returns (X, y) or a table."""

    python: PythonName = Field(description="pkg.mod:function, returning (X, y) or a table.")


class SqlSource(Strict):
    """The rows of a query."""

    sql: Text = Field(description="A SQLAlchemy URL.")
    query: Text = Field(description="The SELECT that gives the rows.")


_TRUSTED = "Loading a pickle may run code: true says that this one may."
_SOURCE_KEYS = ("sklearn", "images", "python", "sql", "from", "from_", "path")


def _source_kind(value: Any) -> str | None:
    if isinstance(value, str):
        return "path"
    found = _telling_key(value, _SOURCE_KEYS)
    return "from" if found == "from_" else found


def _telling_key(value: Any, keys: tuple[str, ...]) -> str | None:
    """Which of ``keys`` a mapping, or an already validated model, has."""
    if isinstance(value, Mapping):
        return next((k for k in keys if k in value), None)
    return next((k for k in keys if hasattr(value, k)), None)


def _file_source(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


File = Annotated[FileSource, BeforeValidator(_file_source, json_schema_input_type=str)]
Source = Annotated[
    Annotated[File, Tag("path")]
    | Annotated[SklearnSource, Tag("sklearn")]
    | Annotated[ImagesSource, Tag("images")]
    | Annotated[PythonSource, Tag("python")]
    | Annotated[SqlSource, Tag("sql")],
    Discriminator(
        _source_kind,
        custom_error_type="source",
        custom_error_message="a split is a path, or one of {sklearn: …}, {images: DIR}, "
        "{python: pkg.mod:function}, {sql: URL, query: …}",
    ),
]


class HeldOut(Strict):
    """``{from: train, fraction: 0.2, method: random}``: a validation split cut from train."""

    from_: Literal["train"] = Field(alias="from", description="Cut from the train split.")
    fraction: Fraction = Field(0.2, description="Share of the train rows.")
    method: CutMethod = Field(
        "random",
        description="random and stratified are scikit-learn's train_test_split with the job's "
        "seed; tail is Keras's own validation_split: the last rows.",
    )


ValidationSource = Annotated[
    Annotated[File, Tag("path")]
    | Annotated[SklearnSource, Tag("sklearn")]
    | Annotated[ImagesSource, Tag("images")]
    | Annotated[PythonSource, Tag("python")]
    | Annotated[SqlSource, Tag("sql")]
    | Annotated[HeldOut, Tag("from")],
    Discriminator(
        _source_kind,
        custom_error_type="source",
        custom_error_message="validation is a path, {from: train, fraction: 0.2, method: …}, or "
        "one of {images: DIR}, {python: pkg.mod:function}, {sql: URL, query: …}",
    ),
]


class SplitRule(Strict):
    """Cuts the test split from ``train:``'s source, or reads the split from a column."""

    test: Fraction | None = Field(None, description="Share of the rows that becomes the test.")
    method: CutMethod = Field("random", description="How the rows are chosen.")
    stratify: bool = Field(False, description="The same as method: stratified.")
    column: Text | None = Field(
        None, description="A column with the values train, validation and test, instead of a cut."
    )


def _one_or_list(value: Any) -> str:
    return "list" if isinstance(value, (list, tuple)) else "text"


Target = Annotated[
    Annotated[Text, Tag("text")] | Annotated[tuple[Text, ...], Tag("list")],
    Discriminator(_one_or_list),
]


class DatasetEntry(Strict):
    """A data set: where its splits come from, and which column is what."""

    task: Task = Field(description="What is predicted.")
    train: Source | None = Field(None, description="The rows the model was trained on.")
    validation: ValidationSource | None = Field(
        None, description="A source, or {from: train, fraction: 0.2, method: random}."
    )
    test: Source | None = Field(None, description="The rows the model is judged by.")
    split: SplitRule | None = Field(
        None, description="Cuts the test split, when there is no test: of its own."
    )
    target: Target | None = Field(
        None,
        description="The column to predict; for .npz the array (default y); a list of columns "
        "for multilabel tasks and for several regression targets.",
    )
    classes: tuple[Label, ...] | None = Field(
        None, description="Labels in the order of the model's outputs; default: sorted labels."
    )
    positive: Label | None = Field(
        None, description="Binary tasks: the positive class; default: the last one."
    )
    features: tuple[Text, ...] | None = Field(
        None, description="The model's columns; default: every column without another role."
    )
    id: Text | None = Field(None, description="The column that names a row.")
    group: Text | None = Field(
        None, description="The column of what rows belong to, e.g. a patient."
    )
    time: Text | None = Field(None, description="The column that orders rows in time.")
    weight: Text | None = Field(None, description="The column of sample weights.")

    @property
    def targets(self) -> tuple[str, ...]:
        """The target columns; empty when the source brings its own ``y``."""
        if self.target is None:
            return ()
        return (self.target,) if isinstance(self.target, str) else self.target


# --- models ------------------------------------------------------------------------------------


class KerasModel(Strict):
    """A .keras, .h5 or .hdf5 file; ``custom_objects`` names Python classes it needs."""

    keras: Text = Field(description="The model's file.")
    custom_objects: tuple[PythonName, ...] = Field(
        (), description="Python classes and functions that the file needs, as pkg.mod:Name."
    )


class SavedModel(Strict):
    """A TensorFlow SavedModel; for inference only."""

    savedmodel: Text = Field(description="The folder.")


class PythonModel(Strict):
    """A function that returns a Keras model or a scikit-learn estimator."""

    python: PythonName = Field(description="pkg.mod:build, called without arguments.")
    weights: Text | None = Field(None, description="A file of weights for the Keras model.")


class SklearnModel(Strict):
    """A scikit-learn estimator in a .skops file, or in a pickle that is trusted."""

    sklearn: Text = Field(description="The estimator's file.")
    trusted: bool = Field(False, description=_TRUSTED)


class PredictionsModel(Strict):
    """No model, only what it predicted: a file a split."""

    predictions: dict[SplitName, Text] = Field(
        min_length=1,
        description="Split to file. Columns named as the classes are scores; or one column "
        "`prediction`; an id column aligns the rows.",
    )


def _one_of(*keys: str) -> Callable[[Any], str | None]:
    return lambda value: _telling_key(value, keys)


ModelSource = Annotated[
    Annotated[KerasModel, Tag("keras")]
    | Annotated[SavedModel, Tag("savedmodel")]
    | Annotated[PythonModel, Tag("python")]
    | Annotated[SklearnModel, Tag("sklearn")]
    | Annotated[PredictionsModel, Tag("predictions")],
    Discriminator(
        _one_of("keras", "savedmodel", "python", "sklearn", "predictions"),
        custom_error_type="model",
        custom_error_message="a model is one of {keras: FILE}, {savedmodel: DIR}, "
        "{python: pkg.mod:build}, {sklearn: FILE}, {predictions: {test: FILE}}",
    ),
]


class SklearnStep(Strict):
    """A fitted scikit-learn transformer."""

    sklearn: Text = Field(description="The transformer's file.")
    trusted: bool = Field(False, description=_TRUSTED)


class PythonStep(Strict):
    """A function: table in, array out."""

    python: PythonName = Field(description="pkg.mod:function.")


class StandardizeStep(Strict):
    """Each column minus its mean over its standard deviation, both of the training rows."""

    standardize: Literal["train"]


class ScaleStep(Strict):
    """Everything divided by a number."""

    scale: Annotated[float, Field(gt=0)] = Field(description="The divisor, e.g. 255.")


Step = Annotated[
    Annotated[SklearnStep, Tag("sklearn")]
    | Annotated[PythonStep, Tag("python")]
    | Annotated[StandardizeStep, Tag("standardize")]
    | Annotated[ScaleStep, Tag("scale")],
    Discriminator(
        _one_of("sklearn", "python", "standardize", "scale"),
        custom_error_type="preprocess",
        custom_error_message="a preprocessing step is one of {sklearn: FILE}, "
        "{python: pkg.mod:function}, {standardize: train}, {scale: 255}",
    ),
]


def _listed(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else (value,)


class Decision(Strict):
    """How an output becomes a label. The threshold is one of probability, for logits too."""

    threshold: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="A label is given when its probability is above this."
    )
    argmax: bool | None = Field(None, description="The class with the highest score.")
    otherwise: Label | None = Field(
        None, description="The label of rows where no class is above the threshold."
    )


class EarlyStopping(Strict):
    """As keras.callbacks.EarlyStopping was set."""

    monitor: Text = Field("val_loss", description="The watched quantity, as Keras names it.")
    patience: Annotated[int, Field(ge=0)] = Field(0, description="Epochs without improvement.")
    restore_best: bool = Field(False, description="Whether the best epoch's weights were kept.")
    min_delta: Annotated[float, Field(ge=0)] = Field(0.0, description="What counts as improved.")


def _weighting_kind(value: Any) -> str:
    return "map" if isinstance(value, Mapping) else "word"


ClassWeight = Annotated[
    Annotated[Literal["balanced"], Tag("word")]
    | Annotated[dict[Label, Annotated[float, Field(ge=0)]], Tag("map")],
    Discriminator(_weighting_kind),
]


class Training(Strict):
    """How the model was trained, so that it can be trained again."""

    epochs: Annotated[int, Field(ge=1)] = Field(description="At most this many epochs.")
    batch_size: Annotated[int, Field(ge=1)] = Field(32, description="Rows a step.")
    shuffle: bool = Field(True, description="Whether rows are shuffled before each epoch.")
    class_weight: ClassWeight | None = Field(
        None, description="balanced, or a weight for each label."
    )
    early_stopping: EarlyStopping | None = Field(None, description="As it was set.")
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = Field(
        None, description="The seed it was trained with."
    )
    seed_call: Text | None = Field(
        None, description="The function that set it, e.g. keras.utils.set_random_seed."
    )
    include_validation: bool = Field(
        False,
        description="The delivered model was fitted on train and its {from: train} cut together.",
    )


MetricName = Literal[
    "accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc", "average_precision",
    "mcc", "top_k_accuracy", "loss", "log_loss", "brier", "mse", "rmse", "mae", "r2",
]  # fmt: skip
Average = Literal["binary", "macro", "micro", "weighted", "samples"]


class ReportedNumber(Strict):
    """One number as somebody printed it."""

    metric: MetricName = Field(description="What was measured.")
    value: Printed
    split: SplitName = Field("test", description="On which split.")
    average: Average | None = Field(
        None, description="Default: binary for binary tasks, macro otherwise."
    )
    per_class: Label | None = Field(None, description="The number of one class alone.")
    k: Annotated[int, Field(ge=1)] | None = Field(None, description="For top_k_accuracy.")
    unit: Literal["fraction", "percent"] = Field("fraction", description="Of the value.")
    weighted: bool = Field(False, description="Weighted by the data set's weight column.")


class ReportedReport(Strict):
    """scikit-learn's ``classification_report``: a file with the text as printed, or its JSON."""

    classification_report: Text = Field(description="The file.")
    split: SplitName = Field("test", description="On which split.")


class ReportedMatrix(Strict):
    """Rows are the truth, columns the prediction, both in the order of ``classes``."""

    confusion_matrix: tuple[tuple[Annotated[int, Field(ge=0)], ...], ...] = Field(
        description="Counts, a list a true class."
    )
    split: SplitName = Field("test", description="On which split.")


class ReportedLog(Strict):
    """A file with lines as Keras prints them."""

    keras_log: Text = Field(description="The file.")
    split: SplitName | None = Field(
        None, description="Of lines that evaluate printed; default: test."
    )


Reported = Annotated[
    Annotated[ReportedNumber, Tag("metric")]
    | Annotated[ReportedReport, Tag("classification_report")]
    | Annotated[ReportedMatrix, Tag("confusion_matrix")]
    | Annotated[ReportedLog, Tag("keras_log")],
    Discriminator(
        _one_of("metric", "classification_report", "confusion_matrix", "keras_log"),
        custom_error_type="reported",
        custom_error_message="a reported entry is one of {metric: …, value: …}, "
        "{classification_report: FILE}, {confusion_matrix: [[…]]}, {keras_log: FILE}",
    ),
]


class ModelEntry(Strict):
    """A model to audit."""

    dataset: Text = Field(description="Name of a data set of this job.")
    model: ModelSource = Field(description="Where the model, or its predictions, come from.")
    preprocess: Annotated[
        tuple[Step, ...],
        BeforeValidator(_listed, json_schema_input_type=Step | tuple[Step, ...]),
    ] = Field((), description="A step or a list of them, applied in order to the features.")
    output: Literal["probability", "logit", "label", "value"] | None = Field(
        None, description="What the output means; default: read from the last layer."
    )
    decision: Decision | None = Field(
        None, description="Default: 0.5 for binary and multilabel, argmax for multiclass."
    )
    training: Training | None = Field(None, description="How it was trained.")
    members: tuple[Text, ...] = Field(
        (),
        description="Retrainings of this model, if any: .keras, .h5 or .skops files, or files of "
        "predictions for test.",
    )
    reported: tuple[Reported, ...] = Field((), description="The numbers that were reported.")


class LocalExecutor(Strict):
    """Processes of this machine."""

    kind: Literal["local"] = "local"
    workers: Annotated[int, Field(ge=1)] = Field(1, description="Audits at a time.")


class Budget(Strict):
    """What the retrainings of one audit may take."""

    minutes: Annotated[float, Field(gt=0)] = Field(60, description="Of training, an audit.")
    memory_gb: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Default: no limit."
    )


class Settings(Strict):
    """Base of every diagnostic's settings. Every field has a default and a description."""


#: Fields of a Job that are no keys of its file.
INTERNAL = ("file", "sha256", "parts", "lines")


class Job(Strict):
    """A validated job. ``file`` and ``sha256`` are of the job file; ``parts`` is its text: a
    model's name to the lines of that model and of its data set, as read, passwords in URLs
    starred out. ``lines`` has, a key path as messages write it, the line of its key.
    """

    version: Literal[1] = Field(description="Of this format: 1.")
    name: Text = Field(description="What the job is called in its reports.")
    output: Text = Field("reports", description="Folder of the runs, from where it is run.")
    formats: Annotated[tuple[Format, ...], Field(min_length=1)] = Field(
        ("html", "pdf", "json"), description="Of the reports; json is always written."
    )
    seed: Annotated[int, Field(ge=0)] = Field(
        0, description="Every random choice of the audit derives from it."
    )
    datasets: dict[Name, DatasetEntry] = Field(min_length=1, description="Name to data set.")
    models: dict[Name, ModelEntry] = Field(min_length=1, description="Name to model.")
    # name -> settings; None when switched off. Filled in for every diagnostic by job.load.
    diagnostics: dict[str, SerializeAsAny[Settings] | None] = Field(
        {}, description="Settings of diagnostics; false switches one off."
    )
    executor: LocalExecutor = Field(LocalExecutor(), description="Where audits run.")
    budget: Budget = Field(Budget(), description="Of the retrainings of one audit.")

    file: Annotated[Path, PlainSerializer(str)] = Field(default=Path("job.yaml"), exclude=True)
    sha256: str = Field(default="", exclude=True)
    parts: dict[str, str] = Field(default={}, exclude=True)
    lines: dict[str, int] = Field(default={}, exclude=True)

    def line(self, key: str) -> int | None:
        """The line of a key path, or of the nearest part above it that is in the file."""
        above = [k for k in self.lines if key.startswith(k) and key[len(k) :][:1] in ("", ".", "[")]
        return self.lines[max(above, key=len)] if above else None

    def locate(self, path: str) -> Path:
        """Absolute path of an input that is written relative to the job file.

        Never raises: what cannot be a path (a loop of links, a NUL, ``~nobody``) is told when it
        is opened.
        """
        place = Path(path)
        with contextlib.suppress(RuntimeError):
            place = place.expanduser()
        place = self.file.parent / place
        try:
            return Path(os.path.realpath(place))
        except ValueError:
            return place
