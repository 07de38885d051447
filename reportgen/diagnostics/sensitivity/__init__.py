"""Do small, meaningless changes flip the answer?"""

from __future__ import annotations

from reportgen.diagnostic import Diagnostic, later
from reportgen.diagnostics.sensitivity.declared import CODES, SensitivitySettings

DIAGNOSTIC = Diagnostic(
    name="sensitivity",
    title="Sensitivity",
    question="Do small, meaningless changes flip the answer?",
    position=70,
    settings=SensitivitySettings,
    codes=CODES,
    prepare=later(__name__, "measure:measured"),
    examine=later(__name__, "judge:judged"),
    plots=later(__name__, "plots:charts"),
)
