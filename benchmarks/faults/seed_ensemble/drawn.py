"""Members that the job brings along, drawn.

Logits of a row are the truth's, blurred alike for all, plus what each member adds of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.faults.cases import case_from_arrays
from reportgen.evidence import Case

Rng = np.random.Generator


def probabilities(z: np.ndarray) -> np.ndarray:
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
    surer: float = 1.0,
    **more: Any,
) -> Case:
    """A classifier and its members, exchangeable but for what is planted.

    ``own`` is the sd of what a member adds to each logit, ``quality`` that of a factor on all
    logits of a member's noise (so that members differ in score on ever more rows), ``sharp``
    multiplies logits after noise (overconfidence), ``best_of`` draws the delivered model as the
    best of that many on these rows, ``better`` adds truth to its logits, ``surer`` multiplies them.
    """
    width = labels or (1 if classes == 2 else classes)
    z = 2.0 * rng.normal(size=(n, width))
    if labels or classes == 2:
        y = (rng.random((n, width)) < probabilities(z)).astype(int)
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
            scores = probabilities(sharp * given)
            return scores if labels else scores[:, 0]
        return _softmax(sharp * given)

    def right(given: np.ndarray) -> float:
        if labels or classes == 2:
            return float(((given > 0) == (sign > 0)).all(axis=1).mean())
        return float((given.argmax(axis=1) == y).mean())

    delivered = surer * (max((logits() for _ in range(best_of)), key=right) + better * sign)
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


def collapsing(rng: Rng, *, gone: int = 2) -> Case:
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
