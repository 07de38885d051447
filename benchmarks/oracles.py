"""The most that could be found of a planted fault: the power of tests that know the truth.

``python -m benchmarks.oracles`` prints it for the cases of stated power. A case below 95 % says
nothing against a diagnostic that misses it as often as the oracle does.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

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


def main() -> None:
    for case in harness.discovered()["calibration"][0]:
        if case.power is not None:
            temperature, power = temperature_power(case.draw, case.name, 100)
            print(f"{case.name}: temperature {temperature:.2f}, found in {power:.0%}", flush=True)


if __name__ == "__main__":
    main()
