"""Findings from what was tested, and the words of each."""

from __future__ import annotations

from dataclasses import dataclass, field

from reportgen.charts.numbers import amount, listed, plural, score, share
from reportgen.diagnostic import Decided
from reportgen.diagnostics.sensitivity.declared import (
    BRITTLE,
    CODES,
    DOMINATES,
    FLIPS,
    LIGHTING,
    SHIFT,
    TEXT,
    SensitivitySettings,
)
from reportgen.diagnostics.sensitivity.found import Evidence
from reportgen.diagnostics.sensitivity.pictures import LIGHT, OTHER, WORDS
from reportgen.diagnostics.sensitivity.resolution import Resolution
from reportgen.diagnostics.sensitivity.verdicts import (
    Tested,
    columns_of,
    columns_tested,
    dominating,
    joint_tested,
    too_few,
    ways_tested,
)
from reportgen.results import Finding

ADVICE = {c.code: c.advice for c in CODES}
WHEN = {
    "brightness": "images are 10 % brighter or darker",
    "contrast": "their contrast is 20 % higher or lower",
    "shift": "images move by 1/28 of their width",
    "noise": "pixels get noise of their resolution",
    "blur": "images are blurred by half a pixel of 28",
    "jpeg": "images are saved as JPEG",
    "case": "texts are written in other case",
    "punctuation": "a comma or full stop is there or not",
    "typo": "one of ten words has a typo",
    "token": "one of ten tokens is another",
}
TEXT_WORDS = {
    "case": "other case",
    "punctuation": "other punctuation",
    "typo": "a typo in one of ten words",
    "token": "one of ten tokens exchanged",
}


@dataclass(frozen=True)
class Judgement:
    """All that was decided: codes, and the tests behind them."""

    decided: dict[str, Decided]
    joint: Tested | None = None
    columns: dict[str, Tested] = field(default_factory=dict)
    ways: tuple[Tested, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(f for c in CODES for f in self.decided[c.code][0])

    def of(self, code: str) -> tuple[Finding, ...]:
        return self.decided[code][0]


def judgement(evidence: Evidence, settings: SensitivitySettings) -> Judgement:
    few = too_few(evidence)
    joint = joint_tested(evidence, settings)
    columns = columns_tested(evidence, settings)
    groups = {
        LIGHTING: [k for k in evidence.changes if k.removeprefix("image:") in LIGHT],
        SHIFT: [k for k in evidence.changes if k in ("image:shift", "steps")],
        FLIPS: [k for k in evidence.changes if k.removeprefix("image:") in OTHER],
        TEXT: [k for k in evidence.changes if k.startswith("text:")],
    }
    ways = {code: ways_tested(evidence, keys, settings) for code, keys in groups.items()}
    decided: dict[str, Decided] = {}
    for code in (LIGHTING, SHIFT, FLIPS, TEXT):
        found = tuple(_way(code, t, evidence) for t in ways[code] if t.severity)
        decided[code] = (found, None if ways[code] else _inapplicable(code, evidence))
    if evidence.layout is not None and evidence.kind != "tokens":
        decided[FLIPS] = _joint(joint, evidence, settings)
        decided[BRITTLE] = _columns(columns, evidence, settings)
    else:
        decided[BRITTLE] = ((), _inapplicable(BRITTLE, evidence))
    decided[DOMINATES] = _dominates(evidence, settings)
    if few is not None:
        decided = {c.code: ((), few) for c in CODES}
    return Judgement(decided, joint, columns, tuple(t for some in ways.values() for t in some))


def _inapplicable(code: str, evidence: Evidence) -> str:
    if code == LIGHTING:
        return f"{evidence.kind} have no light" if evidence.kind != "table" else "rows of a table"
    if code == SHIFT and evidence.per_step:
        return "labels stand step by step: they would have to move too"
    if code == SHIFT and evidence.kind == "sequences":
        return "sequences of less than 28 steps: one step is no small shift"
    if code == SHIFT:
        return "a table cannot be shifted" if evidence.kind == "table" else "no images"
    if code == FLIPS and evidence.kind == "tokens":
        return "tokens have no resolution"
    if code == TEXT:
        return "there is no text"
    return f"{evidence.kind} have no columns to be moved one by one"


def _rest(one: Tested, evidence: Evidence) -> str:
    """What of the flips margins explain, and what may be expected."""
    if evidence.answers.task == "regression":
        return f"{share(one.change.flips.value)} of the predictions move"
    flips, beyond = one.change.flips.value, one.change.beyond.value
    words = f"{share(flips)} of the answers change"
    if evidence.answers.scores is None:
        return words + " (labels alone: how near they were is not known)"
    return words + f"; counted by how far the probability moves, {share(beyond)}"


def _finding(code: str, one: Tested, subject: str, message: str, **more: object) -> Finding:
    assert one.severity is not None
    return Finding(
        code=code,
        severity=one.severity,
        subject=subject,
        message=message,
        advice=ADVICE[code],
        evidence={
            "flips": one.change.flips.value,
            "beyond_margins": one.change.beyond.value,
            "allowed": one.allowed,
            "excess": one.excess.value,
            "low": one.excess.low,
            "high": one.excess.high,
            "p_value": one.p_value,
            "rows": one.change.n,
            **more,
        },
    )


def _joint(one: Tested | None, evidence: Evidence, settings: SensitivitySettings) -> Decided:
    if one is None:
        return (), "no column has a step so small that it means nothing"
    if one.severity is None:
        return (), None
    moved = sum(
        r.kind == "number" and r.coarse <= settings.small_step for r in columns_of(evidence)
    )
    what = f"the {moved} columns with small steps move" if moved > 1 else "the column moves"
    message = (
        f"When {what} by their resolution, {_rest(one, evidence)} "
        f"({share(one.change.beyond.low)} to {share(one.change.beyond.high)}), where "
        f"{share(one.allowed)} is allowed."
    )
    if moved == 1:
        message = message.replace("their resolution", "its resolution")
    return (_finding(FLIPS, one, "all columns", message, columns=moved),), None


def _columns(
    columns: dict[str, Tested], evidence: Evidence, settings: SensitivitySettings
) -> Decided:
    if not columns:
        return (), "no column has a step so small that it means nothing"
    found = []
    for key, one in columns.items():
        if one.severity is None:
            continue
        name, resolution = _named(key, evidence)
        step = f" by {size(resolution.step)}" if resolution is not None else " by its step"
        message = (
            f"When “{name}” moves{step}, {_rest(one, evidence)} ({share(one.change.beyond.low)} "
            f"to {share(one.change.beyond.high)}), where {share(one.allowed)} is allowed: "
            f"{settings.allowance:g} times what answers do that change evenly over its values."
        )
        found.append(_finding(BRITTLE, one, name, message,
                              step=None if resolution is None else resolution.step))  # fmt: skip
    found.sort(key=lambda f: -f.evidence["excess"])
    return tuple(found[:20]), None


def _named(key: str, evidence: Evidence) -> tuple[str, Resolution | None]:
    layout = evidence.layout
    assert layout is not None
    k = int(key.split(":")[1])
    if layout.blocks:
        return listed(evidence.inside.get(key, ())) or layout.units[k].name, None
    return layout.roles[k].name, layout.roles[k].resolution


def size(step: float) -> str:
    """A step to two digits: 1, 0.25, 130."""
    text = amount(step, 2)
    return text.rstrip("0").rstrip(".") if "." in text and "×" not in text else text


def way_words(key: str) -> str:
    """``image:blur`` in words."""
    if key == "steps":
        return "moved by one step"
    kind, _, rest = key.partition(":")
    return WORDS[rest] if kind == "image" else TEXT_WORDS[rest.partition(":")[0]]


def when(key: str) -> str:
    """What is done, as a sentence's end: "images are blurred by half a pixel of 28"."""
    if key == "joint" or key.startswith("noise"):
        return "columns move by their resolution"
    if key == "steps":
        return "sequences move by one step"
    kind, _, rest = key.partition(":")
    return WHEN[rest if kind == "image" else rest.partition(":")[0]]


def _way(code: str, one: Tested, evidence: Evidence) -> Finding:
    words = way_words(one.key)
    subject, layout = words, evidence.layout
    if one.key.startswith("text:") and layout is not None and len(columns_of(evidence)) > 1:
        subject = f"{words}, {layout.roles[int(one.key.split(':')[2])].name}"
    allowed = f", where spoiled words explain {share(one.allowed)}" if one.allowed else ""
    message = (
        f"When {when(one.key)}, {_rest(one, evidence)} ({share(one.change.beyond.low)} to "
        f"{share(one.change.beyond.high)}), of {plural(one.change.n, 'row')}{allowed}."
    )
    return _finding(code, one, subject, message, change=one.key)


def _dominates(evidence: Evidence, settings: SensitivitySettings) -> Decided:
    if evidence.importance is None or evidence.kind == "tokens":
        return (), f"{evidence.kind} have no columns to be shuffled one by one"
    if len(columns_of(evidence)) < 3:
        return (), "fewer than three columns vary"
    found = dominating(evidence, settings)
    if found is None:
        return (), None
    unit, k = found
    part, rise = evidence.importance.shares[k], evidence.importance.rises[k]
    turn = next((c.turns for c in evidence.curves if c.name == unit.roles[0].name and c.turns), ())
    turns = ""
    if turn:
        at = listed([amount(v, 3) for v in turn[:3]])
        turns = f" Answers near the decision turn where it passes {at}."
    others = [evidence.importance.shares[j].value for j in evidence.importance.order[1:]]
    verb = "holds" if len(unit.roles) == 1 else "hold"
    message = (
        f"“{unit.name}” {verb} {share(part.value)} of the summed permutation importance "
        f"({share(part.low)} to {share(part.high)}); the next column has "
        f"{share(max(others, default=0.0))}. Shuffling raises the squared error by "
        f"{score(rise.value)}.{turns}"
    )
    return (
        Finding(
            code=DOMINATES,
            severity="warn",
            subject=unit.name,
            message=message,
            advice=ADVICE[DOMINATES],
            evidence={
                "share": part.value, "low": part.low, "high": part.high, "rise": rise.value,
                "turns": list(turn),
            },
        ),
    ), None  # fmt: skip
