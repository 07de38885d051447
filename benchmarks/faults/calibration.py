"""Planted faults of confidence, and models whose confidence holds.

Truths are drawn from probabilities that are known, so that a clean case is calibrated exactly;
a fault then bends what the model says, or what the labels say. Real sets (scikit-learn's own)
stand beside the drawn ones.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays
from reportgen.evidence import Case

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Rng = np.random.Generator


def log_softmax(z: Floats) -> Floats:
    z = z - z.max(axis=1, keepdims=True)
    return np.asarray(z - np.log(np.exp(z).sum(axis=1, keepdims=True)))


def draw(rng: Rng, z: Floats) -> Codes:
    """A class for each row of logits (n, K)."""
    return np.asarray((z + rng.gumbel(size=z.shape)).argmax(axis=1))


def logits(rng: Rng, n: int, k: int, spread: float, lean: float = 0.0) -> Floats:
    """Logits of n rows; ``lean`` shifts class 0 up, for skewed classes."""
    z = (
        rng.normal(0, spread, (n, k))
        if k > 2
        else np.column_stack([np.zeros(n), rng.normal(0, spread * 1.5, n)])
    )
    z[:, 0] += lean
    return z  # fmt: skip


Bend = Callable[[Rng, Floats], Floats]
Spoil = Callable[[Rng, Codes, int], Codes]


def case(
    rng: Rng,
    z: Floats,
    *,
    bend: Bend | None = None,
    spoil: Spoil | None = None,
    validation: bool = False,
    as_logits: bool = False,
    float32: bool = False,
) -> Case:
    """A case whose truths follow ``z``, while the model says ``bend(z)``; on test and validation.

    ``spoil`` changes the labels of test afterwards.
    """
    k = z.shape[1]
    splits, stored = {}, {}
    names = ("validation", "test") if validation else ("test",)
    for name in names:
        rows = z if name == "test" else z[rng.permutation(len(z))[: max(200, len(z) // 2)]]
        y = draw(rng, rows)
        said = rows if bend is None else bend(rng, rows)
        if spoil is not None and name == "test":
            y = spoil(rng, y, k)
        out = said if as_logits else np.exp(log_softmax(said))
        if k == 2:
            out = said[:, 1] - said[:, 0] if as_logits else out[:, 1]
        if float32:
            out = out.astype(np.float32)
        splits[name] = (rng.normal(size=(len(rows), 3)), y)
        stored[name] = out
    task = "binary" if k == 2 else "multiclass"
    return case_from_arrays(
        task, splits, stored, classes=tuple(f"c{j}" for j in range(k)),
        output="logit" if as_logits else "probability",
    )  # fmt: skip


def sharpened(factor: float) -> Bend:
    return lambda rng, z: z * factor


def shifted(by: float) -> Bend:
    def bend(rng: Rng, z: Floats) -> Floats:
        out = z.copy()
        out[:, 1] += by
        return out

    return bend


def wild(part: float) -> Bend:
    """A share of rows of which the model is sure, whatever the truth."""

    def bend(rng: Rng, z: Floats) -> Floats:
        out = z.copy()
        rows = rng.choice(len(z), size=max(1, round(part * len(z))), replace=False)
        out[rows] = 0.0
        out[rows, out.shape[1] - 1 - z[rows].argmax(axis=1)] = 16.0
        return out

    return bend


def at_random(rng: Rng, z: Floats) -> Floats:
    """Sure of classes that have nothing to do with the rows, as of inputs in other units."""
    return np.asarray(3 * z[rng.permutation(len(z))])


def flipped(part: float) -> Spoil:
    def spoil(rng: Rng, y: Codes, k: int) -> Codes:
        out = y.copy()
        rows = rng.choice(len(y), size=round(part * len(y)), replace=False)
        out[rows] = (out[rows] + rng.integers(1, k, size=len(rows))) % k
        return out

    return spoil


def _saturated(rng: Rng, z: Floats) -> Floats:
    return z * 200.0


def _tied(part: float) -> Bend:
    """A share of rows whose two likeliest classes get nearly the same logit."""

    def bend(rng: Rng, z: Floats) -> Floats:
        out = z.copy()
        rows = rng.choice(len(z), size=round(part * len(z)), replace=False)
        order = np.argsort(out[rows], axis=1)
        middle = (out[rows, order[:, -1]] + out[rows, order[:, -2]]) / 2
        out[rows, order[:, -1]] = middle + 0.002
        out[rows, order[:, -2]] = middle
        return out

    return bend


# --- real data ---------------------------------------------------------------------------------


def _real(rng: Rng, name: str) -> tuple[Floats, Codes, Floats, Codes]:
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    parts = train_test_split(X, y, test_size=0.5, stratify=y, random_state=int(rng.integers(2**31)))
    X_train, X_test, y_train, y_test = (np.asarray(p) for p in parts)
    return X_train, y_train, X_test, y_test


def _linear(strength: float):  # type: ignore[no-untyped-def]
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2000))


def real(name: str, *, factor: float = 1.0, flips: float = 0.0, strength: float = 3.0):  # type: ignore[no-untyped-def]
    """A logistic model on a set of scikit-learn; its logits multiplied, test labels flipped."""

    def drawn(rng: Rng) -> Case:
        X_train, y_train, X_test, y_test = _real(rng, name)
        model = _linear(strength).fit(X_train, y_train)
        k = len(model.classes_)
        if flips:
            y_test = flipped(flips)(rng, y_test, k)

        def ask(X: Floats) -> Floats:
            out = np.exp(log_softmax(factor * np.log(np.clip(model.predict_proba(X), 1e-12, 1))))
            return out[:, 1] if k == 2 else out

        return case_from_arrays(
            "binary" if k == 2 else "multiclass",
            {"train": (X_train, y_train), "test": (X_test, y_test)}, ask,
            output="probability",
        )  # fmt: skip

    return drawn


def unscaled(rng: Rng) -> Case:
    """A sigmoid unit fed with raw inputs in the thousands."""
    n = 2000
    X = rng.normal(0, 1, (n, 4)) * [1.0, 10.0, 3000.0, 1.0] + [0, 0, 500.0, 0]
    y = (rng.random(n) < 1 / (1 + np.exp(-(X[:, 0] + X[:, 2] / 1500)))).astype(np.int64)

    def ask(inputs: Floats) -> Floats:
        z = np.clip(inputs @ [0.3, 0.01, 0.8, 0.0], -60, 60)
        return np.asarray(1 / (1 + np.exp(-z))).astype(np.float32)

    return case_from_arrays("binary", {"test": (X, y)}, ask, output="probability")


def memoriser(rng: Rng) -> Case:
    """A fully grown tree: its leaves say 0 or 1."""
    from sklearn.tree import DecisionTreeClassifier

    X = rng.normal(size=(3000, 6))
    y = (X[:, 0] + X[:, 1] + rng.normal(0, 1, 3000) > 0).astype(np.int64)
    model = DecisionTreeClassifier(random_state=0).fit(X[:1500], y[:1500])
    return case_from_arrays(
        "binary", {"train": (X[:1500], y[:1500]), "test": (X[1500:], y[1500:])}, model
    )


def two_neighbours(rng: Rng) -> Case:
    """Two neighbours vote: their ties are exact."""
    from sklearn.neighbors import KNeighborsClassifier

    X = rng.normal(size=(3000, 4))
    y = (X[:, 0] + rng.normal(0, 0.7, 3000) > 0).astype(np.int64)
    model = KNeighborsClassifier(2).fit(X[:1500], y[:1500])
    return case_from_arrays(
        "binary", {"train": (X[:1500], y[:1500]), "test": (X[1500:], y[1500:])}, model
    )


def voters(kind: str, rng: Rng) -> Case:
    """Five neighbours, or a fully grown forest of few trees, on noisy data: votes that agree."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.neighbors import KNeighborsClassifier

    X = rng.normal(size=(2400, 4))
    y = (X[:, 0] + rng.normal(0, 1.2, 2400) > 0).astype(np.int64)
    model = KNeighborsClassifier(5) if kind == "neighbours" else RandomForestClassifier(
        25, random_state=int(rng.integers(2**31)))  # fmt: skip
    model.fit(X[:1200], y[:1200])
    return case_from_arrays(
        "binary", {"train": (X[:1200], y[:1200]), "test": (X[1200:], y[1200:])}, model
    )


def forest_on_flipped_digits(rng: Rng) -> Case:
    """A forest, which is not sure enough by nature, asked about labels of which 5 % are wrong."""
    from sklearn.ensemble import RandomForestClassifier

    X_train, y_train, X_test, y_test = _real(rng, "digits")
    model = RandomForestClassifier(100, random_state=int(rng.integers(2**31)))
    model.fit(X_train, y_train)
    y_test = flipped(0.05)(rng, y_test, 10)
    splits = {"train": (X_train, y_train), "test": (X_test, y_test)}
    return case_from_arrays("multiclass", splits, model)


def balanced_weights(rng: Rng) -> Case:
    """A minority of 8 %, and a model trained with balanced class weights."""
    from sklearn.linear_model import LogisticRegression

    X = rng.normal(size=(6000, 5))
    y = (rng.random(6000) < 1 / (1 + np.exp(3.2 - 1.3 * X[:, 0] - X[:, 1]))).astype(np.int64)
    model = LogisticRegression(class_weight="balanced").fit(X[:3000], y[:3000])
    return case_from_arrays(
        "binary", {"train": (X[:3000], y[:3000]), "test": (X[3000:], y[3000:])}, model
    )


def multilabel(rng: Rng, bad: int, n: int = 2000, k: int = 8) -> Case:
    """Labels of which the first ``bad`` are said twice as surely as is right."""
    z = rng.normal(-0.5, 2.0, (n, k))
    y = (rng.random((n, k)) < 1 / (1 + np.exp(-z))).astype(np.int64)
    said = z * np.where(np.arange(k) < bad, 2.0, 1.0)
    return case_from_arrays(
        "multilabel", {"test": (rng.normal(size=(n, 3)), y)},
        {"test": 1 / (1 + np.exp(-said))}, output="probability",
    )  # fmt: skip


def repeated(rng: Rng) -> Case:
    """Calibrated, but each row stands ten times: 300 rows, not 3,000."""
    n = 300
    z = logits(rng, n, 2, 1.5)
    y = draw(rng, z)
    at = np.repeat(np.arange(n), 10)
    X = rng.normal(size=(n, 3))
    return case_from_arrays(
        "binary", {"test": (X[at], y[at])}, {"test": 1 / (1 + np.exp(-z[at, 1]))},
        output="probability",
    )  # fmt: skip


def grouped(rng: Rng) -> Case:
    """Calibrated on the whole, with a lean of its own in each of 60 groups."""
    groups = np.repeat(np.arange(60), 40)
    hidden = rng.normal(0, 0.8, 60)[groups]
    seen = rng.normal(0, 1.5, len(groups))
    z = seen + hidden
    y = (rng.random(len(z)) < 1 / (1 + np.exp(-z))).astype(np.int64)
    # What a model that cannot see the lean should say: the mean over it (probit approximation).
    said = 1 / (1 + np.exp(-seen / np.sqrt(1 + 0.64 * np.pi / 8)))
    return case_from_arrays(
        "binary", {"test": (rng.normal(size=(len(z), 3)), y)}, {"test": said},
        groups={"test": groups}, output="probability",
    )  # fmt: skip


def linear_model(rng: Rng, k: int, n: int) -> Case:
    """Logistic regression on data that follow one."""
    from sklearn.linear_model import LogisticRegression

    X = rng.normal(size=(2 * n, 6))
    y = draw(rng, X @ rng.normal(0, 1, (6, k)))
    model = LogisticRegression(max_iter=500).fit(X[:n], y[:n])
    return case_from_arrays(
        "binary" if k == 2 else "multiclass",
        {"train": (X[:n], y[:n]), "test": (X[n:], y[n:])}, model,
        classes=tuple(f"c{j}" for j in range(k)),
    )  # fmt: skip


SURE = "calibration.overconfident"
UNSURE = "calibration.underconfident"
RATE = "calibration.wrong-base-rate"
FEW = "calibration.loss-from-few-rows"
SATURATED = "calibration.saturated"
TIES = "calibration.near-ties"
LABELS = "calibration.suspected-label-errors"

PLANTED = (
    FaultCase("sharpened 1.5, binary, 5,000", SURE,
              lambda r: case(r, logits(r, 5000, 2, 1.5), bend=sharpened(1.5)), also=(FEW,)),
    FaultCase("sharpened 2, binary, 1,000", SURE,
              lambda r: case(r, logits(r, 1000, 2, 1.5), bend=sharpened(2)), also=(FEW,)),
    FaultCase("sharpened 2, skewed to 10 %, validation", SURE,
              lambda r: case(r, logits(r, 4000, 2, 1.5, 3.5), bend=sharpened(2),
                             validation=True), also=(FEW, RATE)),
    FaultCase("sharpened 2, three classes, logits", SURE,
              lambda r: case(r, logits(r, 1500, 3, 2.0), bend=sharpened(2), as_logits=True),
              also=(FEW,)),
    FaultCase("sharpened 1.5, ten classes, float32", SURE,
              lambda r: case(r, logits(r, 3000, 10, 2.0), bend=sharpened(1.5), float32=True),
              also=(FEW,)),
    FaultCase("sharpened 3, ten classes, validation", SURE,
              lambda r: case(r, logits(r, 1000, 10, 3.0), bend=sharpened(3), validation=True),
              also=(FEW,)),
    FaultCase("sure at random, binary", SURE,
              lambda r: case(r, logits(r, 1500, 2, 1.5), bend=at_random), also=(FEW, LABELS)),
    FaultCase("sharpened 4, digits", SURE, real("digits", factor=4.0),
              also=(FEW, LABELS)),
    # A model this strongly regularised is itself far from sure enough: sharpening it fourfold
    # leaves a temperature of 1.17 to find.
    FaultCase("sharpened 4, digits, strongly regularised", SURE,
              real("digits", factor=4.0, strength=0.005), also=(FEW, LABELS), power=0.3),
    FaultCase("sharpened 6, breast cancer", SURE,
              real("breast_cancer", factor=6.0, strength=0.1), also=(FEW, LABELS), power=0.9),
    FaultCase("flattened 2, binary, 2,000", UNSURE,
              lambda r: case(r, logits(r, 2000, 2, 1.5), bend=sharpened(0.5))),
    FaultCase("flattened 1.5, ten classes", UNSURE,
              lambda r: case(r, logits(r, 3000, 10, 2.0), bend=sharpened(1 / 1.5)),
              also=(TIES,)),
    FaultCase("flattened 3, digits", UNSURE, real("digits", factor=1 / 3)),
    FaultCase("two of eight labels sharpened 2", SURE, lambda r: multilabel(r, 2), also=(FEW,)),
    FaultCase("all of eight labels sharpened 2", SURE, lambda r: multilabel(r, 8), also=(FEW,)),
    FaultCase("class 1 shifted by 1", RATE,
              lambda r: case(r, logits(r, 2000, 2, 1.5), bend=shifted(1.0)), also=(SURE,)),
    FaultCase("one of five classes shifted by 1.5", RATE,
              lambda r: case(r, logits(r, 3000, 5, 2.0), bend=shifted(1.5)), also=(SURE, FEW)),
    FaultCase("balanced class weights at 8 %", RATE, balanced_weights, also=(UNSURE,)),
    FaultCase("wild rows, 1 %, binary", FEW,
              lambda r: case(r, logits(r, 2000, 2, 3.0), bend=wild(0.01)), also=(LABELS,)),
    FaultCase("wild rows, 0.5 %, ten classes", FEW,
              lambda r: case(r, logits(r, 4000, 10, 4.0), bend=wild(0.005)), also=(LABELS,)),
    FaultCase("wild rows, 0.5 %, ten classes, an easy task", FEW,
              lambda r: case(r, logits(r, 4000, 10, 9.0), bend=wild(0.005)), also=(LABELS,)),
    FaultCase("wild rows, 1 %, logits", FEW,
              lambda r: case(r, logits(r, 3000, 3, 4.0), bend=wild(0.01), as_logits=True),
              also=(LABELS,)),
    FaultCase("saturated, binary", SATURATED,
              lambda r: case(r, logits(r, 2000, 2, 2.0), bend=_saturated, float32=True),
              also=(SURE, LABELS)),
    FaultCase("saturated, ten classes, logits", SATURATED,
              lambda r: case(r, logits(r, 2000, 10, 3.0), bend=_saturated, as_logits=True),
              also=(SURE, LABELS)),
    FaultCase("unscaled inputs", SATURATED, unscaled, also=(SURE, LABELS, RATE)),
    FaultCase("a fully grown tree", SATURATED, memoriser, also=(SURE, LABELS)),
    FaultCase("five neighbours on noisy data", SURE, lambda r: voters("neighbours", r),
              also=(FEW,)),
    FaultCase("a grown forest on noisy data", SURE, lambda r: voters("forest", r), also=(FEW,)),
    FaultCase("labels flipped, 5 %, forest on digits", LABELS, forest_on_flipped_digits,
              also=(FEW, UNSURE)),
    FaultCase("near ties, 10 %", TIES,
              lambda r: case(r, logits(r, 1500, 4, 2.5), bend=_tied(0.10)), also=(UNSURE,)),
    FaultCase("exact ties of two neighbours", TIES, two_neighbours,
              also=(SURE, SATURATED, FEW, LABELS, RATE)),
    FaultCase("labels flipped, 2 %, ten classes", LABELS,
              lambda r: case(r, logits(r, 5000, 10, 5.0), spoil=flipped(0.02)), also=(FEW,)),
    FaultCase("labels flipped, 5 %, binary", LABELS,
              lambda r: case(r, logits(r, 3000, 2, 4.0), spoil=flipped(0.05)),
              also=(FEW, SURE)),
    FaultCase("labels flipped, 10 %, three classes, validation", LABELS,
              lambda r: case(r, logits(r, 2000, 3, 4.0), spoil=flipped(0.10), validation=True),
              also=(FEW, SURE)),
    FaultCase("labels flipped, 5 %, digits", LABELS, real("digits", flips=0.05),
              also=(FEW, SURE, UNSURE)),
    FaultCase("labels flipped, 10 %, breast cancer", LABELS,
              real("breast_cancer", flips=0.10), also=(FEW, SURE)),
    FaultCase("labels flipped, 10 %, breast cancer, regularised", LABELS,
              real("breast_cancer", flips=0.10, strength=0.05), also=(FEW, SURE, UNSURE)),
)  # fmt: skip


CLEAN = (
    *(
        CleanCase(f"calibrated, {k} classes, {n:,} rows, spread {spread:g}, lean {lean:g}",
                  lambda r, n=n, k=k, spread=spread, lean=lean:
                  case(r, logits(r, n, k, spread, lean)))
        for n, k, spread, lean in (
            (50, 2, 1.5, 0), (200, 2, 1.5, 0), (1000, 2, 1.5, 3.5), (5000, 2, 1.5, 5),
            (20000, 2, 2.5, 0), (2000, 2, 5.0, 0), (200, 3, 2.0, 2), (5000, 3, 1.0, 0),
            (1000, 10, 2.0, 0), (5000, 10, 4.0, 3), (3000, 50, 3.0, 0),
        )
    ),
    CleanCase("calibrated, logits", lambda r: case(r, logits(r, 3000, 5, 4.0), as_logits=True)),
    CleanCase("calibrated, float32, validation",
              lambda r: case(r, logits(r, 3000, 4, 4.0), float32=True, validation=True)),
    CleanCase("hard and honest, binary", lambda r: case(r, logits(r, 4000, 2, 0.5))),
    CleanCase("trivially sharpened, 50,000 rows",
              lambda r: case(r, logits(r, 50000, 2, 1.5), bend=sharpened(1.06))),
    # Its true error is 0.018, just under the 0.02 from which it is worth a word.
    CleanCase("trivially flattened, ten classes",
              lambda r: case(r, logits(r, 20000, 10, 2.0), bend=sharpened(0.95))),
    CleanCase("eight labels", lambda r: multilabel(r, 0)),
    CleanCase("forty labels", lambda r: multilabel(r, 0, n=600, k=40)),
    CleanCase("each row ten times", repeated),
    CleanCase("groups", grouped),
    CleanCase("logistic model on logistic data", lambda r: linear_model(r, 2, 3000)),
    CleanCase("logistic model, digits", real("digits")),
    CleanCase("logistic model, wine", real("wine")),
    CleanCase("logistic model, breast cancer", real("breast_cancer", strength=1.0)),
    CleanCase("logistic model, four classes", lambda r: linear_model(r, 4, 3000)),
)  # fmt: skip
