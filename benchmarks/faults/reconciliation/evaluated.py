"""Mistakes of losses and metrics, made with Keras's own functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import metrics

from benchmarks.faults.reconciliation import said
from benchmarks.faults.reconciliation.networks import (
    predictor,
    printed,
    trained,
    with_weights,
)
from benchmarks.faults.reconciliation.questions import Question, named
from benchmarks.faults.reconciliation.rows import Rng, pick
from benchmarks.faults.reconciliation.works import Work
from reportgen.evidence import Case


def _compiled(model: Any, loss: Any, of: list[Any] | None = None, **more: Any) -> Any:
    """The same network and weights, compiled otherwise; the delivered one stays as it is."""
    import keras

    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    copy.compile(loss=loss, metrics=of, **more)
    return copy


def _one_hot(y: np.ndarray, k: int) -> np.ndarray:
    import keras

    return np.asarray(keras.utils.to_categorical(y, k))


def _softmax(logits: np.ndarray) -> np.ndarray:
    import keras

    return np.asarray(keras.ops.softmax(logits))


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    import keras

    return np.asarray(keras.ops.sigmoid(logits))


def raw(work: Work, X: np.ndarray | None = None) -> np.ndarray:
    """``model.predict``."""
    return np.asarray(work.estimator.predict(work.X() if X is None else X, verbose=0))


# --- logits ----------------------------------------------------------------------------------


def _evaluate_logits(rng: Rng) -> Case:
    """``metrics=["accuracy"]`` of a network that gives logits: Keras cuts them at 0.5."""
    work = trained("logits", rng).work(rng)
    text = printed(lambda: work.estimator.evaluate(work.X(), work.y(), verbose=2))
    return work.case(*said.log(text, "binary"))


def _half_of_logits(rng: Rng) -> Case:
    """``(model.predict(X) > 0.5)`` of logits."""
    work = trained("logits", rng).work(rng)
    given = (raw(work)[:, 0] > 0.5).astype(int)
    return work.case(*said.report(work.y(), given, work.classes, digits=pick(rng, said.DIGITS)))


def _softmax_of_one(rng: Rng) -> Case:
    """Softmax over one unit: always 1."""
    work = trained("logits", rng).work(rng)
    given = (_softmax(raw(work))[:, 0] > 0.5).astype(int)
    return work.case(*said.report(work.y(), given, work.classes, digits=3))


def _loss_of_probabilities_as_logits(rng: Rng) -> Case:
    """``from_logits=True`` for predictions that are a softmax already.

    By hand: inside a model Keras finds the logits behind the softmax and only warns.
    """
    import keras

    work = trained("softmax", rng).work(rng)
    given = raw(work)
    wrong = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    values = {
        "loss": float(wrong(work.y(), given)),
        "accuracy": (given.argmax(1) == work.y()).mean(),
    }
    return work.case(*said.numbers(values, "multiclass"))


def _binary_loss_of_probabilities_as_logits(rng: Rng) -> Case:
    import keras

    work = trained("sigmoid", rng).work(rng)
    wrong = keras.losses.BinaryCrossentropy(from_logits=True)
    loss = float(wrong(work.y()[:, None].astype("float32"), raw(work)))
    accuracy = float(((raw(work)[:, 0] > 0.5) == work.y()).mean())
    return work.case(
        *said.number("loss", loss, "binary"), *said.number("accuracy", accuracy, "binary")
    )


def _clipped(rng: Rng) -> Case:
    """The loss from sigmoid outputs, which Keras clips at 1e-7, not through the logits."""
    import keras

    found = trained("logits", rng)
    *hidden, kernel, bias = found.model.get_weights()
    model = with_weights(found, [*hidden, 25 * kernel, 25 * bias])  # far too sure
    work = found.work(rng).having(estimator=model, delivered=predictor(model, "binary"))
    probabilities = _sigmoid(raw(work))
    loss = float(keras.losses.BinaryCrossentropy()(work.y()[:, None], probabilities))
    accuracy = ((probabilities[:, 0] > 0.5) == work.y()).mean()
    return work.case(
        *said.number("loss", loss, "binary"), *said.number("accuracy", accuracy, "binary")
    )


def _penalty(rng: Rng) -> Case:
    """``evaluate``'s loss given as the cross-entropy of the probabilities."""
    work = trained("penalised", rng).work(rng)
    loss, accuracy = work.estimator.evaluate(work.X(), work.y(), verbose=0)
    return work.case(
        *said.number("log_loss", loss, "multiclass"),
        *said.number("accuracy", accuracy, "multiclass"),
    )


def _without_penalty(rng: Rng) -> Case:
    """The cross-entropy given as ``evaluate``'s loss."""
    work = trained("penalised", rng).work(rng)
    probabilities = raw(work)
    values = {
        "loss": metrics.log_loss(work.y(), probabilities.astype(np.float64)),
        "accuracy": (probabilities.argmax(1) == work.y()).mean(),
    }
    return work.case(*said.numbers(values, "multiclass"))


def _penalty_of_regression(rng: Rng) -> Case:
    """``evaluate``'s loss, penalties included, given as MSE."""
    work = trained("regressor", rng).work(rng)
    loss, mae = work.estimator.evaluate(work.X(), work.y(), verbose=0)
    return work.case(*said.numbers({"mse": loss, "mae": mae}, "regression"))


# --- which number of evaluate ----------------------------------------------------------------


def _first_of_evaluate(rng: Rng) -> Case:
    """``model.evaluate(...)[0]`` as accuracy."""
    work = trained("softmax", rng).work(rng)
    results = work.estimator.evaluate(work.X(), work.y(), verbose=0)
    f1 = metrics.f1_score(work.y(), raw(work).argmax(1), average="macro")
    return work.case(
        *said.number("accuracy", results[0], "multiclass"), *said.number("f1", f1, "multiclass")
    )


def _names_permuted(rng: Rng) -> Case:
    """Values of ``evaluate`` put under names in another order."""
    import keras

    work = trained("sigmoid", rng).work(rng)
    model = _compiled(
        work.estimator,
        "binary_crossentropy",
        ["accuracy", keras.metrics.Precision(), keras.metrics.Recall()],
    )
    _, accuracy, precision, recall = model.evaluate(work.X(), work.y()[:, None], verbose=0)
    values = {"precision": accuracy, "recall": precision, "accuracy": recall}
    return work.case(*said.numbers(values, "binary"))


def _accuracy_of_cells(rng: Rng) -> Case:
    """``BinaryAccuracy`` over one-hot cells, called accuracy."""
    import keras

    work = trained("softmax", rng).work(rng)
    metric = keras.metrics.BinaryAccuracy()
    metric.update_state(_one_hot(work.y(), 4), raw(work))
    f1 = metrics.f1_score(work.y(), raw(work).argmax(1), average="macro")
    return work.case(
        *said.number("accuracy", metric.result(), "multiclass"),
        *said.number("f1", f1, "multiclass"),
    )


def _accuracy_by_argmax(rng: Rng) -> Case:
    """'accuracy' of several labels a row, which Keras takes for one of several classes."""
    work = trained("tagger", rng).work(rng)
    model = _compiled(work.estimator, "binary_crossentropy", ["accuracy"])
    text = printed(lambda: model.evaluate(work.X(), work.y().astype("float32"), verbose=2))
    return work.case(*said.log(text, "multilabel"))


def _accuracy_re_resolved(rng: Rng) -> Case:
    """'accuracy' rebuilt from shapes as categorical, for integer labels."""
    import keras

    work = trained("softmax", rng).work(rng)
    probabilities = raw(work)
    wrong = keras.metrics.CategoricalAccuracy()
    wrong.update_state(work.y()[:, None], probabilities)
    loss, _ = work.estimator.evaluate(work.X(), work.y(), verbose=0)
    return work.case(
        *said.number("accuracy", wrong.result(), "multiclass"),
        *said.number("loss", loss, "multiclass"),
    )


def _top_k(rng: Rng) -> Case:
    import keras

    work = trained("softmax logits", rng).work(rng)
    metric = keras.metrics.SparseTopKCategoricalAccuracy(k=3)
    metric.update_state(work.y(), raw(work))
    loss, _ = work.estimator.evaluate(work.X(), work.y(), verbose=0)
    return work.case(
        *said.number("accuracy", metric.result(), "multiclass"),
        *said.number("loss", loss, "multiclass"),
    )


def _buckets(rng: Rng) -> Case:
    """Keras's AUC over 200 thresholds, given as the exact area."""
    import keras

    work = trained("sigmoid", rng).work(rng)
    metric = keras.metrics.AUC()
    metric.update_state(work.y(), raw(work)[:, 0])
    values = {
        "roc_auc": float(metric.result()),
        "accuracy": ((raw(work)[:, 0] > 0.5) == work.y()).mean(),
    }
    return work.case(*said.numbers(values, "binary", 6))


def _interpolated(rng: Rng) -> Case:
    """``AUC(curve="PR")`` given as average precision."""
    import keras

    work = trained("sigmoid", rng).work(rng)
    metric = keras.metrics.AUC(curve="PR")
    metric.update_state(work.y(), raw(work)[:, 0])
    accuracy = ((raw(work)[:, 0] > 0.5) == work.y()).mean()
    return work.case(
        *said.number("average_precision", metric.result(), "binary", 5),
        *said.number("accuracy", accuracy, "binary"),
    )


def _half_of_softmax(rng: Rng) -> Case:
    """Keras's Precision and Recall of a softmax: cells over 0.5, given as macro averages."""
    import keras

    work = trained("softmax", rng).work(rng)
    truth, given = _one_hot(work.y(), 4), raw(work)
    found = {}
    for name, metric in (
        ("precision", keras.metrics.Precision()),
        ("recall", keras.metrics.Recall()),
    ):
        metric.update_state(truth, given)
        found[name] = float(metric.result())
    found["accuracy"] = (given.argmax(1) == work.y()).mean()
    return work.case(*said.numbers(found, "multiclass"))


# --- weights of rows -------------------------------------------------------------------------


def _weights_of_classes(rng: Rng) -> Case:
    """``evaluate`` with balanced weights: the loss has them, the accuracy has not."""
    from sklearn.utils.class_weight import compute_sample_weight

    work = trained("softmax", rng).work(rng)
    w = compute_sample_weight("balanced", work.y())
    model = _compiled(work.estimator, "sparse_categorical_crossentropy", ["accuracy"])
    loss, accuracy = model.evaluate(
        work.X(), work.y(), sample_weight=w, batch_size=len(w), verbose=0
    )
    return work.case(*said.numbers({"loss": loss, "accuracy": accuracy}, "multiclass"))


def _weights_of_rows(weighted: bool, rng: Rng) -> Case:
    """``evaluate`` with the weight column, in the loss alone or in the metrics too."""
    found = trained("softmax", rng)
    work = found.work(rng)
    weights = {s: rng.lognormal(0, 0.8, work.n(s)).astype(np.float32) for s in work.splits}
    of = ["accuracy"]
    model = _compiled(
        work.estimator,
        "sparse_categorical_crossentropy",
        None if weighted else of,
        weighted_metrics=of if weighted else None,
    )
    w = weights["test"]
    loss, accuracy = model.evaluate(
        work.X(), work.y(), sample_weight=w, batch_size=len(w), verbose=0
    )
    return work.case(
        *said.numbers({"loss": loss, "accuracy": accuracy}, "multiclass"), weights=weights
    )


# --- shapes and precision --------------------------------------------------------------------


def _broadcast(rng: Rng) -> Case:
    """``np.mean(pred == y)`` of (n, 1) against (n,)."""
    work = trained("sigmoid", rng).work(rng)
    given = raw(work) > 0.5
    accuracy = np.mean(given == work.y())
    loss, _ = work.estimator.evaluate(work.X(), work.y(), verbose=0)
    return work.case(
        *said.number("accuracy", accuracy, "binary"), *said.number("loss", loss, "binary")
    )


def _broadcast_squares(rng: Rng) -> Case:
    """``np.mean((pred - y) ** 2)`` of (n, 1) against (n,)."""
    work = trained("regressor", rng).work(rng)
    error = raw(work) - work.y()
    values = {"mse": np.mean(error**2), "mae": np.mean(np.abs(error))}
    return work.case(*said.numbers(values, "regression"))


def _half_precision(rng: Rng) -> Case:
    """Evaluated with weights and inputs of float16."""
    import keras

    work = trained("softmax", rng).work(rng)
    with _policy("float16"):
        small = keras.Sequential(
            [
                keras.Input((10,)),
                keras.layers.Dense(16, "relu"),
                keras.layers.Dense(4, activation="softmax"),
            ]
        )
    small.set_weights([w.astype(np.float16) for w in work.estimator.get_weights()])
    given = small.predict(work.X().astype(np.float16), verbose=0).astype(np.float64)
    y = work.y()
    values = {
        "accuracy": (given.argmax(1) == y).mean(),
        "log_loss": metrics.log_loss(y, given / given.sum(1, keepdims=True)),
        "f1": metrics.f1_score(y, given.argmax(1), average="macro"),
    }
    return work.case(*said.numbers(values, "multiclass", 5))


class _policy:
    """Layers made inside have this dtype."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        import keras

        self.before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(self.name)

    def __exit__(self, *_: object) -> None:
        import keras

        keras.config.set_dtype_policy(self.before)


def _of(function: Callable[..., Case], *arguments: Any) -> Callable[[Rng], Case]:
    return lambda rng: function(*arguments, rng)


PLANTED: tuple[Question, ...] = (
    named("accuracy of logits, as evaluated", "threshold-on-logits", _evaluate_logits),
    named(
        "softmax taken for logits", "from-logits", _loss_of_probabilities_as_logits
    ),
    named("loss of clipped probabilities", "loss-clipping", _clipped),
    named("loss with penalties as cross-entropy", "penalty-in-loss", _penalty),
    named("loss as accuracy", "loss-as-accuracy", _first_of_evaluate),
    named("names of metrics permuted", "metric-name-permuted", _names_permuted),
    named("binary accuracy of one-hot cells", "one-hot-binary-accuracy", _accuracy_of_cells),
    named("accuracy of labels by argmax", "multilabel-argmax", _accuracy_by_argmax),
    named("accuracy rebuilt as categorical", "metric-re-resolved-on-load", _accuracy_re_resolved),
    named("AUC of 200 thresholds", "auc-buckets", _buckets),
    named("precision of a softmax", "threshold-on-softmax", _half_of_softmax),
    named(
        "weights of rows in the loss alone", "weights-reach-loss-only",
        _of(_weights_of_rows, False), equal=("sample-weighted",),
    ),
    named("(n, 1) against (n,)", "broadcast-shape", _broadcast),
    named("float16", "numeric-precision", _half_precision, at_least="info", power=0.3),
)  # fmt: skip

MORE: tuple[Question, ...] = (
    named("0.5 of logits, by hand", "threshold-on-logits", _half_of_logits),
    named(
        "softmax of one unit", "argmax-of-one-column", _softmax_of_one,
        equal=("decision-threshold", "threshold-on-softmax"),
    ),
    named(
        "sigmoid taken for logits", "from-logits", _binary_loss_of_probabilities_as_logits
    ),
    named("cross-entropy as loss with penalties", "penalty-in-loss", _without_penalty),
    named("loss with penalties as MSE", "penalty-in-loss", _penalty_of_regression),
    named("top 3, by Keras", "top-k", _top_k),
    named("PR area interpolated", "auc-buckets", _interpolated),
    named(
        "balanced weights in the loss", "class-weighted", _weights_of_classes,
        equal=("weights-reach-loss-only",),
    ),
    named("weights of rows in all", "sample-weighted", _of(_weights_of_rows, True)),
    named("(n, 1) against (n,) in squares", "broadcast-shape", _broadcast_squares),
)  # fmt: skip
