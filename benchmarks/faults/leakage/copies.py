"""Rows that stand in train and in test, and honest rows that are equal by chance."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from sklearn import datasets
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays
from reportgen.diagnostics.leakage.declared import LeakageSettings
from reportgen.evidence import Case

Rows = tuple[np.ndarray, np.ndarray]
Source = Callable[[np.random.Generator], Rows]
UNTRAINED = LeakageSettings(ablation_members=0)  # what copies are worth is asked elsewhere


def bundled(name: str, rng: np.random.Generator) -> Rows:
    """One of scikit-learn's data sets, in any order."""
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = rng.permutation(len(y))
    return X[order], y[order].astype(np.int64)


def measured(rng: np.random.Generator, n: int = 2000, d: int = 8, digits: int = 1) -> Rows:
    """Correlated measurements, rounded."""
    latent = rng.normal(size=(n, 3)) @ rng.normal(size=(3, d)) + rng.normal(size=(n, d))
    y = latent @ rng.choice([-1.0, 1.0], d) / 2 + rng.normal(size=n) > 0
    return np.round(latent * rng.uniform(2, 6, d), digits), y.astype(np.int64)


def survey(rng: np.random.Generator, n: int = 2000, questions: int = 8, kinds: int = 3) -> Rows:
    """Answers to a few questions by people of several kinds: they agree by chance, and often."""
    kind = rng.choice(kinds, n, p=rng.dirichlet(np.full(kinds, 3.0)))
    X = np.empty((n, questions))
    for j in range(questions):
        levels = int(rng.integers(2, 7))
        for k in range(kinds):
            at = kind == k
            X[at, j] = rng.choice(levels, at.sum(), p=rng.dirichlet(np.ones(levels)))
    return X, (rng.random(n) < 0.2 + 0.6 * (kind == 0)).astype(np.int64)


def wide_survey(rng: np.random.Generator) -> Rows:
    """Thirty questions: people seldom agree on all."""
    return survey(rng, questions=30)


def one_hot(rng: np.random.Generator) -> Rows:
    """The answers with a column a level: none of them ever differs alone."""
    X, y = survey(rng)
    return np.hstack([X[:, [j]] == np.unique(X[:, j]) for j in range(X.shape[1])]).astype(float), y


def words(rng: np.random.Generator, n: int = 2000, length: float = 25.0) -> Rows:
    """Which of 300 words a document has."""
    topics = np.array([rng.dirichlet(1.0 / np.arange(1, 301) ** 0.8) for _ in range(4)])
    topic = rng.integers(0, 4, n)
    X = rng.poisson(topics[topic] * rng.gamma(4.0, length / 4.0, (n, 1))) > 0
    return X.astype(float), (topic > 1).astype(np.int64)


def repeats(rng: np.random.Generator, n: int = 2000) -> Rows:
    """A design of four factors, each setting measured several times."""
    grid = np.stack(np.meshgrid(*[np.arange(k) for k in rng.integers(3, 7, 4)]), -1).reshape(-1, 4)
    X = grid[rng.integers(0, len(grid), n)].astype(float)
    return X, (rng.random(n) < 1 / (1 + np.exp(2 - X[:, 0]))).astype(np.int64)


def mostly_empty(rng: np.random.Generator, n: int = 3000) -> Rows:
    """Counts of rare purchases: half the rows are all zeros."""
    rate = rng.lognormal(-1.5, 1.0, (n, 1)) * rng.lognormal(0.0, 0.7, 8)
    X = rng.poisson(rate).astype(float)
    return X, (rng.random(n) < 0.2 + 0.5 * (X.sum(axis=1) > 1)).astype(np.int64)


def case(train: Rows, test: Rows, **more: object) -> Case:
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(1)).fit(*train)
    splits = {"train": train, "test": test, **more}
    task = "binary" if max(train[1].max(), test[1].max()) < 2 else "multiclass"
    return case_from_arrays(task, splits, model, settings=UNTRAINED)  # type: ignore[arg-type]


def copied(
    source: Source, share: float, flip: float = 0.0
) -> Callable[[np.random.Generator], Case]:
    """A share of the test rows are training rows; ``flip`` of them have another label."""

    def draw(rng: np.random.Generator) -> Case:
        X, y = source(rng)
        cut = round(0.7 * len(y))
        train, test = (X[:cut], y[:cut]), (X[cut:].copy(), y[cut:].copy())
        n = round(share * len(test[1]))
        into = rng.choice(len(test[1]), n, replace=False)
        taken = rng.choice(cut, n, replace=False)
        test[0][into], test[1][into] = train[0][taken], train[1][taken]
        wrong = into[: round(flip * n)]
        test[1][wrong] = (test[1][wrong] + 1) % (y.max() + 1)
        return case(train, test)

    return draw


def full_of_copies(rng: np.random.Generator, numbered: bool) -> Case:
    """Each row of a small data set three times, then cut at random; perhaps with a counter."""
    X, y = measured(rng, 400)
    which = rng.permutation(np.repeat(np.arange(400), 3))
    X, y = X[which], y[which]
    if numbered:
        X = np.column_stack([np.arange(len(y)) + 1.0, X])
    return case((X[:960], y[:960]), (X[960:], y[960:]))


def counter(rng: np.random.Generator) -> Case:
    """An id beside honest rows hides nothing."""
    X, y = measured(rng)
    X = np.column_stack([np.arange(len(y)) + 1.0, X])
    order = rng.permutation(len(y))
    X, y = X[order], y[order]
    return case((X[:1400], y[:1400]), (X[1400:], y[1400:]))


def repeats_in_train(rng: np.random.Generator) -> Case:
    """Oversampled after the split: train repeats its own rows alone."""
    X, y = measured(rng)
    more = rng.integers(0, 1400, 700)
    train = np.vstack([X[:1400], X[more]]), np.concatenate([y[:1400], y[more]])
    return case(train, (X[1400:], y[1400:]))


def validated_on_train(rng: np.random.Generator, share: float, shuffled: bool) -> Case:
    """Validation is a part of train."""
    X, y = measured(rng, 1500)
    n = round(share * 1000)
    at = rng.permutation(1000)[:n] if shuffled else np.arange(n)
    return case((X[:1000], y[:1000]), (X[1000:], y[1000:]), validation=(X[at], y[at]))


def validated(rng: np.random.Generator) -> Case:
    X, y = measured(rng, 1500)
    return case((X[:800], y[:800]), (X[1000:], y[1000:]), validation=(X[800:1000], y[800:1000]))


SETS: dict[str, Source] = {
    "breast cancer": partial(bundled, "breast_cancer"),
    "digits": partial(bundled, "digits"),
    "rounded measurements": measured,
    "30 questions": wide_survey,
    "word counts": words,
    "one decimal, 4 columns": partial(measured, n=4000, d=4),
}
EXACT = "leakage.exact-duplicates"
CONFLICTING = "leakage.conflicting-duplicates"
VALIDATION = "leakage.validation-is-training"
PLANTED = (
    FaultCase(
        "one test row in five is a training row", EXACT, copied(SETS["breast cancer"], 0.2), "fail"
    ),
    FaultCase(
        "every row is there three times, and a column numbers them",
        EXACT,
        partial(full_of_copies, numbered=True),
        "fail",
    ),
    FaultCase("copies with another label", CONFLICTING, copied(measured, 0.1, 0.3), also=(EXACT,)),
    FaultCase(
        "validation is a part of train",
        VALIDATION,
        partial(validated_on_train, share=0.3, shuffled=True),
        "fail",
    ),
)
MORE = (
    *(
        FaultCase(f"copies of {share:.0%}, {name}", EXACT, copied(source, share))
        for name, source in SETS.items()
        for share in (0.01, 0.02, 0.05, 0.2)
    ),
    FaultCase(
        "every row is there three times", EXACT, partial(full_of_copies, numbered=False), "fail"
    ),
    FaultCase(
        "validation is train",
        VALIDATION,
        partial(validated_on_train, share=1.0, shuffled=True),
        "fail",
    ),
    FaultCase(
        "validation is the head of train",
        VALIDATION,
        partial(validated_on_train, share=0.2, shuffled=False),
        "fail",
    ),
)
CLEAN = (
    CleanCase("breast cancer, cut at random", copied(SETS["breast cancer"], 0.0)),
    CleanCase("rounded measurements", copied(measured, 0.0)),
    CleanCase("one decimal, 4 columns", copied(SETS["one decimal, 4 columns"], 0.0)),
    CleanCase("a survey of 8 questions", copied(survey, 0.0)),
    CleanCase("its one-hot columns", copied(one_hot, 0.0)),
    CleanCase("short documents", copied(partial(words, length=6.0), 0.0)),
    CleanCase("settings measured several times", copied(repeats, 0.0)),
    CleanCase("rows that are mostly empty", copied(mostly_empty, 0.0)),
    CleanCase("a counter beside honest rows", counter),
    CleanCase("rows repeated within train", repeats_in_train),
    CleanCase("validation of its own", validated),
)
