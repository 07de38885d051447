"""Settings and codes of columns that know the answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reportgen.diagnostic import Code
from reportgen.job.schema import Settings

TARGET = "leakage.target-column"
MISSINGNESS = "leakage.missingness"
COMBINATION = "leakage.target-combination"

QUESTION = "is it known when a prediction is made?"


class ColumnSettings(Settings):
    column_lead: Annotated[float, Field(ge=1)] = Field(
        1.7,
        description="How many times as strong as the next best a column must be to be asked about "
        "(of 2 AUC - 1, or of the correlation ratio in regression).",
    )
    column_strength: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.5, description="How strong it must be for that at least, in the same terms: AUC 0.75."
    )


CODES = (
    Code(
        TARGET,
        "fail",
        "A column says more of the target than all others: it may be made from it, or be known "
        "only afterwards.",
        "A single-column model (means of the target by bin) out of fold on train and confirmed on "
        "the judged rows, its family of columns corrected by Holm. fail when the column leaves at "
        "most 25 % of the target's variation (less than 1/2.5 of what all other columns leave), "
        "and is made from it: each of its values stands for one of the target's; or it is never "
        "wrong on 500 rows or more; or, given the target, it goes with no other column, where most "
        "others go with each other. Strangers that are less clear of the rest are warn. "
        "Strength alone (column_strength, column_lead times the next, and more than all others "
        "explain together, where these explain something) is info, as a strong cause may have it. "
        "It is warn with the question where the column is odd besides: the others go with each "
        "other and it goes with none of them; or it goes with the others as far as the target "
        "explains, an effect, while they explain each other away, as causes do; or it leaves at "
        "most 7 % of the target's variation and is not explained away by the others.",
        "Ask whether the column is known when the prediction is made. If it is not, or was made "
        "from the target, leave it out and train again.",
        "Kapoor and Narayanan 2023, type L2",
    ),
    Code(
        MISSINGNESS,
        "fail",
        "Whether a column has a value at all says what the target is.",
        "The presence of a value alone (nulls, blanks, '?', 'unknown', -1 and the like), out of "
        "fold on train and confirmed on the judged rows. fail when it explains half of the "
        "target's variation; warn when it stands out as a column would, or when every row with a "
        "value (or every row without) has the same class, in 30 rows or more. info where "
        "training without the column costs nothing.",
        "A value that is filled in only after the outcome gives it away: leave the column out, or "
        "keep only what was filled in at prediction time.",
        "Kapoor and Narayanan 2023, type L2",
    ),
    Code(
        COMBINATION,
        "fail",
        "Columns that together give the target by arithmetic are its parts, not its causes.",
        "Two columns whose sum, difference, product or ratio (with weights, where exact) gives the "
        "target, or up to six whose weighted sum does, on train and on the judged rows: fail where "
        "it is exact, or exact to the target's rounding; warn where it leaves 0.5 % at most and a "
        "tenth of what the better column leaves. Of two classes: a pair's sum, difference, product "
        "or ratio parts them without an error and without a gap, where no column does.",
        "Leave out the parts that the target is made of; train and report anew.",
        "Kapoor and Narayanan 2023, type L2",
    ),
)
