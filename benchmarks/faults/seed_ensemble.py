"""Planted: seeds that were chosen, recipes that are not the model's, trainings that fail or wobble.

Some are estimators that are trained again indeed; others bring members along that are drawn:
logits of a row are the truth's, blurred alike for all, plus what each member adds of its own.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays
from reportgen.diagnostics.seed_ensemble.declared import SeedEnsembleSettings
from reportgen.evidence import Case

Rng = np.random.Generator


def _seed(rng: Rng) -> int:
    return int(rng.integers(2**31))


# --- members that are drawn ------------------------------------------------------------------


def _probabilities(z: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-z)))


def _softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def drawn(
    rng: Rng,
    *,
    n: int = 1000,
    members: int = 10,
    classes: int = 2,
    labels: int = 0,
    own: float = 0.25,
    quality: float = 0.0,
    sharp: float = 1.0,
    best_of: int = 1,
    better: float = 0.0,
    **more: Any,
) -> Case:
    """A classifier and its members, exchangeable but for what is planted.

    ``own`` is the sd of what a member adds to each logit, ``quality`` that of a factor on all
    logits of a member's noise (so that members differ in score on ever more rows), ``sharp``
    multiplies logits after noise (overconfidence), ``best_of`` draws the delivered model as the
    best of that many on these rows, ``better`` adds truth to its logits.
    """
    width = labels or (1 if classes == 2 else classes)
    z = 2.0 * rng.normal(size=(n, width))
    if labels or classes == 2:
        y = (rng.random((n, width)) < _probabilities(z)).astype(int)
        sign = 2.0 * y - 1
    else:
        picked = (_softmax(z).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
        y = np.minimum(picked, classes - 1)[:, None]
        sign = np.eye(classes)[y[:, 0]]
    if not labels:
        y = y[:, 0]

    def logits() -> np.ndarray:
        wobble = own * np.exp(quality * rng.normal())
        return np.asarray(z + wobble * rng.normal(size=z.shape) + quality * rng.normal() * sign)

    def raw(given: np.ndarray) -> np.ndarray:
        if labels or classes == 2:
            scores = _probabilities(sharp * given)
            return scores if labels else scores[:, 0]
        return _softmax(sharp * given)

    def right(given: np.ndarray) -> float:
        if labels or classes == 2:
            return float(((given > 0) == (sign > 0)).all(axis=1).mean())
        return float((given.argmax(axis=1) == y).mean())

    delivered = max((logits() for _ in range(best_of)), key=right) + better * sign
    others = [raw(logits()) for _ in range(members)]
    task: Any = "multilabel" if labels else "binary" if classes == 2 else "multiclass"
    X = rng.normal(size=(n, 2))
    return case_from_arrays(
        task,
        {"test": (X, y)},
        {"test": raw(delivered)},
        members=[{"test": other} for other in others],
        output="probability",
        **more,
    )


def values(
    rng: Rng, *, n: int = 500, members: int = 10, own: float = 0.1, worse: float = 0.0
) -> Case:
    """The same for regression; ``own`` and ``worse`` in standard deviations of the target."""
    y = rng.normal(size=n)
    core = y + 0.5 * rng.normal(size=n)
    others = [core + own * rng.normal(size=n) for _ in range(members)]
    delivered = core + own * rng.normal(size=n) + worse * rng.normal(size=n)
    return case_from_arrays(
        "regression",
        {"train": (rng.normal(size=(n, 2)), rng.normal(size=n)), "test": (y[:, None], y)},
        {"test": delivered},
        members=[{"test": other} for other in others],
    )


def _collapsing(rng: Rng, *, gone: int = 2) -> Case:
    """Some members give one class to every row."""
    case = drawn(rng, members=10 - gone)
    rate = float(np.mean(case.split("test").y))
    y, X = case.split("test").y, case.split("test").X
    sound = [m.predict_split("test") for m in case.members]
    flat = [np.full(len(X), rate) + rng.normal(scale=1e-3, size=len(X)) for _ in range(gone)]
    stored = case.predictor.predict_split("test")
    return case_from_arrays(
        "binary",
        {"test": (X, y)},
        {"test": stored},
        members=[{"test": m} for m in [*sound, *flat]],
        output="probability",
    )


# --- estimators that are trained again -------------------------------------------------------


def _rows(rng: Rng, n: int, *, test: int = 600, classes: int = 2, noise: float = 1.0) -> Any:
    """Gaussian classes, n rows of train."""
    centres = rng.normal(size=(classes, 6))
    centres *= 1.6 / np.linalg.norm(centres - centres.mean(0), axis=1, keepdims=True)
    y = rng.integers(classes, size=n + test)
    y[:classes] = np.arange(classes)
    X = centres[y] + noise * rng.normal(size=(n + test, 6))
    return X[:n], y[:n], X[n:], y[n:]


def _fitted(model: Any, X: np.ndarray, y: np.ndarray) -> Any:
    """Fitted as far as its epochs go, whether that is far enough or not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)


def _network(rng: Rng, **settings: Any) -> Any:
    from sklearn.neural_network import MLPClassifier

    known = {
        "hidden_layer_sizes": (16,),
        "max_iter": 30,
        "batch_size": 32,
        "learning_rate_init": 0.01,
        "random_state": _seed(rng),
    }
    return MLPClassifier(**{**known, **settings})


def _retrained(
    rng: Rng,
    make: Callable[[Rng], Any],
    *,
    n: int = 400,
    classes: int = 2,
    noise: float = 1.0,
    change: Callable[[Any, Any, Any], Any] | None = None,
) -> Case:
    """A fitted estimator; ``change`` gives the delivered one from it, train and test."""
    X, y, X_test, y_test = _rows(rng, n, classes=classes, noise=noise)
    model = _fitted(make(rng), X, y)
    if change is not None:
        model = change(model, (X, y), (X_test, y_test))
    splits = {"train": (X, y), "test": (X_test, y_test)}
    return case_from_arrays("binary" if classes == 2 else "multiclass", splits, model)


def _longer(model: Any, train: Any, test: Any) -> Any:
    """The delivered model went on training long after the epochs it declares."""
    for _ in range(150):
        model.partial_fit(*train)
    return model


def _on_test(model: Any, train: Any, test: Any) -> Any:
    """The delivered model was fitted on the test rows too."""
    X, y = (np.concatenate(parts) for parts in zip(train, test, strict=True))
    model.set_params(max_iter=600, alpha=0.0, hidden_layer_sizes=(64,))
    _fitted(model, X, y)
    return model.set_params(max_iter=30, hidden_layer_sizes=(16,))


def _regressor(rng: Rng) -> Case:
    """Twenty noisy points and a large network: another seed is another curve."""
    from sklearn.neural_network import MLPRegressor

    X = rng.uniform(-1, 1, size=(20, 4))
    y = rng.normal(size=20)
    X_test = rng.uniform(-1, 1, size=(400, 4))
    network = MLPRegressor(
        hidden_layer_sizes=(64,), alpha=0.0, max_iter=300, random_state=_seed(rng)
    )
    model = _fitted(network, X, y)
    splits = {"train": (X, y), "test": (X_test, rng.normal(size=400))}
    return case_from_arrays("regression", splits, model)


def _dropout_left_on(rng: Rng) -> Case:
    """The delivered model drops units when it predicts, each time others."""
    X, y, X_test, y_test = _rows(rng, 400)
    model = _fitted(_network(rng), X, y)
    stream = np.random.default_rng(_seed(rng))

    class Dropping(type(model)):  # type: ignore[misc]
        def predict_proba(self, rows: np.ndarray) -> np.ndarray:
            hidden = np.maximum(rows @ self.coefs_[0] + self.intercepts_[0], 0)
            hidden = hidden * (stream.random(hidden.shape) < 0.5) / 0.5
            p = _probabilities(hidden @ self.coefs_[1] + self.intercepts_[1])
            return np.hstack([1 - p, p])

    dropping = Dropping(**model.get_params())
    dropping.__dict__.update(model.__dict__)
    members = [_fitted(_network(rng), X, y).predict_proba(X_test)[:, 1] for _ in range(10)]
    return case_from_arrays(
        "binary",
        {"train": (X, y), "test": (X_test, y_test)},
        dropping,
        members=[{"test": m} for m in members],
    )


def _seeded_in_vain(rng: Rng) -> Case:
    """A network whose recipe calls tf.random.set_seed, which leaves Keras 3 initialisers open."""
    import keras

    from reportgen.models.keras import of_live_model

    X, y, X_test, y_test = _rows(rng, 300)
    keras.utils.set_random_seed(_seed(rng))
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy")
    recipe = {"epochs": 10, "batch_size": 32}
    model.fit(X, y, verbose=0, **recipe)
    return case_from_arrays(
        "binary",
        {"train": (X, y), "test": (X_test, y_test)},
        of_live_model(model, "binary"),
        training={**recipe, "seed": 7, "seed_call": "tf.random.set_seed"},
    )


def _forest(rng: Rng) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(30, min_samples_leaf=5, random_state=_seed(rng))


def _logistic(rng: Rng) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression()


CODE = "seed-ensemble.{}".format
LUCKY, WRONG = CODE("lucky-seed"), CODE("recipe-does-not-reproduce")
WOBBLES, METRIC = CODE("unstable-predictions"), CODE("unstable-metric")

PLANTED = (
    FaultCase(
        "best of 1,000 seeds, 40 members",
        LUCKY,
        partial(drawn, members=40, best_of=1000, own=0.5),
        also=(WRONG,),
    ),
    FaultCase(
        "best of 300 seeds of ten classes, 99 members",
        LUCKY,
        partial(drawn, members=99, best_of=300, classes=10, own=0.5),
        also=(WRONG,),
    ),
    FaultCase(
        "far above its recipe, 99 members",
        WRONG,
        partial(drawn, members=99, better=0.6),
        at_least="fail",
    ),
    FaultCase(
        "below its recipe, multilabel",
        WRONG,
        partial(drawn, members=30, labels=4, better=-0.5),
        also=(LUCKY,),
    ),
    FaultCase(
        "below its recipe, regression",
        WRONG,
        partial(values, members=30, worse=0.4),
        also=(WOBBLES,),  # two members are 0.14 sd apart: more than 0.2 on 16 % of the rows
    ),
    FaultCase(
        "trained longer than declared",
        WRONG,
        partial(
            _retrained,
            make=partial(_network, max_iter=2, learning_rate_init=0.003),
            classes=6,
            noise=0.5,
            change=_longer,
        ),
        at_least="fail",
        also=(METRIC, WOBBLES, CODE("training-collapses")),
    ),
    FaultCase(
        "fitted on the test rows",
        WRONG,
        partial(_retrained, make=_network, noise=1.6, change=_on_test),
        at_least="fail",
        also=(METRIC, WOBBLES),
    ),
    FaultCase(
        "unstable by learning rate",
        METRIC,
        partial(_retrained, make=partial(_network, learning_rate_init=0.5), classes=6),
        also=(WOBBLES, CODE("training-collapses"), LUCKY, WRONG),
    ),
    FaultCase(
        "tiny data",
        WOBBLES,
        partial(
            _retrained,
            make=partial(
                _network, hidden_layer_sizes=(4,), max_iter=400, alpha=0.0, learning_rate_init=0.05
            ),
            n=24,
            classes=4,
            noise=1.2,
        ),
        also=(METRIC, LUCKY),
    ),
    FaultCase(
        "sure members that differ",
        WOBBLES,
        partial(drawn, own=2.5, sharp=8.0),
        at_least="fail",
        also=(METRIC,),
    ),
    FaultCase("twenty points of noise", WOBBLES, _regressor, at_least="fail", also=(METRIC, LUCKY)),
    FaultCase(
        "two seeds of ten collapse", CODE("training-collapses"), _collapsing, at_least="fail"
    ),
    FaultCase("dropout left on", CODE("not-deterministic"), _dropout_left_on, also=(WRONG,)),
    FaultCase(
        "tf.random.set_seed",
        CODE("seed-has-no-effect"),
        _seeded_in_vain,
        settings=SeedEnsembleSettings(members=5, crossed=0, grow_to=0),
        also=(METRIC, WOBBLES, LUCKY, WRONG),
    ),
    FaultCase(
        "members that average well",
        CODE("ensemble-helps"),
        partial(drawn, n=4000, own=1.5),
        at_least="info",
        also=(),
    ),
)

CLEAN = (
    *(CleanCase(f"drawn members, {n} rows", partial(drawn, n=n)) for n in (100, 1000, 5000)),
    CleanCase("drawn members, ten classes", partial(drawn, classes=10)),
    CleanCase("drawn members, five labels", partial(drawn, labels=5)),
    CleanCase("drawn members, regression", partial(values, own=0.05)),
    CleanCase(
        "network, 400 rows",
        partial(_retrained, make=partial(_network, max_iter=60, learning_rate_init=0.003)),
    ),
    CleanCase(
        "network, 2,000 rows, four classes",
        partial(
            _retrained,
            make=partial(_network, max_iter=30, learning_rate_init=0.003),
            n=2000,
            classes=4,
        ),
    ),
    CleanCase("random forest", partial(_retrained, make=_forest)),
    CleanCase("logistic regression: no randomness", partial(_retrained, make=_logistic)),
)
