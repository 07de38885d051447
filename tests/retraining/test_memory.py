"""The memory that the plan reckons with, against what XLA says its compiled program takes."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json, os, sys, tempfile
os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
import keras, numpy as np
from keras import layers as la
from reportgen.retraining.blueprint import Blueprint
from reportgen.retraining.costs import Cost
from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.remembered import Remembered
from reportgen.retraining.serving import Server
from reportgen.retraining.stacked import Stack
from reportgen.retraining.store import Store

NETS = {
    "MLP": ((64,), lambda: [la.Dense(256, "relu"), la.Dense(256, "relu")]),
    "conv 3x3": ((16, 16, 3), lambda: [
        la.Conv2D(16, 3, activation="relu"), la.Conv2D(32, 3, activation="relu"),
        la.MaxPooling2D(), la.Flatten()]),
    "conv 5x5": ((20, 20, 8), lambda: [
        la.Conv2D(16, 5, padding="same", activation="relu"),
        la.Conv2D(16, 5, strides=2, activation="relu"), la.GlobalAveragePooling2D()]),
    "conv 1-D": ((60, 4), lambda: [
        la.Conv1D(32, 5, activation="relu"), la.Conv1D(32, 5, activation="relu"), la.Flatten()]),
}
shape, made = NETS[sys.argv[1]]
batch = int(sys.argv[2])
Server(1)
model = keras.Sequential([keras.Input(shape), *made(), la.Dense(1)])
model.compile("adam", "mse")
file = tempfile.mkdtemp() + "/m.keras"
model.save(file)
rng = np.random.default_rng(0)
x = rng.standard_normal((256, *shape)).astype(np.float32)
pool = Pool((x,), np.zeros((256, 1), np.float32), 256)
taken = []
for k in (4, 8):
    members = [Member(i, i) for i in range(k)]
    recipe = Recipe(file, 1, batch)
    network = Remembered(Blueprint.read(file), members[0], Store(None))
    stack = Stack(network, recipe, pool, members, cores=1, store=Store(None))
    stack.start()
    told = stack._epochs.result().memory_analysis()
    taken.append(told.temp_size_in_bytes + told.argument_size_in_bytes)
    taken[-1] += told.output_size_in_bytes - told.alias_size_in_bytes
print(json.dumps([(taken[1] - taken[0]) / 4, Cost.of(model).member_bytes(batch, 0, 1)]))
"""


@pytest.mark.parametrize("net", ["MLP", "conv 3x3", "conv 5x5", "conv 1-D"])
@pytest.mark.parametrize("batch", [32, pytest.param(64, marks=pytest.mark.slow)])
def test_a_member_takes_about_what_is_reckoned_and_hardly_more(net, batch):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, net, str(batch)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    measured, reckoned = json.loads(done.stdout.splitlines()[-1])
    assert measured <= 1.15 * reckoned, (measured, reckoned)
    assert reckoned <= 2.5 * measured, (measured, reckoned)
