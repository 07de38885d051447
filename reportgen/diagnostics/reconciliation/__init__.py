"""Does the reported number come out of this model, and if not, why?"""

from __future__ import annotations

from reportgen.diagnostic import Code, Diagnostic, later
from reportgen.job.schema import Settings
from reportgen.reconciliation.causes import causes
from reportgen.reconciliation.hypothesis import PREFIX, Hypothesis


class ReconciliationSettings(Settings):
    """The reconciliation diagnostic has nothing to set."""


ANSWERS = (
    Code(
        PREFIX + "reproduced",
        "info",
        "The reported number comes out of this model to its last printed digit.",
        "The number recomputed as declared rounds to the printed digits; more than seven "
        "significant digits are compared as the float32 they were printed from.",
        "Nothing is to be done. A reproduced number need not be a good one: see leakage.",
    ),
    Code(
        PREFIX + "ambiguous",
        "fail",
        "More than one cause gives every reported number, or one does that could by accident.",
        "Every cause listed reproduces all numbers to the printed digits; or a single one does, "
        "but the chance that a wrong one would is over 0.001 after all that was tried. The "
        "severity is the least among the candidates.",
        "Report more numbers of the same evaluation, or more digits: each rules causes out.",
    ),
    Code(
        PREFIX + "unexplained",
        "fail",
        "The reported number does not come out, and no known cause gives it.",
        "No single cause, and no two together, reproduce every number to the printed digits.",
        "Ask for the script and the files behind the number; look first at the causes that came "
        "closest.",
    ),
)


def _code(cause: Hypothesis) -> Code:
    return Code(
        cause.code,
        cause.at_most,
        cause.meaning,
        f"Named when it alone gives every reported number to the printed digits: {cause.formula}.",
        cause.advice,
        cause.source,
    )


DIAGNOSTIC = Diagnostic(
    name="reconciliation",
    title="Reconciliation",
    question="Does the reported number come out of this model, and if not, why?",
    position=60,
    settings=ReconciliationSettings,
    codes=(*ANSWERS, *(_code(cause) for cause in causes().values())),
    examine=later(__name__, "judge:judged"),
    plots=later(__name__, "plots:charts"),
    prepare=later(__name__, "measure:measured"),
)
