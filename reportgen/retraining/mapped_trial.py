"""Is a training that is mapped over members the model's own? Some batches are trained both ways.

What a layer does under the map is not known beforehand.
"""

from __future__ import annotations

import numpy as np

from reportgen.retraining.draws import orders
from reportgen.retraining.loop import start
from reportgen.retraining.mapped import MappedStack
from reportgen.retraining.member import Member
from reportgen.retraining.network import Unstackable
from reportgen.retraining.rows import packed, row_weights, targets_of, without

#: Batches that are trained both ways, and by how much their losses may differ relatively.
TRIED, TOLERANCE = 3, 1e-4


def check(stack: MappedStack) -> None:
    """Train some batches of the first member by ``train_on_batch`` too.

    Raises
    ------
    Unstackable
        Losses or weights differ.
    """
    import tensorflow as tf

    if stack.augment is not None:
        raise Unstackable("augmented batches of such a model")
    member = stack.members[0]
    order = next(iter(orders(member.order_seed, stack.n, 1, shuffle=stack.recipe.shuffle)))
    steps = [order[i * stack.batch :][: stack.batch] for i in range(TRIED)]
    steps = [rows for rows in steps if len(rows) == stack.batch]
    state, initial = stack.state()
    mapped = tf.function(stack.step)
    mine = []
    for rows in steps:
        state, loss = mapped(state, tf.constant(np.stack([rows] * len(stack.members))))
        mine.append(float(loss[0]))
    start(stack.network, member)
    theirs = [_on_batch(stack, member, rows) for rows in steps]
    if not np.allclose(mine, theirs, rtol=TOLERANCE, equal_nan=True):
        raise Unstackable("mapped over members it does not train as `fit` does")
    ended = [*state["tv"], *state["ntv"]]
    moved = differed = 0.0
    for before, now, variable in zip(initial[0], ended, stack.network.variables, strict=True):
        if np.issubdtype(before.dtype, np.floating) and np.isfinite(before).all():
            moved += float(np.square(np.asarray(variable) - before, dtype=np.float64).sum())
            gap = np.asarray(now)[0] - np.asarray(variable)
            differed += float(np.square(gap, dtype=np.float64).sum())
    if differed > 0.01 * moved:
        raise Unstackable("mapped over members it is not the same after some steps of `fit`")


def _on_batch(stack: MappedStack, member: Member, rows: np.ndarray) -> float:
    """The loss of one batch by the model's own training step."""
    index = rows if member.rows is None else member.rows.array[rows]
    x = without(tuple(a[index] for a in stack.pool.inputs), member, stack.pool)
    w = row_weights(stack.recipe, stack.pool, member)
    stack.model.reset_metrics()
    told = stack.model.train_on_batch(
        packed(stack.model, x),
        targets_of(stack.pool, member)[rows],
        sample_weight=None if w is None else w[rows],
        return_dict=True,
    )
    return float(told["loss"])
