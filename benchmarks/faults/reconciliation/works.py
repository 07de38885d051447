"""Honest work: data that was split, a model that was fitted, and the case an audit gets of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from benchmarks.faults.cases import case_from_arrays
from benchmarks.faults.reconciliation import rows
from benchmarks.faults.reconciliation.rows import Rng, Splits, pick, seed_of
from reportgen.evidence import Case
from reportgen.job.claims import Claim
from reportgen.models.preprocess import Preprocess

NAMES = ("ant", "bee", "cat", "dog", "eel", "fly", "gnu", "hen", "ibex", "jay")


@dataclass(frozen=True)
class Work:
    """A model with its data; what is said of it comes later.

    ``delivered`` is what the audit gets: the estimator, outputs by split, or a predictor.
    ``proba`` and ``labels`` ask the estimator itself, for those who evaluate by hand.
    """

    task: str
    splits: Splits
    estimator: Any
    classes: tuple[str, ...]
    delivered: Any = None
    prepare: Callable[[np.ndarray], np.ndarray] = lambda X: X
    options: dict[str, Any] = field(default_factory=dict)

    def X(self, split: str = "test") -> np.ndarray:
        return self.splits[split][0]

    def y(self, split: str = "test") -> np.ndarray:
        return self.splits[split][1]

    def n(self, split: str = "test") -> int:
        return len(self.y(split))

    def proba(self, X: np.ndarray | None = None) -> np.ndarray:
        """P of each class, (n, K); of test unless rows are given. Multilabel: of each label."""
        found = self.estimator.predict_proba(self.prepare(self.X() if X is None else X))
        return np.column_stack([p[:, 1] for p in found]) if isinstance(found, list) else found

    def labels(self, X: np.ndarray | None = None) -> np.ndarray:
        return np.asarray(self.estimator.predict(self.prepare(self.X() if X is None else X)))

    def having(self, **changes: Any) -> Work:
        return replace(self, **changes)

    def case(self, *claims: Claim, **options: Any) -> Case:
        """The audit's evidence, with what was reported."""
        more = {"history", "checkpoints"} & options.keys()
        carried = {name: options.pop(name) for name in more}
        made = case_from_arrays(
            self.task,  # type: ignore[arg-type]
            self.splits,
            self.estimator if self.delivered is None else self.delivered,
            **({"classes": self.classes} if self.task != "regression" else {}),
            **{**self.options, **options},
        )
        return replace(made, claims=tuple(claims), **carried)


def classifier(rng: Rng, draws: Sequence[Callable[[Rng], rows.Rows]], **more: Any) -> Work:
    """A fitted scikit-learn classifier on one of the sets."""
    splits = rows.cut(rng, pick(rng, draws)(rng))
    X, y = splits["train"]
    model = _estimator(rng).fit(X, y)
    classes = NAMES[: int(y.max()) + 1]
    return Work("binary" if len(classes) == 2 else "multiclass", splits, model, classes, **more)


def _estimator(rng: Rng) -> Any:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    kinds: tuple[Callable[[], Any], ...] = (
        lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
        lambda: RandomForestClassifier(40, min_samples_leaf=5, n_jobs=1, random_state=seed_of(rng)),
        GaussianNB,
        lambda: DecisionTreeClassifier(min_samples_leaf=9, random_state=seed_of(rng)),
    )
    return pick(rng, kinds)()


def binary(rng: Rng, **more: Any) -> Work:
    return classifier(rng, rows.BINARY, **more)


def imbalanced(rng: Rng, **more: Any) -> Work:
    return classifier(rng, rows.IMBALANCED, **more)


def multiclass(rng: Rng, **more: Any) -> Work:
    return classifier(rng, rows.MULTICLASS, **more)


def unequal(rng: Rng, **more: Any) -> Work:
    """Several classes of unequal size."""
    return classifier(rng, rows.UNEQUAL, **more)


def single_label(rng: Rng) -> Work:
    return pick(rng, (binary, multiclass))(rng)  # type: ignore[no-any-return]


def regressor(rng: Rng) -> Work:
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import Ridge

    splits = rows.cut(rng, pick(rng, rows.REGRESSION)(rng))
    kind = pick(rng, (Ridge, lambda: RandomForestRegressor(30, random_state=seed_of(rng))))
    return Work("regression", splits, kind().fit(*splits["train"]), ())


def tagger(rng: Rng) -> Work:
    """Several labels a row, from a forest."""
    from sklearn.ensemble import RandomForestClassifier

    n, k = pick(rng, ((800, 4), (3000, 5), (6000, 8)))
    splits = rows.cut(rng, rows.several_labels(rng, n, k))
    model = RandomForestClassifier(30, min_samples_leaf=4, random_state=seed_of(rng))
    return Work("multilabel", splits, model.fit(*splits["train"]), NAMES[:k])


def scaled(rng: Rng, task: str = "any") -> Work:
    """A model behind its scaler: the audit standardises by train, as the trainer did.

    Columns differ in scale and place, so that unscaled rows do harm.
    """
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.preprocessing import StandardScaler

    from reportgen.models.preprocess import SklearnTransform, Standardize

    drawn = {"binary": rows.BINARY[:3], "multiclass": rows.MULTICLASS[:2]}
    X, y = pick(rng, drawn.get(task, (*rows.BINARY[:3], *rows.MULTICLASS[:2])))(rng)
    X = X * rng.uniform(0.3, 3.0, X.shape[1]) + rng.uniform(-1.5, 1.5, X.shape[1])
    splits = rows.cut(rng, (X, y))
    scaler = StandardScaler().fit(splits["train"][0])
    kind = pick(
        rng,
        (
            lambda: KNeighborsClassifier(9),
            lambda: MLPClassifier((12,), max_iter=40, random_state=seed_of(rng)),
        ),
    )
    model = kind()
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 40 rounds are enough for this
        model.fit(scaler.transform(splits["train"][0]), splits["train"][1])
    if rng.random() < 0.5:
        step, name = Standardize(splits["train"][0]), "standardize: train"
    else:
        step, name = SklearnTransform(scaler, "scaler.skops"), "scaler.skops"
    classes = NAMES[: int(y.max()) + 1]
    return Work(
        "binary" if len(classes) == 2 else "multiclass",
        splits,
        model,
        classes,
        prepare=scaler.transform,
        options={"preprocess": Preprocess((step,), (name,))},
    )


def stored(work: Work, labels: bool = False) -> Work:
    """The same work, delivered as files of predictions: scores, or labels alone."""

    def outputs(split: str) -> np.ndarray:
        X = work.X(split)
        if labels:
            return np.array(work.classes)[work.labels(X)]
        return work.proba(X)

    return work.having(
        delivered={split: outputs(split) for split in work.splits},
        options={k: v for k, v in work.options.items() if k != "preprocess"},
    )
