"""Keras networks that are trained, and trained again by the audit, where something is otherwise.

All but the chosen ones are trained by Keras's own ``fit``. A seed that was chosen among hundreds
would take minutes so: those are trained by the same recipe in numpy, all at once, and a control
holds that one of them that was not chosen is one of its recipe.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.faults.cases import case_from_arrays
from benchmarks.faults.seed_ensemble.drawn import Rng, probabilities
from benchmarks.faults.seed_ensemble.estimators import rows_of, seed_of
from reportgen.evidence import Case

FEATURES = 6
TEST = 600
#: What a network ends with, by task: activation, loss.
ENDS = {
    "binary": ("sigmoid", "binary_crossentropy"),
    "multiclass": ("softmax", "sparse_categorical_crossentropy"),
    "multilabel": ("sigmoid", "binary_crossentropy"),
    "regression": (None, "mse"),
}


# --- rows ------------------------------------------------------------------------------------


def splits_of(
    rng: Rng, task: str, n: int, *, width: int = 1, noise: float = 1.0, held: int = 0
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Train of ``n`` rows, validation of ``held`` where it is not 0, and test.

    ``width`` is the number of classes, labels or targets.
    """
    more = n + held
    if task in ("binary", "multiclass"):
        X, y, X_test, y_test = rows_of(rng, more, classes=max(2, width), noise=noise)
    else:
        inputs = rng.normal(size=(more + TEST, FEATURES))
        signal = np.tanh(inputs @ rng.normal(size=(FEATURES, width)) / np.sqrt(FEATURES))
        if task == "multilabel":
            y = (rng.random(signal.shape) < probabilities(4 * signal / noise)).astype(int)
        else:
            y = (signal + 0.3 * noise * rng.normal(size=signal.shape))[:, 0]
        X, X_test, y, y_test = inputs[:more], inputs[more:], y[:more], y[more:]
    found = {"train": (X[:n], y[:n]), "test": (X_test, y_test)}
    if held:
        found["validation"] = (X[n:], y[n:])
    return found


# --- trained by fit --------------------------------------------------------------------------


def built(
    task: str, width: int, hidden: tuple[int, ...], dropout: float = 0.0, on: bool = False
) -> Any:
    """A network that is not compiled; ``on``: its dropout is called as in training."""
    import keras

    inputs = keras.Input((FEATURES,))
    x = inputs
    for units in hidden:
        x = keras.layers.Dense(units, activation="relu")(x)
        if dropout:
            layer = keras.layers.Dropout(dropout)
            x = layer(x, training=True) if on else layer(x)
    outputs = keras.layers.Dense(width, activation=ENDS[task][0])(x)
    return keras.Model(inputs, outputs)


def compiled(model: Any, task: str, optimizer: str, rate: float) -> Any:
    """With the task's loss; also one that was compiled otherwise before."""
    import keras

    made = keras.optimizers.get({"class_name": optimizer, "config": {"learning_rate": rate}})
    model.compile(made, ENDS[task][1])
    return model


def fitted(
    rng: Rng,
    task: str,
    *,
    n: int = 300,
    width: int = 1,
    noise: float = 1.0,
    hidden: tuple[int, ...] = (16,),
    dropout: float = 0.0,
    on: bool = False,
    optimizer: str = "Adam",
    rate: float = 0.01,
    epochs: int = 15,
    patience: int | None = None,
    class_weight: Mapping[int, float] | None = None,
    declared_rate: float | None = None,
    declared_epochs: int | None = None,
    seed_call: str | None = None,
    dead: bool = False,
) -> Case:
    """A network that ``fit`` trained, and a recipe that is its own but for what is ``declared``.

    Parameters
    ----------
    patience : early stopping on the loss of 100 held out rows, best weights restored.
    seed_call : declared, with the seed 7; the network is trained from another.
    dead : the last hidden layer's units give 0 to every row, as where a step threw them off.
    """
    import keras

    from reportgen.models.keras_read import of_live_model

    held = 0 if patience is None else 100
    splits = splits_of(rng, task, n, width=width, noise=noise, held=held)
    keras.utils.set_random_seed(seed_of(rng))
    model = compiled(built(task, width, hidden, dropout, on), task, optimizer, rate)
    training: dict[str, Any] = {"epochs": epochs, "batch_size": 32}
    more: dict[str, Any] = {}
    if patience is not None:
        more["validation_data"] = splits["validation"]
        more["callbacks"] = [
            keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True)
        ]
        training["early_stopping"] = {
            "monitor": "val_loss",
            "patience": patience,
            "restore_best": True,
        }
    if class_weight is not None:
        more["class_weight"] = dict(class_weight)
        training["class_weight"] = {str(k): v for k, v in class_weight.items()}
    model.fit(*splits["train"], epochs=epochs, batch_size=32, verbose=0, **more)
    if dead:
        kernel, bias = model.layers[-2].get_weights()
        model.layers[-2].set_weights([kernel, bias - 1e3])
    compiled(model, task, optimizer, declared_rate or rate)
    training["epochs"] = declared_epochs or epochs
    if seed_call is not None:
        training |= {"seed": 7, "seed_call": seed_call}
    return case_from_arrays(task, splits, of_live_model(model, task), training=training)  # type: ignore[arg-type]


# --- chosen among many -----------------------------------------------------------------------


def passes(
    rng: Rng,
    X: np.ndarray,
    y: np.ndarray,
    *,
    seeds: int,
    hidden: int,
    rate: float,
    epochs: int,
    batch: int,
) -> Iterator[tuple[np.ndarray, ...]]:
    """Binary networks of one hidden layer, plain gradient descent: weights after each epoch.

    Glorot's uniform initial weights, zero biases, rows in an order of its own for each seed and
    epoch, the mean cross-entropy of a batch: what Keras's ``fit`` does, for all seeds at once.
    """
    n, width = X.shape
    limits = [np.sqrt(6 / (width + hidden)), np.sqrt(6 / (hidden + 1))]
    w1 = rng.uniform(-limits[0], limits[0], size=(seeds, width, hidden))
    w2 = rng.uniform(-limits[1], limits[1], size=(seeds, hidden, 1))
    b1, b2 = np.zeros((seeds, 1, hidden)), np.zeros((seeds, 1, 1))
    for _ in range(epochs):
        order = rng.permuted(np.tile(np.arange(n), (seeds, 1)), axis=1)
        for start in range(0, n, batch):
            rows = order[:, start : start + batch]
            x = X[rows]
            h = np.maximum(x @ w1 + b1, 0)
            error = (probabilities(h @ w2 + b2) - y[rows][:, :, None]) / rows.shape[1]
            back = (error @ w2.transpose(0, 2, 1)) * (h > 0)
            w2 = w2 - rate * h.transpose(0, 2, 1) @ error
            b2 = b2 - rate * error.sum(axis=1, keepdims=True)
            w1 = w1 - rate * x.transpose(0, 2, 1) @ back
            b1 = b1 - rate * back.sum(axis=1, keepdims=True)
        yield w1, b1, w2, b2


def chosen(
    rng: Rng,
    *,
    seeds: int = 1,
    any_epoch: bool = False,
    n: int = 80,
    noise: float = 1.2,
    hidden: int = 8,
    rate: float = 0.3,
    epochs: int = 20,
) -> Case:
    """The best on the test rows of ``seeds`` trainings of one recipe, as a Keras network.

    Parameters
    ----------
    any_epoch : also the epoch was chosen so: the weights are those of the best one.
    """
    from reportgen.models.keras_read import of_live_model

    splits = splits_of(rng, "binary", n, noise=noise)
    X_test, y_test = splits["test"]
    best: tuple[float, tuple[np.ndarray, ...]] = (-1.0, ())
    trained = passes(
        rng, *splits["train"], seeds=seeds, hidden=hidden, rate=rate, epochs=epochs, batch=32
    )
    for epoch, weights in enumerate(trained, start=1):
        if epoch < epochs and not any_epoch:
            continue
        w1, b1, w2, b2 = weights
        given = np.maximum(X_test @ w1 + b1, 0) @ w2 + b2
        right = ((given[:, :, 0] > 0) == (y_test == 1)).mean(axis=1)
        k = int(right.argmax())
        if right[k] > best[0]:
            best = float(right[k]), (w1[k], b1[k, 0], w2[k], b2[k, 0])
    model = compiled(built("binary", 1, (hidden,)), "binary", "SGD", rate)
    model.set_weights(list(best[1]))
    training = {"epochs": epochs, "batch_size": 32}
    return case_from_arrays("binary", splits, of_live_model(model, "binary"), training=training)


def beside(
    rng: Rng,
    *,
    members: int = 99,
    seeds: int = 1,
    n: int = 300,
    noise: float = 1.0,
    hidden: int = 8,
    rate: float = 0.1,
    epochs: int = 20,
    declared_rate: float | None = None,
    declared_epochs: int | None = None,
) -> Case:
    """The best on test of ``seeds`` trainings, and members by the declared recipe: all in numpy.

    What the audit would train is brought along, so that many draws can be judged.
    """
    splits = splits_of(rng, "binary", n, noise=noise)
    y_test = splits["test"][1]

    def answers(count: int, rate: float, epochs: int) -> dict[str, np.ndarray]:
        *_, (w1, b1, w2, b2) = passes(
            rng, *splits["train"], seeds=count, hidden=hidden, rate=rate, epochs=epochs, batch=32
        )
        found = {}
        for name, (X, _) in splits.items():
            p = probabilities((np.maximum(X @ w1 + b1, 0) @ w2 + b2)[:, :, 0])
            found[name] = np.clip(p, 1e-7, 1 - 1e-7)
        return found

    own = answers(seeds, rate, epochs)
    best = int(((own["test"] > 0.5) == (y_test == 1)).mean(axis=1).argmax())
    others = answers(members, declared_rate or rate, declared_epochs or epochs)
    return case_from_arrays(
        "binary",
        splits,
        {name: p[best] for name, p in own.items()},
        members=[{name: p[k] for name, p in others.items()} for k in range(members)],
        output="probability",
    )
