"""What an audit found: generic, frozen values that serialise and come back equal.

These types are the shape of ``report.json``; ``templates/`` and ``charts/`` read nothing else.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

SCHEMA_VERSION = 1
MAX_POINTS = 1000  # a series of a figure
DIGITS = 6  # significant, in series and evidence

Severity = Literal["info", "warn", "fail"]
Verdict = Literal["pass", "warn", "fail"]
Outcome = Literal["pass", "warn", "fail", "incomplete"]
Status = Literal["completed", "not_applicable", "failed"]
SEVERITIES: tuple[Severity, ...] = ("info", "warn", "fail")


def plain(value: Any) -> Any:
    """Numpy and tuples to JSON's own types; floats to six significant digits; NaN to null."""
    if hasattr(value, "tolist"):  # numpy scalars and arrays, without importing numpy
        value = value.tolist()
    if isinstance(value, bool) or value is None or isinstance(value, (int, str)):
        return value
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, Iterable):
        return [plain(v) for v in value]
    raise TypeError(f"{type(value).__name__} cannot stand in report.json")


def _series(value: Any) -> Any:
    value = plain(value)

    def check(part: Any, path: str) -> None:
        if isinstance(part, Mapping):
            for key, inner in part.items():
                check(inner, f"{path}.{key}")
        elif isinstance(part, Sequence) and not isinstance(part, str):
            if len(part) > MAX_POINTS:
                raise ValueError(
                    f"series {path} has {len(part)} points, at most {MAX_POINTS}; thin it"
                )
            for inner in part[:1]:
                check(inner, path)

    for name, part in value.items():
        check(part, name)
    return value


def _finite(value: Any) -> Any:
    """A number that is not finite has no place in JSON."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


Evidence = Annotated[dict[str, Any], BeforeValidator(plain)]
Series = Annotated[dict[str, Any], BeforeValidator(_series)]
Number = Annotated[float | None, BeforeValidator(_finite)]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Finding(Frozen):
    """One thing found, with its evidence and what to do about it.

    ``code`` is ``diagnostic-name.what``; ``subject`` a split, class, column or metric;
    ``message`` a sentence with numbers; ``advice`` a sentence in the imperative ("" for none).
    ``subject``, ``message`` and ``advice`` are plain text; names that come from data are put
    in as they are, and escaped where they are drawn.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    advice: str = ""
    evidence: Evidence = {}


class Metric(Frozen):
    """One number: value, unit, 95 % interval where it is an estimate, threshold where judged.

    ``unit``: ``score`` (three decimals), ``share`` (of counted rows, shown as per cent), ``count``,
    ``loss`` (four decimals), ``target`` (units of the target), ``ratio``. ``value`` is null
    where it cannot be computed, and ``reason`` then says why. ``bound`` says on which side of
    ``threshold`` the value passes. ``interval`` names the method behind ``low`` and ``high``.
    """

    name: str
    value: Number
    unit: str = "score"
    low: Number = None
    high: Number = None
    threshold: Number = None
    label: str = ""
    split: str | None = None
    n: int | None = None
    bound: Literal["at least", "at most"] | None = None
    interval: str | None = None
    verdict: Verdict | None = None
    reason: str | None = None


class Check(Frozen):
    """Each code of a diagnostic, once: raised, clear, or not applicable with the reason."""

    code: str
    status: Literal["raised", "clear", "not_applicable"]
    reason: str | None = None


class Content(Frozen):
    """What a diagnostic says, in its findings and in its place in the report.

    ``headline`` answers the diagnostic's question in a sentence. ``tried``, ``result`` and
    ``detectable`` are its row on a clean page one: what was tried, what came out, and the
    smallest effect that would have been found with 80 % power. ``method`` says how it was
    measured, in two or three sentences. ``series`` holds the numbers of every figure.
    """

    headline: str = ""
    findings: tuple[Finding, ...] = ()
    metrics: tuple[Metric, ...] = ()
    series: Series = {}
    checks: tuple[Check, ...] = ()
    tried: str = ""
    result: str = ""
    detectable: str = ""
    method: str = ""


class Findings(Content):
    """What one diagnostic returns. One type for all of them; no subclasses."""

    headline: str

    @property
    def verdict(self) -> Verdict:
        """The worst severity; info and nothing are a pass."""
        return verdict_of(self.findings)


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    worst = max((SEVERITIES.index(f.severity) for f in findings), default=0)
    return ("pass", "warn", "fail")[worst]


class Place(Frozen):
    """Which diagnostic a section is of, and what became of it."""

    diagnostic: str
    status: Status
    reason: str | None = None
    verdict: Verdict | None = None


class Section(Content, Place):  # the fields of a place come first
    """A diagnostic's place in the report; every diagnostic of the suite has exactly one."""

    @classmethod
    def completed(cls, diagnostic: str, found: Findings) -> Section:
        return cls(
            diagnostic=diagnostic, status="completed", verdict=found.verdict, **_content(found)
        )

    @property
    def found(self) -> Findings:
        """The section's content as the diagnostic returned it, for its plots."""
        return Findings(**_content(self))


def _content(of: Content) -> dict[str, Any]:
    return {name: getattr(of, name) for name in Content.model_fields}


class Step(Frozen):
    """A step of the honest score: reported, recomputed, and what later diagnostics measure.

    ``change`` is ``value`` less that of the step before, null for the first step and where the
    metric changes; ``change_low`` and ``change_high`` are its interval, null for what was counted.
    ``told`` says whether the change can be told from none. ``once`` is the condition under which
    the step's score holds, as the end of a sentence.
    """

    step: str
    metric: str
    value: Number
    low: Number = None
    high: Number = None
    why: str = ""
    printed: str | None = None  # the reported number as it was printed
    change: Number = None
    change_low: Number = None
    change_high: Number = None
    told: bool = False
    once: str = ""


class HonestScore(Frozen):
    steps: tuple[Step, ...] = ()
    chance: Number = None  # the score of always giving the same answer, where there is one
    chance_label: str = ""
    notes: tuple[str, ...] = ()  # where steps or effects overlap


class Cause(Frozen):
    """A cause on page one, ranked by its measured effect.

    ``effect`` is score lost in ``metric``, so that more is worse, with its interval (null where
    it was counted). It is null where it was not measured, and where it cannot be told from none:
    ``low`` and ``high`` then say between what it lies.
    """

    code: str
    severity: Severity
    effect: Number = None
    low: Number = None
    high: Number = None
    metric: str = ""
    sentence: str = ""
    advice: str = ""


class Restated(Frozen):
    """A reported number beside the one that comes out.

    ``reported`` is the number as printed, ``recomputed`` what this audit computes for the same
    quantity (null with ``reason`` where it cannot), ``agrees`` whether it prints the same digits.
    """

    metric: str
    split: str
    reported: str
    recomputed: Number = None
    agrees: bool | None = None
    reason: str | None = None


class Setting(Frozen):
    """A setting or threshold in force, for the appendix."""

    diagnostic: str
    name: str
    default: Any = None
    used: Any = None
    meaning: str = ""


class Subject(Frozen):
    """Who is audited, in two lines: the model and its data."""

    model: str = ""  # "Keras network, 18 inputs, two hidden layers, 3,329 weights."
    data: str = ""  # "9,600 train, 2,400 validation, 3,000 test rows; 21.0 % leave."
    output: str = ""  # "One probability of 'leave', read from the last layer (sigmoid)."
    rows: dict[str, int] = {}
    notes: tuple[str, ...] = ()  # what a reader must know, e.g. a version warning on loading


class Provenance(Frozen):
    model_sha256: str | None = None
    data_sha256: dict[str, str] = {}
    versions: dict[str, str] = {}
    job_sha256: str = ""
    files: dict[str, str] = {}  # role -> path as written in the job
    hardware: str = ""
    seed: int = 0
    command: str = ""
    job: str = ""  # this model's part of the job file, as read (YAML)


class AuditReport(Frozen):
    """All that is said about one model; what ``report.json`` holds."""

    schema_version: int = SCHEMA_VERSION
    job: str
    run_id: str
    model: str
    dataset: str
    task: str | None
    outcome: Outcome
    headline: str
    subject: Subject = Subject()
    honest_score: HonestScore = HonestScore()
    diagnosis: tuple[Cause, ...] = ()
    reported: tuple[Restated, ...] = ()
    plan: dict[str, Any] = {}
    sections: tuple[Section, ...] = ()
    settings: tuple[Setting, ...] = ()
    not_covered: tuple[str, ...] = ()
    provenance: Provenance = Provenance()
    error: str | None = None

    def to_json(self) -> str:
        """JSON with a line a key, and a list of numbers on one line."""
        return _written(self.model_dump(mode="json")) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> AuditReport:
        return cls.model_validate_json(text)


def outcome_of(sections: Iterable[Section]) -> Outcome:
    """``incomplete`` when a section failed to run, else the worst verdict."""
    sections = list(sections)
    if any(s.status == "failed" for s in sections):
        return "incomplete"
    verdicts = {s.verdict for s in sections}
    if "fail" in verdicts:
        return "fail"
    return "warn" if "warn" in verdicts else "pass"


def _written(value: Any, indent: str = "") -> str:
    """Indented where there is something to read; a line a number would double the file."""
    inner = indent + " "
    if isinstance(value, dict) and value:
        parts = [
            f"{json.dumps(k, ensure_ascii=False)}: {_written(v, inner)}" for k, v in value.items()
        ]
    elif isinstance(value, list) and any(isinstance(v, (dict, list)) for v in value):
        parts = [_written(v, inner) for v in value]
    else:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    lines = ",\n".join(inner + part for part in parts)
    return f"{opening}\n{lines}\n{indent}{closing}"
