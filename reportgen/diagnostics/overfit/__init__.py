"""Has the model learned, or memorised?"""

from __future__ import annotations

from reportgen.diagnostic import Diagnostic, later
from reportgen.diagnostics.overfit.declared import CODES, OverfitSettings

DIAGNOSTIC = Diagnostic(
    name="overfit",
    title="Overfit",
    question="Has it learned, or memorised?",
    position=50,
    settings=OverfitSettings,
    codes=CODES,
    prepare=later(__name__, "prepare:prepare"),
    retrainings=later(__name__, "prepare:retrainings"),
    examine=later(__name__, "judge:examine"),
    plots=later(__name__, "plots:plots"),
)
