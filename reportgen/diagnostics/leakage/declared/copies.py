"""Settings and codes of rows that stand in more than one split."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reportgen.diagnostic import Code
from reportgen.job.schema import Settings

Share = Annotated[float, Field(gt=0, lt=1)]

EXACT = "leakage.exact-duplicates"


class CopiesSettings(Settings):
    duplicate_share: Share = Field(
        0.01, description="Share of the judged rows that are copies of training rows, for a fail."
    )


CODES = (
    Code(
        EXACT,
        "fail",
        "Rows that the model is judged on stand in its training rows word for word.",
        "Judged rows equal to a training row in all features, beyond what honest collision "
        "explains: repeats that chance makes leave many near misses (rows equal in all columns "
        "but one), copies leave almost none. fail when more than duplicate_share of the split, "
        "else warn.",
        "Drop the copies from train before splitting (df.drop_duplicates()), or split by the "
        "entity that repeats; then report the score anew.",
        "Kapoor and Narayanan 2023, type L1.4",
    ),
)
