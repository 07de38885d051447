"""Does the score hide the small classes?"""

from __future__ import annotations

from reportgen.diagnostic import Diagnostic, later
from reportgen.diagnostics.imbalance.declared import CODES, ImbalanceSettings

DIAGNOSTIC = Diagnostic(
    name="imbalance",
    title="Imbalance",
    question="Does the score hide the small classes, and what would help them?",
    position=30,
    settings=ImbalanceSettings,
    codes=CODES,
    prepare=later(__name__, "prepare:prepare"),
    retrainings=later(__name__, "prepare:retrainings"),
    examine=later(__name__, "judge:examine"),
    plots=later(__name__, "plots:plots"),
)
