"""Causes in which answers are those of rows a fixed number of places away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits, permuted
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import (
    Candidate,
    Hypothesis,
    from_matrix,
    kind_of,
    prints,
    under,
)
from reportgen.reconciliation.margins import Margins
from reportgen.reconciliation.quantities import of_labels
from reportgen.reconciliation.row_losses import changed, detailed
from reportgen.reconciliation.sweeps import MANY, of_all_margins, swept
from reportgen.reconciliation.world import Floats, World
from reportgen.statistics.matrix import confusion_matrix

#: Rows times classes that are transformed class by class.
MOST_CELLS = 20_000_000
#: Rows of which every lag with a reason is computed in full.
MOST_TURNED = 100_000
#: Lags whose exact numbers are computed after the screening.
MOST_LAGS = 6


def _offset(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """Answers that are a cyclic shift of their rows, every lag at once by Fourier transform."""
    world = detailed(evidence, evaluation.split)
    if world.n < 4 or world.task == "regression":
        yield from _shifted_values(world, evaluation)
        return
    if world.labels is None or world.truth.ndim != 1:
        return
    claims = [c for c in evaluation.claims if of_labels(c) and not c.weighted]
    claims = [c for c in claims if c.metric not in ("cell", "support")]
    if not claims:
        yield from _natural_lags(world, evaluation)
        return
    if world.n > MANY and not _can_be_moved(claims, world):
        yield replace(_at_lag(world, evaluation, 1), tried=2)
        return
    margins = world.keep("margins by lag", lambda: _by_lag(world))
    if margins.hits.shape[1] < world.k:
        claims = [c for c in claims if c.metric in ("accuracy", "mcc") or c.average == "micro"]
    if len(world.matrix) > world.k:  # labels that are no class stand in averages, not in these
        claims = [
            c for c in claims if c.metric == "accuracy" or c.per_class or c.average == "micro"
        ]
    natural = _natural(world.n)
    few = of_all_margins(claims, margins.at(natural - 1), world)
    found = [_at_lag(world, evaluation, int(natural[i])) for i in few.fitting[:MOST_LAGS]]
    found = [c for c in found if prints(c, evaluation.claims)]
    if found:
        yield from (replace(c, tried=max(2, few.tried)) for c in found)
        return
    sweep = of_all_margins(claims, margins, world)
    fitting = sweep.fitting
    if len(fitting) > MOST_LAGS:
        fitting = _of_scores_too(world, evaluation, fitting)
    chosen = fitting[:MOST_LAGS].tolist()
    if not chosen and sweep.nearest is not None:
        chosen = [sweep.nearest]
    for index in chosen:
        yield replace(_at_lag(world, evaluation, index + 1), tried=max(2, sweep.tried))


def _of_scores_too(
    world: World, evaluation: Evaluation, fitting: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Of lags that give the numbers of labels, those that give the sums of scores as well.

    Of few classes a hundred lags in a million have as many right rows.
    """
    for claim in evaluation.claims:
        if of_labels(claim) or claim.running or not len(fitting):
            continue
        found = permuted.linear(claim, world)
        if found is not None:
            by_lag = world.keep(("by lag", kind_of(claim)), partial(_correlated, found, world))
            near = digits.same(by_lag[fitting], claim.value)
            # A loss that Keras added up in float32 need not print the same.
            if near.any() or claim.metric != "loss":
                fitting = fitting[near]
    return fitting


def _correlated(found: permuted.Linear, world: World) -> Floats:
    """A sum over rows under every lag from 1 on, (n - 1,)."""
    from scipy.fft import irfft, next_fast_len, rfft

    n = world.n
    size = next_fast_len(2 * n, real=True)
    total = np.zeros(n - 1)
    for k in range(world.k):
        member = (world.truth == k).astype(np.float64)
        if member.any():
            linear = irfft(rfft(member, size) * np.conj(rfft(found.terms(k), size)), size)
            total += linear[1:n] + linear[size - n + 1 :]
    return total + found.constant


def _at_lag(world: World, evaluation: Evaluation, lag: int) -> Candidate:
    labels = world.labels
    assert labels is not None
    return from_matrix(
        world,
        lambda: confusion_matrix(world.truth, np.roll(labels, lag), world.k),
        lambda: _rolled(world, lag),
        evaluation.claims,
        lag=_signed(lag, world.n),
    )


def _can_be_moved(claims: list[Claim], world: World) -> bool:
    """Whether any order of the answers can print these: their margins stay as they are.

    Recall, precision and F1 of a class each bound its right rows; a whole number must be left.
    """
    truth, given = world.matrix.sum(1), world.matrix.sum(0)
    low, high = np.zeros(world.k), np.minimum(truth, given)[: world.k]
    for claim in claims:
        k = _class_of(claim, world)
        if k is None or claim.metric not in ("precision", "recall", "f1"):
            continue
        below = {"precision": given[k], "recall": truth[k], "f1": (truth[k] + given[k]) / 2}
        least, most = (limit * below[claim.metric] for limit in digits.interval(claim.value))
        low[k], high[k] = max(low[k], np.ceil(least - 1e-6)), min(high[k], np.floor(most + 1e-6))
    if (low > high).any():
        return False
    shares = [digits.interval(c.value) for c in claims if c.metric == "accuracy"]
    return all(low.sum() <= b * world.n + 1e-6 and high.sum() >= a * world.n for a, b in shares)


def _class_of(claim: Claim, world: World) -> int | None:
    if claim.per_class in world.classes:
        return world.classes.index(claim.per_class)
    return world.positive if claim.per_class is None and claim.average == "binary" else None


def _natural_lags(world: World, evaluation: Evaluation) -> Iterator[Candidate]:
    """Numbers that hits do not say: the lags with a reason, one by one."""
    lags = _natural(world.n).tolist() if world.n <= MOST_TURNED else []
    for lag in lags:
        yield replace(_at_lag(world, evaluation, lag), tried=len(lags))


def _natural(n: int) -> NDArray[np.int64]:
    """Lags with a reason, modulo n: a few rows, and a few batches, either way."""
    few = [*range(1, 11), *(size * j for size in (8, 16, 32, 64, 128, 256) for j in (1, 2, 3, 4))]
    return np.unique([lag % n for one in few if one < n for lag in (one, -one)]).astype(np.int64)


def _signed(lag: int, n: int) -> int:
    return lag if lag <= n // 2 else lag - n


def _rolled(world: World, lag: int) -> World:
    def turned(part: Any) -> Any:
        return None if part is None else np.roll(part, lag, axis=0)

    scores, ranking = turned(world.scores), world.ranking
    if ranking is not None:
        ranking = ranking.of_rows(scores, np.arange(-lag, world.n - lag) % world.n)
    return changed(
        world,
        labels=turned(world.labels),
        scores=scores,
        values=turned(world.values),
        ranking=ranking,
    )


def _by_lag(world: World) -> Margins:
    """Margins under every lag from 1 on: right rows by class, or in sum where that is too large.

    Truth and answers keep their own counts, so that right rows say all but single cells.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    n, k = world.n, world.k
    apart = n * k <= MOST_CELLS
    hits = np.zeros((k if apart else 1, n - 1), dtype=np.int32)
    size = next_fast_len(2 * n, real=True)
    assert world.labels is not None
    for c in range(k):
        truth, given = (world.truth == c).astype(np.float64), (world.labels == c).astype(np.float64)
        if not truth.any() or not given.any():
            continue
        product = rfft(truth, size) * np.conj(rfft(given, size))
        linear = irfft(product, size)
        cyclic = linear[1:n] + linear[size - n + 1 :]
        hits[c if apart else 0] += np.round(cyclic).astype(np.int32)
    truth, given = world.matrix.sum(1)[:k], world.matrix.sum(0)[:k]
    wide = (n - 1, k)
    return Margins(
        hits.T, np.broadcast_to(truth, wide), np.broadcast_to(given, wide), np.full(n - 1, n)
    )


def _shifted_values(world: World, evaluation: Evaluation) -> Iterator[Candidate]:
    """Regression: the squared error of every lag from one correlation."""
    claims = [c for c in evaluation.claims if c.metric in ("mse", "rmse", "r2")]
    if world.values is None or world.truth.ndim != 1 or world.n < 4 or not claims:
        return
    from scipy.fft import irfft, next_fast_len, rfft

    n = world.n
    truth = np.asarray(world.truth, dtype=np.float64)
    given = np.asarray(world.values, dtype=np.float64).reshape(n)
    size = next_fast_len(2 * n)
    centre = truth.mean()
    a, b = truth - centre, given - centre
    linear = irfft(rfft(a, size) * np.conj(rfft(b, size)), size)
    cross = linear[:n].copy()
    cross[1:] += linear[size - n + 1 :]
    mse = np.maximum((a @ a + b @ b - 2 * cross) / n, 0.0)
    mse[0] = np.nan
    ways = {"mse": mse, "rmse": np.sqrt(mse), "r2": 1 - mse / max(a @ a / n, 1e-300)}
    values, natural = np.array([ways[c.metric] for c in claims]), _natural(n)
    few = swept(values[:, natural], claims)
    if len(few.fitting):
        sweep = replace(few, fitting=natural[few.fitting])
    else:
        sweep = swept(values, claims)
    chosen = sweep.fitting[:MOST_LAGS].tolist() or [sweep.nearest]
    for lag in chosen:
        if lag:
            candidate = under(_rolled(world, lag), evaluation.claims, lag=_signed(lag, n))
            yield replace(candidate, tried=max(2, sweep.tried))


HYPOTHESES = [
    Hypothesis(
        "prediction-offset",
        "The answers are those of the rows a fixed number of places away.",
        "row i has the answer of row i - lag, round the end; every lag is tried",
        "Rewind the generator before predicting, and do not let workers prefetch from one that is "
        "in use.",
        _offset,
        wrong="model.evaluate(gen); y_pred = model.predict(gen)   # goes on where it stood",
        right="gen.reset(); y_pred = model.predict(gen)",
        source="keras#9464",
        free=True,
        cost=1,
        contained_in=("shuffled-alignment",),
    ),
]
