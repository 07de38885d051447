"""What is another than it was in the run before: outcome, findings, score."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.charts.numbers import listed, number
from reportgen.render.standing import ORDER, Standing, standing
from reportgen.results import AuditReport, Outcome

NEW = "new in this run"
#: Better to worse, for the direction of a change.
_RANK = {outcome: rank for rank, outcome in enumerate(reversed(ORDER))}
_SEVERITIES = {"pass": 0, "info": 0, "warn": 1, "fail": 2}


def changes(now: AuditReport, before: AuditReport | None) -> tuple[str, ...]:
    """What changed since the run before, a few words each; () where nothing did.

    Findings are compared by code and by the worst severity of each; scores as they are printed,
    in the metric that both runs have.
    """
    if before is None:
        return (NEW,)
    said = []
    if now.outcome != before.outcome:
        said.append(f"was {before.outcome}")
    mine, theirs = _worst(now), _worst(before)
    new = [c for c in mine if mine[c] > theirs.get(c, 0)]
    gone = [c for c in theirs if theirs[c] > mine.get(c, 0)]
    ran = now.error is None and before.error is None
    if ran and new:
        said.append(f"new or worse: {listed(sorted(new), 3)}")
    if ran and gone:
        said.append(f"gone or better: {listed(sorted(gone), 3)}")
    said += _scores(standing(now), standing(before))
    return tuple(said)


def _worst(report: AuditReport) -> dict[str, int]:
    found: dict[str, int] = {}
    for section in report.sections:
        for finding in section.findings:
            rank = _SEVERITIES[finding.severity]
            if rank:
                found[finding.code] = max(rank, found.get(finding.code, 0))
    return found


def _scores(now: Standing, before: Standing) -> Sequence[str]:
    said = []
    if now.metric == before.metric and now.value is not None and before.value is not None:
        if now.expected != before.expected:
            gap = number(now.value - before.value, now.unit, signed=True)
            said.append(f"{now.metric} {gap}, was {before.expected}")
        if now.reported and before.reported and now.reported != before.reported:
            said.append(f"reported {now.reported}, was {before.reported}")
    elif now.metric and before.metric and now.metric != before.metric:
        said.append(f"told in {now.metric}, was in {before.metric}")
    return said


def direction(now: Outcome, before: Outcome | None) -> int:
    """1 for a worse outcome than before, -1 for a better one, 0 for the same or no other."""
    if before is None:
        return 0
    gap = _RANK[now] - _RANK[before]
    return (gap > 0) - (gap < 0)
