"""How good is the model, and good compared with what?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reportgen.diagnostic import Diagnostic
from reportgen.diagnostics.performance.declared import CODES, PerformanceSettings

if TYPE_CHECKING:
    from reportgen.charts.figure import Chart
    from reportgen.evidence import Case
    from reportgen.results import Findings
    from reportgen.retraining.results import Trained


def _prepare(case: Case) -> Any:
    from reportgen.diagnostics.performance.measure import measure

    return measure(case)


def _examine(case: Case, prepared: Any, trained: Trained) -> Findings:
    from reportgen.diagnostics.performance.judge import judge

    return judge(case, prepared)


def _plots(found: Findings) -> list[Chart]:
    from reportgen.diagnostics.performance.plots import plots

    return plots(found)


DIAGNOSTIC = Diagnostic(
    name="performance",
    title="Performance",
    question="How good is it, and good compared with what?",
    position=10,
    settings=PerformanceSettings,
    codes=CODES,
    prepare=_prepare,
    examine=_examine,
    plots=_plots,
)
