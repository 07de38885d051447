"""Resizing, against Pillow, TensorFlow and plain means."""

import numpy as np
import pytest
from PIL import Image

from reportgen.errors import ModelError
from reportgen.models.resize import VARIANTS, WAYS, Resize

rng = np.random.default_rng(0)
IMAGES = rng.integers(0, 256, (5, 12, 9, 3)).astype(np.uint8)


@pytest.mark.parametrize("way", [w for w in WAYS if w.startswith("pillow")])
def test_pillow_resizes_whole_images_alike(way):
    kernel = getattr(Image.Resampling, way.removeprefix("pillow-").upper())
    expected = [np.asarray(Image.fromarray(x).resize((3, 4), kernel)) for x in IMAGES]
    given = Resize((4, 3), way)(IMAGES)
    assert given.dtype == np.uint8
    assert np.array_equal(given, np.stack(expected))


def test_shapes_and_simple_kernels():
    pytest.importorskip("tensorflow")
    means = IMAGES.reshape(5, 4, 3, 3, 3, 3).mean((2, 4))
    assert Resize((4, 3), "keras-area")(IMAGES) == pytest.approx(means, rel=1e-5)
    middle = IMAGES[:, 1::3, 1::3]  # half-pixel centres of thirds are pixels
    assert np.array_equal(Resize((4, 3), "keras-bilinear")(IMAGES), middle)
    assert np.array_equal(Resize((4, 3), "keras-nearest")(IMAGES), middle)
    assert Resize((4, 3), "keras-area, rounded")(IMAGES) == pytest.approx(np.round(means))
    for way in (*WAYS, *VARIANTS):
        assert Resize((7, 5), way)(IMAGES[..., 0]).shape == (5, 7, 5)


def test_rows_that_are_no_images():
    with pytest.raises(ModelError, match="takes images"):
        Resize((4, 4))(np.zeros((3, 4)))
