"""The audit in a sentence or three."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.charts.numbers import number
from reportgen.diagnosis.walk import IN_PART
from reportgen.diagnosis.words import capital, first_line, first_sentence, plainly, spoken, unit_of
from reportgen.restated import CONDENSED
from reportgen.results import SEVERITIES, Finding, HonestScore, Restated, Section, Step

#: what the sentence on one answer to all rows tells
HARDLY_ABOVE = ("imbalance.accuracy-misleading", "performance.below-baseline")
#: a score less than this above that of one answer to all rows is told beside it
CLOSE = 0.1


def headline(
    score: HonestScore,
    sections: Sequence[Section],
    restated: Sequence[Restated],
    error: str | None = None,
) -> str:
    """What was reported and what is so, what to expect, and the worst that was found."""
    if error is not None:
        return f"The audit could not be completed: {first_line(error)}"
    failed = [s for s in sections if s.status == "failed"]
    worst = _worst(sections)
    off = any(r.agrees is False for r in restated)
    if not failed and worst is None and not off:
        return " ".join(p for p in ("Nothing is wrong.", _clean(score, sections)) if p)
    last = _last(score)
    mean = _mean(score)
    said = _reported(score, last)
    said = said if mean is not None else _weighed(said, score)
    parts = [said, _expected(mean), _others(score, restated)]
    if failed:
        names = " and ".join(s.diagnostic.replace("_", " ") for s in failed)
        parts.insert(0, f"The audit is incomplete: {names} could not run.")
    elif worst is not None and not _said_already(worst, score, last):
        parts.append(plainly(first_sentence(worst.message)))
    return " ".join(part for part in parts if part)


def _clean(score: HonestScore, sections: Sequence[Section]) -> str:
    said = _reported(score, _last(score))
    tried = [t for s in sections for t in s.series.get("tried", ())]
    if not said or not tried:
        return said
    if all((t["low"] or 0.0) <= 0 <= (t["high"] or 0.0) for t in tried):
        return f"{said[:-1]}, and nothing that was tried moves it by more than chance."
    return f"{said[:-1]}, and nothing that was tried makes it better by enough to matter."


def _last(score: HonestScore) -> Step | None:
    """The last step that tells a change in the reported metric before the seed is changed."""
    known = [s for s in score.steps if s.metric == score.steps[0].metric]
    told = [s for s in known if s.step == "without_leaks" and s.told]
    return told[-1] if told else None


def _reported(score: HonestScore, last: Step | None) -> str:
    by_name = {step.step: step for step in score.steps}
    reported, recomputed = by_name.get("reported"), by_name.get("recomputed")
    if recomputed is None or recomputed.value is None:
        return ""
    name, unit = spoken(recomputed.metric), unit_of(recomputed.metric)
    printed = None if reported is None else reported.printed
    if last is not None:
        whose = f"Reported {name} {printed}" if printed else capital(name)
        whose += "" if printed else f" {number(recomputed.value, unit)}"
        return f"{whose} is {number(last.value, unit)} once {last.once or 'no leak is in it'}."
    if printed is None:
        return f"{capital(name)} is {number(recomputed.value, unit)}{_interval(recomputed, unit)}."
    if not recomputed.told and "as printed" in recomputed.why:
        return f"Reported {name} {printed} comes out to the digit."
    if recomputed.why.startswith(IN_PART):
        held = f"{number(recomputed.value, unit)}{_interval(recomputed, unit)}"
        return f"Reported {name} {printed} is {held} on the rows that could be held."
    digits = max(3, len(printed.rstrip(" %").partition(".")[2]))
    return f"Reported {name} {printed} comes out as {recomputed.value:.{digits}f}."


def _aware(score: HonestScore) -> Step | None:
    found = next((s for s in score.steps if s.step == "imbalance_aware"), None)
    return None if found is None or found.value is None else found


def _weighed(said: str, score: HonestScore) -> str:
    """The same score on a metric that the frequent classes cannot lift, where that was a step."""
    aware = _aware(score)
    if aware is None or not said:
        return said
    alike = f"with each class counted alike, {spoken(aware.metric)} is {_number(aware)}."
    before = next((s for s in reversed(score.steps) if s.metric != aware.metric), None)
    if score.chance is None or before is None or before.value is None:
        return f"{said[:-1]}; {alike}"
    if before.value - score.chance >= CLOSE:
        return f"{said[:-1]}; {alike}"
    constant = number(score.chance, unit_of(before.metric))
    return f"{said[:-1]}, where {score.chance_label} has {constant}; {alike}"


def _mean(score: HonestScore) -> Step | None:
    """The score that the recipe gives with other seeds, where it can be told from this model's."""
    found = next((s for s in score.steps if s.step == "mean_over_seeds"), None)
    return None if found is None or found.value is None or not found.told else found


def _expected(mean: Step | None) -> str:
    return f"From a new seed, expect {spoken(mean.metric)} {_number(mean)}." if mean else ""


def _number(step: Step) -> str:
    return number(step.value, unit_of(step.metric))


def _others(score: HonestScore, restated: Sequence[Restated]) -> str:
    """How many reported numbers do not come out, beside the one that heads the page."""
    head = next((s.metric for s in score.steps if s.step == "reported"), None)
    off = [r for r in restated if r.agrees is False]
    others = [r for r in off if (r.metric, r.split) != (head, "test")]
    if not others:
        return ""
    if len(others) == 1:
        (other,) = others
        name = f"{spoken(other.metric)} on {other.split}"
        return f"Reported {name}, {other.reported}, does not come out."
    if any(r.metric.endswith(CONDENSED) for r in restated):  # not each number has a row
        return "Further reported numbers do not come out as printed."
    return f"{len(off)} of {len(restated)} reported numbers do not come out as printed."


def _worst(sections: Sequence[Section]) -> Finding | None:
    found = [f for s in sections for f in s.findings if f.severity != "info"]
    return max(found, key=lambda f: SEVERITIES.index(f.severity), default=None)


def _said_already(worst: Finding, score: HonestScore, last: Step | None) -> bool:
    """Whether the sentences on the walk tell what this finding tells."""
    if last is not None and last.once and worst.code.startswith("leakage."):
        return True
    return worst.code in HARDLY_ABOVE and _aware(score) is not None


def _interval(step: Step, unit: str) -> str:
    if step.low is None or step.high is None:
        return ""
    return f", 95 % interval {number(step.low, unit)} to {number(step.high, unit)}"
