"""Plain Keras on TensorFlow, told the initial weights and the order of rows: what ``fit`` gives."""

from __future__ import annotations

import warnings

import numpy as np

from reportgen.retraining.draws import orders


def batches(keras, arrays, order_seed, epochs, batch_size, *, shuffle):
    """A Keras data set that gives each epoch's batches in the member's order."""

    n = len(arrays[-1] if arrays[-1] is not None else arrays[1])

    class Ordered(keras.utils.PyDataset):
        def __init__(self):
            super().__init__()
            self.orders = list(orders(order_seed, n, epochs, shuffle=shuffle))
            self.epoch = 0

        def __len__(self):
            return -(-n // batch_size)

        def __getitem__(self, step):
            rows = self.orders[self.epoch][step * batch_size : (step + 1) * batch_size]
            return tuple(a[rows] for a in arrays if a is not None)

        def on_epoch_end(self):
            self.epoch = min(self.epoch + 1, epochs - 1)

    return Ordered()


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
    data = batches(
        keras, (x, y, weights), order_seed, epochs, recipe.batch_size, shuffle=recipe.shuffle
    )
    history = model.fit(
        data,
        epochs=epochs,
        shuffle=False,
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
