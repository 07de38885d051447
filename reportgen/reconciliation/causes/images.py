"""Images that reached the network otherwise than the job prepares them."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.reconciliation.causes.asked_otherwise import varied
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import Candidate, Hypothesis


def _resized(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    yield from varied(evidence, evaluation, "resized")


HYPOTHESES = [
    Hypothesis(
        "resized-otherwise",
        "The images were resized by another kernel than in training.",
        "the same metrics on the source images resized by nearest, bilinear, bicubic, Lanczos or "
        "area: as Keras does (half-pixel centres, no antialiasing), as Pillow does (antialiased), "
        "rounded as OpenCV does, or with corners aligned as TensorFlow 1 did",
        "Resize in one place: a Resizing layer in the network, or the same call in training and "
        "scoring.",
        _resized,
        wrong="np.asarray(Image.open(path).resize((32, 32)))   # trained through Keras's loader",
        right="keras.utils.image_dataset_from_directory(folder, image_size=(32, 32))",
        source="Parmar et al. 2022, On Aliased Resizing and Surprising Subtleties in GAN "
        "Evaluation; tf.image.resize: antialias",
        cost=2,
    ),
]
