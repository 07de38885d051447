"""Rows on which a metric is held to its reference: the model's own, and what is made of them.

A probe is judged where every legitimate implementation must agree. What conventions differ on (one
class absent, one row, ties) is asked too, and told, and never judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from reportgen.diagnostics.metrics.rows import Floats, Rows

OWN_ROWS = 2000  # of the model's own answers that a metric is asked about
PROBE_ROWS = 240
REPEATS = 8  # of each row, for what shrinks with their number
MOST_OF_HUNDRED = 30  # classes whose scores are hundredths
NEAR = 1e-5  # of a threshold, where float32 may say otherwise


@dataclass(frozen=True)
class Probe:
    """``name`` is a word for series, ``words`` how a sentence speaks of it."""

    name: str
    words: str
    rows: Rows


def own(rows: Rows, thresholds: tuple[float, ...], rng: np.random.Generator) -> Rows:
    """The model's own answers, at most ``OWN_ROWS``, none on a threshold, in float32."""
    p = rows.p.astype(np.float32).astype(np.float64)
    y = rows.y
    if rows.task == "regression":
        y = y.astype(np.float32).astype(np.float64)
    rows = replace(rows, y=y, p=p)
    if rows.task in ("binary", "multilabel"):
        clear = np.ones(rows.p.shape, dtype=bool)
        for t in thresholds:
            clear &= np.abs(rows.p - t) > NEAR
        keep = clear.all(axis=1) if clear.ndim == 2 else clear
        if keep.sum() >= 2:
            rows = rows.take(keep)
    if rows.n > OWN_ROWS:
        rows = rows.take(np.sort(rng.choice(rows.n, OWN_ROWS, replace=False)))
    return rows


SHIFTED = ("r2", "mse", "rmse", "mae", "median_ae", "max_error", "explained_variance", "pearson")
FAR = 300.0  # standard deviations from zero, beyond which float32 loses what is measured
CLIPPED = 1e-6  # of certainty, where logarithms are cut by every library at another place


def fit_for(of: Rows, family: str | None) -> Rows:
    """The rows on which implementations of a family must agree.

    Certain answers are cut alike, targets near zero left out of what divides by them, and targets
    far from zero moved there for what does not change with that.
    """
    if family == "log_loss" and (of.task != "multiclass" or of.p.ndim == 2):
        return replace(of, p=_float32(np.clip(of.p, CLIPPED, 1 - CLIPPED)))
    if of.task != "regression":
        return of
    if family in ("mape", "smape"):
        size = np.abs(of.y).reshape(of.n, -1).min(axis=1)
        kept = size > 1e-3 * np.abs(of.y).mean()
        return of.take(kept) if kept.any() else of
    middle, spread = float(of.y.mean()), float(of.y.std())
    if family in SHIFTED and spread > 0 and abs(middle) > FAR * spread:
        return replace(of, y=_float32(of.y - middle), p=_float32(of.p - middle))
    return of


def judged(of: Rows, rng: np.random.Generator) -> list[Probe]:
    """The own rows first, then what is made of them."""
    found = [Probe("own", "the model's own answers", of)]
    sample = of if of.n <= PROBE_ROWS else of.take(np.sort(rng.choice(of.n, PROBE_ROWS, False)))
    sample = _with_all_classes(sample, rng)
    sample, permuted = _two_orders(sample, rng)
    found.append(Probe("sample", f"{sample.n} of them", sample))
    found.append(Probe("permuted", "the same rows in another order", permuted))
    if of.task == "regression":
        found += _numbers(sample, rng)
    else:
        found += _classes(sample, rng)
    return found


def _two_orders(rows: Rows, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Orders that begin and end with rows of other kinds: a row left out there is noticed."""
    order, other = rng.permutation(rows.n), rng.permutation(rows.n)
    if rows.task == "binary":
        hits = np.flatnonzero((rows.y == 1) & (rows.labels() == 1))
        rest = np.flatnonzero((rows.y == 0) & (rows.labels() == 0))
        if len(hits) and len(rest):
            order = _ends(order, int(hits[0]), int(rest[0]))
            other = _ends(other, int(rest[0]), int(hits[0]))
    return rows.take(order), rows.take(other)


def _ends(order: np.ndarray, first: int, last: int) -> np.ndarray:
    middle = order[(order != first) & (order != last)]
    return np.concatenate([[first], middle, [last]])


def _with_all_classes(rows: Rows, rng: np.random.Generator) -> Rows:
    """Rows in which each class stands, and is given, at least once: so that means are defined."""
    if rows.task == "regression":
        return rows
    if rows.task == "multilabel":
        extra = rng.integers(0, 2, (24, rows.k))
        p = _float32(np.where(extra == 1, 0.8, 0.2) + 0.19 * (rng.random(extra.shape) - 0.5))
        wrong = rng.random(extra.shape) < 0.3
        y = np.where(wrong, 1 - extra, extra)
    else:
        codes = np.repeat(np.arange(rows.k), 3)
        shift = np.where(np.arange(len(codes)) % 3 == 2, 1, 0)
        y = (codes + shift) % rows.k
        p = _scores_for(codes, rows, rng)
    return replace(rows, y=np.concatenate([rows.y, y]), p=np.concatenate([rows.p, p]))


def _scores_for(codes: np.ndarray, rows: Rows, rng: np.random.Generator) -> Floats:
    """Outputs whose labels are ``codes``, in the form of ``rows.p``."""
    if not rows.scored:
        return codes.astype(np.float64)
    if rows.task == "binary":
        sure = rng.uniform(0.05, 0.45, len(codes))
        t = rows.threshold
        return _float32(np.where(codes == 1, t + (1 - t) * (0.1 + sure), t * (0.1 + 2 * sure)))
    p = rng.random((len(codes), rows.k)) + 0.05
    p[np.arange(len(codes)), codes] += 1.1
    return _float32(p / p.sum(axis=1, keepdims=True))


def _float32(p: Floats) -> Floats:
    return np.asarray(p, np.float32).astype(np.float64)


def _classes(of: Rows, rng: np.random.Generator) -> Iterator[Probe]:
    noisy = rng.random(of.y.shape) < 0.25
    if of.task == "multilabel" or of.task == "binary":
        y = np.where(noisy, 1 - of.y, of.y)
    else:
        y = np.where(noisy, rng.integers(0, of.k, of.y.shape), of.y)
    yield Probe("relabelled", "a quarter of the labels changed", replace(of, y=y))
    if not of.scored:
        wrong = rng.integers(0, of.k, of.p.shape).astype(np.float64)
        yield Probe("random", "labels given at random", replace(of, p=np.where(noisy, of.p, wrong)))
        return
    yield Probe("moved", "scores moved across the threshold", replace(of, p=_moved(of, rng)))
    uniform = rng.random(of.p.shape)
    if of.task == "multiclass":
        uniform = uniform / uniform.sum(axis=1, keepdims=True)
    uniform = _float32(_clear(uniform, of.threshold))
    yield Probe("random", "scores drawn at random", replace(of, p=uniform))
    if of.task == "binary":
        flipped = _float32(_clear(1 - of.p, of.threshold))
        yield Probe("flipped", "both classes exchanged", replace(of, y=1 - of.y, p=flipped))
        yield Probe("inverted", "scores inverted", replace(of, p=flipped))
    mixed = replace(of, p=_float32(_perfect(of, rng)))
    yield Probe("perfect", "perfect answers", mixed)


def _moved(of: Rows, rng: np.random.Generator) -> Floats:
    if of.task == "multiclass":
        shifted = np.maximum(of.p, 1e-6) * rng.uniform(0.3, 3.0, of.p.shape[1])
        return _float32(shifted / shifted.sum(axis=1, keepdims=True))
    p = np.clip(of.p, 1e-6, 1 - 1e-6)
    at = float(np.clip(np.quantile(p, 0.35), 0.01, 0.99))
    odds = np.log(p / (1 - p)) - np.log(at / (1 - at))
    return _float32(_clear(1 / (1 + np.exp(-odds)), of.threshold))


def _perfect(of: Rows, rng: np.random.Generator) -> Floats:
    if of.task == "multiclass":
        p = rng.random(of.p.shape) + 0.05
        p[np.arange(of.n), of.y] += 1.2
        return np.asarray(p / p.sum(axis=1, keepdims=True))
    t = of.threshold
    spread = rng.uniform(0.1, 0.9, of.p.shape)
    return np.asarray(np.where(of.y == 1, t + (1 - t) * spread, t * (1 - spread)))


def _clear(p: Floats, t: float) -> Floats:
    """No score on the threshold or on one half."""
    for limit in (t, 0.5):
        p = np.where(np.abs(p - limit) <= 10 * NEAR, limit + 1e-3, p)
    return p


def _numbers(of: Rows, rng: np.random.Generator) -> Iterator[Probe]:
    """Answers that miss by noise, by a constant, by a factor; all of the targets' sign."""
    scale = float(np.std(of.y)) or float(np.abs(of.y).mean()) or 1.0
    noise = rng.normal(size=of.p.shape) * scale
    yield Probe("noisy", "answers with noise", replace(of, p=_float32(of.p + 0.5 * noise)))
    yield Probe("offset", "answers off by a constant", replace(of, p=_float32(of.p + 0.7 * scale)))
    shrunk = of.p.mean() + 0.4 * (of.p - of.p.mean()) + 0.05 * noise
    yield Probe("shrunk", "answers drawn to the middle", replace(of, p=_float32(shrunk)))
    y = _float32(np.exp(0.6 * rng.normal(size=of.y.shape)) + 0.2)
    p = _float32(y * np.exp(0.3 * rng.normal(size=of.y.shape)))
    yield Probe("positive", "positive numbers", replace(of, y=y, p=p))


def repeated(of: Rows) -> Rows:
    """Each row eight times: constants beside sums then count an eighth."""
    at = np.tile(np.arange(of.n), REPEATS)
    return of.take(at)


def spaced(of: Rows, rng: np.random.Generator) -> Rows:
    """Rows whose scores a grid of 200 thresholds tells apart.

    Forty, a fortieth apart; of several classes they are whole hundredths, so that they add up to 1,
    and ties are ties to everybody.
    """
    n = 40
    steps = (np.argsort(np.argsort(rng.random(n))) + 0.5) / n
    if of.task == "binary":
        y = np.asarray(rng.random(n) < 0.35 + 0.3 * steps, np.int64)
        y[:2] = (0, 1)
        return replace(of, y=y, p=_float32(_clear(steps, of.threshold)))
    if of.task == "multiclass" and of.k <= MOST_OF_HUNDRED:
        n = max(n, 2 * of.k)
        y = np.arange(n) % of.k
        parts = rng.dirichlet(np.full(of.k, 0.7), n)
        parts[np.arange(n), y] += 0.3 * rng.random(n)
        shared = [rng.multinomial(100 - of.k, p / p.sum()) for p in parts]
        return replace(of, y=y, p=_float32((1 + np.array(shared)) / 100))
    columns = np.column_stack([rng.permutation(steps) for _ in range(of.k)])
    if of.task == "multilabel":
        y = np.asarray(rng.random(columns.shape) < 0.4, np.int64)
        y[:2] = [[0] * of.k, [1] * of.k]
        return replace(of, y=y, p=_float32(_clear(columns, of.threshold)))
    y = np.arange(n) % of.k
    return replace(of, y=y, p=_float32(columns / columns.sum(axis=1, keepdims=True)))


def edges(of: Rows) -> list[Probe]:
    """What conventions differ on: told, never judged."""
    if of.task == "regression":
        return [Probe("one-row", "a single row", of.take(slice(0, 1))),
                Probe("constant", "a target that does not vary",
                      replace(of, y=np.full_like(of.y, of.y.flat[0])))]  # fmt: skip
    found = []
    for code, words in ((0, "no positive row"), (1, "no negative row")):
        if of.task == "binary" and (of.y == code).any():
            found.append(Probe(f"only-{code}", words, of.take(of.y == code)))
    if of.task == "multiclass":
        found.append(Probe("one-class", "rows of one class", of.take(of.y == of.y[0])))
    if of.task == "multilabel":
        found.append(Probe("no-label", "no label at all", replace(of, y=np.zeros_like(of.y))))
    found.append(Probe("one-row", "a single row", of.take(slice(0, 1))))
    return found
