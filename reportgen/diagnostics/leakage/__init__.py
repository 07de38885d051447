"""Did the test know the answers, and what is the score without it?"""

from __future__ import annotations

from reportgen.diagnostic import Diagnostic, later
from reportgen.diagnostics.leakage.declared import CODES, LeakageSettings

DIAGNOSTIC = Diagnostic(
    name="leakage",
    title="Leakage",
    question="Did the test know the answers, and what is the score without it?",
    position=40,
    settings=LeakageSettings,
    codes=CODES,
    prepare=later(__name__, "prepare:prepare"),
    retrainings=later(__name__, "ablation:retrainings"),
    examine=later(__name__, "judge:examine"),
    plots=later(__name__, "plots:plots"),
)
