"""Is the delivered model one of its recipe? Prediction bounds around the members' scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reportgen.diagnostics.seed_ensemble.declared import SeedEnsembleSettings
from reportgen.diagnostics.seed_ensemble.measure import Spread
from reportgen.statistics.future_draws import best_bound, one_more, smallest_best_of

Place = Literal["inside", "lucky", "too good", "too bad"]


@dataclass(frozen=True)
class Luck:
    """Where the delivered model stands, in units of the metric, better being up.

    ``upper`` is the bound of lucky-seed, ``lower`` that of a model worse than its recipe,
    ``reach`` what the best of many seeds attains; all as distances from the mean. ``least`` is
    the smallest gap worth a word.
    """

    lead: float
    upper: float
    lower: float
    reach: float
    least: float
    members: int
    found_from: int | None

    @property
    def place(self) -> Place:
        if abs(self.lead) < self.least:
            return "inside"
        if self.lead > self.reach:
            return "too good"
        if self.lead > self.upper:
            return "lucky"
        return "too bad" if self.lead < -self.lower else "inside"

    @property
    def smallest(self) -> float:
        """Smallest lead over the recipe's mean that would be told."""
        return max(self.upper, self.least)


def luck(spread: Spread, settings: SeedEnsembleSettings) -> Luck:
    """Bounds at the settings' error rates, from the members of a spread."""
    n = len(spread.values)
    upper = one_more(n, 1 - settings.lucky_alpha) * spread.sd
    return Luck(
        lead=spread.lead,
        upper=upper,
        lower=one_more(n, 1 - settings.reproduce_alpha) * spread.sd,
        reach=max(upper, best_bound(n, settings.best_of) * spread.sd),
        least=settings.least_gap * spread.scale,
        members=n,
        found_from=smallest_best_of(n, level=1 - settings.lucky_alpha),
    )
