"""How this diagnostic's findings and numbers are put."""

from __future__ import annotations

from typing import Any

from reportgen.charts.numbers import number
from reportgen.diagnostics.seed_ensemble.declared import CODES
from reportgen.results import Finding, Severity

ADVICE = {c.code: c.advice for c in CODES}


def finding(
    code: str,
    severity: Severity,
    subject: str,
    message: str,
    advice: str | None = None,
    **evidence: Any,
) -> Finding:
    """``advice`` that follows from what was found; the code's own where there is none."""
    told = ADVICE[code] if advice is None else advice
    return Finding(
        code=code,
        severity=severity,
        subject=subject,
        message=message,
        advice=told if severity != "info" or advice else "",
        evidence=evidence,
    )


def gap(unit: str, value: float) -> str:
    """A difference; what is nothing but rounding has no sign."""
    return number(abs(value) if abs(value) < 5e-7 else value, unit)
