"""Planted: models no better than a constant, or than a simple model, blind to a class or a segment.

Each draws its rows, its split and its noise anew. Clean: well-fitted models of many kinds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays
from reportgen.evidence import Case

Rng = np.random.Generator
Drawn = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _bundle(name: str, rng: Rng, *, test: float = 0.4, rows: int | None = None) -> Drawn:
    import sklearn.datasets

    X, y = getattr(sklearn.datasets, f"load_{name}")(return_X_y=True)
    order = rng.permutation(len(X))[:rows]
    cut = int(len(order) * (1 - test))
    return X[order[:cut]], y[order[:cut]], X[order[cut:]], y[order[cut:]]


def _synthetic(
    rng: Rng, *, n: int = 2000, classes: int = 2, share: float = 0.5, d: int = 8, gap: float = 1.2
) -> Drawn:
    """Gaussian classes around random centres; ``share`` of class 1 in the binary ones."""
    weights = [1 - share, share] if classes == 2 else [1 / classes] * classes
    y = rng.choice(classes, n, p=weights)
    y[: 3 * classes] = np.tile(np.arange(classes), 3)
    centres = rng.normal(size=(classes, d))
    centres *= gap / np.linalg.norm(centres - centres.mean(0), axis=1, keepdims=True)
    X = centres[y] + rng.normal(size=(n, d)) * 0.7
    cut = int(n * 0.6)
    return X[:cut], y[:cut], X[cut:], y[cut:]


def _line(rng: Rng, *, n: int = 1500, d: int = 6, noise: float = 0.6) -> Drawn:
    X = rng.normal(size=(n, d))
    y = X @ rng.normal(size=d) + np.sin(2 * X[:, 0]) + noise * rng.normal(size=n)
    cut = int(n * 0.6)
    return X[:cut], y[:cut], X[cut:], y[cut:]


def _seed(rng: Rng) -> int:
    return int(rng.integers(2**31))


def _case(task: Any, drawn: Drawn, model: Any, **options: Any) -> Case:
    X, y, X_test, y_test = drawn
    return case_from_arrays(task, {"train": (X, y), "test": (X_test, y_test)}, model, **options)


def _task(y: np.ndarray) -> str:
    if y.dtype.kind == "f":
        return "regression"
    return "binary" if y.max() == 1 else "multiclass"


# --- planted ---------------------------------------------------------------------------------


def _shuffled_labels(draw: Callable[[Rng], Drawn], rng: Rng) -> Case:
    """Trained on labels that were shuffled: nothing of the inputs is in the answers."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    X, y, _X_test, _y_test = drawn = draw(rng)
    kind = DecisionTreeRegressor if y.dtype.kind == "f" else DecisionTreeClassifier
    model = kind(random_state=_seed(rng)).fit(X, rng.permutation(y))
    return _case(_task(y), drawn, model)


def _swapped(draw: Callable[[Rng], Drawn], rng: Rng) -> Case:
    """The two probabilities in the wrong order."""
    from sklearn.ensemble import RandomForestClassifier

    X, y, *_ = drawn = draw(rng)
    model = RandomForestClassifier(60, random_state=_seed(rng)).fit(X, y)
    return _case("binary", drawn, lambda rows: model.predict_proba(rows)[:, ::-1])


def _wrong_scale(factor: float, rng: Rng) -> Case:
    """A regression whose answers come in other units."""
    from sklearn.ensemble import RandomForestRegressor

    X, y, *_ = drawn = _bundle("diabetes", rng)
    model = RandomForestRegressor(60, min_samples_leaf=4, random_state=_seed(rng)).fit(X, y)
    return _case("regression", drawn, lambda rows: factor * model.predict(rows))


def _always_most_frequent(draw: Callable[[Rng], Drawn], rng: Rng) -> Case:
    _X, y, *_ = drawn = draw(rng)
    share = np.bincount(y) / len(y)
    return _case(_task(y), drawn, lambda rows: np.tile(share, (len(rows), 1)))


def _too_weak(draw: Callable[[Rng], Drawn], rng: Rng) -> Case:
    """A forest of three stumps."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    X, y, *_ = drawn = draw(rng)
    kind = RandomForestRegressor if y.dtype.kind == "f" else RandomForestClassifier
    model = kind(3, max_depth=1, random_state=_seed(rng)).fit(X, y)
    return _case(_task(y), drawn, model)


def _noisy_training(share: float, draw: Callable[[Rng], Drawn], rng: Rng) -> Case:
    """One neighbour, on noisy labels for a share of a training set that others fit better."""
    from sklearn.neighbors import KNeighborsClassifier

    X, y, *_ = drawn = draw(rng)
    seen = y.copy()
    flipped = rng.random(len(y)) < share
    seen[flipped] = rng.integers(0, y.max() + 1, int(flipped.sum()))
    return _case(_task(y), drawn, KNeighborsClassifier(1).fit(X, seen))


def _blind(class_: int, draw: Callable[[Rng], Drawn], rng: Rng) -> Case:
    """A class left out of training."""
    from sklearn.ensemble import RandomForestClassifier

    X, y, *_ = drawn = draw(rng)
    kept = y != class_
    model = RandomForestClassifier(60, random_state=_seed(rng)).fit(X[kept], y[kept])
    return _case(_task(y), drawn, model)


def _blind_labels(draw: Callable[[Rng], Drawn], rng: Rng) -> Case:
    """The same from a file of labels."""
    _X, y, _X_test, y_test = drawn = draw(rng)
    names = np.array([f"c{k}" for k in range(int(y.max()) + 1)])
    given = np.where(y_test == 1, 0, y_test)
    model = {"test": names[given], "train": names[y]}
    return _case(_task(y), drawn, model, classes=list(names))


def _mixed(rng: Rng, n: int) -> tuple[pl.DataFrame, np.ndarray]:
    frame = pl.DataFrame(
        {
            "tenure": rng.gamma(2, 12, n).round(1),
            "spend": rng.normal(50, 15, n).round(2),
            "plan": rng.choice(["basic", "silver", "gold"], n, p=[0.5, 0.3, 0.2]),
        }
    )
    logit = 0.15 * (frame["spend"].to_numpy() - 50) - 0.12 * (frame["tenure"].to_numpy() - 24)
    y = (rng.random(n) < 1 / (1 + np.exp(-1.6 * logit))).astype(np.int64)
    return frame, y


def _weak_category(level: str, broken: float, n: int, rng: Rng) -> Case:
    """Rows of one plan get answers of the other class, for a share of them."""
    frame, y = _mixed(rng, n)
    where = (frame["plan"] == level).to_numpy() & (rng.random(n) < broken)
    return _told(frame, y, where, rng)


def _weak_range(low: float, broken: float, n: int, rng: Rng) -> Case:
    """Rows with a long tenure, e.g. after a change of units."""
    frame, y = _mixed(rng, n)
    where = (frame["tenure"] > low).to_numpy() & (rng.random(n) < broken)
    return _told(frame, y, where, rng)


def _told(frame: pl.DataFrame, y: np.ndarray, where: np.ndarray, rng: Rng) -> Case:
    score = 0.24 * (frame["spend"].to_numpy() - 50) - 0.19 * (frame["tenure"].to_numpy() - 24)
    p = 1 / (1 + np.exp(-score))
    p = np.where(where, 1 - p, p)
    cut = len(y) // 3
    return case_from_arrays(
        "binary",
        {"train": (frame[:cut], y[:cut]), "test": (frame[cut:], y[cut:])},
        {"train": p[:cut], "test": p[cut:]},
    )


def _weak_regression(shift: float, rng: Rng) -> Case:
    """A region where the answers are off by a multiple of the target's spread."""
    X, y, _X_test, _y_test = drawn = _line(rng, n=2500)
    from sklearn.linear_model import Ridge

    model = Ridge().fit(X, y)
    off = shift * y.std()
    return _case(
        "regression", drawn, lambda rows: model.predict(rows) + off * (np.asarray(rows)[:, 1] > 0.9)
    )


_bc = partial(_bundle, "breast_cancer")
_wine = partial(_bundle, "wine")
_digits = partial(_bundle, "digits", rows=1400)
_diabetes = partial(_bundle, "diabetes")
BELOW = "performance.below-baseline"
SIMPLE = "performance.simple-model-as-good"
NEVER = "performance.class-never-predicted"
WEAK = "performance.weak-segment"

PLANTED = (
    FaultCase("shuffled labels, 80 to 20", BELOW,
              partial(_shuffled_labels, partial(_synthetic, share=0.2)), also=(SIMPLE, WEAK)),
    FaultCase("shuffled labels, diabetes", BELOW, partial(_shuffled_labels, _diabetes),
              also=(SIMPLE, WEAK)),
    FaultCase("swapped outputs, breast cancer", BELOW, partial(_swapped, _bc),
              at_least="fail", also=(SIMPLE, WEAK)),
    FaultCase("swapped outputs, synthetic", BELOW, partial(_swapped, _synthetic),
              at_least="fail", also=(SIMPLE, WEAK)),
    FaultCase("answers a tenth", BELOW, partial(_wrong_scale, 0.1), also=(SIMPLE, WEAK)),
    FaultCase("answers threefold", BELOW, partial(_wrong_scale, 3.0), also=(SIMPLE, WEAK)),
    FaultCase("always the most frequent, 90 to 10", (BELOW, NEVER),
              partial(_always_most_frequent, partial(_synthetic, share=0.1)), at_least="fail",
              also=(SIMPLE, WEAK)),
    FaultCase("always the most frequent, digits", (BELOW, NEVER),
              partial(_always_most_frequent, _digits), at_least="fail", also=(SIMPLE, WEAK)),
    FaultCase("three stumps, digits", SIMPLE, partial(_too_weak, _digits), also=(NEVER, WEAK)),
    FaultCase("three stumps, diabetes", SIMPLE, partial(_too_weak, _line), also=(WEAK,)),
    FaultCase("noisy neighbours, synthetic", SIMPLE,
              partial(_noisy_training, 0.3, _synthetic), also=(WEAK,)),
    FaultCase("noisy neighbours, digits", SIMPLE, partial(_noisy_training, 0.2, _digits),
              also=(WEAK,)),
    FaultCase("class left out, digits", NEVER, partial(_blind, 3, _digits), at_least="fail",
              also=(SIMPLE, WEAK)),
    FaultCase("class left out, wine", NEVER, partial(_blind, 2, _wine), also=(SIMPLE, WEAK)),
    FaultCase("class left out, six classes", NEVER,
              partial(_blind, 5, partial(_synthetic, classes=6)), at_least="fail",
              also=(SIMPLE, WEAK)),
    FaultCase("class never in a file of labels", NEVER, partial(_blind_labels, _digits),
              at_least="fail", also=(SIMPLE, WEAK)),
    FaultCase("weak plan, wholly", WEAK, partial(_weak_category, "gold", 1.0, 3000),
              also=(SIMPLE,)),
    FaultCase("weak plan, mostly", WEAK, partial(_weak_category, "silver", 0.7, 4000),
              also=(SIMPLE,)),
    FaultCase("weak range of tenure", WEAK, partial(_weak_range, 36, 1.0, 3000), also=(SIMPLE,)),
    FaultCase("weak region of a regression", WEAK, partial(_weak_regression, 1.0),
              also=(SIMPLE,)),
)  # fmt: skip


# --- clean -----------------------------------------------------------------------------------


def _forest(draw: Callable[[Rng], Drawn], rng: Rng) -> Case:
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestRegressor

    X, y, *_ = drawn = draw(rng)
    if y.dtype.kind == "f":
        model: Any = RandomForestRegressor(100, min_samples_leaf=3, random_state=_seed(rng))
    else:
        model = ExtraTreesClassifier(200, random_state=_seed(rng))
    return _case(_task(y), drawn, model.fit(X, y))


def _support_vectors(draw: Callable[[Rng], Drawn], rng: Rng) -> Case:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC, SVR

    X, y, *_ = drawn = draw(rng)
    if y.dtype.kind == "f":
        model = make_pipeline(StandardScaler(), SVR(C=float(10 * y.std())))
    else:
        model = make_pipeline(StandardScaler(), SVC(C=3.0))
    return _case(_task(y), drawn, model.fit(X, y))


def _logistic(draw: Callable[[Rng], Drawn], rng: Rng, **options: Any) -> Case:
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y, *_ = drawn = draw(rng)
    last = Ridge() if y.dtype.kind == "f" else LogisticRegression(max_iter=500, **options)
    return _case(_task(y), drawn, make_pipeline(StandardScaler(), last).fit(X, y))


def _small_test(n: int, rng: Rng) -> Case:
    X, y, X_test, y_test = _synthetic(rng, n=600)
    from sklearn.svm import SVC

    model = SVC().fit(X, y)
    return _case("binary", (X, y, X_test[:n], y_test[:n]), model)


def _balanced_forest(rng: Rng) -> Case:
    """Few positives, weighted on purpose: fewer right answers in all, more of the few."""
    from sklearn.linear_model import LogisticRegression

    X, y, *_ = drawn = _synthetic(rng, n=3000, share=0.06)
    model = LogisticRegression(class_weight="balanced", max_iter=500).fit(X, y)
    return _case("binary", drawn, lambda rows: model.predict_proba(rows))


def _sound_table(n: int, rng: Rng) -> Case:
    frame, y = _mixed(rng, n)
    return _told(frame, y, np.zeros(n, dtype=bool), rng)


def _sound_groups(rng: Rng) -> Case:
    """Forty customers with their own share of hard rows, and weights."""
    frame, y = _mixed(rng, 2400)
    case = _told(frame, y, np.zeros(2400, dtype=bool), rng)
    stored = {"train": case.predict("train").raw, "test": case.predict("test").raw}
    return case_from_arrays(
        "binary",
        {name: (case.split(name).X, case.split(name).y) for name in ("train", "test")},
        stored,
        groups={"test": rng.integers(0, 40, case.split("test").n)},
        weights={"test": rng.gamma(3, 1, case.split("test").n)},
    )


def _many_classes(rng: Rng) -> Case:
    """Forty classes of which some have a handful of rows."""
    return _logistic(partial(_synthetic, n=2400, classes=40, d=24, gap=3.2), rng)


def _heteroscedastic(rng: Rng) -> Case:
    """Noise that grows with the answer, as of prices and counts."""
    X = rng.normal(size=(2000, 5))
    level = np.exp(0.5 * X[:, 0] + 0.3 * X[:, 1] + 1)
    y = level * rng.gamma(8, 1 / 8, 2000)
    answers = {"train": level[:1000], "test": level[1000:]}
    return _case("regression", (X[:1000], y[:1000], X[1000:], y[1000:]), answers)


CLEAN = (
    CleanCase("forest, breast cancer", partial(_forest, _bc)),
    CleanCase("forest, digits", partial(_forest, _digits)),
    CleanCase("forest, wine", partial(_forest, _wine)),
    CleanCase("forest, diabetes", partial(_forest, _diabetes)),
    CleanCase("support vectors, breast cancer", partial(_support_vectors, _bc)),
    CleanCase("support vectors, digits", partial(_support_vectors, _digits)),
    CleanCase("support vectors, synthetic", partial(_support_vectors, _synthetic)),
    CleanCase("logistic, five classes", partial(_logistic, partial(_synthetic, classes=5))),
    CleanCase("logistic, 6 % positives", partial(_logistic, partial(_synthetic, share=0.06))),
    CleanCase("logistic, large", partial(_logistic, partial(_synthetic, n=12000, gap=0.8))),
    CleanCase("ridge, diabetes", partial(_logistic, _diabetes)),
    CleanCase("30 test rows", partial(_small_test, 30)),
    CleanCase("12 test rows", partial(_small_test, 12)),
    CleanCase("weighted for 6 % positives", _balanced_forest),
    CleanCase("table, 1,500 rows", partial(_sound_table, 1500)),
    CleanCase("table, 9,000 rows", partial(_sound_table, 9000)),
    CleanCase("groups and weights", _sound_groups),
    CleanCase("forty classes", _many_classes),
    CleanCase("noise that grows", _heteroscedastic),
)  # fmt: skip
