"""Settings and code of splits that are not alike."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reportgen.diagnostic import Code
from reportgen.job.schema import Settings

DIFFER = "leakage.splits-differ"


class SplitsSettings(Settings):
    shift_auc: Annotated[float, Field(gt=0.5, lt=1)] = Field(
        0.6,
        description="AUC from which train and judged rows are told apart too well for a warning; "
        "below, a difference beyond chance is a note unless it moves the score.",
    )
    shift_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.1,
        description="Difference of two distributions (largest difference of shares) from which one "
        "column, its gaps or the target are a warning by themselves.",
    )


CODES = (
    Code(
        DIFFER,
        "warn",
        "The judged rows are not of the population that the training rows are of.",
        "A classifier tries to tell train from judged rows, each half judged by one fitted on the "
        "other: by ranks, copies in one half, groups as one draw each (AUC 0.5 for rows split at "
        "random). Each column, its gaps, values that train lacks, and the target are tested "
        "alone, corrected after Holm. Raised when chance gives that in less than 1 of 5,000 "
        "audits. warn from shift_auc, or from shift_share in one column, its gaps or the target, "
        "or when judged rows weighted to look like train have another score, the whole interval; "
        "else info.",
        "Ask how the rows were split, and which rows the model will meet: a split by time that "
        "drifts tells what tomorrow brings, a split by site or file says little of either. Report "
        "the score beside what differs, and watch those columns.",
        "Lopez-Paz and Oquab 2017; Kapoor and Narayanan 2023, type L3",
    ),
)
