"""Trained weights as one vector: there and back, and when not."""

from types import SimpleNamespace

import numpy as np
import pytest

from reportgen.retraining.layout import LONGEST, Layout

SHAPES = ((3, 4), (4,), (), (2, 1, 2))


def optimizer(name="Adam", clipnorm=None):
    made = type(name, (), {})()
    made.clipnorm = clipnorm
    return made


def variables(*shapes, constraint=None):
    return [SimpleNamespace(shape=s, dtype="float32", constraint=constraint) for s in shapes]


def test_weights_come_back_as_they_were_whatever_axes_lead():
    layout = Layout.of(optimizer(), variables(*SHAPES))
    rng = np.random.default_rng(0)
    for leading in ((), (5,), (2, 5)):
        weights = [np.asarray(rng.standard_normal((*leading, *shape))) for shape in SHAPES]
        (vector,) = layout.joined(weights, leading=len(leading))
        assert vector.shape == (*leading, 12 + 4 + 1 + 4)
        assert np.array_equal(vector[..., :12], weights[0].reshape(*leading, 12))
        again = layout.parted([vector], leading=len(leading))
        assert all(np.array_equal(a, b) for a, b in zip(again, weights, strict=True))


@pytest.mark.parametrize(
    ("by", "those"),
    [
        (optimizer("Lamb"), variables(*SHAPES)),
        (optimizer("Adafactor"), variables(*SHAPES)),
        (optimizer(clipnorm=1.0), variables(*SHAPES)),
        (optimizer(), variables(*SHAPES, constraint="norm")),
        (optimizer(), variables((LONGEST, 1), (1,))),
        (optimizer("Own"), variables(*SHAPES)),
    ],
)
def test_weights_that_an_optimizer_tells_apart_stay_apart(by, those):
    layout = Layout.of(by, those)
    assert layout == Layout()
    assert layout.parted(layout.joined([1, 2])) == [1, 2]
