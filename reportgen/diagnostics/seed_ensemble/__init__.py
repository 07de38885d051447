"""Would the same recipe give the same model again?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reportgen.diagnostic import Diagnostic
from reportgen.diagnostics.seed_ensemble.declared import CODES, SeedEnsembleSettings

if TYPE_CHECKING:
    from reportgen.charts.figure import Chart
    from reportgen.evidence import Case
    from reportgen.results import Findings
    from reportgen.retraining.member import Member
    from reportgen.retraining.results import Trained


def _prepare(case: Case) -> Any:
    from reportgen.diagnostics.seed_ensemble.prepare import prepare

    return prepare(case)


def _retrainings(case: Case, prepared: Any) -> list[Member]:
    from reportgen.diagnostics.seed_ensemble.prepare import retrainings

    return retrainings(case, prepared)


def _further(case: Case, prepared: Any, trained: Trained) -> list[Member]:
    from reportgen.diagnostics.seed_ensemble.measure import further

    return further(case, prepared, trained)


def _examine(case: Case, prepared: Any, trained: Trained) -> Findings:
    from reportgen.diagnostics.seed_ensemble.judge import judge
    from reportgen.diagnostics.seed_ensemble.measure import measure

    return judge(case, measure(case, prepared, trained))


def _plots(found: Findings) -> list[Chart]:
    from reportgen.diagnostics.seed_ensemble.plots import plots

    return plots(found)


DIAGNOSTIC = Diagnostic(
    name="seed_ensemble",
    title="Seed ensemble",
    question="Would the same recipe give the same model again?",
    position=20,
    settings=SeedEnsembleSettings,
    codes=CODES,
    prepare=_prepare,
    retrainings=_retrainings,
    further=_further,
    examine=_examine,
    plots=_plots,
)
