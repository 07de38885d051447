"""Would the same recipe give the same model again?"""

from __future__ import annotations

from reportgen.diagnostic import Diagnostic, later
from reportgen.diagnostics.seed_ensemble.declared import CODES, SeedEnsembleSettings

DIAGNOSTIC = Diagnostic(
    name="seed_ensemble",
    title="Seed ensemble",
    question="Would the same recipe give the same model again?",
    position=20,
    settings=SeedEnsembleSettings,
    codes=CODES,
    prepare=later(__name__, "prepare:prepare"),
    retrainings=later(__name__, "prepare:retrainings"),
    further=later(__name__, "measure:further"),
    examine=later(__name__, "judge:examine"),
    plots=later(__name__, "plots:plots"),
)
