"""A model's entry, and the whole job.

Paths stay as written; ``Job.locate`` makes them absolute.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, SerializeAsAny

from reportgen.job.schema.dataset import DatasetEntry
from reportgen.job.schema.model import Decision, ModelSource, Step
from reportgen.job.schema.reported import Reported
from reportgen.job.schema.training import Budget, Training
from reportgen.job.schema.values import Name, PythonName, Strict, Text

Format = Literal["html", "pdf", "json", "junit", "markdown"]


def _web_address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>\"'`\\]+", value):
        raise ValueError("it is not a web address, like https://audits.example.org/nightly")
    return value


def _listed(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else (value,)


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
    history: Text | None = Field(
        None,
        description="The history of its training: Keras's CSVLogger, or History.history as JSON.",
    )
    checkpoints: tuple[Text, ...] = Field(
        (), description="Weights saved during training: .weights.h5, .h5 or .keras files."
    )
    metrics: dict[Name, PythonName] = Field(
        {},
        description="Metrics of your own to be audited, name to pkg.mod:function, called as "
        "function(y_true, y_pred). The name says what it is held to: f1, recall_macro, my_auc.",
    )
    reported: tuple[Reported, ...] = Field((), description="The numbers that were reported.")


class LocalExecutor(Strict):
    """Processes of this machine."""

    kind: Literal["local"] = "local"
    workers: Annotated[int, Field(ge=1)] = Field(1, description="Audits at a time.")


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
    templates: Text | None = Field(
        None, description="Folder with a logo, colours, and parts of the report of one's own."
    )
    base_url: Annotated[str, AfterValidator(_web_address)] | None = Field(
        None,
        description="Address under which the output folder is read, for the links of summary.md.",
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
