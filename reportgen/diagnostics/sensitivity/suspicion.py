"""Whether a first look gives reason for a second: cheap, and quicker to speak than a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.diagnostics.sensitivity.declared import SensitivitySettings
from reportgen.diagnostics.sensitivity.found import Evidence
from reportgen.diagnostics.sensitivity.verdicts import PART, allowances, columns_of

#: Standard errors by which a share of importance may lie below its limit.
ERRORS = 1.3


@dataclass(frozen=True)
class Suspicion:
    """``noise`` where answers may change too often; else shuffles alone are asked for again."""

    noise: bool
    words: str


def suspicion(evidence: Evidence, settings: SensitivitySettings) -> Suspicion | None:
    """None where nothing would come of a second look.

    A verdict needs an excess over ``warn_over`` that is no chance, or a share of importance over
    ``dominates``: where a first look is far below, the second would hardly find either.
    """
    limit = PART * settings.warn_over
    for key, allowed in allowances(evidence, settings):
        if evidence.changes[key].beyond.value - allowed > limit:
            return Suspicion(True, "more answers changed than margins and steps explain")
    if _may_dominate(evidence, settings):
        return Suspicion(False, "one column may hold nearly all of the importance")
    return None


def _may_dominate(evidence: Evidence, settings: SensitivitySettings) -> bool:
    found, layout = evidence.importance, evidence.layout
    if found is None or layout is None or len(columns_of(evidence)) < 3:
        return False
    k = found.order[0]
    share, rise = found.shares[k], found.rises[k]
    if not layout.units[k].one or not share.known or rise.value < 2 * rise.se:
        return False
    if share.low > settings.dominates and rise.value > 5 * rise.se:
        return False  # it is told already
    return share.value + ERRORS * share.se > settings.dominates
