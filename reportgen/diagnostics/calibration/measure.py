"""All that calibration measures, before anything is judged."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from reportgen.diagnostics.calibration import CalibrationSettings
from reportgen.diagnostics.calibration.losses import (
    Confirmed,
    Saturation,
    WorstRows,
    confirmed_temperature,
    saturation,
    worst_rows,
)
from reportgen.diagnostics.calibration.reach import Reach, reach
from reportgen.diagnostics.calibration.rows import Rows, judged_split, read_rows
from reportgen.evidence import Case, settings_of
from reportgen.statistics import calibration as cal
from reportgen.statistics import label_errors, recalibration
from reportgen.statistics.corrections import holm
from reportgen.statistics.intervals import Interval, wilson
from reportgen.statistics.losses import FLOOR
from reportgen.statistics.recalibration import Fit, likelihood_ratio

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

FEWEST = 20  # rows, below which nothing is tested
FEWEST_CLUSTERS = 10
MANY_LABELS = 5
NETWORKS = ("keras", "tf_keras", "savedmodel", "python")


@dataclass(frozen=True)
class Explanation:
    """Which one-parameter stories explain the truths, on the judged rows.

    p_temperature, p_noise : p-values of a temperature and of a share of random labels, each given
        class shifts (where K allows), and the former also given the latter.
    temperature, noise : the fitted values, jointly where both are needed.
    noisy : random labels are needed: a temperature is refuted without them, or calibration is
        refuted and they explain that 20 times better than a temperature does (Kass, Raftery 1995).
    noise_alone : they explain the truths better than a temperature, which then adds nothing.
    honest : the recalibrating map without the random labels.
    """

    p_temperature: float
    p_noise: float
    temperature: float
    noise: float
    noisy: bool
    noise_alone: bool
    honest: Fit


@dataclass(frozen=True)
class BaseRates:
    """Mean probability and share of rows of each class, and Holm-adjusted p-values, shape (K,)."""

    foretold: Floats
    came: Floats
    p_values: Floats
    p_after: Floats


@dataclass(frozen=True)
class Ties:
    """Rows whose top two classes are close: the share, how many are exact, and the curve."""

    share: Interval
    exact: int
    gaps: Floats
    curve: Floats


@dataclass(frozen=True)
class Measured:
    """One event's calibration: of the model, or of one label in multilabel tasks."""

    rows: Rows
    effect: float
    bins: cal.Bins
    square: Interval
    parts: cal.Decomposition
    chance: cal.Consistency
    explanation: Explanation | None
    rates: BaseRates
    temperature: Confirmed | None
    worst: WorstRows | None
    saturation: Saturation
    suspects: label_errors.Suspects | None
    reach: Reach | None
    p_value: float = 1.0  # of perfect calibration, over all labels (Holm)

    @property
    def tested(self) -> bool:
        return self.explanation is not None


@dataclass(frozen=True)
class Evidence:
    """What ``examine`` judges: one event, or one a label; near ties are counted over all."""

    split: str
    n_rows: int
    events: tuple[Measured, ...]
    ties: Ties
    scales: tuple[float, str] | None
    penalty: float | None


def measured(case: Case) -> Evidence:
    """Everything, on one thread: the sums are small, and threads of several workers stall there.

    Raises
    ------
    NotApplicable
        as :func:`judged_split` and :func:`read_rows` say.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):
        return _evidence(case, settings_of(case, CalibrationSettings))


def _evidence(case: Case, settings: CalibrationSettings) -> Evidence:
    name = judged_split(case)
    rows = read_rows(case, name)
    other = read_validation(case, name)
    many = len(rows) > MANY_LABELS
    events = [
        _one(case, one, None if other is None else other[k], settings, len(rows), many)
        for k, one in enumerate(rows)
    ]
    adjusted = holm([e.chance.p_value for e in events])
    events = [_with(e, p) for e, p in zip(events, adjusted, strict=True)]
    saturated = any(e.saturation.share >= settings.saturated_share for e in events)
    return Evidence(
        name, case.split(name).n, tuple(events), ties(rows, settings.tie_gap),
        input_scale(case, name) if saturated else None, penalty(case),
    )  # fmt: skip


def read_validation(case: Case, judged: str) -> tuple[Rows, ...] | None:
    """Validation's rows, to fit a temperature on, where test is judged and there are enough."""
    if judged != "test" or "validation" not in case.splits:
        return None
    rows = read_rows(case, "validation")
    return rows if rows[0].n_units >= 50 else None


def _with(event: Measured, p_value: float) -> Measured:
    return replace(event, p_value=float(p_value))


def _one(
    case: Case,
    rows: Rows,
    other: Rows | None,
    settings: CalibrationSettings,
    family: int,
    many: bool,
) -> Measured:
    rng = case.rng(f"consistency {rows.label or ''}")
    p, y = rows.event()
    effect = cal.design_effect(y - p, rows.clusters)
    bins = cal.bins_of(p, y, cal.mass_bins(p), effect)
    draws, cells = (1000, 200) if many else (cal.DRAWS, cal.CELLS)
    chance = cal.consistency(
        p, y, bins, rng, draws=draws, cells=cells, effect=effect, df=rows.df,
        floor=FLOOR if rows.floor is None else rows.floor,
    )  # fmt: skip
    tested = rows.n_units >= (FEWEST if rows.clusters is None else FEWEST_CLUSTERS)
    part = rows.part(recalibration.sample(rows.n, len(rows.classes), rng)) if tested else rows
    alpha = settings.alpha / family
    found = explain(part, effect, alpha, refuted=chance.p_value < alpha) if tested else None
    out_of_sample = rows.split != "train"
    return Measured(
        rows=rows,
        effect=effect,
        bins=bins,
        square=cal.squared_error(bins),
        parts=cal.corp(p, y),
        chance=chance,
        explanation=found,
        rates=base_rates(
            rows, effect, None if found is None else found.honest, rows_of_train(case, rows.split)
        ),
        temperature=confirmed_temperature(rows, other, rng) if tested else None,
        worst=worst_rows(rows, found.honest, effect) if found and rows.n >= 100 else None,
        saturation=saturation(rows),
        suspects=label_errors.suspects(rows.scores, rows.y, np.exp(found.honest.log_scores(rows.z)))
        if found and out_of_sample and rows.n >= 100
        else None,
        reach=reach(part, rows.n, effect, alpha, settings) if tested else None,
    )


def explain(rows: Rows, effect: float, alpha: float, *, refuted: bool) -> Explanation:
    """Fits the stories; see :class:`Explanation`. Log-likelihoods are divided by ``effect``.

    Parameters
    ----------
    refuted : whether the truths are known not to follow the probabilities, so that it is to be
        chosen between stories, not shown that one is needed.
    """
    z, y, k = rows.z, rows.y, len(rows.classes)
    shift = k == 2 or (k <= 20 and rows.n >= 30 * k)

    def fitted(temperature: bool, noise: bool) -> Fit:
        found = recalibration.fit(z, y, temperature=temperature, shift=shift, noise=noise)
        return Fit(
            found.temperature, found.shift, found.noise, found.log_likelihood / effect, found.n
        )

    plain, warm = fitted(False, False), fitted(True, False)
    noisy, both = fitted(False, True), fitted(True, True)
    p_warm = likelihood_ratio(plain, warm)
    p_noise = likelihood_ratio(warm, both, at_bound=True)
    p_warm_given_noise = likelihood_ratio(noisy, both)
    lead = noisy.log_likelihood - warm.log_likelihood
    needed = bool(p_noise < alpha or (refuted and lead > np.log(20)))
    alone = bool(needed and lead > 2 and p_warm_given_noise > alpha)
    chosen = both if needed else warm
    # The map itself has no class shifts: it answers "how sure", not "which class".
    honest = recalibration.fit(z, y, noise=needed)
    return Explanation(p_warm, p_noise, chosen.temperature, chosen.noise, needed, alone, honest)


def rows_of_train(case: Case, judged: str) -> int | None:
    """Rows that the model's base rates were learned from; None where that is not known."""
    train = case.dataset.splits.get("train")
    return None if judged == "train" or train is None or train.n == 0 else train.n


def base_rates(
    rows: Rows, effect: float, honest: Fit | None, n_train: int | None = None
) -> BaseRates:
    """Each class's mean probability against its share, before and after the temperature.

    The rates of ``n_train`` rows are off by chance themselves, by as much as those of n_train
    judged rows: that is no fault of the model, and is allowed for.
    """
    if n_train is not None:
        effect *= 1 + rows.n / n_train
    came = np.bincount(rows.y, minlength=len(rows.classes)) / rows.n
    after = rows.scores
    if honest is not None:
        after = np.exp(honest.log_scores(rows.z))
        after = (1 - honest.noise) * after + honest.noise / len(rows.classes)
    return BaseRates(
        rows.scores.mean(axis=0), came,
        _rate_tests(rows, rows.scores, effect), _rate_tests(rows, after, effect),
    )  # fmt: skip


def _rate_tests(rows: Rows, scores: Floats, effect: float) -> Floats:
    """Holm-adjusted two-sided p-values of sum(y - p) = 0 for each class (Pearson III).

    The variance is the model's own or, where larger, that seen: outputs of 0 and 1 leave no
    room for chance, yet as many wrong one way as the other are no wrong rate.
    """
    k = scores.shape[1]
    count = np.bincount(rows.y, minlength=k)
    spread = scores * (1 - scores)
    seen = (scores**2).sum(axis=0)
    seen += count - 2 * np.bincount(rows.y, scores[np.arange(rows.n), rows.y], minlength=k)
    variance = np.maximum(spread.sum(axis=0), seen)
    third = (spread * (1 - 2 * scores)).sum(axis=0)
    away = count - scores.sum(axis=0)
    out = np.ones(len(count))
    some = variance > 1e-12
    out[~some & (np.abs(away) > 0.5)] = 0.0
    z = away[some] / np.sqrt(variance[some] * effect)
    skew = third[some] / variance[some] ** 1.5
    upper = np.where(z > 0, stats.pearson3.sf(z, skew), stats.pearson3.cdf(z, skew))
    out[some] = np.minimum(1.0, 2 * np.maximum(upper, stats.norm.sf(np.abs(z))))
    # Two classes mirror one another and are one test.
    return np.full(2, out[1]) if len(out) == 2 else holm(out)


def ties(parts: tuple[Rows, ...], near: float) -> Ties:
    """Gaps of all rows (all rows and labels in multilabel tasks)."""
    gaps = np.concatenate([_gaps(rows) for rows in parts])
    count = int(np.sum(gaps < near))
    steps = np.unique(np.r_[np.geomspace(0.001, 1, 31), np.linspace(0.02, 1, 50), near])
    ordered = np.sort(gaps)
    curve = np.searchsorted(ordered, steps, side="left") / len(gaps)
    share = wilson(count, len(gaps))
    return Ties(share, int(np.sum(gaps == 0)), steps, curve)


def _gaps(rows: Rows) -> Floats:
    if rows.binary:
        return np.asarray(2 * np.abs(rows.scores[:, 1] - rows.threshold))
    top = np.partition(rows.scores, rows.scores.shape[1] - 2, axis=1)[:, -2:]
    return np.asarray(top[:, 1] - top[:, 0])


def input_scale(case: Case, name: str) -> tuple[float, str] | None:
    """The largest typical size of a network's input and its column, where it is over 30.

    Trees and such do not mind the scale of their inputs, networks do.
    """
    if case.predictor.framework not in NETWORKS:
        return None
    inputs = case.inputs(name)
    if hasattr(inputs, "to_numpy"):
        inputs = inputs.to_numpy()
    if not isinstance(inputs, np.ndarray) or inputs.dtype.kind not in "iuf" or not len(inputs):
        return None
    flat = inputs.reshape(len(inputs), -1)[:10_000].astype(np.float64)
    flat = np.where(np.isfinite(flat), flat, 0.0)
    typical = np.sqrt(np.mean(flat**2, axis=0))
    largest = int(typical.argmax())
    if typical[largest] < 30:
        return None
    names = case.dataset.features
    matches = len(names) == flat.shape[1] and inputs.ndim == 2
    return float(typical[largest]), names[largest] if matches else f"input {largest}"


def penalty(case: Case) -> float | None:
    """What a Keras model's regularisers add to its printed loss; None where there are none."""
    terms = getattr(case.predictor.model, "losses", None)
    if case.predictor.framework not in ("keras", "tf_keras") or not terms:
        return None
    total = float(sum(float(np.asarray(term)) for term in terms))
    return total if np.isfinite(total) and total > 0 else None
