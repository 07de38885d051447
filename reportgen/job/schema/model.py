"""Where a model comes from, what is done to its features, and how an output becomes a label."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from reportgen.job.schema.values import (
    TRUSTED,
    Label,
    PythonName,
    SplitName,
    Strict,
    Text,
    one_of,
)


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
    trusted: bool = Field(False, description=TRUSTED)


class PredictionsModel(Strict):
    """No model, only what it predicted: a file a split."""

    predictions: dict[SplitName, Text] = Field(
        min_length=1,
        description="Split to file. Columns named as the classes are scores; or one column "
        "`prediction`; an id column aligns the rows.",
    )


ModelSource = Annotated[
    Annotated[KerasModel, Tag("keras")]
    | Annotated[SavedModel, Tag("savedmodel")]
    | Annotated[PythonModel, Tag("python")]
    | Annotated[SklearnModel, Tag("sklearn")]
    | Annotated[PredictionsModel, Tag("predictions")],
    Discriminator(
        one_of("keras", "savedmodel", "python", "sklearn", "predictions"),
        custom_error_type="model",
        custom_error_message="a model is one of {keras: FILE}, {savedmodel: DIR}, "
        "{python: pkg.mod:build}, {sklearn: FILE}, {predictions: {test: FILE}}",
    ),
]


class SklearnStep(Strict):
    """A fitted scikit-learn transformer."""

    sklearn: Text = Field(description="The transformer's file.")
    trusted: bool = Field(False, description=TRUSTED)


class PythonStep(Strict):
    """A function: table in, array out."""

    python: PythonName = Field(description="pkg.mod:function.")


class StandardizeStep(Strict):
    """Each column minus its mean over its standard deviation, both of the training rows."""

    standardize: Literal["train"]


class ScaleStep(Strict):
    """Everything divided by a number."""

    scale: Annotated[float, Field(gt=0)] = Field(description="The divisor, e.g. 255.")


Resampling = Literal[
    "keras-nearest", "keras-bilinear", "keras-bicubic", "keras-area", "keras-lanczos3",
    "pillow-nearest", "pillow-bilinear", "pillow-bicubic", "pillow-lanczos", "pillow-box",
    "pillow-hamming",
]  # fmt: skip


class ResizeStep(Strict):
    """Images brought to the size that the network takes."""

    resize: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] = Field(
        description="Height and width."
    )
    method: Resampling = Field(
        "keras-bilinear",
        description="keras- is tf.image.resize, as Keras loads folders of images; pillow- is "
        "PIL.Image.resize, which smooths when it shrinks.",
    )


Step = Annotated[
    Annotated[SklearnStep, Tag("sklearn")]
    | Annotated[PythonStep, Tag("python")]
    | Annotated[StandardizeStep, Tag("standardize")]
    | Annotated[ScaleStep, Tag("scale")]
    | Annotated[ResizeStep, Tag("resize")],
    Discriminator(
        one_of("sklearn", "python", "standardize", "scale", "resize"),
        custom_error_type="preprocess",
        custom_error_message="a preprocessing step is one of {sklearn: FILE}, "
        "{python: pkg.mod:function}, {standardize: train}, {scale: 255}, {resize: [32, 32]}",
    ),
]


class Decision(Strict):
    """How an output becomes a label. The threshold is one of probability, for logits too."""

    threshold: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="A label is given when its probability is above this."
    )
    argmax: bool | None = Field(None, description="The class with the highest score.")
    otherwise: Label | None = Field(
        None, description="The label of rows where no class is above the threshold."
    )
