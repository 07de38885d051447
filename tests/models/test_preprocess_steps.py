from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import skops.io
from sklearn.preprocessing import StandardScaler

from reportgen.errors import ModelError
from reportgen.models import preprocess
from reportgen.models.preprocess import Preprocess, Scale, Standardize
from tests.models.cases import dataset_of


def test_no_steps_give_the_features_as_they_are():
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    assert Preprocess(())(frame) is frame


def test_standardize_is_the_population_sd_and_a_constant_becomes_0(monkeypatch):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(1e6, 1e-2, 1000), rng.normal(0, 5, 1000), np.full(1000, 0.1)])
    whole = Standardize(X)
    monkeypatch.setattr(preprocess, "CHUNK_ROWS", 64)
    chunked = Standardize(pl.DataFrame(X))
    for step in (whole, chunked):
        np.testing.assert_allclose(step.scale[:2], X[:, :2].std(axis=0), rtol=1e-6)
        got = step(pl.DataFrame(X))
        wanted = StandardScaler().fit_transform(X)
        np.testing.assert_allclose(got[:, 1], wanted[:, 1], atol=1e-12)
        assert (got[:, 2] == 0).all()
        assert got.dtype == np.float64


def test_standardize_skips_missing_values_and_lets_them_through():
    X = np.array([[1.0, np.nan], [3.0, 4.0], [5.0, 8.0]])
    step = Standardize(X)
    np.testing.assert_allclose(step.mean, np.nanmean(X, axis=0))
    np.testing.assert_allclose(step.scale, np.nanstd(X, axis=0))
    assert np.isnan(step(X)[0, 1])


def test_scale_keeps_images_small():
    X = np.arange(48, dtype=np.uint8).reshape(3, 4, 4)
    got = Scale(255)(X)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, X.astype(np.float32) / np.float32(255))


def test_texts_are_named(make_job, tmp_path):
    frame = pl.DataFrame({"a": [1.0, 2], "plan": ["x", "y"]})
    with pytest.raises(ModelError, match="'plan' is not"):
        Scale(2)(frame)


def test_a_chain_from_the_job(make_job, tmp_path):
    rng = np.random.default_rng(0)
    train, test = rng.normal(3, 2, (50, 2)), rng.normal(3, 2, (20, 2))
    (tmp_path / "chain_steps.py").write_text(
        "import numpy as np\n\ndef double(X):\n    return np.asarray(X) * 2\n"
        "\ndef short(X):\n    return np.asarray(X)[:3]\n"
        "\ndef broken(X):\n    raise KeyError('tenure')\n"
    )
    skops.io.dump(StandardScaler().fit(train * 2), tmp_path / "s.skops")
    dataset = dataset_of(
        "binary",
        {"train": (train, np.zeros(50, int)), "test": (test, np.zeros(20, int))},
        classes=("a", "b"),
    )

    def chain(*steps):
        job = make_job({"sklearn": "m.skops"}, preprocess=list(steps))
        return preprocess.load(job, job.models["m"], dataset)

    double = {"python": "chain_steps:double"}
    wanted = StandardScaler().fit(train * 2).transform(test * 2)
    for last in ({"sklearn": "s.skops"}, {"standardize": "train"}):
        np.testing.assert_allclose(chain(double, last)(test), wanted, atol=1e-12)
    with pytest.raises(ModelError, match="gave 3 rows for 20"):
        chain({"python": "chain_steps:short"})(test)
    with pytest.raises(ModelError) as error:
        chain({"python": "chain_steps:broken"})(test)
    problem = error.value.problems[0]
    assert problem.file.endswith("chain_steps.py")
    assert problem.line == 10
    assert "tenure" in problem.message
