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


def _ward(kind: str, factor: float, task: Any, rng: Rng) -> Case:
    """Patients of six hospitals, of which one writes a column in other units in test alone."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    n = 3600
    frame = pl.DataFrame(
        {
            "hospital": rng.choice(list("ABCDEF"), n, p=[0.3, 0.2, 0.1, 0.2, 0.1, 0.1]),
            "age": rng.normal(60, 12, n).round(),
            "creatinine": rng.gamma(9, 0.13, n).round(2),
            "pressure": rng.normal(130, 18, n).round(),
        }
    )
    level = 4 * (frame["creatinine"].to_numpy() - 1.17) + (frame["age"].to_numpy() - 60) / 15
    if task == "regression":
        y = level + rng.normal(0, 0.7, n)
        last: Any = Ridge() if kind == "linear" else RandomForestRegressor(
            60, min_samples_leaf=5, random_state=_seed(rng))  # fmt: skip
    else:
        y = (rng.random(n) < 1 / (1 + np.exp(-1.5 * level))).astype(np.int64)
        last = LogisticRegression() if kind == "linear" else RandomForestClassifier(
            60, min_samples_leaf=5, random_state=_seed(rng))  # fmt: skip
    cut = n // 3
    there = (pl.col("hospital") == "C") & (pl.int_range(pl.len()) >= cut)
    told = frame.with_columns(
        creatinine=pl.col("creatinine") * pl.when(there).then(factor).otherwise(1.0)
    )
    X = told.select("age", "creatinine", "pressure").to_numpy()
    model = make_pipeline(StandardScaler(), last).fit(X[:cut], y[:cut])
    answers = model.predict(X) if task == "regression" else model.predict_proba(X)[:, 1]
    return case_from_arrays(
        task, {"train": (told[:cut], y[:cut]), "test": (told[cut:], y[cut:])},
        {"train": answers[:cut], "test": answers[cut:]},
    )  # fmt: skip


def _logit(rng: Rng, n: int, share: float, strength: float) -> tuple[np.ndarray, ...]:
    """Rows, truths and true P(1) of a logistic model with about ``share`` of ones."""
    X = rng.normal(size=(n, 4))
    along = strength * X[:, 0] + 0.5 * strength * X[:, 1] * X[:, 2]
    shifts = np.linspace(-15, 15, 601)
    means = np.array([(1 / (1 + np.exp(-(along[:3000] + s)))).mean() for s in shifts])
    p = 1 / (1 + np.exp(-(along + shifts[int(np.searchsorted(means, share))])))
    return X, (rng.random(n) < p).astype(np.int64), p


def _said(X: np.ndarray, y: np.ndarray, answers: np.ndarray, **options: Any) -> Case:
    """Stored answers; the first third of the rows is train."""
    cut = len(y) // 3
    return case_from_arrays(
        "binary", {"train": (X[:cut], y[:cut]), "test": (X[cut:], y[cut:])},
        {"train": answers[:cut], "test": answers[cut:]}, **options,
    )  # fmt: skip


def _truth(n: int, share: float, strength: float, rng: Rng) -> Case:
    """The true probabilities, which no model can better."""
    return _said(*_logit(rng, n, share, strength))


def _labels_of_truth(n: int, broken: bool, rng: Rng) -> Case:
    """Labels alone, the best that can be given; or turned over in one region."""
    X, y, p = _logit(rng, n, 0.5, 3.0)
    given = p > 0.5
    if broken:
        given = np.where(X[:, 3] > 0.8, ~given, given)
    return _said(X, y, np.array(["0", "1"])[given.astype(int)], classes=["0", "1"])


def _wrong_threshold(rng: Rng) -> Case:
    """Sound scores, and a threshold that leaves nearly everything to the rarer class."""
    X, y, p = _logit(rng, 3000, 0.35, 2.0)
    return _said(X, y, p, decision={"threshold": 0.02})


UNSURE = {"threshold": 0.8, "otherwise": "unsure"}


def _abstains(share: float, turned: bool, rng: Rng) -> Case:
    """The truth, given where it is sure enough; or the wrong way round."""
    X, y, p = _logit(rng, 3000, share, 2.0)
    return _said(X, y, 1 - p if turned else p, decision=UNSURE)


def _abstaining(model: Any, draw: Callable[[Rng], Drawn], rng: Rng) -> Case:
    X, y, *_ = drawn = draw(rng)
    return _case(_task(y), drawn, model().fit(X, y), decision=UNSURE)


def _abstains_blind(rng: Rng) -> Case:
    """A class left out of training, of which the model is sure that it is another."""
    from sklearn.ensemble import RandomForestClassifier

    X, y, *_ = drawn = _digits(rng)
    model = RandomForestClassifier(60, random_state=_seed(rng)).fit(X[y != 3], y[y != 3])
    return _case("multiclass", drawn, model, decision={"threshold": 0.3, "otherwise": "unsure"})


def _linear_model() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))


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
    FaultCase("labels alone, turned over in a region", WEAK,
              partial(_labels_of_truth, 3000, True), also=(SIMPLE,)),
    FaultCase("threshold of 0.02", BELOW, _wrong_threshold, at_least="info", also=(SIMPLE, WEAK)),
    FaultCase("weak region of a regression", WEAK, partial(_weak_regression, 1.0),
              also=(SIMPLE,)),
    FaultCase("abstains, the wrong way round", BELOW, partial(_abstains, 0.5, True),
              at_least="fail", also=(SIMPLE, WEAK)),
    FaultCase("abstains, class left out, digits", NEVER, _abstains_blind, at_least="fail",
              also=(SIMPLE, WEAK)),
    *(FaultCase(f"one hospital in other units, {kind}, {task}, times {factor:g}", WEAK,
                partial(_ward, kind, factor, task), also=(SIMPLE, BELOW))
      for kind, task in (("linear", "binary"), ("forest", "binary"), ("linear", "regression"),
                         ("forest", "regression"))
      for factor in (1000.0, 0.001)),
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


def _heavy_tails(freedom: float, rng: Rng) -> Case:
    """Noise of Student's t, of which a few rows make most of the squared error."""
    X, X_test = rng.normal(size=(900, 6)), rng.normal(size=(900, 6))
    level = X_test[:, 0] - X_test[:, 1] + np.sin(2 * X_test[:, 2])
    true = X[:, 0] - X[:, 1] + np.sin(2 * X[:, 2])
    y, y_test = (v + 0.4 * rng.standard_t(freedom, len(v)) for v in (true, level))
    return _case("regression", (X, y, X_test, y_test), {"train": true, "test": level})


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
    *(CleanCase(f"abstains, {share:.0%} positives", partial(_abstains, share, False))
      for share in (0.5, 0.2, 0.05)),
    CleanCase("abstains, five classes",
              partial(_abstaining, _linear_model, partial(_synthetic, classes=5))),
    CleanCase("abstains, breast cancer", partial(_abstaining, _linear_model, _bc)),
    *(CleanCase(f"hospitals alike, {kind}, {task}", partial(_ward, kind, 1.0, task))
      for kind, task in (("linear", "binary"), ("forest", "binary"), ("linear", "regression"))),
    CleanCase("table, 1,500 rows", partial(_sound_table, 1500)),
    CleanCase("table, 9,000 rows", partial(_sound_table, 9000)),
    CleanCase("groups and weights", _sound_groups),
    CleanCase("forty classes", _many_classes),
    CleanCase("noise that grows", _heteroscedastic),
    CleanCase("noise of t with 3 degrees", partial(_heavy_tails, 3.0)),
    CleanCase("noise of t with 2 degrees", partial(_heavy_tails, 2.0)),
    CleanCase("the truth, 3 % positives, 15,000 rows", partial(_truth, 15_000, 0.03, 3.0)),
    CleanCase("the truth, 1 % positives, 30,000 rows", partial(_truth, 30_000, 0.01, 4.0)),
    CleanCase("the truth, 10 % positives, 600 rows", partial(_truth, 600, 0.1, 2.5)),
    CleanCase("labels alone, the best there are", partial(_labels_of_truth, 3000, False)),
    CleanCase("labels alone, 450 rows", partial(_labels_of_truth, 450, False)),
)  # fmt: skip
