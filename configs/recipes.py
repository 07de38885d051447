"""Estimators that are not fitted: the audit trains them on the train split of sources.yaml."""

from __future__ import annotations

from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def logistic() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(n_estimators=100, random_state=0)


def ridge() -> Pipeline:
    columns = ColumnTransformer(
        [("categories", OneHotEncoder(handle_unknown="ignore"), ["district", "energy_class"])],
        remainder=StandardScaler(),
    )
    return make_pipeline(columns, Ridge())
