"""Causes in which answers met the truth of other rows, or changed places with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.job.claims import Claim
from reportgen.reconciliation import chance, digits
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import (
    Candidate,
    Hypothesis,
    declared,
    instead,
    under,
)
from reportgen.reconciliation.quantities import of_labels, possible
from reportgen.reconciliation.row_losses import changed, detailed, rule_of
from reportgen.reconciliation.sweeps import known, of_label_claims, swept
from reportgen.reconciliation.world import Floats, World

#: Simulated evaluations of shuffled rows: of counts, and of scores, which cost a sort each.
COUNT_DRAWS, SCORE_DRAWS = 2000, 60
#: Ranges hold all numbers at once in this share of draws.
HELD = 0.99
#: How much wider they are for a spread that is told from SCORE_DRAWS draws.
WIDER = 1.15
#: Rows times classes that are transformed class by class.
MOST_CELLS = 20_000_000
#: Rows of which every lag with a reason is computed in full.
MOST_TURNED = 100_000
#: Lags whose exact numbers are computed after the screening.
MOST_LAGS = 6


def _shuffled(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    world = detailed(evidence, evaluation.split)
    if world.n < 20:
        return
    rng = np.random.default_rng(22)
    counted = [c for c in evaluation.claims if of_labels(c) and not c.weighted]
    ranges: dict[Claim, tuple[float, float]] = {}
    middles: dict[Claim, float] = {}
    exactly = sharpest = 1.0
    simple = world.labels is not None and world.truth.ndim == 1
    if simple and counted:
        drawn = of_label_claims(counted, _independent(world.matrix, rng), world)
        exactly *= _density(counted, drawn)
        told, kept = known(drawn, counted)
        reach = _reach(told)
        for claim, row in zip(kept, told, strict=True):
            middle, spread = float(row.mean()), float(row.std())
            ranges[claim] = (middle - reach * spread, middle + reach * spread)
            middles[claim] = middle
    others = [c for c in evaluation.claims if c not in ranges]
    if any(not c.running and not _inside(c, ranges[c]) for c in counted if c in ranges):
        others = []  # refuted by what is cheap
    wide = WIDER * NormalDist().inv_cdf(1 - (1 - HELD) / 2 / max(1, len(others)))
    for claim, row in zip(others, _of_draws(world, others, rng), strict=True):
        if np.isfinite(row).all() and len(row) > 1:
            middle, spread = float(row.mean()), float(row.std(ddof=1))
            ranges[claim] = (middle - wide * spread, middle + wide * spread)
            middles[claim] = middle
            if spread > 0:
                peak = digits.width(claim.value) / (spread * chance.ROOT_TAU)
                sharpest = min(sharpest, peak)
    exactly *= sharpest  # of numbers of scores one counts: they go together
    if ranges:
        yield Candidate(
            tuple(middles.get(c) for c in evaluation.claims),
            {"draws": COUNT_DRAWS},
            ranges=tuple(ranges.get(c) for c in evaluation.claims),
            exactly=exactly,
        )


def _inside(claim: Claim, limits: tuple[float, float]) -> bool:
    room = digits.width(claim.value) / 2
    return limits[0] - room <= float(claim.value) <= limits[1] + room


def _reach(drawn: Floats) -> float:
    """Spreads about the mean within which all numbers of a draw lie, in HELD of the draws."""
    if not len(drawn):
        return 0.0
    spread = drawn.std(1, keepdims=True)
    apart = np.abs(drawn - drawn.mean(1, keepdims=True))
    units = np.divide(apart, spread, out=np.zeros_like(drawn), where=spread > 0)
    return float(np.quantile(units.max(0), HELD))


def _density(claims: list[Claim], drawn: Floats) -> float:
    """About the probability that shuffled answers print just these digits."""
    told, kept = known(drawn, claims)
    if not kept:
        return 1.0
    rooms = [max(digits.width(c.value), _step(row)) for c, row in zip(kept, told, strict=True)]
    logs, _ = chance.conditional(told, np.array(rooms))
    return float(np.exp(-logs))


def _step(row: Floats) -> float:
    """The least difference of two values."""
    apart = np.diff(np.unique(row))
    apart = apart[apart > 1e-12]
    return float(apart.min()) if len(apart) else 0.0


def _independent(matrix: Floats, rng: np.random.Generator) -> Floats:
    """Matrices of answers in a random order: both margins are kept, (draws, R, R)."""
    rows, left = matrix.sum(1).astype(np.int64), matrix.sum(0).astype(np.int64)
    draws = COUNT_DRAWS if len(matrix) <= 50 else COUNT_DRAWS // 10
    drawn = np.zeros((draws, *matrix.shape))
    remaining = np.tile(left, (draws, 1))
    for i, size in enumerate(rows):
        if size == 0:
            continue
        for d in range(draws) if len(matrix) > 2 else ():
            drawn[d, i] = rng.multivariate_hypergeometric(remaining[d], size, method="marginals")
        if len(matrix) == 2:
            drawn[:, i, 0] = rng.hypergeometric(remaining[:, 0], remaining[:, 1], size)
            drawn[:, i, 1] = size - drawn[:, i, 0]
        remaining = remaining - drawn[:, i].astype(np.int64)
    return drawn


def _of_draws(world: World, claims: list[Claim], rng: np.random.Generator) -> list[Floats]:
    """Each number over shuffles of the truth."""
    if not claims:
        return []
    draws = SCORE_DRAWS if world.n <= 200_000 else SCORE_DRAWS // 4
    found = np.full((len(claims), draws), np.nan)
    rule = rule_of(world)
    for d in range(draws):
        other = replace(world, truth=world.truth[rng.permutation(world.n)], loss=None)
        for i, claim in enumerate(claims):
            if claim.metric == "loss":
                if rule is not None:
                    found[i, d] = rule(other).mean()
                continue
            value = possible(claim, other)
            found[i, d] = np.nan if value is None else value
    return list(found)


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
    hits = evidence.keep(("hits by lag", evaluation.split), lambda: _hits(world))
    values = _by_lag(claims, hits, world)
    values[:, 0] = np.nan
    told = np.flatnonzero(np.isfinite(values).any(axis=1))
    if not len(told):
        return
    ours = [claims[i] for i in told]
    natural = _natural(world.n)
    few = swept(values[np.ix_(told, natural)], ours)
    if len(few.fitting):
        sweep = replace(few, fitting=natural[few.fitting])
    else:
        sweep = swept(values[told], ours)
    chosen = sweep.fitting[:MOST_LAGS].tolist()
    if not chosen and sweep.nearest:
        chosen = [sweep.nearest]
    for lag in chosen:
        candidate = under(_rolled(world, lag), evaluation.claims, lag=_signed(lag, world.n))
        yield replace(candidate, tried=max(2, sweep.tried))


def _natural_lags(world: World, evaluation: Evaluation) -> Iterator[Candidate]:
    """Numbers that hits do not say: the lags with a reason, one by one."""
    lags = _natural(world.n).tolist() if world.n <= MOST_TURNED else []
    for lag in lags:
        candidate = under(_rolled(world, lag), evaluation.claims, lag=_signed(lag, world.n))
        yield replace(candidate, tried=len(lags))


def _natural(n: int) -> NDArray[np.int64]:
    """Lags with a reason, modulo n: a few rows, and a few batches, either way."""
    few = [*range(1, 11), *(size * j for size in (8, 16, 32, 64, 128, 256) for j in (1, 2, 3, 4))]
    return np.unique([lag % n for one in few if one < n for lag in (one, -one)]).astype(np.int64)


def _signed(lag: int, n: int) -> int:
    return lag if lag <= n // 2 else lag - n


def _rolled(world: World, lag: int) -> World:
    def turned(part: Any) -> Any:
        return None if part is None else np.roll(part, lag, axis=0)

    return changed(
        world,
        labels=turned(world.labels),
        scores=turned(world.scores),
        values=turned(world.values),
    )


def _hits(world: World) -> Floats:
    """Right rows of each class under every lag, (n, K); (n, 1) in sum where that is too large."""
    from scipy.fft import irfft, next_fast_len, rfft

    n, k = world.n, world.k
    apart = n * k <= MOST_CELLS
    found = np.zeros((n, k if apart else 1))
    size = next_fast_len(2 * n)
    assert world.labels is not None
    for c in range(k):
        truth, given = (world.truth == c).astype(np.float64), (world.labels == c).astype(np.float64)
        if not truth.any() or not given.any():
            continue
        product = rfft(truth, size) * np.conj(rfft(given, size))
        linear = irfft(product, size)
        cyclic = linear[:n].copy()
        cyclic[1:] += linear[size - n + 1 :]
        found[:, c if apart else 0] += np.round(cyclic)
    return found


def _by_lag(claims: list[Claim], hits: Floats, world: World) -> Floats:
    """Numbers under every lag, (claims, n): margins do not change, so hits say all but cells."""
    n, k = world.n, world.k
    truth, given = world.matrix.sum(1), world.matrix.sum(0)
    found = np.full((len(claims), n), np.nan)
    for i, claim in enumerate(claims):
        if claim.metric == "accuracy" or claim.average == "micro":
            found[i] = hits.sum(1) / n
        elif claim.metric == "mcc":
            top = hits.sum(1) * n - truth @ given
            under_ = (n**2 - given @ given) * (n**2 - truth @ truth)
            found[i] = top / np.sqrt(under_) if under_ > 0 else 0.0
        elif hits.shape[1] == k and len(truth) == k:
            found[i] = _of_hits(claim, hits, truth, given, world)
    return found


def _of_hits(claim: Claim, hits: Floats, truth: Floats, given: Floats, world: World) -> Any:
    """Precision, recall, F1 and balanced accuracy of many rows of hits, NaN for other numbers."""
    if claim.metric == "balanced_accuracy":
        own = truth > 0
        return (hits[:, own] / truth[own]).mean(1)
    below = {"precision": given, "recall": truth, "f1": (truth + given) / 2}.get(claim.metric)
    if below is None:
        return np.nan
    each = np.divide(hits, below, out=np.zeros_like(hits), where=below > 0)
    if claim.per_class is not None:
        return each[:, world.classes.index(claim.per_class)] if _known(claim, world) else np.nan
    if claim.average == "binary":
        return each[:, world.positive] if world.positive is not None else np.nan
    if claim.average == "weighted":
        return each @ truth / truth.sum()
    if claim.average == "macro":
        present = truth + given > 0
        return each[:, present].mean(1)
    return np.nan


def _known(claim: Claim, world: World) -> bool:
    return claim.per_class in world.classes


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
    sweep = swept(np.array([ways[c.metric] for c in claims]), claims)
    chosen = sweep.fitting[:MOST_LAGS].tolist() or [sweep.nearest]
    for lag in chosen:
        if lag:
            candidate = under(_rolled(world, lag), evaluation.claims, lag=_signed(lag, n))
            yield replace(candidate, tried=max(2, sweep.tried))


def _broadcast(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """Every answer compared with every truth, (n, 1) against (n,)."""
    (claim,) = evaluation.claims
    world = evidence.world(evaluation.split)
    value = _over_pairs(claim, world)
    if value is not None:
        yield instead(evidence, evaluation, {claim: value}, pairs=f"{world.n} x {world.n}")


def _over_pairs(claim: Claim, world: World) -> float | None:
    if world.truth.ndim != 1:
        return None
    if claim.metric == "accuracy" and world.labels is not None:
        truth, given = world.matrix.sum(1), world.matrix.sum(0)
        return float(truth @ given) / world.n**2
    if world.values is not None:
        truth = np.asarray(world.truth, dtype=np.float64)
        given = np.asarray(world.values, dtype=np.float64).reshape(-1)
        square = float(truth.var() + given.var() + (truth.mean() - given.mean()) ** 2)
        if claim.metric in ("mse", "loss"):
            return square
        if claim.metric == "rmse":
            return float(np.sqrt(square))
        if claim.metric == "r2" and truth.var() > 0:
            return 1 - world.n * square / float(truth.var())
        if claim.metric == "mae":
            return _mean_distance(truth, given)
        return None
    if claim.metric in ("loss", "log_loss", "brier") and world.task == "binary":
        p = world.scores
        if p is None:
            return None
        share = float((world.truth == 1).mean())
        if claim.metric == "brier":
            return float(np.mean(share * (p - 1) ** 2 + (1 - share) * p**2))
        kept = np.clip(p, 1e-7, 1 - 1e-7)
        return float(-np.mean(share * np.log(kept) + (1 - share) * np.log(1 - kept)))
    return None


def _mean_distance(a: Floats, b: Floats) -> float:
    """Mean of |a_i - b_j| over all pairs."""
    ordered = np.sort(b)
    sums = np.r_[0.0, np.cumsum(ordered)]
    below = np.searchsorted(ordered, a)
    n = len(b)
    total = a * below - sums[below] + (sums[-1] - sums[below]) - a * (n - below)
    return float(total.mean() / n)


def _swapped(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """Truth and answers in each other's place."""
    world = evidence.world(evaluation.split)
    if world.task == "regression":
        if world.values is None:
            return
        values = np.asarray(world.values).reshape(np.shape(world.truth))
        other = replace(world, truth=values, values=world.truth)
    else:
        if world.labels is None:
            return
        other = replace(world, truth=world.labels, labels=world.truth)
    kept = {
        c: possible(c, other)
        if of_labels(c) or world.task == "regression"
        else declared(evidence, c)
        for c in evaluation.claims
    }
    yield Candidate(
        tuple(kept[c] for c in evaluation.claims), {"arguments": "exchanged"}, world=other
    )


HYPOTHESES = [
    Hypothesis(
        "shuffled-alignment",
        "Answers and labels were in different orders, as from a loader that shuffles.",
        "answers independent of the truth: accuracy ≈ Σ πₖqₖ, every number within its simulated "
        "99 % range",
        "Evaluate on pairs: take labels and inputs from the same pass, or turn shuffling off.",
        _shuffled,
        wrong="y_pred = model.predict(loader); y_true = np.concatenate([y for _, y in loader])",
        right="pairs = [(model(x), y) for x, y in loader]",
        source="keras#9464",
        cost=1,
    ),
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
    Hypothesis(
        "broadcast-shape",
        "Answers of shape (n, 1) met labels of shape (n,): every answer was compared with every "
        "label.",
        "the mean over n × n pairs: accuracy = qπ + (1 - q)(1 - π)",
        "Bring both to one shape before comparing: `y_pred.ravel()`.",
        _broadcast,
        wrong="np.mean(model.predict(X).round() == y)   # (n, 1) == (n,) is (n, n)",
        right="np.mean(model.predict(X).round().ravel() == y)",
        source="NumPy, broadcasting",
        scope="number",
    ),
    Hypothesis(
        "swapped-arguments",
        "Labels and predictions were given in each other's place.",
        "metric(y_pred, y_true): precision and recall exchanged, supports are the counts of the "
        "predictions, the matrix is transposed",
        "Name the arguments: `f1_score(y_true=…, y_pred=…)`.",
        _swapped,
        wrong="classification_report(y_pred, y_true)",
        right="classification_report(y_true, y_pred)",
        source="scikit-learn: metrics take y_true first",
    ),
]
