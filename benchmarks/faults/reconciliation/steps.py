"""Labels step by step: padding that counted, made with Keras and scikit-learn, and that did not."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from sklearn import metrics

from benchmarks.faults.cases import CleanCase, case_from_arrays
from benchmarks.faults.reconciliation import said
from benchmarks.faults.reconciliation.networks import VARIANTS, predictor, printed
from benchmarks.faults.reconciliation.questions import Question, named
from benchmarks.faults.reconciliation.rows import Rng, pick
from reportgen.evidence import Case
from reportgen.job.claims import Claim

STEPS, WORDS = 14, 24
#: Names of the outputs; the first is the padding's.
TAGS = ("pad", "noun", "verb", "other")


class Sequences:
    """A part of the test sequences, drawn anew, and the network that tags them.

    ``y`` (n, T) codes, 0 or 1 … in padding as the kind has it; ``real`` the steps that count.
    """

    def __init__(self, kind: str, rng: Rng) -> None:
        self.task, self.model, self.splits = _trained(kind, int(rng.integers(VARIANTS)))
        X, y, real = self.splits["test"]
        kept = rng.permutation(len(X))[: int(rng.integers(80, len(X)))]
        self.X, self.y, self.real = X[kept], y[kept], real[kept]

    @property
    def classes(self) -> tuple[str, ...] | None:
        if self.task == "regression":
            return None
        return TAGS if self.task == "multiclass" else TAGS[1:3]

    def given(self) -> np.ndarray:
        """The answers of all steps: codes, or values."""
        raw = self.model.predict(self.X, verbose=0)
        if self.task == "multiclass":
            return np.asarray(raw.argmax(-1))
        values = raw[..., 0]
        return values if self.task == "regression" else (values > 0.5).astype(int)

    def case(self, *claims: Claim) -> Case:
        from dataclasses import replace

        parts = {**self.splits, "test": (self.X, self.y, self.real)}
        made = case_from_arrays(
            self.task,  # type: ignore[arg-type]
            {s: (X, y) for s, (X, y, _) in parts.items()},
            predictor(self.model, self.task),
            classes=self.classes,
            mask={s: real for s, (_, _, real) in parts.items()},
        )
        return replace(made, claims=tuple(claims))


@cache
def _trained(kind: str, variant: int) -> tuple[str, Any, dict[str, tuple[np.ndarray, ...]]]:
    """``masking`` hands a mask on to its output, ``plain`` knows nothing of padding; ``two`` and
    ``values`` are plain networks of one output a step, for two classes and for numbers.
    """
    import keras

    rng = np.random.default_rng([31, variant, *kind.encode()])
    keras.utils.set_random_seed(300 + variant)
    task = {"two": "binary", "values": "regression"}.get(kind, "multiclass")
    splits = {s: _sequences(rng, n, task) for s, n in (("train", 700), ("test", 500))}
    outputs = 4 if task == "multiclass" else 1
    last = {"multiclass": "softmax", "binary": "sigmoid", "regression": None}[task]
    loss = {
        "multiclass": "sparse_categorical_crossentropy",
        "binary": "binary_crossentropy",
        "regression": "mse",
    }[task]
    model = keras.Sequential(
        [
            keras.Input((STEPS,), dtype="int32"),
            keras.layers.Embedding(WORDS, 8, mask_zero=kind == "masking"),
            keras.layers.SimpleRNN(12, return_sequences=True),
            keras.layers.Dense(outputs, activation=last),
        ]
    )
    known = ["mae"] if task == "regression" else ["accuracy"]
    model.compile(keras.optimizers.Adam(0.02), loss, metrics=known)
    X, y, _ = splits["train"]
    model.fit(X, y if outputs > 1 else y[..., None], epochs=4, batch_size=32, verbose=0)
    return task, model, splits


def _sequences(rng: Rng, n: int, task: str) -> tuple[np.ndarray, ...]:
    """Words with a tag each that depends on the word before, padded at the end with word 0."""
    length = rng.integers(3, STEPS + 1, n)
    real = np.arange(STEPS) < length[:, None]
    X = rng.integers(1, WORDS, (n, STEPS))
    before = np.roll(X, 1, axis=1)
    if task == "regression":
        y = np.sin(X) + 0.5 * np.cos(before) + rng.normal(0, 0.2, X.shape)
        return np.where(real, X, 0), np.where(real, y, 0.0), real
    tag = (X + before // 7) % 3
    odd = rng.random(X.shape) < 0.15
    tag = np.where(odd, rng.integers(0, 3, X.shape), tag)
    tag = tag + 1 if task == "multiclass" else (tag == 0).astype(int)
    return np.where(real, X, 0), np.where(real, tag, 0), real


# --- padding counted -----------------------------------------------------------------------------


def _flattened(kind: str, rng: Rng) -> Case:
    """``classification_report(y.ravel(), y_pred.ravel())``, or some numbers of it."""
    work = Sequences(kind, rng)
    y, given = work.y.ravel(), work.given().ravel()
    return work.case(*said.labels_said(rng, y, given, work.task, work.classes or ()))


def _flattened_values(rng: Rng) -> Case:
    """Errors of values over all steps: padding is 0, and the network has learnt so."""
    work = Sequences("values", rng)
    y, given = work.y.ravel(), work.given().ravel()
    values = {
        "mse": metrics.mean_squared_error(y, given),
        "mae": metrics.mean_absolute_error(y, given),
        "r2": metrics.r2_score(y, given),
    }
    return work.case(*said.numbers(values, "regression"))


def _evaluated(rng: Rng) -> Case:
    """``evaluate(X, y)`` of a network without a mask."""
    work = Sequences("plain", rng)
    text = printed(lambda: work.model.evaluate(work.X, work.y, verbose=2))
    return work.case(*said.log(text, work.task))


def _zero_weights(rng: Rng) -> Case:
    """``sample_weight`` zeroes padding in the loss alone, which is divided by all steps."""
    work = Sequences(pick(rng, ("plain", "two")), rng)
    y = work.y if work.task == "multiclass" else work.y[..., None]
    weights = work.real.astype("float32")
    loss, accuracy = work.model.evaluate(work.X, y, sample_weight=weights, verbose=0)
    return work.case(*said.numbers({"loss": loss, "accuracy": accuracy}, work.task))


def _over_all(rng: Rng) -> Case:
    """``((y_pred == y) * mask).mean()``, and the squared error of probabilities likewise."""
    work = Sequences(pick(rng, ("masking", "plain")), rng)
    raw = work.model.predict(work.X, verbose=0).astype(np.float64)
    right = ((raw.argmax(-1) == work.y) * work.real).mean()
    own = np.take_along_axis(raw, work.y[..., None], -1)[..., 0]
    losses = -np.log(np.clip(own, 1e-7, 1 - 1e-7))
    values = {"accuracy": right, "log_loss": (losses * work.real).mean()}
    return work.case(*said.numbers(values, work.task))


# --- and not -------------------------------------------------------------------------------------


def _real_steps(kind: str, rng: Rng) -> Case:
    work = Sequences(kind, rng)
    y, given = work.y[work.real], work.given()[work.real]
    return work.case(*said.report(y, given, work.classes or (), digits=pick(rng, said.DIGITS)))


def _masked_evaluate(rng: Rng) -> Case:
    """``evaluate(X, y)`` of a network that masks padding by itself."""
    work = Sequences("masking", rng)
    text = printed(lambda: work.model.evaluate(work.X, work.y, verbose=2))
    return work.case(*said.log(text, work.task))


def _real_values(rng: Rng) -> Case:
    work = Sequences("values", rng)
    y, given = work.y[work.real], work.given()[work.real]
    values = {"mse": metrics.mean_squared_error(y, given), "r2": metrics.r2_score(y, given)}
    return work.case(*said.numbers(values, "regression"))


def _of(function: Callable[..., Case], *arguments: Any) -> Callable[[Rng], Case]:
    return lambda rng: function(*arguments, rng)


PLANTED: tuple[Question, ...] = (
    named("padding evaluated as labels", "padding-counted", _evaluated),
)
MORE: tuple[Question, ...] = (
    named("padding in a report", "padding-counted", _of(_flattened, "masking")),
    named("padding in a report of two classes", "padding-counted", _of(_flattened, "two")),
    named("padding in errors of values", "padding-counted", _flattened_values),
    named("padding weighted 0 in the loss", "padding-counted", _zero_weights),
    named("real steps over all steps", "padding-counted", _over_all),
)
CLEAN: tuple[CleanCase, ...] = (
    CleanCase("real steps of a masking network", _of(_real_steps, "masking")),
    CleanCase("real steps of two classes", _of(_real_steps, "two")),
    CleanCase("real values", _real_values),
    CleanCase("evaluate of a masking network", _masked_evaluate),
)
