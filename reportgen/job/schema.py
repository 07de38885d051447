"""The job file's shape. ``reportgen.job.load`` is the way to get one.

Paths stay as written; ``Job.locate`` makes them absolute. Sources that look alike (a path or
a mapping with one telling key) are told apart by that key, so that an error speaks of the
alternative that was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    SerializeAsAny,
    Tag,
)

from reportgen.job.printed import Printed

SPLITS = ("train", "validation", "test")
SplitName = Literal["train", "validation", "test"]
Task = Literal["binary", "multiclass", "multilabel", "regression"]
Format = Literal["html", "pdf", "json"]
CutMethod = Literal["random", "stratified", "group", "time", "tail"]
Fraction = Annotated[float, Field(gt=0, lt=1)]
PythonName = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")]
SKLEARN_BUNDLES = ("breast_cancer", "iris", "wine", "digits", "diabetes", "linnerud")


class Strict(BaseModel):
    """Frozen, and every unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _label(value: Any) -> Any:
    """A class label as text: YAML's 1, true and 1.0 stand for what a data file would hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (int, float)):
        return str(value)
    return value


Label = Annotated[str, BeforeValidator(_label)]


# --- where a split comes from ---------------------------------------------------------------


class FileSource(Strict):
    """``data/train.parquet``: .csv .parquet .npz .jsonl."""

    path: str


class SklearnSource(Strict):
    sklearn: Literal["breast_cancer", "iris", "wine", "digits", "diabetes", "linnerud"]


class ImagesSource(Strict):
    """A folder a class."""

    images: str


class PythonSource(Strict):
    python: PythonName


class SqlSource(Strict):
    sql: str
    query: str


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


File = Annotated[FileSource, BeforeValidator(_file_source)]
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

    from_: Literal["train"] = Field(alias="from")
    fraction: Fraction = 0.2
    method: CutMethod = "random"


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

    test: Fraction | None = None
    method: CutMethod = "random"
    stratify: bool = False
    column: str | None = None


class DatasetEntry(Strict):
    task: Task
    train: Source | None = None
    validation: ValidationSource | None = None
    test: Source | None = None
    split: SplitRule | None = None
    target: str | tuple[str, ...] | None = None
    classes: tuple[Label, ...] | None = None
    positive: Label | None = None
    features: tuple[str, ...] | None = None
    id: str | None = None
    group: str | None = None
    time: str | None = None
    weight: str | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """The target columns; empty when the source brings its own ``y``."""
        if self.target is None:
            return ()
        return (self.target,) if isinstance(self.target, str) else self.target


# --- models ------------------------------------------------------------------------------------


class KerasModel(Strict):
    """A .keras, .h5 or .hdf5 file; ``custom_objects`` names Python classes it needs."""

    keras: str
    custom_objects: tuple[PythonName, ...] = ()


class SavedModel(Strict):
    savedmodel: str


class PythonModel(Strict):
    python: PythonName
    weights: str | None = None


class SklearnModel(Strict):
    sklearn: str
    trusted: bool = False


class PredictionsModel(Strict):
    predictions: dict[SplitName, str] = Field(min_length=1)


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
    sklearn: str
    trusted: bool = False


class PythonStep(Strict):
    python: PythonName


class StandardizeStep(Strict):
    standardize: Literal["train"]


class ScaleStep(Strict):
    scale: Annotated[float, Field(gt=0)]


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

    threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    argmax: bool | None = None
    otherwise: Label | None = None


class EarlyStopping(Strict):
    monitor: str = "val_loss"
    patience: Annotated[int, Field(ge=0)] = 0
    restore_best: bool = False
    min_delta: Annotated[float, Field(ge=0)] = 0.0


class Training(Strict):
    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)] = 32
    shuffle: bool = True
    class_weight: Literal["balanced"] | dict[Label, float] | None = None
    early_stopping: EarlyStopping | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    seed_call: str | None = None
    include_validation: bool = False


MetricName = Literal[
    "accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc", "average_precision",
    "mcc", "top_k_accuracy", "loss", "log_loss", "brier", "mse", "rmse", "mae", "r2",
]  # fmt: skip
Average = Literal["binary", "macro", "micro", "weighted", "samples"]


class ReportedNumber(Strict):
    """One number as somebody printed it."""

    metric: MetricName
    value: Printed
    split: SplitName = "test"
    average: Average | None = None
    per_class: Label | None = None
    k: Annotated[int, Field(ge=1)] | None = None
    unit: Literal["fraction", "percent"] = "fraction"
    weighted: bool = False


class ReportedReport(Strict):
    """scikit-learn's ``classification_report``: a file with the text as printed, or its JSON."""

    classification_report: str
    split: SplitName = "test"


class ReportedMatrix(Strict):
    """Rows are the truth, columns the prediction, both in the order of ``classes``."""

    confusion_matrix: tuple[tuple[Annotated[int, Field(ge=0)], ...], ...]
    split: SplitName = "test"


class ReportedLog(Strict):
    """A file with lines as Keras prints them."""

    keras_log: str
    split: SplitName | None = None


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
    dataset: str
    model: ModelSource
    preprocess: Annotated[tuple[Step, ...], BeforeValidator(_listed)] = ()
    output: Literal["probability", "logit", "label", "value"] | None = None
    decision: Decision | None = None
    training: Training | None = None
    reported: tuple[Reported, ...] = ()


class LocalExecutor(Strict):
    kind: Literal["local"] = "local"
    workers: Annotated[int, Field(ge=1)] = 1


class Settings(Strict):
    """Base of every diagnostic's settings. Every field has a default and a description."""


class Job(Strict):
    """A validated job. ``folder`` and ``sha256`` are of the job file; ``parts`` is its text, a
    model's name -> that model's and its data set's lines as read.
    """

    version: Literal[1]
    name: str = Field(min_length=1)
    output: str = "reports"
    formats: Annotated[tuple[Format, ...], Field(min_length=1)] = ("html", "pdf", "json")
    seed: Annotated[int, Field(ge=0)] = 0
    datasets: dict[str, DatasetEntry] = Field(min_length=1)
    models: dict[str, ModelEntry] = Field(min_length=1)
    # name -> settings; None when switched off. Filled in for every diagnostic by job.load.
    diagnostics: dict[str, SerializeAsAny[Settings] | None] = {}
    executor: LocalExecutor = LocalExecutor()

    file: Annotated[Path, PlainSerializer(str)] = Field(default=Path("job.yaml"), exclude=True)
    sha256: str = Field(default="", exclude=True)

    def locate(self, path: str) -> Path:
        """Absolute path of an input that is written relative to the job file."""
        return (self.file.parent / Path(path).expanduser()).resolve()
