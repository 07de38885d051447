"""The most that could be found of a planted fault: the power of tests that know the truth.

``python -m benchmarks.oracles`` prints it for the cases of stated power. A case below 95 % says
nothing against a diagnostic that misses it as often as the oracle does.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks.faults import harness
from reportgen.diagnostics.calibration import CalibrationSettings
from reportgen.evidence import Case
from reportgen.statistics import recalibration

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
DRAWS = 20_000


def temperature_power(
    draw: Callable[[np.random.Generator], Case], name: str, draws: int, first: int = 5000
) -> tuple[float, float]:
    """Power of the likelihood ratio of the true temperature against none (Neyman, Pearson 1933).

    The true temperature is that which suits all draws together, which no single audit can know.
    The test has the level of the diagnostic, and its null is simulated, so that no other test of
    one sample beats it against this temperature.

    Returns
    -------
    the temperature, and the share of draws in which it is found.
    """
    samples = []
    for seed in range(first, first + draws):
        case = draw(harness.generator("oracle", name, seed))
        scores = np.asarray(case.predict("test").scores, dtype=np.float64)
        samples.append((recalibration.logits_of(scores), np.asarray(case.split("test").y)))
    z, y = (np.concatenate([s[k] for s in samples]) for k in (0, 1))
    temperature = recalibration.fit(z, y).temperature
    rng = np.random.default_rng(first)
    level = CalibrationSettings().alpha
    p_values = [_p_value(z, y, temperature, rng) for z, y in samples]
    return temperature, float(np.mean(np.asarray(p_values) <= level))


def _p_value(z: Floats, y: Codes, temperature: float, rng: np.random.Generator) -> float:
    said = recalibration.log_softmax(z)
    gain = recalibration.log_softmax(z / temperature) - said
    rows = np.arange(len(y))
    cumulative = np.exp(said).cumsum(axis=1)[:, :-1]
    seen = float(gain[rows, y].sum())
    beyond = 0
    for _ in range(0, DRAWS, 200):
        drawn = (rng.random((200, len(y), 1)) > cumulative).sum(axis=2)
        beyond += int(np.sum(gain[rows, drawn].sum(axis=1) >= seen - 1e-12))
    return (beyond + 1) / (DRAWS + 1)


def cause_or_effect_power(rows: int, draws: int, level: float = 0.01, share: float = 0.2) -> float:
    """Power of the most powerful test that the columns of ``customers`` cause their target.

    A column known too late is an effect of the target among its causes, while honest columns may
    all be effects. Given the target the late column is independent of the others either way, so
    that the others alone decide: likelihood ratio of P(y | x) against the product of the P(y | x_j)
    that effects would have, all of them known, at ``level``.
    """
    rng = np.random.default_rng(5)
    n = 400_000
    parts = np.stack([  # of the signal: age, income, tenure, plan
        0.36 * rng.standard_normal(n), 0.3 * rng.standard_normal(n),
        -0.035 * (rng.integers(0, 73, n) - 36), 0.9 * (rng.random(n) < 0.5),
    ])  # fmt: skip
    whole = parts.sum(axis=0)
    latent = whole + rng.logistic(size=n)
    cut = float(np.quantile(latent, 1 - share))
    y = latent > cut
    alone = []
    for part in parts:
        grid = np.linspace(part.min(), part.max(), 60)
        rest = (whole - part)[:20_000]
        alone.append((grid, np.array([expit(v + rest - cut).mean() for v in grid])))

    def ratio(x: Floats, y: NDArray[np.bool_]) -> float:
        def gain(p: Floats) -> Floats:
            found: Floats = np.where(y, np.log(p / share), np.log((1 - p) / (1 - share)))
            return found

        total = gain(expit(x.sum(axis=0) - cut))
        for part, table in zip(x, alone, strict=True):
            total = total - gain(np.interp(part, *table))
        return float(total.sum())

    by_class = [np.flatnonzero(~y), np.flatnonzero(y)]
    causes, effects = [], []
    for _ in range(draws):
        at = rng.integers(0, n, rows)
        causes.append(ratio(parts[:, at], y[at]))
        drawn = rng.random(rows) < share
        x = np.stack([
            np.where(drawn, *(part[rng.choice(by_class[k], rows)] for k in (1, 0)))
            for part in parts
        ])  # fmt: skip
        effects.append(ratio(x, drawn))
    return float(np.mean(np.array(causes) > np.quantile(effects, 1 - level)))


def main() -> None:
    for n in (2000, 10_000):
        power = cause_or_effect_power(n, 2000)
        print(f"a call's duration among unrelated columns, {n:,} rows: {power:.0%}", flush=True)
    for case in harness.discovered()["calibration"][0]:
        if case.power is not None:
            temperature, power = temperature_power(case.draw, case.name, 100)
            print(f"{case.name}: temperature {temperature:.2f}, found in {power:.0%}", flush=True)


if __name__ == "__main__":
    main()
