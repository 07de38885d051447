"""How a model was trained, and what training it again may take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from reportgen.job.schema.values import Label, Strict, Text


class EarlyStopping(Strict):
    """As keras.callbacks.EarlyStopping was set."""

    monitor: Text = Field("val_loss", description="The watched quantity, as Keras names it.")
    patience: Annotated[int, Field(ge=0)] = Field(0, description="Epochs without improvement.")
    restore_best: bool = Field(False, description="Whether the best epoch's weights were kept.")
    min_delta: Annotated[float, Field(ge=0)] = Field(0.0, description="What counts as improved.")


def _weighting_kind(value: Any) -> str:
    return "map" if isinstance(value, Mapping) else "word"


def _no_array(value: Any) -> Any:
    """``compute_class_weight`` gives an array, which Keras refuses: labels are to be named."""
    if isinstance(value, (list, tuple)):
        raise ValueError("give a weight for each label, {label: weight}, as Keras wants them too")
    return value


ClassWeight = Annotated[
    Annotated[Literal["balanced"], Tag("word")]
    | Annotated[dict[Label, Annotated[float, Field(ge=0)]], Tag("map")],
    Discriminator(_weighting_kind),
    BeforeValidator(_no_array),
]


class Training(Strict):
    """How the model was trained, so that it can be trained again."""

    epochs: Annotated[int, Field(ge=1)] = Field(description="At most this many epochs.")
    batch_size: Annotated[int, Field(ge=1)] = Field(32, description="Rows a step.")
    shuffle: bool = Field(True, description="Whether rows are shuffled before each epoch.")
    class_weight: ClassWeight | None = Field(
        None, description="balanced, or a weight for each label."
    )
    sample_weight: bool = Field(
        True,
        description="Whether the data set's weight column, if any, weighted the rows.",
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


class Budget(Strict):
    """What one audit may take."""

    minutes: Annotated[float, Field(gt=0)] = Field(60, description="Of training, an audit.")
    memory_gb: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description="Of a stack of retrainings; files over a quarter of it are held in part. "
        "Default: no limit, and a quarter of the machine's.",
    )
