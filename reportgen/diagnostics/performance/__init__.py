"""How good is the model, and good compared with what?"""

from __future__ import annotations

from reportgen.diagnostic import Diagnostic, later
from reportgen.diagnostics.performance.declared import CODES, PerformanceSettings

DIAGNOSTIC = Diagnostic(
    name="performance",
    title="Performance",
    question="How good is it, and good compared with what?",
    position=10,
    settings=PerformanceSettings,
    codes=CODES,
    prepare=later(__name__, "measure:measure"),
    examine=later(__name__, "judge:judge"),
    plots=later(__name__, "plots:plots"),
)
