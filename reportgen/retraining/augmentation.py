"""Augmentation of training batches by Keras preprocessing layers, each member's by its own seed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from reportgen.retraining.draws import dropout_state
from reportgen.retraining.member import Member, Pool
from reportgen.retraining.network import Unstackable


def augmentation(member: Member, pool: Pool) -> Any:
    """A model of the member's augmenting layers; None where it has none.

    Raises
    ------
    Unstackable
        The layers have weights to train.
    """
    if not member.augment:
        return None
    import keras

    layers = [
        keras.saving.deserialize_keras_object(json.loads(text), safe_mode=True)
        for text in member.augment
    ]
    model = keras.Sequential([keras.Input(pool.inputs[0].shape[1:]), *layers])
    if model.trainable_variables:
        raise Unstackable("an augmentation with weights to train")
    return model


def augmentation_start(augment: Any, member: Member) -> list[np.ndarray]:
    """The states of its random layers that a member starts from."""
    if augment is None:
        return []
    return [
        dropout_state(member.order_seed, 20_000 + i).astype(str(v.dtype))
        for i, v in enumerate(augment.non_trainable_variables)
    ]
