"""Settings and codes of the sensitivity diagnostic; imports nothing heavy."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reportgen.diagnostic import Code
from reportgen.job.schema import Fraction, Settings

FLIPS = "sensitivity.flips-under-noise"
BRITTLE = "sensitivity.brittle-feature"
DOMINATES = "sensitivity.single-feature-dominates"
LIGHTING = "sensitivity.lighting"
SHIFT = "sensitivity.shift"
TEXT = "sensitivity.text-noise"

Share = Annotated[float, Field(ge=0, le=1)]


class SensitivitySettings(Settings):
    """Row budget and thresholds of the sensitivity diagnostic."""

    rows: Annotated[int, Field(ge=1000)] | None = Field(
        default=None,
        description="changed rows that the model is asked for, at most; default: a tenth of the "
        "split for each column, at least 1,800 and at most 200,000, and where these raise a "
        "suspicion once more, a fifth of the split for each column, 10,000 to 400,000",
    )
    warn_over: Share = Field(
        default=0.05,
        description="share of answers that change beyond what margins and step explain, above "
        "which (point estimate) a change that means nothing matters",
    )
    fail_over: Share = Field(
        default=0.15,
        description="the same share, above which (whole interval) it is a failure",
    )
    alpha: Fraction = Field(
        default=0.001,
        description="chance, over all columns together, that one whose answers change no more "
        "than is allowed for is called brittle",
    )
    allowance: Annotated[float, Field(ge=1)] = Field(
        default=3.0,
        description="how many times as fast as evenly over a column's values answers may change "
        "at a step before it counts",
    )
    small_step: Fraction = Field(
        default=0.1,
        description="a column's step, as a share of the usual difference of two rows (in ranks), "
        "up to which it means nothing; columns with larger steps are shown, not judged",
    )
    moved: Annotated[float, Field(gt=0)] = Field(
        default=0.2,
        description="regression: a prediction that moves by more than this, in standard "
        "deviations of train's target, counts as a changed answer",
    )
    dominates: Share = Field(
        default=0.8,
        description="share of the summed permutation importance of one column, above which it "
        "dominates",
    )


_CHANGED = (
    "Each changed answer counts by how far the probability moved: from 0.51 to 0.49 a fiftieth, "
    "from 1 to 0 whole, so that a merely uncertain model is not called brittle"
)

CODES = (
    Code(
        BRITTLE,
        "fail",
        "One column's smallest step changes answers, as if each of its digits told something.",
        "The column alone moves by its step, and is judged as in sensitivity.flips-under-noise; "
        "Holm over columns, and the interval of a fail holds for all columns together.",
        "Bin the column, or leave it out where its digits mean nothing (an id, a hash, a time "
        "stamp, a rounding).",
    ),
    Code(
        FLIPS,
        "fail",
        "Answers change when nothing has changed that anyone could measure.",
        "All columns with small steps move at once by their resolution (their smallest usual step "
        "or 1 % of their spread, the larger). " + _CHANGED + ". From this is taken `allowance` "
        "times what a model would show whose answers change evenly over the columns' values. "
        "Warn where the rest is over warn_over and is no chance (alpha), fail where its whole "
        "interval is over fail_over. Images: noise of the pixels' resolution, a blur of half a "
        "pixel in 28, JPEG at quality 75, without the allowance for steps.",
        "Regularise, train on rows with such noise added, or bin the columns that change most in "
        "the figure.",
        "Goodfellow, Shlens, Szegedy 2015; Hendrycks, Dietterich 2019",
    ),
    Code(
        DOMINATES,
        "warn",
        "One column carries nearly all of the model's skill.",
        "Permutation importance (rise of the squared error when the column is shuffled, Brier "
        "score for classes; correlated columns are shuffled together), its share of the sum over "
        "all columns: over `dominates`, of at least three columns; and the lower limit "
        "of the share is within 0.1 of it, and the importance over zero beyond chance.",
        "Ask whether the column is known when the model is used, and how well it is measured; if "
        "it leaks the target, `leakage` says so. Otherwise a rule on this column does the work.",
        "Breiman 2001; Fisher, Rudin, Dominici 2019",
    ),
    Code(
        LIGHTING,
        "fail",
        "Images that are a little brighter, darker, flatter or harder get other answers.",
        "Brightness by 10 % of the range, contrast by 20 %. " + _CHANGED + ". Warn where this is "
        "over warn_over and no chance (alpha), fail where its whole interval is over fail_over.",
        "Train with random brightness and contrast, or normalise each image.",
        "Hendrycks, Dietterich 2019",
    ),
    Code(
        SHIFT,
        "fail",
        "Images that are moved by a hair get other answers.",
        "A shift by 1/28 of the width and height (one pixel of 28; parts of a pixel are "
        "interpolated), sequences by one step where they have 28 or more. Judged as "
        "sensitivity.lighting.",
        "Train with random shifts, or pool before the dense layers.",
        "Azulay, Weiss 2019; Zhang 2019",
    ),
    Code(
        TEXT,
        "fail",
        "The same text in other case, punctuation or with a typo gets another answer.",
        "Case (all small, or capitals at the start of words where all is small), a comma or full "
        "stop more or less, two letters exchanged in one of ten words. " + _CHANGED + "; a typo "
        "may besides cost as much as the share of the words of four letters or more that it "
        "spoils. Judged as "
        "sensitivity.lighting.",
        "Lower-case and strip punctuation before the vectoriser, or use character n-grams or "
        "subwords.",
        "Ribeiro et al. 2020",
    ),
)
