"""Small models whose training the engine must reproduce, and rows to train them on.

Each is ``name -> (build, rows)``: ``build(keras)`` gives an uncompiled model with ten outputs.
"""

from __future__ import annotations

import numpy as np

N = 75  # with batches of 16, the last has 11 rows
CLASSES = 4


def rows(kind, seed=0):
    """Inputs and class codes with something to learn."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, CLASSES, N).astype(np.int32)
    shape = {"flat": (12,), "series": (6, 5), "image": (8, 8, 3), "tokens": (7,)}[kind]
    if kind == "tokens":
        x = rng.integers(0, 20, (N, *shape))
        x[:, 0] = y
        return x.astype(np.int32), y
    x = rng.standard_normal((N, *shape)).astype(np.float32)
    x.reshape(N, -1)[np.arange(N), y] += 2
    return x, y


def _model(keras, kind, *layers):
    shapes = {"flat": (12,), "series": (6, 5), "image": (8, 8, 3), "tokens": (7,)}
    dtype = "int32" if kind == "tokens" else "float32"
    return keras.Sequential(
        [
            keras.Input(shapes[kind], dtype=dtype),
            *layers,
            keras.layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def dense(keras):
    la = keras.layers
    return _model(keras, "flat", la.Dense(16, activation="relu"), la.Dense(8, activation="tanh"))


def penalised(keras):
    la, r = keras.layers, keras.regularizers
    return _model(
        keras,
        "flat",
        la.Dense(
            16,
            activation="relu",
            kernel_regularizer=r.L2(0.01),
            bias_regularizer=r.L1(0.01),
            activity_regularizer=r.L2(0.001),
            kernel_constraint=keras.constraints.MaxNorm(1.0),
        ),
    )


def normalised(keras):
    la = keras.layers
    return _model(keras, "flat", la.Dense(16, use_bias=False), la.BatchNormalization(), la.ReLU())


def layer_normalised(keras):
    la = keras.layers
    return _model(keras, "flat", la.Dense(16), la.LayerNormalization(), la.ReLU())


def convolution(keras):
    la = keras.layers
    return _model(
        keras,
        "image",
        la.Conv2D(6, 3, activation="relu"),
        la.MaxPooling2D(2),
        la.Conv2D(4, 2, padding="same", strides=2, activation="relu"),
        la.Flatten(),
    )


def pooled(keras):
    """Windows that overlap, and inputs of them that are equal: zeros of a ReLU, one after it."""
    la = keras.layers
    return _model(
        keras,
        "image",
        la.Conv2D(6, 3, activation="relu"),
        la.MaxPooling2D(3, strides=2),
        la.Conv2D(4, 2),
        la.MaxPooling2D(2, padding="same"),
        la.Flatten(),
    )


def separable(keras):
    la = keras.layers
    return _model(
        keras,
        "image",
        la.SeparableConv2D(6, 3, activation="relu"),
        la.DepthwiseConv2D(3, padding="same"),
        la.GlobalAveragePooling2D(),
    )


def convolution_1d(keras):
    la = keras.layers
    return _model(
        keras, "series", la.Conv1D(6, 3, padding="causal", dilation_rate=2, activation="relu"),
        la.GlobalMaxPooling1D(),
    )  # fmt: skip


def lstm(keras):
    return _model(keras, "series", keras.layers.LSTM(7))


def gru(keras):
    return _model(keras, "series", keras.layers.GRU(7))


def bidirectional(keras):
    la = keras.layers
    return _model(keras, "series", la.Bidirectional(la.LSTM(5, return_sequences=True)), la.GRU(4))


def embedding(keras):
    la = keras.layers
    return _model(keras, "tokens", la.Embedding(20, 6), la.GlobalAveragePooling1D())


def masked(keras):
    la = keras.layers
    return _model(keras, "tokens", la.Embedding(20, 6, mask_zero=True), la.LSTM(5))


def attention(keras):
    la = keras.layers
    inputs = keras.Input((6, 5))
    h = la.MultiHeadAttention(2, 4)(inputs, inputs)
    h = la.LayerNormalization()(la.Add()([inputs, h]))
    h = la.GlobalAveragePooling1D()(h)
    return keras.Model(inputs, la.Dense(CLASSES, activation="softmax")(h))


KINDS = {
    dense: "flat",
    penalised: "flat",
    normalised: "flat",
    layer_normalised: "flat",
    convolution: "image",
    pooled: "image",
    separable: "image",
    convolution_1d: "series",
    lstm: "series",
    gru: "series",
    bidirectional: "series",
    embedding: "tokens",
    masked: "tokens",
    attention: "series",
}
