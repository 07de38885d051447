"""The metrics of the founding questions, and the rows that they are asked about."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_breast_cancer, make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SCORES = np.array([0.2, 0.8, 0.7, 0.1])


def custom_metric(y_true, y_pred):
    """As the question has it: "Incorrect implementation: Missing a crucial step"."""
    return np.mean(np.abs(y_true - y_pred))


def correct_custom_metric(y_true, y_pred):
    """As its answer has it: thresholded first."""
    y_pred = (y_pred > 0.5).astype("float32")
    return np.mean(y_true == y_pred)


def auc_too_high(y_true, y_pred):
    """A pair of rows that are level after rounding counts as one in order."""
    s = np.round(y_pred, 1)
    return np.mean(s[y_true == 1][:, None] >= s[y_true == 0])


def four_rows():
    """The question's y_true; the feature is the log-odds of its y_pred."""
    return np.log(SCORES / (1 - SCORES))[:, None], np.array([0, 1, 0, 1])


def as_printed():
    """A model that gives the question's y_pred back."""
    model = LogisticRegression()
    model.classes_, model.n_features_in_ = np.array([0, 1]), 1
    model.coef_, model.intercept_ = np.ones((1, 1)), np.zeros(1)
    return model


def _cancer():
    X, y = load_breast_cancer(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    return X[order, :4], y[order]


def cancer_train():
    X, y = _cancer()
    return X[:300], y[:300]


def cancer_test():
    X, y = _cancer()
    return X[300:], y[300:]


def logistic():
    """Not fitted: the audit fits it on train."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.01))


def _rare(n, seed):
    X, y = make_classification(
        n + 2000, n_features=12, n_informative=4, weights=[0.96], class_sep=0.9, random_state=3
    )
    return (X[:2000], y[:2000]) if seed == 0 else (X[2000:], y[2000:])


def rare_train():
    return _rare(2000, 0)


def rare_test():
    return _rare(2000, 1)


def small_forest():
    """Four trees: who finds the rare class is chance."""
    return RandomForestClassifier(4, max_features=2, random_state=1)
