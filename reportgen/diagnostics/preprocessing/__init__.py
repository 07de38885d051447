"""Do training and scoring see the same numbers?"""

from __future__ import annotations

from reportgen.diagnostic import Diagnostic, later
from reportgen.diagnostics.preprocessing.declared import CODES, PreprocessingSettings

DIAGNOSTIC = Diagnostic(
    name="preprocessing",
    title="Preprocessing",
    question="Do training and scoring see the same numbers?",
    position=80,
    settings=PreprocessingSettings,
    codes=CODES,
    prepare=later(__name__, "judge:prepare"),
    examine=later(__name__, "judge:examine"),
    plots=later(__name__, "plots:plots"),
)
