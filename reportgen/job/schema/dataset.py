"""A data set's entry: where its splits come from, and which column is what."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag

from reportgen.job.schema.sources import CutMethod, Source, ValidationSource
from reportgen.job.schema.values import Fraction, Label, Strict, Task, Text


class SplitRule(Strict):
    """Cuts the test split from ``train:``'s source, or reads the split from a column."""

    test: Fraction | None = Field(None, description="Share of the rows that becomes the test.")
    method: CutMethod = Field("random", description="How the rows are chosen.")
    stratify: bool = Field(False, description="The same as method: stratified.")
    column: Text | None = Field(
        None, description="A column with the values train, validation and test, instead of a cut."
    )


class HeadTarget(Strict):
    """What one output of a model with several predicts."""

    column: Text = Field(description="The column, or the array in .npz.")
    task: Task | None = Field(None, description="Default: the data set's.")
    classes: tuple[Label, ...] | None = Field(
        None, description="Labels in the order of this output; default: sorted labels."
    )
    positive: Label | None = Field(
        None, description="Binary outputs: the positive class; default: the last one."
    )


def _head_target(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


Head = Annotated[HeadTarget, BeforeValidator(_head_target, json_schema_input_type=str | HeadTarget)]


class MaskRule(Strict):
    """Labels that stand step by step, (n, T): which of the steps are padding."""

    label: Label | None = Field(None, description="Steps with this label are padding.")
    array: Text | None = Field(
        None, description="An array of shape (n, T): 1 where a step counts, 0 for padding."
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
    heads: dict[Text, Head] | None = Field(
        None,
        alias="targets",
        description="For a model with several outputs: output to column. The first is audited; "
        "task, classes and positive speak of it. Others: {column, task, classes, positive}.",
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
    mask: MaskRule | None = Field(
        None,
        description="Labels step by step, shape (n, T): {label: 0} or {array: NAME} says which "
        "steps are padding.",
    )
    id: Text | None = Field(None, description="The column that names a row.")
    group: Text | None = Field(
        None, description="The column of what rows belong to, e.g. a patient."
    )
    time: Text | None = Field(None, description="The column that orders rows in time.")
    weight: Text | None = Field(None, description="The column of sample weights.")

    @property
    def targets(self) -> tuple[str, ...]:
        """The target columns; empty when the source brings its own ``y``.

        Of a model with several outputs, that of the first.
        """
        if self.heads:
            return (next(iter(self.heads.values())).column,)
        if self.target is None:
            return ()
        return (self.target,) if isinstance(self.target, str) else self.target

    @property
    def every_target(self) -> tuple[str, ...]:
        """The target columns of all outputs."""
        others = tuple(head.column for head in (self.heads or {}).values())
        return tuple(dict.fromkeys((*self.targets, *others)))

    @property
    def first_head(self) -> str | None:
        """The output that is audited, of a model with several."""
        return next(iter(self.heads)) if self.heads else None

    def of_head(self, name: str | None) -> DatasetEntry:
        """The same entry for a model with this output alone."""
        if not self.heads or name is None or name not in self.heads:
            return self
        head = self.heads[name]
        own: dict[str, Any] = {"target": head.column, "heads": None}
        if name != self.first_head:
            own |= {"task": head.task or self.task, "classes": head.classes}
            own |= {"positive": head.positive}
        return self.model_copy(update=own)
