"""How probable it is that a model which answers a few rows otherwise prints what a search found.

A threshold on the confidence moves the least sure rows, one more for each of its values. Another
model that is close to the delivered one, or somebody who put some rows right, moves rows that are
as unsure: where few rows moved, and few kinds of moves are among them, both come to one matrix.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits
from reportgen.reconciliation.quantities import of_labels
from reportgen.reconciliation.world import World

#: Of other models, those that answer nearly alike; how nearly is open on a scale of logarithms.
CLOSE = 0.25
TAU = float(2 * np.pi)


def met(declared: World, fit: World, off: Sequence[Claim]) -> float:
    """The probability that another model's moves are met by one value of the search.

    Of m rows that move, the kinds (truth, answer before, answer after) are a multinomial draw;
    the counts at hand are taken for its expectation, so that this is no less than what they are
    drawn with. Of every number of rows there is one value of the search and of each class that
    rows may be given to; as many are as rare as the one at hand or rarer.

    Parameters
    ----------
    declared, fit : the same rows, with the answers as declared and under the search.
    off : what it explains; digits leave counts open by their width times the rows of a class.
    """
    if declared.labels is None or fit.labels is None or declared.truth is not fit.truth:
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
    distinct, counts = np.unique(kinds, axis=0, return_counts=True)
    open_ = np.ones(len(counts))
    if printed:
        rows = [float((fit.truth == kind[0]).sum()) for kind in distinct]
        open_ = np.maximum(1.0, min(printed) * np.array(rows))
    log = 0.5 * np.log(TAU * m) - np.log(np.maximum(np.sqrt(TAU * counts) / open_, 1.0)).sum()
    targets = 1 if before.ndim == 2 else declared.k + 1
    return float(min(1.0, CLOSE * targets * np.exp(min(log, 0.0)) / np.log(max(before.size, 3))))
