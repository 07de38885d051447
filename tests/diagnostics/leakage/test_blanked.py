"""Pixels, words and vocabularies that leak: what the score is without them."""

import numpy as np
import polars as pl
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from benchmarks.faults.cases import case_from_arrays
from benchmarks.faults.leakage.preprocessing import _Texts as of_texts
from reportgen.diagnostics import suite
from reportgen.diagnostics.leakage.declared import LeakageSettings
from reportgen.diagnostics.leakage.questions.preprocessing import look
from reportgen.models.preprocess import Preprocess, SklearnTransform
from reportgen.retraining.plan import Budget
from reportgen.retraining.rounds import Rounds

LEAK = "leakage.target-column"


class Flat(TransformerMixin, BaseEstimator):
    """Pictures as rows of pixels."""

    def fit(self, X, y=None):
        self.n_ = 1
        return self

    def transform(self, X):
        return np.asarray(X).reshape(len(X), -1)


def examined(case):
    case = case.view("leakage", LeakageSettings(ablation_members=3))
    diagnostic = suite()["leakage"]
    prepared = diagnostic.prepare(case)
    trained = Rounds(case, Budget()).run({"x": diagnostic.retrainings(case, prepared)})
    return diagnostic.examine(case, prepared, trained)


def test_a_mark_in_pictures_is_blanked():
    """The classes look the same but for a mark: without it the model guesses."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    X = rng.integers(0, 200, (400, 10, 10)).astype(np.uint8)
    X[:, 4, 4] = 50 + 150 * y
    model = make_pipeline(Flat(), RandomForestClassifier(30, random_state=0))
    model.fit(X[:280], y[:280])
    splits = {"train": (X[:280], y[:280]), "test": (X[280:], y[280:])}
    found = examined(case_from_arrays("binary", splits, model))
    worth = [w for w in found.series["worth"] if w["code"] == LEAK]
    assert [w["subject"] for w in worth] == ["pixel 4, 4"]
    assert worth[0]["with_leak"] > 0.9
    assert worth[0]["without"] == pytest.approx(0.5, abs=0.15)
    assert found.series["unmeasured"] == []


def test_a_word_that_says_the_class_is_taken_out_of_texts():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 400)
    words = np.array([f"word{k}" for k in range(60)])
    texts = [" ".join(rng.choice(words, 12)) + (" Approved." if k else "") for k in y]
    X = pl.DataFrame({"text": texts})
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=100)).fit(texts[:280], y[:280])
    splits = {"train": (X[:280], y[:280]), "test": (X[280:], y[280:])}
    case = case_from_arrays("binary", splits, of_texts(model))
    object.__setattr__(case.dataset, "kind", "text")
    found = examined(case)
    (worth,) = [w for w in found.series["worth"] if w["code"] == LEAK]
    assert worth["subject"] == "“approved”"
    assert worth["with_leak"] > 0.95
    assert worth["without"] == pytest.approx(0.5, abs=0.15)


def test_a_vocabulary_of_all_texts_keeps_its_words_and_counts_them_on_train():
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 200)
    words = np.array([f"word{k}" for k in range(300)])
    X = pl.DataFrame({"text": [" ".join(rng.choice(words, 8)) for _ in y]})
    texts = X["text"].to_list()
    step = TfidfVectorizer().fit(texts)
    model = LogisticRegression().fit(step.transform(texts[:140]), y[:140])
    splits = {"train": (X[:140], y[:140]), "test": (X[140:], y[140:])}
    made = Preprocess((SklearnTransform(step, "words.skops"),), ("words.skops",))
    case = case_from_arrays("binary", splits, model, preprocess=made, output="probability")
    (leak,) = look(case.view("leakage", LeakageSettings()), "test").leaks
    assert not leak.cure.untrainable
    alone = TfidfVectorizer(vocabulary=step.vocabulary_).fit(texts[:140])
    wanted, got = alone.transform(texts[140:]), leak.cure.inputs["test"]
    got = got.toarray() if hasattr(got, "toarray") else got
    np.testing.assert_allclose(got, wanted.toarray())
