"""A tiny training when the worker starts, while the audit still loads its data.

The first model that a process loads, traces and compiles pays for much that the second does not:
modules imported late, tables built, small kernels compiled. And an engine that cannot do even
this says so at once.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import keras
import numpy as np

from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.remembered import Remembered
from reportgen.retraining.stacked import Stack
from reportgen.retraining.store import Store


def rehearse(cores: int, store: Store) -> None:
    """Train two models of three weights for an epoch."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    rows = np.zeros((3, 2), np.float32)
    pool = Pool((rows,), np.zeros((3, 1), np.float32), 3, splits={"train": (rows,)})
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rehearsal.keras"
        model.save(file)
        network = Remembered(Blueprint.read(file), Member(), store)
        recipe = Recipe(str(file), epochs=1, batch_size=2)
        members = (Member(0, 0), Member(1, 1))
        stack = Stack(network, recipe, pool, members, cores=cores, store=store)
        stack.delivered((rows,))
        stack.train()
