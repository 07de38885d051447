"""Is the delivered model one of its recipe? Prediction bounds around the members' scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reportgen.diagnostics.seed_ensemble.declared import SeedEnsembleSettings
from reportgen.diagnostics.seed_ensemble.spread import Spread
from reportgen.statistics.future_draws import Procedure, best_bound, one_more, procedure

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
    sd: float
    procedure: Procedure

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
        """Lead over the recipe's mean that would be found in 80 of 100 cases."""
        return max(self.procedure.smallest_lead() * self.sd, self.least)

    @property
    def found_from(self) -> int | None:
        """The smallest number of seeds whose best would be found in 80 of 100 cases."""
        return self.procedure.smallest_best_of()


def luck(spread: Spread, settings: SeedEnsembleSettings, *, grows: bool) -> Luck:
    """Bounds at the settings' error rates, from the members of a spread.

    Parameters
    ----------
    grows : whether more members are (or were) trained on suspicion.
    """
    n = len(spread.values)
    upper = one_more(n, 1 - settings.lucky_alpha) * spread.sd
    return Luck(
        lead=spread.lead.value,
        upper=upper,
        lower=one_more(n, 1 - settings.reproduce_alpha) * spread.sd,
        reach=max(upper, best_bound(n, settings.best_of) * spread.sd),
        least=settings.least_gap * spread.scale,
        members=n,
        sd=spread.sd,
        procedure=how_judged(settings, min(n, settings.members) if grows else n, grows),
    )


def how_judged(settings: SeedEnsembleSettings, members: int, grows: bool) -> Procedure:
    """The looks that a delivered model is given: the ensemble, and on suspicion the grown one."""
    return procedure(
        members,
        1 - settings.lucky_alpha,
        grown=settings.grow_to if grows else 0,
        suspicion=1 - settings.suspect_alpha,
    )
