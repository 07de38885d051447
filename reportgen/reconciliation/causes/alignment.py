"""Causes in which answers met the truth of other rows, or changed places with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from reportgen.job.claims import Claim
from reportgen.reconciliation import digits, other_matrices, permuted
from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import (
    Candidate,
    Hypothesis,
    declared,
    instead,
    kind_of,
)
from reportgen.reconciliation.quantities import OF_SCORES, of_labels, possible
from reportgen.reconciliation.row_losses import detailed, rule_of
from reportgen.reconciliation.sweeps import known, of_label_claims
from reportgen.reconciliation.world import Floats, World

#: Simulated evaluations of shuffled rows: of counts, and of scores, which cost a sort each.
COUNT_DRAWS, SCORE_DRAWS = 2000, 60
#: All numbers of an evaluation lie in their ranges with 99 %: each in one of 1 - OUTSIDE / numbers.
OUTSIDE = 0.01
#: Normal ranges are widened for a spread that is told from SCORE_DRAWS draws.
WIDER = 1.15


def _shuffled(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    world = detailed(evidence, evaluation.split)
    if world.n < 20:
        return
    counted = [c for c in evaluation.claims if of_labels(c) and not c.weighted]
    ranges: dict[Claim, tuple[float, float]] = {}
    middles: dict[Claim, float] = {}
    exactly = sharpest = 1.0
    each = OUTSIDE / len({kind_of(c) for c in evaluation.claims})
    wide = NormalDist().inv_cdf(1 - each / 2)
    simple = world.labels is not None and world.truth.ndim == 1
    if simple and counted:
        matrices = world.keep("shuffled matrices", lambda: _independent(world.matrix))
        drawn = of_label_claims(counted, matrices, world)
        exactly *= _density(counted, drawn)
        for claim, row in zip(counted, drawn, strict=True):
            if np.isfinite(row).all():
                low, high = np.quantile(row, (each / 2, 1 - each / 2)).tolist()
                ranges[claim] = (low, high)
                middles[claim] = float(row.mean())
    refuted = any(not c.running and not _inside(c, ranges[c]) for c in counted if c in ranges)
    others = [] if refuted else [c for c in evaluation.claims if c not in ranges]
    for claim in sorted(others, key=_costly):
        found = _over_orders(world, claim, others)
        if found is not None:
            middle, spread, told = found
            ranges[claim] = (middle - told * wide * spread, middle + told * wide * spread)
            middles[claim] = middle
            if spread > 0:
                peak = digits.width(claim.value) / (spread * other_matrices.ROOT_TAU)
                sharpest = min(sharpest, peak)
            if not claim.running and not _inside(claim, ranges[claim]):
                break  # refuted: what costs more need not be drawn
    exactly *= sharpest  # of numbers of scores one counts: they go together
    if ranges:
        yield Candidate(
            tuple(middles.get(c) for c in evaluation.claims),
            {"draws": COUNT_DRAWS},
            ranges=tuple(ranges.get(c) for c in evaluation.claims),
            exactly=exactly,
            claims=evaluation.claims,
        )


def _over_orders(
    world: World, claim: Claim, among: list[Claim]
) -> tuple[float, float, float] | None:
    """Mean and spread over orders of the truth, and how much wider a range is for being drawn."""
    exact = _exactly(world, claim)
    if exact is not None:
        return (*exact, 1.0)
    row = _drawn(world, claim, [c for c in among if _exactly(world, c) is None])
    if not np.isfinite(row).all() or len(row) < 2:
        return None
    return float(row.mean()), float(row.std(ddof=1)), WIDER


def _exactly(world: World, claim: Claim) -> tuple[float, float] | None:
    found: tuple[float, float] | None = world.keep(
        ("over orders", kind_of(claim)), lambda: permuted.moments(claim, world)
    )
    return found


def _inside(claim: Claim, limits: tuple[float, float]) -> bool:
    room = digits.width(claim.value) / 2
    return limits[0] - room <= float(claim.value) <= limits[1] + room


def _density(claims: list[Claim], drawn: Floats) -> float:
    """About the probability that shuffled answers print just these digits."""
    told, kept = known(drawn, claims)
    if not kept:
        return 1.0
    rooms = [max(digits.width(c.value), _step(row)) for c, row in zip(kept, told, strict=True)]
    logs, _ = other_matrices.conditional(told, np.array(rooms))
    return float(np.exp(-logs))


def _step(row: Floats) -> float:
    """The least difference of two values."""
    apart = np.diff(np.unique(row))
    apart = apart[apart > 1e-12]
    return float(apart.min()) if len(apart) else 0.0


def _costly(claim: Claim) -> int:
    return 2 if claim.metric in OF_SCORES else int(of_labels(claim) or claim.metric == "loss")


def _independent(matrix: Floats) -> Floats:
    """Matrices of answers in a random order: both margins are kept, (draws, R, R)."""
    rng = np.random.default_rng(22)
    rows, left = matrix.sum(1).astype(np.int64), matrix.sum(0).astype(np.int64)
    draws = COUNT_DRAWS if len(matrix) <= 50 else COUNT_DRAWS // 10
    drawn = np.zeros((draws, *matrix.shape))
    remaining = np.tile(left, (draws, 1))
    for i, size in enumerate(rows):
        # One row of the matrix: how many of each answer are among `size` of those that remain.
        wanted, pool = np.full(draws, size), remaining.sum(1)
        for j in range(len(left)):
            pool = pool - remaining[:, j]
            drawn[:, i, j] = rng.hypergeometric(remaining[:, j], pool, wanted)
            wanted = wanted - drawn[:, i, j].astype(np.int64)
        remaining = remaining - drawn[:, i].astype(np.int64)
    return drawn


def _drawn(world: World, claim: Claim, among: list[Claim]) -> Floats:
    """A number over shuffles of the truth, drawn with all others that cost as much."""
    kept: dict[object, Floats] = world.keep("numbers of shuffles", dict)
    if kind_of(claim) not in kept:
        alike = {kind_of(c): c for c in among if _costly(c) == _costly(claim)}
        kept |= _of_draws(world, {k: c for k, c in alike.items() if k not in kept})
    return kept[kind_of(claim)]


def _of_draws(world: World, claims: dict[tuple[object, ...], Claim]) -> dict[object, Floats]:
    """Numbers over shuffles of the truth, the same ones whatever is asked."""
    rng = np.random.default_rng(23)
    draws = SCORE_DRAWS if world.n <= 200_000 else SCORE_DRAWS // 4
    found: dict[object, Floats] = {kind: np.full(draws, np.nan) for kind in claims}
    rule = rule_of(world)
    for d in range(draws):
        other = replace(world, truth=world.truth[rng.permutation(world.n)], loss=None)
        for kind, claim in claims.items():
            if claim.metric != "loss":
                value = possible(claim, other)
            else:
                value = None if rule is None else float(rule(other).mean())
            found[kind][d] = np.nan if value is None else value
    return found


def _broadcast(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """Every answer compared with every truth, (n, 1) against (n,)."""
    (claim,) = evaluation.claims
    world = evidence.world(evaluation.split)
    value = world.keep(("over pairs", kind_of(claim)), lambda: _over_pairs(claim, world))
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
    kept: dict[object, float | None] = {}
    for claim in evaluation.claims:
        kind = kind_of(claim)
        if kind not in kept:
            same = of_labels(claim) or world.task == "regression"
            kept[kind] = possible(claim, other) if same else declared(evidence, claim)
    said = tuple(kept[kind_of(c)] for c in evaluation.claims)
    yield Candidate(said, {"arguments": "exchanged"}, world=other)


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
