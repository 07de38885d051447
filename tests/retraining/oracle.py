"""Plain Keras on TensorFlow, told the initial weights and the order of rows: what ``fit`` gives."""

from __future__ import annotations

import warnings

import numpy as np

from reportgen.retraining.draws import orders


def batches(arrays, order_seed, epochs, batch_size, *, shuffle):
    """The batches of all epochs, one after another, each epoch's in the member's order."""
    n = len(arrays[1])
    for order in orders(order_seed, n, epochs, shuffle=shuffle):
        for start in range(0, n, batch_size):
            rows = order[start : start + batch_size]
            yield tuple(_taken(a, rows) for a in arrays if a is not None)


def _taken(values, rows):
    """Rows of an array, or of each array of a mapping."""
    if isinstance(values, dict):
        return {name: array[rows] for name, array in values.items()}
    return values[rows]


def fit(file, initial, x, y, *, recipe, order_seed=0, epochs=None, weights=None, validation=None):
    """Train with ``fit`` from these initial weights; the final weights and the history.

    ``initial`` holds values for the trainable and then the other variables.
    """
    import keras

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = keras.saving.load_model(file)
    config = model.get_compile_config()
    optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    arguments = keras.saving.deserialize_keras_object(
        {k: v for k, v in config.items() if k != "optimizer"}
    )
    model.compile(optimizer=optimizer, **{k: v for k, v in arguments.items() if v is not None})
    variables = [*model.trainable_variables, *model.non_trainable_variables]
    for variable, value in zip(variables, initial, strict=True):
        variable.assign(np.asarray(value).astype(str(variable.dtype)))
    epochs = epochs or recipe.epochs
    callbacks = []
    if recipe.stopping is not None:
        callbacks.append(
            keras.callbacks.EarlyStopping(
                monitor=recipe.stopping.monitor,
                patience=recipe.stopping.patience,
                min_delta=recipe.stopping.min_delta,
                restore_best_weights=recipe.stopping.restore_best,
            )
        )
    data = batches((x, y, weights), order_seed, epochs, recipe.batch_size, shuffle=recipe.shuffle)
    history = model.fit(
        data,
        epochs=epochs,
        shuffle=False,
        steps_per_epoch=-(-len(y) // recipe.batch_size),
        validation_data=validation,
        validation_batch_size=recipe.batch_size,
        callbacks=callbacks,
        verbose=0,
    )
    return [np.asarray(v) for v in variables], history.history, model


def difference(ours, theirs):
    """The largest difference of two lists of weights, seed generators left out."""
    return max(
        float(np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)).max())
        for a, b in zip(ours, theirs, strict=True)
        if np.issubdtype(np.asarray(b).dtype, np.floating) and np.asarray(a).size
    )
