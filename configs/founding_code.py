"""Code that the questions of configs/founding-seeds.yaml bring along, as it was written."""

from __future__ import annotations

from typing import Any


def never_used(random_state: int) -> None:
    """``def train_model(random_state)``: the argument is there, and nothing is done with it."""


def everything(seed: int) -> None:
    """Python's, numpy's and the backend's generators, from which Keras 3 initialises."""
    import keras

    keras.utils.set_random_seed(seed)


def dropout_left_on() -> Any:
    """A network whose dropout goes on when it answers, whoever asks."""
    import keras

    class AlwaysDropout(keras.layers.Dropout):  # type: ignore[misc]
        def call(self, inputs: Any, training: bool | None = None) -> Any:
            return super().call(inputs, training=True)

    model = keras.Sequential(
        [
            keras.Input((10,)),
            keras.layers.Dense(16, activation="relu"),
            AlwaysDropout(0.5, name="always_dropout"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
