"""Settings and codes of rows that stand in more than one split."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reportgen.diagnostic import Code
from reportgen.job.schema import Settings

Share = Annotated[float, Field(gt=0, lt=1)]

EXACT = "leakage.exact-duplicates"
CONFLICTING = "leakage.conflicting-duplicates"
VALIDATION = "leakage.validation-is-training"


class CopiesSettings(Settings):
    duplicate_share: Share = Field(
        0.01, description="Share of the judged rows that are copies of training rows, for a fail."
    )
    validation_share: Share = Field(
        0.5, description="Share of the validation rows that stand in train, for a fail."
    )


CODES = (
    Code(
        EXACT,
        "fail",
        "Rows that the model is judged on stand in its training rows word for word.",
        "Judged rows equal to a training row in all features, beyond what honest collision "
        "explains (p < 1e-6): repeats that chance makes leave many near misses (rows equal in "
        "most columns), copies leave almost none. A column that numbers the rows and was not "
        "declared as `id:` is left out. fail when more than duplicate_share of the split, else "
        "warn. Repeats within train are reported, never an excuse.",
        "Drop the copies from train before splitting (`df.drop_duplicates()`), or split by the "
        "entity that repeats; then report the score anew.",
        "Kapoor and Narayanan 2023, type L1.4",
    ),
    Code(
        CONFLICTING,
        "warn",
        "Copies of one row have different labels.",
        "Rows equal in all features, within a split or across, whose labels differ, where chance "
        "does not explain that they are equal. Equal rows that chance explains are noise of the "
        "label, and told as info. Classes only: measured targets differ between repeats.",
        "Look at the rows: one of the labels is wrong, or a column that tells them apart is "
        "missing. Decide on one label a row before splitting.",
        "Northcutt et al. 2021",
    ),
    Code(
        VALIDATION,
        "fail",
        "The validation rows are training rows.",
        "Validation and train are the same rows of one source, or the one is a run of the other, "
        "or more than validation_share of the validation rows stand in train beyond what chance "
        "explains.",
        "Cut validation from train (`validation: {from: train, fraction: 0.2}`) and train again: "
        "early stopping, the chosen epoch and every tuned setting watched their own training rows.",
        "Kapoor and Narayanan 2023, type L1.1",
    ),
)
