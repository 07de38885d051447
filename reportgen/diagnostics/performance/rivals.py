"""What the model is compared with: answers that ignore the inputs, and simple models."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import Answers
from reportgen.diagnostics.performance.declared import PerformanceSettings
from reportgen.diagnostics.performance.inputs import Encoder, learn
from reportgen.evidence import Case

Floats = NDArray[np.float64]
BOOSTED_CLASSES = 20  # boosting fits a tree a class and round
WORK = {"linear": 4e7, "boosted": 1e7}  # rows x columns x classes: seconds of one core
MANY_COLUMNS = 128  # beyond, boosting looks at a part of the columns, in coarser steps
LEAST_ROWS = {"linear": 200, "boosted": 1000}


@dataclass(frozen=True)
class Rival:
    """Answers of another model for the judged rows, in the shapes of :class:`Answers`."""

    name: str
    simple: bool
    labels: NDArray[Any] | None = None
    scores: Floats | None = None
    values: Floats | None = None

    def part(self, chosen: NDArray[np.bool_]) -> Rival:
        """Its answers for some of the rows."""
        labels, scores, values = (
            None if a is None else a[chosen] for a in (self.labels, self.scores, self.values)
        )
        return replace(self, labels=labels, scores=scores, values=values)


@dataclass(frozen=True)
class Rivals:
    """All that the model is compared with; ``why_not`` says why there are no simple models."""

    baselines: tuple[Rival, ...]
    simple: tuple[Rival, ...]
    why_not: str = ""
    words: str = ""
    encoded: Floats | None = None  # the judged rows, (n, d)
    encoder: Encoder | None = None


def rivals(case: Case, judged: Answers, settings: PerformanceSettings) -> Rivals:
    """Baselines from train's targets (the judged rows' own without train), and simple models."""
    train = case.dataset.splits.get("train")
    from_train = train is not None and train.y is not None and train.n > 0
    target = np.asarray(train.y) if from_train and train is not None else judged.y
    if case.task == "regression":
        target = target.astype(np.float64).reshape(len(target), -1)
        usable = np.isfinite(target).all(axis=1)
    else:
        usable = target >= 0 if target.ndim == 1 else np.ones(len(target), dtype=bool)
    if not usable.any():
        target, usable, from_train = judged.y, np.ones(judged.n, dtype=bool), False
    baselines = _baselines(judged, target[usable])
    split = case.split(judged.split)
    fitted_on = train if from_train and train is not None else split
    if split.steps is not None:
        return Rivals(baselines, (), "a row is a step, and its features are the whole sequence's")
    encoder = learn(fitted_on.X, case.dataset.features)
    if encoder is None:
        return Rivals(baselines, (), "the features cannot be written as numbers")
    encoded = encoder.encode(split.X)[judged.kept]
    why_not = ""
    if not settings.simple_models:
        why_not = "switched off in the job"
    elif not from_train or train is None:
        why_not = "there is no train split with a target"
    elif judged.split == "train":
        why_not = "only train can be judged"
    elif int(usable.sum()) < 10:
        why_not = f"train has {int(usable.sum())} rows"
    elif case.task != "regression" and target.ndim == 1 and len(np.unique(target[usable])) < 2:
        why_not = "train has one class"
    if why_not:
        return Rivals(baselines, (), why_not, "", encoded, encoder)
    assert train is not None
    rows = np.flatnonzero(usable)
    rng = case.rng("rows of simple models")
    cap = settings.simple_model_rows
    rows = rng.permutation(rows)[:cap]
    X = encoder.encode(_taken(train.X, rows))
    weights = None if train.weights is None else np.asarray(train.weights)[rows]
    fit = _Fit(judged, X, target[rows], weights, encoded, case.seed % 2**32)
    words = f"{encoder.words}; fitted on {len(rows):,} train rows"
    return Rivals(baselines, fit.all(), "", words, encoded, encoder)


def _taken(X: Any, rows: NDArray[np.int64]) -> Any:
    if isinstance(X, dict) or hasattr(X, "items"):
        return {k: v[rows] for k, v in X.items()}
    if isinstance(X, (list, tuple)):
        return [v[rows] for v in X]
    return X[rows]


def _baselines(judged: Answers, target: NDArray[Any]) -> tuple[Rival, ...]:
    n = judged.n
    if judged.task == "regression":
        return tuple(
            Rival(name, False, values=np.tile(value, (n, 1)))
            for name, value in (
                ("Mean of train", target.mean(axis=0)),
                ("Median of train", np.median(target, axis=0)),
            )
        )
    if judged.task == "multilabel":
        share = target.mean(axis=0)
        labels = np.tile((share > 0.5).astype(np.int8), (n, 1))
        return (Rival("Most frequent labels", False, labels, np.tile(share, (n, 1))),)
    share = np.bincount(target.astype(np.int64), minlength=len(judged.classes)) / len(target)
    most = int(share.argmax())
    prior = np.tile(share, (n, 1))
    if judged.task == "binary":
        prior = np.full(n, share[judged.positive or 0])
    return (Rival(f"Always “{judged.classes[most]}”", False, np.full(n, most), prior),)


@dataclass(frozen=True)
class _Fit:
    judged: Answers
    X: Floats
    y: NDArray[Any]
    weights: Floats | None
    X_judged: Floats
    seed: int

    def all(self) -> tuple[Rival, ...]:
        found = [self._of(True)]
        width = len(self.judged.classes)
        if width <= BOOSTED_CLASSES:
            found.append(self._of(False))
        return tuple(found)

    def _of(self, linear: bool) -> Rival:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a fit that stops early is still a rival
            if self.judged.task == "regression":
                values = [self._regress(linear, self.y[:, t]) for t in range(self.y.shape[1])]
                name = "Ridge regression" if linear else "Boosted trees"
                return Rival(name, True, values=np.column_stack(values))
            name = "Logistic regression" if linear else "Boosted trees"
            if self.judged.task == "multilabel":
                parts = [self._classify(linear, self.y[:, k], 2) for k in range(self.y.shape[1])]
                scores = np.column_stack([p[:, 1] for p in parts])
                return Rival(name, True, (scores > 0.5).astype(np.int8), scores)
            scores = self._classify(linear, self.y, len(self.judged.classes))
            labels = scores.argmax(axis=1)
            if self.judged.task == "binary":
                scores = scores[:, self.judged.positive or 0]
            return Rival(name, True, labels, scores)

    def _classify(self, linear: bool, y: NDArray[Any], width: int) -> Floats:
        scores = np.zeros((len(self.X_judged), width))
        seen = np.unique(y).astype(np.int64)
        if len(seen) < 2:
            scores[:, seen[0]] = 1.0
            return scores
        model = self._linear_classifier(len(seen)) if linear else self._trees(classify=True)
        rows = self._rows(linear, len(seen))
        if len(np.unique(y[rows])) < len(seen):
            rows = slice(None)
        X, y, weights = self.X[rows], y[rows], None if self.weights is None else self.weights[rows]
        step = "logisticregression__sample_weight" if linear else "sample_weight"
        model.fit(X, y, **({} if weights is None else {step: weights}))
        scores[:, np.asarray(model.classes_, dtype=np.int64)] = model.predict_proba(self.X_judged)
        return scores

    def _rows(self, linear: bool, width: int) -> slice:
        """As many rows as are fitted in seconds; they stand in random order."""
        kind = "linear" if linear else "boosted"
        fits = int(WORK[kind] / max(1, self.X.shape[1] * (width if width > 2 else 1)))
        return slice(max(LEAST_ROWS[kind], fits))

    def _regress(self, linear: bool, y: Floats) -> Floats:
        if linear:
            from sklearn.linear_model import RidgeCV

            model = self._prepared(RidgeCV(alphas=np.logspace(-2, 4, 13)))
            step = "ridgecv__sample_weight"
        else:
            model, step = self._trees(classify=False), "sample_weight"
        rows = self._rows(linear, 1)
        weights = None if self.weights is None else self.weights[rows]
        model.fit(self.X[rows], y[rows], **({} if weights is None else {step: weights}))
        return np.asarray(model.predict(self.X_judged), dtype=np.float64)

    def _linear_classifier(self, n_classes: int) -> Any:
        from sklearn.linear_model import LogisticRegression

        return self._prepared(LogisticRegression(max_iter=200 if n_classes < 20 else 60))

    def _prepared(self, model: Any) -> Any:
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        return make_pipeline(
            SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler(), model
        )

    def _trees(self, *, classify: bool) -> Any:
        from sklearn.ensemble import (
            HistGradientBoostingClassifier,
            HistGradientBoostingRegressor,
        )

        kind = HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor
        few = max(2, min(20, len(self.X) // 20))
        return kind(
            max_iter=60,
            learning_rate=0.12,
            max_leaf_nodes=15,
            max_bins=255 if self.X.shape[1] <= MANY_COLUMNS else 31,
            max_features=min(1.0, MANY_COLUMNS / self.X.shape[1]),
            min_samples_leaf=few,
            early_stopping=False,
            random_state=self.seed,
        )


def is_simple(model: Any, n_weights: int | None, n_inputs: int | None, n_outputs: int) -> bool:
    """Whether the audited model is itself linear, a single tree, naive Bayes, or default boosting.

    A network counts as linear when it has no more weights than one layer needs.
    """
    if model is None:
        return False
    last = model
    for _ in range(3):  # a search, a pipeline
        last = getattr(last, "best_estimator_", last)
        if getattr(last, "steps", None):
            last = last.steps[-1][1]
    kind = type(last)
    if kind.__module__.startswith("sklearn."):
        part = kind.__module__.split(".")[1]
        simple_parts = ("linear_model", "naive_bayes", "discriminant_analysis", "dummy", "tree")
        named = kind.__name__.startswith(("HistGradientBoosting", "LinearSV"))
        return part in simple_parts or named
    if n_weights is not None and n_inputs is not None:
        return 0 < n_weights <= (n_inputs + 1) * n_outputs
    return False
