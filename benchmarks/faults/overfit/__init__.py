"""Models that memorise, stop too late or too early, or want more rows; and sound ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays
from benchmarks.faults.overfit import networks
from benchmarks.faults.seed_ensemble.networks import FEATURES, built, compiled, fitted
from reportgen.evidence import Case
from reportgen.job.history import Epoch, History
from reportgen.job.printed import Printed

GAP = "overfit.train-test-gap"
DIVERGES = "overfit.validation-diverges"
MEMORISES = "overfit.memorises"
MORE_DATA = "overfit.more-data-helps"
EARLY = "overfit.early-stopping-helps"
REGULARISE = "overfit.regularisation-helps"
UNDERFITS = "overfit.underfits"
Rng = np.random.Generator
Draw = Callable[[Rng], Case]


def rows(rng: Rng, n: int, noise: float, width: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Two classes by the first two of the columns; a share of labels is drawn at random."""
    X = rng.normal(size=(n, width))
    y = (X[:, 0] + X[:, 1] > 0).astype(np.int64)
    wild = rng.random(n) < noise
    y[wild] = rng.integers(0, 2, int(wild.sum()))
    return X, y


def grown(noise: float, n: int, leaf: int = 1) -> Draw:
    """A single tree, grown until its leaves have ``leaf`` rows."""

    def draw(rng: Rng) -> Case:
        train, test = rows(rng, n, noise), rows(rng, 3000, noise)
        seed = int(rng.integers(2**31))
        model = DecisionTreeClassifier(min_samples_leaf=leaf, random_state=seed).fit(*train)
        return case_from_arrays("binary", {"train": train, "test": test}, model)

    return draw


def few(rng: Rng) -> Case:
    """A line in 120 columns from 400 rows: twice as many would show it far better."""
    train, test = rows(rng, 400, 0.05, 120), rows(rng, 2000, 0.05, 120)
    model = LogisticRegression(max_iter=500).fit(*train)
    return case_from_arrays("binary", {"train": train, "test": test}, model)


def stiff(rng: Rng) -> Case:
    """A logistic regression with a penalty that lets it learn next to nothing."""
    X, y = load_breast_cancer(return_X_y=True)
    order = rng.permutation(len(y))
    train, test = order[:350], order[350:]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.0003)).fit(X[train], y[train])
    splits = {"train": (X[train], y[train]), "test": (X[test], y[test])}
    return case_from_arrays("binary", splits, model)


def with_history(rise: float) -> Draw:
    """Stored predictions with a history of 40 epochs, of which the last 25 raise the loss."""

    def draw(rng: Rng) -> Case:
        train, test = rows(rng, 400, 0.1), rows(rng, 400, 0.1)
        model = LogisticRegression().fit(*train)
        stored = {
            "train": model.predict_proba(train[0])[:, 1],
            "test": model.predict_proba(test[0])[:, 1],
        }
        case = case_from_arrays("binary", {"train": train, "test": test}, stored)
        epochs = np.arange(40)
        loss = 0.3 + 0.4 * np.exp(-epochs / 6)
        validation = loss + 0.05 + rise * np.maximum(epochs - 15, 0) / 25
        validation = validation + 0.004 * rng.normal(size=40)
        lines = tuple(
            Epoch(
                k + 1,
                {
                    "loss": Printed.parse(f"{loss[k]:.4f}"),
                    "val_loss": Printed.parse(f"{validation[k]:.4f}"),
                },
            )
            for k in range(40)
        )
        return replace(case, history=History(lines, "history.csv"))

    return draw


def long(rng: Rng) -> Case:
    """A wide network that first learns the two columns, then the labels that are noise."""
    import keras

    from reportgen.models.keras_read import of_live_model

    splits = {"train": rows(rng, 300, 0.4, FEATURES), "test": rows(rng, 2000, 0.4, FEATURES)}
    keras.utils.set_random_seed(int(rng.integers(2**31)))
    model = compiled(built("binary", 1, (64, 64)), "binary", "Adam", 0.005)
    model.fit(*splits["train"], epochs=40, batch_size=32, verbose=0)
    training = {"epochs": 40, "batch_size": 32}
    return case_from_arrays("binary", splits, of_live_model(model, "binary"), training=training)


def brief(rng: Rng) -> Case:
    """A network that was trained for so few epochs that it has hardly begun."""
    return fitted(rng, "multiclass", n=900, width=4, noise=0.6, epochs=4, rate=0.0005)


def forest(rng: Rng) -> Case:
    """A forest on digits: it fits its rows wholly, and knows others too."""
    X, y = load_digits(return_X_y=True)
    order = rng.permutation(len(y))
    train, test = order[:1200], order[1200:]
    model = RandomForestClassifier(40, random_state=int(rng.integers(2**31)))
    splits = {"train": (X[train], y[train]), "test": (X[test], y[test])}
    return case_from_arrays("multiclass", splits, model.fit(*splits["train"]))


def line(rng: Rng) -> Case:
    """Logistic regression on ten columns and 2,000 rows."""
    train, test = rows(rng, 2000, 0.2), rows(rng, 1000, 0.2)
    return case_from_arrays(
        "binary", {"train": train, "test": test}, LogisticRegression().fit(*train)
    )


def ridge(rng: Rng) -> Case:
    """Ridge regression on the diabetes rows."""
    X, y = load_diabetes(return_X_y=True)
    order = rng.permutation(len(y))
    splits = {"train": (X[order[:300]], y[order[:300]]), "test": (X[order[300:]], y[order[300:]])}
    return case_from_arrays("regression", splits, Ridge(0.1).fit(*splits["train"]))


def few_judged(rng: Rng) -> Case:
    """Forty judged rows: whatever gap they show has a wide interval."""
    train, test = rows(rng, 1500, 0.2), rows(rng, 40, 0.2)
    return case_from_arrays(
        "binary", {"train": train, "test": test}, LogisticRegression().fit(*train)
    )


def sound(rng: Rng) -> Case:
    """A network that stops early, on enough rows."""
    return fitted(rng, "binary", n=900, noise=1.0, hidden=(8,), epochs=40, rate=0.01, patience=5)


def neighbour(rng: Rng) -> Case:
    """Digits by the nearest training row: all of train is known by heart, and it generalises."""
    X, y = load_digits(return_X_y=True)
    order = rng.permutation(len(y))
    train, test = order[:1200], order[1200:]
    splits = {"train": (X[train], y[train]), "test": (X[test], y[test])}
    return case_from_arrays("multiclass", splits, KNeighborsClassifier(1).fit(*splits["train"]))


def boosted(rng: Rng) -> Case:
    """Boosted trees on breast cancer: right on all of train, and on nearly all of test."""
    X, y = load_breast_cancer(return_X_y=True)
    order = rng.permutation(len(y))
    train, test = order[:400], order[400:]
    model = HistGradientBoostingClassifier(max_iter=60, random_state=int(rng.integers(2**31)))
    splits = {"train": (X[train], y[train]), "test": (X[test], y[test])}
    return case_from_arrays("binary", splits, model.fit(*splits["train"]))


def grove(rng: Rng) -> Case:
    """A regression forest on a smooth function of two columns, of many rows."""
    X = rng.uniform(-1, 1, size=(2500, 3))
    y = np.sin(3 * X[:, 0]) + X[:, 1] + 0.1 * rng.normal(size=len(X))
    splits = {"train": (X[:2000], y[:2000]), "test": (X[2000:], y[2000:])}
    model = RandomForestRegressor(20, random_state=int(rng.integers(2**31)), n_jobs=1)
    return case_from_arrays("regression", splits, model.fit(*splits["train"]))


PLANTED = (
    FaultCase(
        "a full tree on noisy labels",
        (GAP, REGULARISE),
        grown(0.5, 400),
        "warn",
        also=(MORE_DATA, MEMORISES),
    ),
    FaultCase(
        "a full tree on labels that are noise",
        (GAP, MEMORISES),
        grown(1.0, 400),
        "fail",
        also=(REGULARISE,),
    ),
    FaultCase("too few rows", MORE_DATA, few, also=(GAP, REGULARISE, MEMORISES)),
    FaultCase("a penalty that is far too strong", UNDERFITS, stiff, also=(MORE_DATA,)),
    FaultCase("a history that turned", DIVERGES, with_history(0.12)),
    FaultCase("far too many epochs", (GAP, EARLY), long, also=(REGULARISE, MEMORISES, MORE_DATA)),
)
MORE = (
    FaultCase("hardly begun", UNDERFITS, brief, also=(MORE_DATA,)),
    FaultCase("a history that turned a little", DIVERGES, with_history(0.06)),
    FaultCase(
        "a full tree on some noise", (GAP, REGULARISE), grown(0.3, 600), also=(MORE_DATA, MEMORISES)
    ),
)
MORE += (
    FaultCase(
        "a network that knows noise by heart", (GAP, MEMORISES), networks.memorised, "fail",
        also=(REGULARISE, EARLY),
    ),
    FaultCase(
        "a network with too few rows", MORE_DATA, networks.hungry,
        also=(GAP, REGULARISE, EARLY, MEMORISES, UNDERFITS),
    ),
    FaultCase(
        "a wide network on noisy labels", (GAP, REGULARISE), networks.unrestrained,
        also=(EARLY, MORE_DATA, MEMORISES),
    ),
    FaultCase(
        "few pictures of figures that stand anywhere", REGULARISE, networks.moved,
        also=(GAP, EARLY, MORE_DATA, MEMORISES, UNDERFITS),
    ),
)  # fmt: skip
CLEAN = (
    CleanCase("a forest that knows digits", forest),
    CleanCase("a line on many rows", line),
    CleanCase("ridge on diabetes", ridge),
    CleanCase("forty judged rows", few_judged),
    CleanCase("a history that settled", with_history(0.0)),
    CleanCase("a network that stops early", sound),
)
MORE_CLEAN = (
    CleanCase("digits by the nearest row", neighbour),
    CleanCase("boosted trees that generalise", boosted),
    CleanCase("a forest of many rows", grove),
    CleanCase("a wide network that knows digits", networks.capable),
    CleanCase("pictures told by place", networks.in_place),
    CleanCase("thirty judged rows of a network", networks.thirty),
)
