"""Whether answers change more than margins and steps explain, and whether one column decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special, stats

from reportgen.diagnostics.sensitivity.asking import Change
from reportgen.diagnostics.sensitivity.declared import SensitivitySettings
from reportgen.diagnostics.sensitivity.found import Evidence
from reportgen.diagnostics.sensitivity.plan import FEWEST, FEWEST_GROUPS
from reportgen.diagnostics.sensitivity.roles import Role, Unit
from reportgen.results import Severity
from reportgen.statistics.corrections import holm
from reportgen.statistics.intervals import Interval

LEVEL_Z = 1.959964
#: So far below `dominates` the lower limit of the share may lie.
NEAR = 0.1
#: Share of ``warn_over``, beyond what is allowed, from which a first look is followed by a second.
PART = 0.4


@dataclass(frozen=True)
class Tested:
    """One kind of change, judged.

    Attributes
    ----------
    allowed : share of answers that an honest model may change, and its standard error.
    excess : ``change.beyond`` less ``allowed``, with its 95 % interval.
    p_value : chance of so many where no more than ``allowed`` change, adjusted over its family.
    severity : None where nothing is to be said.
    """

    key: str
    change: Change
    allowed: float
    allowed_se: float
    excess: Interval
    p_value: float = 1.0
    severity: Severity | None = None


def judged_change(key: str, change: Change, allowed: float = 0.0, se: float = 0.0) -> Tested:
    """The excess with its interval (limits of both parts combined, MOVER) and its p-value."""
    beyond = change.beyond
    value = beyond.value - allowed
    down = float(np.hypot(beyond.value - beyond.low, LEVEL_Z * se))
    up = float(np.hypot(beyond.high - beyond.value, LEVEL_Z * se))
    excess = Interval(value, value - down, value + up, beyond.method)
    return Tested(key, change, allowed, se, excess, _p_value(change, min(allowed + se, 1.0)))


def _p_value(change: Change, allowed: float) -> float:
    """Exact binomial, on effective rows where they are clustered or weighted."""
    beyond = change.beyond
    n = float(change.n)
    if beyond.se > 0:
        n = min(n, max(beyond.value * (1 - beyond.value) / beyond.se**2, 1.0))
    k = int(np.floor(beyond.value * n + 1e-9))
    return float(stats.binom.sf(k - 1, int(n), allowed)) if k > 0 else 1.0


def family(members: Sequence[Tested], settings: SensitivitySettings) -> tuple[Tested, ...]:
    """Members with adjusted p-values and severities; intervals of a fail hold for all together."""
    if not members:
        return ()
    adjusted = holm([t.p_value for t in members])
    stretch = special.ndtri(1 - 0.025 / len(members)) / LEVEL_Z
    out = []
    for one, p in zip(members, adjusted, strict=True):
        severity: Severity | None = None
        if one.excess.value > settings.warn_over and p < settings.alpha:
            low = one.excess.value - stretch * (one.excess.value - one.excess.low)
            severity = "fail" if low > settings.fail_over else "warn"
        out.append(replace(one, p_value=float(p), severity=severity))
    return tuple(out)


def columns_tested(evidence: Evidence, settings: SensitivitySettings) -> dict[str, Tested]:
    """Each column (block of a wide table) with small steps, by the name of its question."""
    members = [
        judged_change(key, evidence.changes[key], allowed, se)
        for key, allowed, se in _of_columns(evidence, settings)
    ]
    return {t.key: t for t in family(members, settings)}


def _of_columns(
    evidence: Evidence, settings: SensitivitySettings
) -> Iterator[tuple[str, float, float]]:
    """Question about a column's noise, what is allowed of it, and that one's standard error."""
    for key, (coarse, unit) in _moved(evidence, settings).items():
        shuffled = evidence.changes[f"shuffle:{unit}"].beyond
        rate = settings.allowance * coarse
        yield key, rate * shuffled.value, rate * shuffled.se


def _moved(evidence: Evidence, settings: SensitivitySettings) -> dict[str, tuple[float, int]]:
    """Questions about noise -> the step's share of the usual difference, and the unit."""
    layout = evidence.layout
    if layout is None:
        return {}
    found = {}
    for u, unit in enumerate(layout.units):
        fine = [r for r in unit.roles if r.kind == "number" and r.coarse <= settings.small_step]
        if layout.blocks:
            if f"noise:{u}" in evidence.changes:
                found[f"noise:{u}"] = (max(r.coarse for r in fine), u)
            continue
        for role in fine:
            found[f"noise:{layout.roles.index(role)}"] = (role.coarse, u)
    return found


def joint_tested(evidence: Evidence, settings: SensitivitySettings) -> Tested | None:
    """All columns with small steps at once; the only one, where there is one."""
    found = _of_all(evidence, settings)
    if found is None:
        return None
    key, allowed = found
    return family([judged_change(key, evidence.changes[key], allowed)], settings)[0]


def _of_all(evidence: Evidence, settings: SensitivitySettings) -> tuple[str, float] | None:
    """The question about all columns at once, and what is allowed of it.

    Answers that change evenly change in all columns together at most as often as in each of them
    one after the other, and at most as two rows differ.
    """
    moved = _moved(evidence, settings)
    if not moved:
        return None
    key = "joint" if "joint" in evidence.changes else next(iter(moved))
    rates: dict[int, list[float]] = {}
    for coarse, unit in moved.values():
        rates.setdefault(unit, []).append(coarse)
    parts = sum(
        float(np.mean(of_unit)) * evidence.changes[f"shuffle:{unit}"].beyond.value
        for unit, of_unit in rates.items()
    )
    whole = evidence.all_over * max(coarse for coarse, _ in moved.values())
    return key, settings.allowance * min(parts, whole)


def allowances(evidence: Evidence, settings: SensitivitySettings) -> Iterator[tuple[str, float]]:
    """Every question that is judged, and what is allowed of its answer."""
    found = _of_all(evidence, settings)
    if found is not None:
        yield found
    for key, allowed, _ in _of_columns(evidence, settings):
        yield key, allowed
    for key in evidence.changes:
        if key == "steps" or key.startswith("text:"):
            yield key, _of_way(key, evidence)[0]


def ways_tested(
    evidence: Evidence, keys: Sequence[str], settings: SensitivitySettings
) -> tuple[Tested, ...]:
    """Changes of images and texts, which a reader would not notice at all; typos spoil words."""
    members = [judged_change(key, evidence.changes[key], *_of_way(key, evidence)) for key in keys]
    return family(members, settings)


def _of_way(key: str, evidence: Evidence) -> tuple[float, float]:
    """What is allowed of a change of images or texts, and its standard error."""
    kind, _, rest = key.partition(":")
    way, _, role = rest.partition(":")
    if kind != "text" or way not in ("typo", "token"):
        return 0.0, 0.0
    share = evidence.spoiled.get(role, 0.0)
    whole = _of_text(evidence, role)
    if whole is None:
        return share * evidence.all_over, 0.0
    return share * whole.value, share * whole.se


def _of_text(evidence: Evidence, role: str) -> Interval | None:
    layout = evidence.layout
    if layout is None:
        return None
    wanted = layout.roles[int(role)]
    for u, unit in enumerate(layout.units):
        if wanted in unit.roles:
            return evidence.changes[f"shuffle:{u}"].beyond
    return None


def dominating(evidence: Evidence, settings: SensitivitySettings) -> tuple[Unit, int] | None:
    """The one column that holds the importance, and its place; None where none does."""
    layout, importance = evidence.layout, evidence.importance
    if layout is None or importance is None or len(columns_of(evidence)) < 3:
        return None
    k = importance.order[0]
    share, rise = importance.shares[k], importance.rises[k]
    if not layout.units[k].one or share.value <= settings.dominates:
        return None
    if not share.low > settings.dominates - NEAR:
        return None
    return (layout.units[k], k) if rise.value > 3.3 * rise.se > 0 else None


def columns_of(evidence: Evidence) -> tuple[Role, ...]:
    """Roles that vary."""
    layout = evidence.layout
    return () if layout is None else tuple(r for r in layout.roles if r.kind != "constant")


def smallest(
    change: Change, allowed: float, settings: SensitivitySettings, tests: int, again: int = 0
) -> float:
    """The smallest share beyond margins that a warning would have shown with 80 % power.

    Parameters
    ----------
    again : rows of the second look that such a share would have led to, where there was none.
    """
    if again <= change.n:
        return _shown(change.n, allowed, settings, tests)
    first = _exceeds(change.n, allowed + PART * settings.warn_over)
    return max(first, _shown(again, allowed, settings, tests))


def _exceeds(n: int, limit: float) -> float:
    """The share of n rows that is seen over a limit in 80 of 100 samples."""
    share = limit
    for _ in range(20):
        share = limit + 0.8416 * float(np.sqrt(min(share, 0.5) * (1 - min(share, 0.5)) / n))
    return min(share, 1.0)


def _shown(n: int, allowed: float, settings: SensitivitySettings, tests: int) -> float:
    """The share that a test on n rows shows beyond chance in 80 of 100 samples."""
    z = float(special.ndtri(1 - settings.alpha / max(tests, 1)))
    point = allowed + settings.warn_over
    se = np.sqrt(point * (1 - point) / max(n, 1))
    for _ in range(20):  # the error depends on the share itself
        found = max(point + 0.8416 * se, allowed + (z + 0.8416) * se)
        se = np.sqrt(min(found, 0.5) * (1 - min(found, 0.5)) / max(n, 1))
    return float(min(found, 1.0))


def too_few(evidence: Evidence) -> str | None:
    """Why nothing is judged, in words; None where there are enough rows."""
    units = evidence.answers.design.units
    clustered = evidence.answers.design.codes is not None
    least = FEWEST_GROUPS if clustered else FEWEST
    if units >= least and evidence.n_judged >= FEWEST:
        return None
    what = "row is" if units == 1 else "rows are"
    if clustered:
        what = "group of rows is" if units == 1 else "groups of rows are"
    return f"{units} {what} too few to tell; {least} are needed"
