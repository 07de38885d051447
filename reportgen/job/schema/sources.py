"""Where the rows of a split come from.

Sources that look alike (a path or a mapping with one telling key) are told apart by that key, so
that an error speaks of the alternative that was meant.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_serializer

from reportgen.job.schema.values import Fraction, PythonName, Strict, Text, telling_key

CutMethod = Literal["random", "stratified", "group", "time", "tail"]
_SOURCE_KEYS = ("sklearn", "images", "python", "sql", "from", "from_", "path")


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


def _source_kind(value: Any) -> str | None:
    if isinstance(value, str):
        return "path"
    found = telling_key(value, _SOURCE_KEYS)
    return "from" if found == "from_" else found


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
