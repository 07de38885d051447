"""What is said of one metric: a finding for each cause, and what is told besides."""

from __future__ import annotations

from typing import Any

from reportgen.answers import judged_split
from reportgen.charts.numbers import amount, score
from reportgen.diagnostics.metrics.causes import Cause
from reportgen.diagnostics.metrics.declared import (
    BATCHES,
    CODES,
    DISAGREES,
    MISBEHAVES,
    NUMBER,
    ORDER,
    THRESHOLD,
)
from reportgen.diagnostics.metrics.known import Examined, classes_of
from reportgen.diagnostics.metrics.smallest import Example, table
from reportgen.evidence import Case
from reportgen.job.printed import Printed
from reportgen.job.rules.reported import of_its_own
from reportgen.job.schema import ReportedNumber
from reportgen.reconciliation.digits import prints_same
from reportgen.results import Finding, Severity

ADVICE = {c.code: c.advice for c in CODES}


def of_metric(one: Examined, case: Case) -> list[Finding]:
    """Findings of a metric, the worst first."""
    found = []
    if one.wrong:
        found += _wrong(one, case)
    if one.logits is not None:
        found.append(_on_logits(one))
    batches = _batches(one)
    found += [batches] if batches is not None else []
    found += [
        _finding(one, MISBEHAVES, "warn", _named(one, fault), evidence={"python": one.python})
        for fault in one.faults
    ]
    return found + _numbers(one, case) + _told(one, case)


def _named(one: Examined, fault: str) -> str:
    """A fault as a sentence about the metric: it may stand alone, on page one."""
    if fault.startswith("It "):
        return f"“{one.name}” {fault[3:]}"
    return f"“{one.name}”: {fault[:1].lower()}{fault[1:]}"


def _numbers(one: Examined, case: Case) -> list[Finding]:
    """Numbers that were reported of it, on the split that is judged."""
    if one.value is None or not of_its_own(one.name, case.entry):
        return []
    found = []
    for item in case.entry.reported:
        if not isinstance(item, ReportedNumber) or item.metric != one.name:
            continue
        told = Printed(item.value.text, percent=True) if item.unit == "percent" else item.value
        if item.split != judged_split(case) or prints_same(one.value, told):
            continue
        chunk, mean = one.batches or (0, float("nan"))
        batches = one.batches is not None and prints_same(mean, told)
        why = f" The mean of batches of {chunk:,} prints it." if batches else ""
        found.append(
            _finding(
                one,
                NUMBER,
                "fail",
                f"“{one.name}” was reported as {told} on {item.split}; run on the model's "
                f"own answers it gives {_number(one, one.value)}.{why}",
                evidence={"reported": str(told), "value": one.value, "python": one.python,
                          "batch": chunk if batches else None},
            )
        )  # fmt: skip
    return found


def said(finding: Finding) -> str:
    """A finding's first sentences, for a headline."""
    return finding.message.partition(" Smallest example, ")[0]


def _number(one: Examined, value: float | None) -> str:
    if value is None:
        return "no number"
    return score(value) if abs(value) <= 1.5 and one.meaning.bounded else amount(value, 4)


def _finding(
    one: Examined, code: str, severity: Severity, message: str, advice: str = "",
    evidence: dict[str, Any] | None = None,
) -> Finding:  # fmt: skip
    return Finding(
        code=code, severity=severity, subject=one.name, message=message,
        advice=advice or (ADVICE[code] if severity != "info" else ""), evidence=evidence or {},
    )  # fmt: skip


def _wrong(one: Examined, case: Case) -> list[Finding]:
    evidence = _evidence(one, case)
    if not one.found:
        if not one.meaning.sure:
            return []
        message = (
            f"“{one.name}” gives {_number(one, one.value)} on the model's own answers, where "
            f"{_meant(one)} is {_number(one, one.reference)}"
            f"{_differs(one)}.{_example(one)}"
        )
        return [_finding(one, DISAGREES, _graded(one), message, evidence=evidence)]
    return [_of_cause(one, cause, evidence) for cause in one.found]


def _of_cause(one: Examined, cause: Cause, evidence: dict[str, Any]) -> Finding:
    value, right = _number(one, one.value), _number(one, one.reference)
    evidence = evidence | {"cause": cause.kind, "is": cause.words or None}
    meant = _meant(one)
    start = f"“{one.name}” gives {value} on the model's own answers, where {meant} is {right}."
    if one.value is None:
        start = (
            f"“{one.name}” gives no number on the model's own answers ({one.error}), where {meant} "
            f"is {right}."
        )
    if cause.kind == "threshold":
        what = f"1 − {meant}" if cause.complement else meant
        says = f"It takes scores where labels belong: given labels, it is {what} on every probe"
        if cause.words:
            says = cause.words[:1].upper() + cause.words[1:]
        message = f"{_with_cause(one, start, says)}{_example(one)}"
        return _finding(one, THRESHOLD, "fail", message, evidence=evidence)
    if cause.kind == "order":
        says = "It has y_true and y_pred exchanged: exchanged back, it is that on every probe"
        message = f"{_with_cause(one, start, says)}{_example(one)}"
        return _finding(one, ORDER, "fail", message, evidence=evidence)
    says = cause.words[:1].upper() + cause.words[1:]
    if cause.kind == "batches":
        message = f"{start} {says}, and their mean is another number than the whole."
        return _finding(one, BATCHES, "warn", message, evidence=evidence | {"chunk": cause.chunk})
    message = f"{start} {says}.{_example(one)}"
    return _finding(one, DISAGREES, _graded(one), message, evidence=evidence)


def _graded(one: Examined) -> Severity:
    """One of Keras's own is what Keras says: its name misleads, and its code is right."""
    return "warn" if one.standard else "fail"


def _with_cause(one: Examined, start: str, says: str) -> str:
    """The numbers and the cause; the cause first where the numbers meet by accident."""
    if one.value is None or one.reference is None or abs(one.value - one.reference) > 5e-4:
        return f"{start} {says}."
    first = says.removeprefix("It ")
    return (
        f"“{one.name}” {first[:1].lower()}{first[1:]}. On the model's own answers it gives "
        f"{_number(one, one.value)}, and meets {_meant(one)} there by accident."
    )


def _meant(one: Examined) -> str:
    words = one.definition.words if one.definition is not None else one.meaning.words
    return words.removeprefix("1 − ") if one.found and one.found[0].complement else words


def _differs(one: Examined) -> str:
    """Where own answers do not show it, the probe that does."""
    if one.value is None or one.reference is None or abs(one.value - one.reference) > 5e-4:
        return ""
    worst = max(
        ((abs(v - r), words, v, r) for _, words, v, r in one.probes
         if v is not None and r is not None),
        default=None,
    )  # fmt: skip
    if worst is None or worst[0] <= 5e-4:
        return ""
    return f"; on {worst[1]} it is {_number(one, worst[2])} in place of {_number(one, worst[3])}"


def _example(one: Examined) -> str:
    if one.example is None:
        return ""
    example: Example = one.example
    given = "gives no number" if example.value is None else f"says {_number(one, example.value)}"
    return f" Smallest example, {example.rows.n} rows: it {given}. {example.worked}"


def _evidence(one: Examined, case: Case) -> dict[str, Any]:
    evidence: dict[str, Any] = {
        "python": one.python, "value": one.value, "reference": one.reference,
        "definition": one.definition.words if one.definition else None, "rows": one.n,
        "form": one.form.words if one.form else None,
    }  # fmt: skip
    if one.example is not None:
        evidence["example"] = {
            "rows": table(one.example, classes_of(case, one)), "says": one.example.value,
            "reference": one.example.reference, "worked": one.example.worked,
        }  # fmt: skip
    return evidence


def _on_logits(one: Examined) -> Finding:
    """Right on probabilities, and given logits where it is compiled in."""
    where = "Keras gives it in fit and evaluate" if one.compiled else "the model puts out"
    message = (
        f"“{one.name}” is {_number(one, one.logits)} on the logits that {where}, and "
        f"{_number(one, one.value)} on probabilities, where {_meant(one)} is "
        f"{_number(one, one.reference)}: it does not make probabilities of logits."
    )
    severity: Severity = "fail" if one.compiled else "info"
    return _finding(one, THRESHOLD, severity, message, evidence={"logits": one.logits})


def _batches(one: Examined) -> Finding | None:
    if one.batches is None or not (one.compiled or one.class_batches):
        return None
    size, mean = one.batches
    how = "Its state" if one.class_batches else "Keras averages it over batches: it"
    message = (
        f"{how} gives {_number(one, mean)} in batches of {size} rows and {_number(one, one.value)} "
        f"on all {one.n:,} rows at once."
    )
    return _finding(
        one, BATCHES, "warn", message, evidence={"batch": size, "mean": mean, "whole": one.value}
    )


def _told(one: Examined, case: Case) -> list[Finding]:
    """What is known of a metric and no fault."""
    if one.wrong and not one.found and not one.meaning.sure:
        left = ", ".join(f"“{w}”" for w in one.meaning.left)
        message = (
            f"“{one.name}” is {_number(one, one.value)}, and {_meant(one)} is "
            f"{_number(one, one.reference)}. With {left} in its name it may be another thing, and "
            "is not held to that."
        )
        return [_finding(one, DISAGREES, "info", message, evidence=_evidence(one, case))]
    if one.agrees is not None and "off by up to" in one.agrees.how:
        message = (
            f"“{one.name}” is {amount(one.value, 5)} and the exact {_meant(one)} "
            f"{amount(one.reference, 5)}: it is computed {one.agrees.how}, and no fault."
        )
        return [_finding(one, DISAGREES, "info", message, evidence={"value": one.value})]
    return []
