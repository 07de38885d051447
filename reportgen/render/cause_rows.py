"""The causes on page one: which have room, in what words, with what numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reportgen.charts.numbers import MINUS, NONE, begun, fixed, interval, listed, number
from reportgen.diagnosis.words import first_sentence, plainly, spoken, unit_of
from reportgen.render.score_walk import Shown, measured, shown
from reportgen.results import AuditReport, Cause

_BUT = re.compile(r"[,;:] (but|unless|except|though|so|not|only)\b")
_CLAUSE = re.compile(r"[,;:] ")
MOST_CAUSES = 5  # on page one, which is one page
FEWEST_CAUSES = 3
LONG_HEADLINE = 190  # characters, from which on it is set smaller
ROOM = 22  # lines for the headline and the causes
BARS = 3  # lines that a chart with bars takes more


@dataclass(frozen=True)
class CauseRow:
    """A cause as page one shows it."""

    cause: Cause
    words: str
    advice: str
    anchor: str
    number: int | None
    lost: str
    between: str
    metric: str  # in words, where it is not that of the first cause
    left: float | None  # the interval's ends and the dot, in per cent of the small axis
    right: float | None
    dot: float | None
    zero: float


def foremost(report: AuditReport) -> list[Cause]:
    """The causes that page one has room for, in their order; warnings give way to failures."""
    kept = list(report.diagnosis)
    small = len(report.headline) > LONG_HEADLINE
    room = ROOM - _lines(report.headline, of=84 if small else 58) * (1 if small else 1.4)
    room -= 2 * (_lines(report.model, of=46) - 1)  # of a long name above
    room -= BARS if any(step.told for step in report.honest_score.steps) else 0
    while len(kept) > MOST_CAUSES or (len(kept) > FEWEST_CAUSES and _height(kept) > room):
        warnings = [k for k, cause in enumerate(kept) if cause.severity != "fail"]
        del kept[warnings[-1] if warnings else -1]
    return kept


def _height(causes: Sequence[Cause]) -> int:
    """Lines that the causes take in their table, about."""
    return sum(
        max(_lines(cause_words(c), of=38) + 1, _lines(advice_words(c), of=31)) for c in causes
    )


def _lines(text: str, of: int) -> int:
    return -(-len(text) // of)


def cause_words(cause: Cause) -> str:
    """A cause in a sentence, without the interval that stands beside it."""
    return _in_short(plainly(first_sentence(cause.sentence)), 120)


def advice_words(cause: Cause) -> str:
    """What to do, in a sentence."""
    return _in_short(first_sentence(cause.advice), 105) or NONE


def _in_short(text: str, most: int) -> str:
    """A sentence, as far as a clause of it ends within ``most`` characters.

    What takes a part of it back, as "but", is never cut off.
    """
    if len(text) <= most or _BUT.search(text):
        return begun(text, most + most // 2)
    ends = [m.start() for m in _CLAUSE.finditer(text[:most]) if m.start() >= most // 3]
    colon = text.find(": ")
    if most // 3 <= colon < most:  # what is listed after it is not half of it
        ends = [end for end in ends if end <= colon or text[end] != ","]
    outside = [end for end in ends if text[:end].count("(") == text[:end].count(")")]
    return f"{text[: outside[-1]]}." if outside else begun(text, most)


def rows(
    report: AuditReport, causes: Sequence[Cause], places: Mapping[str, tuple[str, int | None]]
) -> tuple[CauseRow, ...]:
    """The causes as page one shows them; ``places``: diagnostic -> its anchor and number."""
    scales = {unit: _Scale.of([c for c in causes if unit_of(c.metric) == unit])
              for unit in {unit_of(c.metric) for c in causes}}  # fmt: skip
    head = next((c.metric for c in causes if c.effect is not None), "")
    steps = shown(measured(report))
    found = []
    for cause in causes:
        diagnostic = cause.code.partition(".")[0].replace("-", "_")
        anchor, place = places.get(diagnostic, ("", None))
        unit = unit_of(cause.metric)
        scale = scales[unit]
        found.append(
            CauseRow(
                cause=cause,
                words=cause_words(cause),
                advice=advice_words(cause),
                anchor=anchor,
                number=place,
                lost=_as_drawn(cause, steps) or effect_words(cause, unit),
                between=between_words(cause, unit),
                metric=spoken(cause.metric) if cause.metric != head else "",
                left=scale.at(cause.low),
                right=scale.at(cause.high),
                dot=scale.at(cause.effect),
                zero=scale.at(0.0) or 0.0,
            )
        )
    return tuple(found)


def _as_drawn(cause: Cause, steps: Sequence[Shown]) -> str:
    """What stands under the bar of a step that is this cause's effect and nothing else's."""
    if cause.effect is None:
        return ""
    for one in steps:
        change = one.step.change
        if not (one.change and one.step.told and one.step.metric == cause.metric) or change is None:
            continue
        if abs(abs(change) - abs(cause.effect)) <= 1e-5 * max(abs(change), 1e-3):
            return one.change.lstrip(f"+-{MINUS}")
    return ""


@dataclass(frozen=True)
class _Scale:
    """The small axis that effects of one unit share, from 0 to 100 per cent."""

    low: float
    span: float

    @classmethod
    def of(cls, causes: Sequence[Cause]) -> _Scale:
        told = [c for c in causes if c.effect is not None]
        ends = [v for c in told for v in (c.effect, c.low, c.high) if v is not None]
        low, high = min([0.0, *ends]), max([0.0, *ends])
        return cls(low, (high - low) or 1.0)

    def at(self, value: float | None) -> float | None:
        return None if value is None else round(100 * (value - self.low) / self.span, 2)


def effect_words(cause: Cause, unit: str) -> str:
    """An effect to the digits that its interval supports."""
    digits = _supported(cause, unit)
    return number(cause.effect, unit) if digits is None else fixed(cause.effect, digits)


def _supported(cause: Cause, unit: str) -> int | None:
    """Decimals that an interval in units of the target leaves; None where its unit decides."""
    if unit != "target" or cause.low is None or cause.high is None or cause.high <= cause.low:
        return None
    return min(max(1 - math.floor(math.log10((cause.high - cause.low) / 2)), 0), 8)


def between_words(cause: Cause, unit: str) -> str:
    """The interval of an effect in words, or why there is none."""
    digits = _supported(cause, unit)
    between = interval(cause.low, cause.high, unit)
    if digits is not None:
        between = f"{fixed(cause.low, digits)} to {fixed(cause.high, digits)}"
    if cause.effect is None:
        return f"none that can be told ({between})" if between != NONE else "not measured"
    return between if between != NONE else "counted"


def effects_of(causes: Sequence[Cause], notes: Sequence[str]) -> str:
    """What the effects on page one are of, and where they overlap."""
    metrics = list(dict.fromkeys(c.metric for c in causes if c.effect is not None and c.metric))
    said = []
    if metrics:
        said.append(
            f"Score lost in {listed([spoken(m) for m in metrics])}; each effect was measured, by "
            "training again or by counting again."
        )
    gains = [c for c in causes if c.effect is not None and c.code.endswith("-helps")]
    if len(gains) > 1:
        said.append("What helps was tried one change at a time: together they give less.")
    return " ".join([*said, *notes])
