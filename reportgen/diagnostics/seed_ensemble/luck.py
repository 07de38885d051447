"""Is the delivered model one of its recipe? Prediction bounds around the members' scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.seed_ensemble.declared import SeedEnsembleSettings
from reportgen.diagnostics.seed_ensemble.spread import Spread
from reportgen.diagnostics.seed_ensemble.traits import ALPHA, SUSPECT
from reportgen.statistics.future_draws import (
    Look,
    Procedure,
    best_bound,
    lengthened,
    looks,
    one_more,
    procedure,
    rank,
    shortened,
    skewness,
)

Floats = NDArray[np.float64]
NONE: Floats = np.empty(0)
ROUNDING = 1e-12  # of a mean of equal scores, where all members have the same

Place = Literal["inside", "lucky", "too good", "too bad"]


@dataclass(frozen=True)
class Luck:
    """Where the delivered model stands, in units of the metric, better being up.

    ``upper`` is the bound of lucky-seed, ``lower`` that of a model worse than its recipe,
    ``reach`` what the best of many seeds attains; all as distances from the mean. ``ranked`` is
    which of the members, from the best, the upper bound is; 0 where it is a normal's. ``least`` is
    the smallest gap worth a word. ``heaviest`` is what a single row adds to the lead: scores over
    few errors have longer tails than a normal, on the side where an error more is what differs,
    and one row must not make a model another recipe's.
    """

    lead: float
    upper: float
    lower: float
    reach: float
    least: float
    heaviest: float
    members: int
    sd: float
    alpha: float
    ranked: int
    procedure: Procedure

    @property
    def place(self) -> Place:
        if abs(self.lead) < self.least:
            return "inside"
        steady = abs(self.lead) - self.heaviest - ROUNDING
        if self.lead < 0:
            return "too bad" if steady > self.lower else "inside"
        if steady > self.reach:
            return "too good"
        return "lucky" if self.lead > self.upper and steady > 0 else "inside"

    @property
    def smallest(self) -> float:
        """Lead over the recipe's mean that would be found in 80 of 100 cases."""
        return max(self.procedure.smallest_lead() * self.sd, self.least)

    @property
    def found_from(self) -> int | None:
        """The smallest number of seeds whose best would be found in 80 of 100 cases."""
        return self.procedure.smallest_best_of()


def luck(
    spread: Spread, settings: SeedEnsembleSettings, *, grows: bool, fallen: Floats = NONE
) -> Luck:
    """Bounds at the settings' error rates, from the members of a spread.

    From enough members the upper bound is the score of one of them, which holds however scores
    over seeds are distributed. The lower one is never above the worst member's: an error rate of
    1 / (N + 1) holds whatever the tail.

    Parameters
    ----------
    grows : whether more members are (or were) trained on suspicion.
    fallen : scores of members whose training collapsed, in the metric's own direction.
    """
    n, better = len(spread.values), spread.metric.better
    leads = np.sort(better * (spread.values - spread.mean))
    skew = better * skewness(spread.values)
    ranked = rank(n, settings.lucky_alpha)
    if ranked:
        upper = float(leads[-ranked])
    else:
        upper = one_more(n, 1 - settings.lucky_alpha) * spread.sd
        upper *= shortened(skew, n, settings.lucky_alpha)
    lower = one_more(n, 1 - settings.reproduce_alpha) * spread.sd
    lower *= lengthened(-skew, settings.reproduce_alpha)
    worst = min(float(leads[0]), *(better * (float(v) - spread.mean) for v in fallen), 0.0)
    return Luck(
        lead=spread.lead.value,
        upper=upper,
        lower=max(lower, -worst),
        reach=max(upper, best_bound(n, settings.best_of) * spread.sd),
        least=settings.least_gap * spread.scale,
        heaviest=spread.heaviest,
        members=n,
        sd=spread.sd,
        alpha=settings.lucky_alpha,
        ranked=ranked,
        procedure=how_judged(settings, min(n, settings.members) if grows else n, grows),
    )


def how_judged(settings: SeedEnsembleSettings, members: int, grows: bool) -> Procedure:
    """The looks that a delivered model is given on its better side."""
    if not grows:
        return procedure(Look(members, settings.lucky_alpha, "ranked"))
    last = max(members, settings.grow_to)
    alphas = settings.suspect_alpha, settings.lucky_alpha
    return procedure(*looks(members, last, *alphas, ranked=True))


def next_size(
    spread: Spread,
    settings: SeedEnsembleSettings,
    members: int,
    *,
    strange: Callable[[float], bool] | None = None,
) -> int:
    """To how many the ensemble is grown; 0 where the delivered model is not suspect, or it is all.

    Each side is looked at in steps of its own error rate, from the suspicion to the verdict's; on
    the worse side without the row that says most, as the verdict itself is.

    Parameters
    ----------
    members : how many were asked for so far; fewer may have come of it.
    strange : whether something else than its score speaks against the recipe, at an error rate.
    """
    lead = spread.lead.value
    alpha = settings.lucky_alpha if lead > 0 else settings.reproduce_alpha
    at = looks(settings.members, settings.grow_to, settings.suspect_alpha, alpha, ranked=lead > 0)
    position = max((k for k, look in enumerate(at) if look.n <= members), default=0)
    if position + 1 >= len(at):
        return 0
    of_traits = looks(settings.members, settings.grow_to, SUSPECT, ALPHA)[position].alpha
    if _suspect(spread, settings, at[position]) or (strange is not None and strange(of_traits)):
        return at[position + 1].n
    return 0


def _suspect(spread: Spread, settings: SeedEnsembleSettings, at: Look) -> bool:
    lead = spread.lead.value
    steady = abs(lead) - spread.heaviest - ROUNDING
    if abs(lead) < settings.least_gap * spread.scale or steady <= 0:
        return False
    n = len(spread.values)
    bound = at.bound(n) * spread.sd
    if lead < 0:
        return steady > bound
    better = spread.metric.better
    bound *= shortened(better * skewness(spread.values), n, at.alpha)
    k = Look(n, at.alpha, at.way).rank
    if 0 < k <= n:
        bound = min(bound, float(np.sort(better * (spread.values - spread.mean))[-k]))
    return lead > bound
