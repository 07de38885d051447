"""Images in another size, by the usual ways of resizing: they give other pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import numpy as np

from reportgen.errors import ModelError, Problem
from reportgen.job.schema import Resampling
from reportgen.models.tables import chunks, n_rows

WAYS: tuple[str, ...] = get_args(Resampling)
#: Ways that have no name in a job: rounded to whole numbers as OpenCV does, or antialiased.
VARIANTS = (
    "keras-bilinear, rounded", "keras-area, rounded", "keras-nearest, corners aligned",
    "keras-bilinear, corners aligned", "keras-bilinear, antialiased", "keras-bicubic, antialiased",
    "keras-lanczos3, antialiased",
)  # fmt: skip


class Resize:
    """Images (n, h, w, c), or (n, h, w), in another size.

    ``keras-`` ways are ``tf.image.resize`` with half-pixel centres, as Keras loads folders of
    images: floats, no antialiasing. ``pillow-`` ways are those of ``PIL.Image.resize``, which
    smooths when it shrinks and gives whole numbers for images of whole numbers.

    Parameters
    ----------
    size : height and width.
    way : one of ``WAYS`` or ``VARIANTS``.
    """

    def __init__(self, size: tuple[int, int], way: str = "keras-bilinear") -> None:
        self.size, self.way = size, way

    def __call__(self, X: Any) -> np.ndarray:
        """Resized images, float32 or, by Pillow from uint8, uint8.

        Raises
        ------
        ModelError
            if these are no images.
        """
        if not isinstance(X, np.ndarray) or X.ndim not in (3, 4) or X.dtype.kind not in "biuf":
            raise ModelError(
                Problem(
                    "the preprocessing step resize takes images",
                    expected="an array of shape (n, height, width, channels)",
                    got=f"an array of shape {X.shape}" if hasattr(X, "shape") else str(type(X)),
                )
            )
        function = self._by_pillow if self.way.startswith("pillow") else self._by_tensorflow
        images = X if X.ndim == 4 else X[..., None]
        if not len(images):
            return np.zeros((0, *self.size, *X.shape[3:]), np.float32)
        found: np.ndarray | None = None
        for start, part in chunks(images, 512):
            resized = function(part)
            if found is None:
                found = np.empty((len(images), *resized.shape[1:]), resized.dtype)
            found[start : start + n_rows(part)] = resized
        assert found is not None
        return found if X.ndim == 4 else found[..., 0]

    def _by_pillow(self, images: np.ndarray) -> np.ndarray:
        from PIL import Image

        kernel = getattr(Image.Resampling, self.way.removeprefix("pillow-").upper())
        height, width = self.size
        whole = images.dtype == np.uint8
        source = images if whole else images.astype(np.float32)
        found = np.empty((len(images), height, width, images.shape[-1]), source.dtype)
        for i, image in enumerate(source):
            for k in range(images.shape[-1]):  # Pillow resizes each band on its own
                band = Image.fromarray(np.ascontiguousarray(image[..., k]))
                found[i, ..., k] = np.asarray(band.resize((width, height), kernel))
        return found

    def _by_tensorflow(self, images: np.ndarray) -> np.ndarray:
        import tensorflow as tf

        name, _, how = self.way.removeprefix("keras-").partition(", ")
        pixels = images.astype(np.float32)
        if how == "corners aligned":
            resize: dict[str, Callable[..., Any]] = {
                "nearest": tf.compat.v1.image.resize_nearest_neighbor,
                "bilinear": tf.compat.v1.image.resize_bilinear,
            }
            return np.asarray(resize[name](pixels, self.size, align_corners=True))
        found = np.asarray(tf.image.resize(pixels, self.size, name, antialias=how == "antialiased"))
        return np.clip(np.round(found), 0, 255) if how == "rounded" else found


def own_size(model: Any) -> tuple[int, int] | None:
    """The size to which a network's own Resizing layer brings its images; None without one."""
    from reportgen.models.training_mode import layers_within

    for layer in layers_within(model):
        if type(layer).__name__ == "Resizing":
            height, width = getattr(layer, "height", None), getattr(layer, "width", None)
            if isinstance(height, int) and isinstance(width, int):
                return height, width
    return None
