"""Are the metrics themselves right?"""

from __future__ import annotations

from reportgen.diagnostic import Diagnostic, later
from reportgen.diagnostics.metrics.declared import CODES, MetricsSettings

DIAGNOSTIC = Diagnostic(
    name="metrics",
    title="Metrics",
    question="Are the metrics themselves right?",
    position=95,
    settings=MetricsSettings,
    codes=CODES,
    prepare=later(__name__, "prepare:prepare"),
    retrainings=later(__name__, "prepare:retrainings"),
    examine=later(__name__, "judge:examine"),
    plots=later(__name__, "plots:plots"),
)
