"""How probable it is that a model which answers a few rows otherwise prints what a cause does.

A threshold on the confidence moves the least sure rows, one more for each of its values. Another
model that is close to the delivered one, or somebody who put some rows right, moves rows that are
as unsure: where few rows moved, and few kinds of moves are among them, both come to one matrix.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits, rivals
from reportgen.reconciliation.quantities import of_labels
from reportgen.reconciliation.world import World

#: Of other models, those that answer nearly alike; how nearly is open on a scale of logarithms.
CLOSE = 0.25
#: Causes without a search that move a single row.
PLAIN = 5


def met(
    declared: World,
    fit: World | None,
    off: Sequence[Claim],
    right: Sequence[Claim] = (),
    *,
    searched: bool = True,
) -> float:
    """The probability that another model's moves are met, by one value of a search or a cause.

    Of m rows that move, the kinds (truth, answer before, answer after) are a multinomial draw of
    shares that are open, over the kinds that are there. Of every number of rows a search has one
    value for each class that rows may be given to; as many are as rare as the one at hand or
    rarer. A cause without one has its own number of rows alone.

    Parameters
    ----------
    declared, fit : the same rows, with the answers as declared and under the search.
    off : what it explains; digits leave counts open by their width times the rows of a class.
    right : what else comes out; the other model would have to print numbers of scores as well.
    """
    if fit is None or declared.labels is None or fit.labels is None:
        return 0.0
    if declared.truth is not fit.truth or declared.labels.shape != fit.labels.shape:
        return 0.0
    before, after = np.asarray(declared.labels), np.asarray(fit.labels)
    moved = before != after
    m = int(moved.sum())
    printed = [digits.width(c.value) for c in off if of_labels(c) and c.metric != "cell"]
    if not m:
        return 0.0
    where = np.nonzero(moved)
    kinds = np.stack([fit.truth[where], before[where], after[where], *where[1:]], axis=1).astype(
        np.int64
    )  # of several labels, which label it is
    distinct = np.unique(kinds, axis=0)
    open_ = np.ones(len(distinct))
    if printed:
        rows = [float((fit.truth == kind[0]).sum()) for kind in distinct]
        open_ = np.maximum(1.0, min(printed) * np.array(rows))
    # The shares of the kinds are open: uniform over the simplex, each count is as probable as any.
    index = np.arange(1, len(distinct))
    chance = np.minimum(1.0, np.sort(open_)[::-1][:-1] * index / (m + index)).prod()
    ways = 1.0 if before.ndim == 2 else declared.k + 1.0
    if not searched:
        ways = (1 + (PLAIN - 1) / m) * min(1.0, float(open_.max()) / m)
    ways *= rivals.same_scores([*off, *right], m / before.size, len(before))
    return float(min(1.0, CLOSE * ways * chance / np.log(max(before.size, 3))))
