"""scikit-learn objects against their own predictions, and what is refused."""

from __future__ import annotations

import os
import pickle
import warnings
import zipfile

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from reportgen.errors import ModelError
from reportgen.models import headers
from reportgen.models.load import load
from reportgen.models.outputs import interpret
from reportgen.models.skops_trust import is_ordinary
from tests.models.cases import dataset_of


def saved(folder, model, name="m.skops"):
    path = folder / name
    if name.endswith(".skops"):
        skops.io.dump(model, path)
    elif name.endswith(".pkl"):
        path.write_bytes(pickle.dumps(model))
    else:
        joblib.dump(model, path, compress=3 if "z" in name else 0)
    return {"sklearn": name, **({} if name.endswith(".skops") else {"trusted": True})}


@pytest.mark.parametrize("name", ["m.skops", "m.pkl", "m.joblib", "z.joblib"])
def test_every_format_predicts_what_the_estimator_does(blobs, make_job, tmp_path, name):
    train, test = blobs.splits["train"], blobs.splits["test"]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(train.X, train.y)
    predictor, _ = load(make_job(saved(tmp_path, model, name)), "m", _codes(blobs))
    np.testing.assert_array_equal(predictor.predict(test.X), model.predict_proba(test.X))
    assert "StandardScaler, LogisticRegression" in predictor.description
    assert predictor.n_weights == 5


def _codes(blobs):
    splits = {name: (split.X, split.y) for name, split in blobs.splits.items()}
    return dataset_of("binary", splits, classes=("0", "1"))


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(3), GradientBoostingClassifier(n_estimators=2),
        HistGradientBoostingClassifier(max_iter=2), KNeighborsClassifier(algorithm="kd_tree"),
        KNeighborsClassifier(algorithm="ball_tree"), SVC(),
    ],
    ids=lambda m: type(m).__name__,
)  # fmt: skip
def test_ordinary_estimators_load_without_trust(blobs, make_job, tmp_path, model):
    train, test = blobs.splits["train"], blobs.splits["test"]
    model.fit(train.X, train.y)
    dataset = _codes(blobs)
    predictor, _ = load(make_job(saved(tmp_path, model)), "m", dataset)
    got = interpret(predictor.predict(test.X), predictor.output, dataset, None, split_name="test")
    np.testing.assert_array_equal(got.labels, model.predict(test.X))


def test_columns_come_in_the_order_of_the_data_sets_classes(make_job, tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    X = rng.normal(size=(90, 2)) + y[:, None]
    names = np.array(["low", "mid", "high"])
    dataset = dataset_of("multiclass", {"test": (X, y)}, classes=tuple(names))
    for model in (LogisticRegression(), RidgeClassifier(), SVC(decision_function_shape="ovo")):
        model.fit(X, names[y])
        predictor, _ = load(make_job(saved(tmp_path, model)), "m", dataset)
        got = interpret(predictor.predict(X), predictor.output, dataset, None, split_name="test")
        assert (names[got.labels] == model.predict(X)).all()
    two = LogisticRegression().fit(X[y != 1], names[y[y != 1]])
    predictor, _ = load(make_job(saved(tmp_path, two)), "m", dataset)
    raw = predictor.predict(X)
    assert (raw[:, 1] == 0).all()
    np.testing.assert_array_equal(raw[:, [2, 0]], two.predict_proba(X))
    assert any("mid" in note for note in predictor.notes)


@pytest.mark.parametrize("classes", [("no", "yes"), ("yes", "no")])
@pytest.mark.parametrize("model", [LogisticRegression(), RidgeClassifier()])
def test_binary_margins_and_probabilities_follow_the_class_order(
    blobs, make_job, tmp_path, classes, model
):
    train = blobs.splits["train"]
    named = np.array(["no", "yes"])[train.y]
    model.fit(train.X, named)
    y = np.array([classes.index(label) for label in named])
    dataset = dataset_of("binary", {"test": (train.X, y)}, classes=classes)
    predictor, _ = load(make_job(saved(tmp_path, model)), "m", dataset)
    got = interpret(predictor.predict(train.X), predictor.output, dataset, None, split_name="test")
    assert (np.array(classes)[got.labels] == model.predict(train.X)).all()


def test_classes_that_differ(blobs, make_job, tmp_path):
    train = blobs.splits["train"]
    model = LogisticRegression().fit(train.X, train.y)
    predictor, _ = load(make_job(saved(tmp_path, model)), "m", blobs)
    assert any("positions" in note for note in predictor.notes)
    strange = LogisticRegression().fit(train.X, np.array(["no", "maybe"])[train.y])
    with pytest.raises(ModelError, match="maybe"):
        load(make_job(saved(tmp_path, strange)), "m", blobs)


def test_an_object_fitted_with_names_gets_a_table_in_that_order(make_job, tmp_path):
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {"plan": ["a", "b", None, "a"] * 10, "x": rng.normal(size=40), "extra": range(40)}
    )
    y = np.arange(40) % 2
    table = pd.DataFrame({"x": frame["x"], "plan": frame["plan"].to_numpy().astype(object)})
    table.loc[table["plan"].isna(), "plan"] = np.nan
    model = make_pipeline(
        make_column_transformer((StandardScaler(), ["x"]), (OneHotEncoder(), ["plan"])),
        LogisticRegression(),
    ).fit(table, y)
    dataset = dataset_of("binary", {"test": (frame, y)}, classes=("0", "1"))
    predictor, _ = load(make_job(saved(tmp_path, model)), "m", dataset)
    np.testing.assert_array_equal(predictor.predict(frame), model.predict_proba(table))
    with pytest.raises(ModelError) as error:
        predictor.predict(frame.drop("plan"))
    assert error.value.problems[0].expected == "'plan'"
    bare = LogisticRegression().fit(rng.normal(size=(40, 3)), y)
    with pytest.raises(ModelError, match="'plan' is not"):
        load(make_job(saved(tmp_path, bare)), "m", dataset)


def test_a_text_pipeline_gets_strings(make_job, tmp_path):
    words = np.array(["good fine", "bad awful", "fine", "awful"] * 5, dtype=object)
    y = np.tile([1, 0], 10)
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(words, y)
    for X in (words, pl.DataFrame({"text": words.tolist()})):
        dataset = dataset_of("binary", {"test": (X, y)}, classes=("0", "1"), kind="text")
        predictor, _ = load(make_job(saved(tmp_path, model)), "m", dataset)
        np.testing.assert_array_equal(predictor.predict(X), model.predict_proba(words))


def test_multilabel_and_several_targets(make_job, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    Y = (X[:, :2] > 0).astype(np.int8)
    forest = RandomForestClassifier(5, random_state=0).fit(X, Y)
    dataset = dataset_of("multilabel", {"test": (X, Y)}, classes=("a", "b"))
    predictor, _ = load(make_job(saved(tmp_path, forest)), "m", dataset)
    wanted = np.column_stack([part[:, 1] for part in forest.predict_proba(X)])
    np.testing.assert_array_equal(predictor.predict(X), wanted)
    line = LinearRegression().fit(X, X[:, :2] * 2)
    dataset = dataset_of("regression", {"test": (X, X[:, :2] * 2)}, target=("a", "b"))
    predictor, _ = load(make_job(saved(tmp_path, line)), "m", dataset)
    got = interpret(predictor.predict(X), predictor.output, dataset, None, split_name="test")
    np.testing.assert_allclose(got.values, X[:, :2] * 2, atol=1e-9)
    assert predictor.output.kind == "value"


class _Marks:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_an_untrusted_pickle_is_refused_without_being_loaded(blobs, make_job, tmp_path):
    mark = tmp_path / "ran"
    (tmp_path / "m.skops").write_bytes(pickle.dumps(_Marks(str(mark))))
    with pytest.raises(ModelError, match="runs whatever code"):
        load(make_job({"sklearn": "m.skops"}), "m", blobs)
    joblib.dump(_Marks(str(mark)), tmp_path / "m.skops", compress=3)
    with pytest.raises(ModelError, match="compressed pickle"):
        load(make_job({"sklearn": "m.skops"}), "m", blobs)
    assert not mark.exists()


def test_a_skops_file_that_names_a_command_is_refused(blobs, make_job, tmp_path):
    skops.io.dump(make_pipeline(FunctionTransformer(os.system)), tmp_path / "m.skops")
    with pytest.raises(ModelError, match=r"posix\.system"):
        load(make_job({"sklearn": "m.skops"}), "m", blobs)


@pytest.mark.parametrize(
    ("name", "ordinary"),
    [
        ("sklearn.tree._tree.Tree", True),
        ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor", True),
        ("sklearn.metrics._dist_metrics.EuclideanDistance64", True),
        ("numpy.dtype", True),
        ("numpy.float64", True),
        ("sklearn.feature_selection._univariate_selection.f_classif", True),
        ("numpy.load", False),
        ("numpy.save", False),
        ("sklearn.datasets._openml.fetch_openml", False),
        ("sklearn.utils._show_versions.show_versions", False),
        ("os.system", False),
        ("builtins.eval", False),
        ("subprocess.Popen", False),
        ("sklearn.externals.joblib.Memory", False),
    ],
)
def test_which_types_are_ordinary(name, ordinary):
    assert is_ordinary(name) is ordinary


def test_the_version_warning_becomes_a_note(blobs, make_job, tmp_path):
    train = blobs.splits["train"]
    model = LogisticRegression().fit(train.X, train.y)
    raw = pickle.dumps(model)
    import sklearn

    now = sklearn.__version__
    older = now[:-1] + ("0" if now[-1] != "0" else "1")
    (tmp_path / "m.pkl").write_bytes(raw.replace(now.encode(), older.encode()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predictor, _ = load(make_job({"sklearn": "m.pkl", "trusted": True}), "m", _codes(blobs))
    assert f"saved by scikit-learn {older}, loaded by {now}" in predictor.notes


def test_a_column_transformer_of_another_version_names_both(blobs, make_job, tmp_path):
    raw = pickle.dumps(LogisticRegression().fit(blobs.splits["train"].X, blobs.splits["train"].y))
    # A class that is gone, by the name it had in scikit-learn 1.6.
    gone = b"csklearn.compose._column_transformer\n_RemainderColsList\n."
    (tmp_path / "m.pkl").write_bytes(b"\x80\x02" + gone[:-1] + raw[2:])
    with pytest.raises(ModelError, match="_RemainderColsList is gone") as error:
        load(make_job({"sklearn": "m.pkl", "trusted": True}), "m", blobs)
    import sklearn

    assert error.value.problems[0].message.count(sklearn.__version__) == 2


def test_what_cannot_predict_or_is_not_fitted(blobs, make_job, tmp_path):
    scaler = StandardScaler().fit(blobs.splits["train"].X)
    with pytest.raises(ModelError, match="cannot predict"):
        load(make_job(saved(tmp_path, scaler)), "m", blobs)
    with pytest.raises(ModelError, match="not fitted"):
        load(make_job(saved(tmp_path, LogisticRegression())), "m", blobs)


def test_a_skops_file_that_unpacks_without_end_is_not_unpacked(make_job, blobs, tmp_path):
    bomb = tmp_path / "bomb.skops"
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("schema.json", "w") as stream,
    ):
        for _ in range(17):
            stream.write(b" " * (1 << 24))
    job = make_job({"sklearn": "bomb.skops"})
    with pytest.raises(ModelError, match="unpacks to"):
        load(job, "m", blobs)
    with pytest.raises(ModelError, match="damaged"):
        headers.read(job, job.models["m"])
