"""Is the members' mean answer better than a member?"""

from __future__ import annotations

from reportgen.charts.numbers import capital, in_a_sentence, listed, number, plural
from reportgen.diagnostic import Decided
from reportgen.diagnostics.seed_ensemble.declared import HELPS, SeedEnsembleSettings
from reportgen.diagnostics.seed_ensemble.finding import finding, gap
from reportgen.diagnostics.seed_ensemble.measure import Measured


def helps(measured: Measured, settings: SeedEnsembleSettings) -> Decided:
    """Raised where the whole interval of the paired gain is above none."""
    found, head = measured.averaged, measured.head
    gain = found.gain
    if not (gain.low > 0 and gain.value > settings.helps_least * head.scale):
        return (), None
    unit = head.metric.unit
    few = {size: g for size, g in found.by_size.items() if size <= 5 and size < len(measured.sound)}
    parts = [f"{size}: {gap(unit, g)}" for size, g in few.items()]
    also = f" Averaging fewer gives, by their number, {listed(parts)}." if few else ""
    return (
        finding(
            HELPS,
            "info",
            capital(in_a_sentence(head.metric.label)),
            f"The mean answer of {plural(len(measured.sound), 'member')} has "
            f"{in_a_sentence(head.metric.label)} {number(found.score.value, unit)}, "
            f"{gap(unit, gain.value)} better than a member ({gap(unit, gain.low)} to "
            f"{gap(unit, gain.high)}).{also}",
            gain=gain.value,
            low=gain.low,
            high=gain.high,
            by_size=found.by_size,
        ),
    ), None
