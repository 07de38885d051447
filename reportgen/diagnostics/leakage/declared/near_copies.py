"""Settings and code of rows that nearly stand in more than one split."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reportgen.diagnostic import Code
from reportgen.job.schema import Settings

NEAR = "leakage.near-duplicates"


class NearCopiesSettings(Settings):
    near_duplicate_distance: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.1,
        description="Distance up to which a row is a near copy, as a fraction of train's median "
        "nearest-neighbour distance.",
    )
    near_duplicate_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.01, description="Share of the judged rows that are near copies, for a fail."
    )


CODES = (
    Code(
        NEAR,
        "fail",
        "Rows that the model is judged on are training rows with small changes.",
        "A judged row lies within near_duplicate_distance times train's median nearest-neighbour "
        "distance of a training row, and so much nearer than its next neighbours that chance does "
        "not explain it in the data's local dimension (p < 1e-6). Numbers are in units of their "
        "spread; words, and numbers of a few levels, must be equal, and nearness is judged on the "
        "other columns. Pictures are compared apart from shift, brightness and contrast, as they "
        "are, mirrored, upside down and by their spectrum, up to five times that distance (half "
        "the usual one), because coding them anew moves every pixel; texts apart from case and "
        "punctuation, and by their shingles. fail when more than near_duplicate_share of the "
        "split, else warn.",
        "Look at the pairs: rows measured, augmented or entered twice belong into one split. Group "
        "them (`group:`) or drop them from train, and report the score anew.",
        "Facco et al. 2017; Broder 1997; Barz and Denzler 2020",
    ),
)
