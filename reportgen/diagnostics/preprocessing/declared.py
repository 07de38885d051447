"""What the preprocessing diagnostic declares: its settings and its codes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reportgen.diagnostic import Code
from reportgen.job.schema import Fraction, Settings

REFIT = "preprocessing.refit-per-split"
SCALE = "preprocessing.scale-mismatch"
MISSING = "preprocessing.missing-values"
UNSEEN = "preprocessing.unseen-categories"
IMPUTED = "preprocessing.impute-after-scale"
ORDER = "preprocessing.column-order"
CONSTANT = "preprocessing.constant-input"
AS_TEXT = "preprocessing.numbers-as-text"
FINITE = "preprocessing.not-finite"

Share = Annotated[float, Field(gt=0, lt=1)]


class PreprocessingSettings(Settings):
    """Thresholds of the preprocessing diagnostic."""

    alpha: Fraction = Field(
        default=0.0005,
        description="chance, over all columns, that missing values or categories are said to "
        "differ between splits that were cut at random",
    )
    least_missing: Share = Field(
        default=0.02,
        description="difference between two splits' shares of missing values that is a warning, "
        "where both have some",
    )
    unit_factor: Annotated[float, Field(gt=1)] = Field(
        default=5.0,
        description="factor between two splits from which one column alone, whose shape stays as "
        "it was, is in another unit; below it, only where whole numbers or a known unit tell",
    )
    columns_shown: Annotated[int, Field(ge=5, le=200)] = Field(
        default=15, description="columns in the table of the report; the rest is summed up"
    )


CODES = (
    Code(
        REFIT,
        "fail",
        "Each split was scaled by figures of its own, so that one and the same value is another "
        "number in train and in test.",
        "Columns (or whole arrays, or channels) of the judged split have mean 0 and standard "
        "deviation 1 (by n or n − 1), median 0 and quartiles 1 apart, or one pair of limits, to "
        "the last digits, and so have train's own, while their values are others. Chance that a "
        "split scaled by train's figures comes as near: under 1 in 100,000 over all columns. What "
        "is so by nature is left out: values that both splits share, each group or each row "
        "scaled by itself, ranks, bounded shares. leakage.preprocessing-saw-test may name the "
        "same figures as a leak; this code says that the two splits are not comparable.",
        "Fit the scaler on train once and transform every split with it: "
        "`scaler.fit(X_train)`, then `scaler.transform(X_test)`, never `fit_transform(X_test)`.",
    ),
    Code(
        SCALE,
        "fail",
        "Numbers reach the model on another scale than the one it, or a step before it, knows.",
        "Train against each other split: half of the columns or more differ eightfold or more in "
        "spread or lie eight spreads apart; or one column does unit_factor-fold and has train's "
        "shape once that factor, or train's own scaling, is undone; a smaller factor counts where "
        "the digits of whole numbers show it (fail), or where it is a known unit to 2 % and other "
        "columns stand still (warn). Images: ranges twentyfold apart, or with and without "
        "negative values. And stored figures (a scaler's, a Normalization layer's) fourfold off "
        "those of the train rows that reach them in half of the columns; a division by 255 of "
        "what already lies within 0 to 1. leakage.splits-differ tells of a shift; this code of a "
        "change of scale that undoes itself when the factor is taken back.",
        "Send every split through the same fitted steps, once, and in the units of train.",
    ),
    Code(
        MISSING,
        "warn",
        "Values are missing otherwise in scoring than in training, or stand in as a number.",
        "A column has gaps in the judged split and none in train, or their shares differ by "
        "least_missing, beyond chance (Fisher's exact test, Holm over columns, alpha; by group "
        "where there are groups). A placeholder is named where a customary one (−999, 9999, −1 …) "
        "stands apart from all other values by more than their whole range, or 0 stands apart in "
        "a column whose name says that it cannot be 0.",
        "Impute inside the pipeline that is fitted on train, with an indicator column, and find "
        "out why scoring has gaps that training has not.",
    ),
    Code(
        UNSEEN,
        "warn",
        "The judged rows hold categories or words that no training row has.",
        "Rows whose category train does not have, beyond what a random cut of the same rows would "
        "leave unseen (Good and Turing's singletons; a bound over the hypergeometric chance of "
        "each category, Holm over columns, alpha; groups count once). Within chance it is info. "
        "Texts: share of words outside train's vocabulary against that of train's own texts, each "
        "held out.",
        "Say what an unknown category means to the encoder (handle_unknown, an OOV token), train "
        "with some, or map new categories to known ones.",
        "Good 1953",
    ),
    Code(
        IMPUTED,
        "warn",
        "Gaps were filled after scaling, so that the scale does not know the filled values.",
        "In a fitted pipeline, a scaler stands before a SimpleImputer that had gaps to fill "
        "(neighbour-based imputers need scaled rows and are left out). Where only the delivered "
        "numbers are at hand, both orders are computed anew: the values beside the filled one, "
        "and not all of them, have mean 0 and standard deviation 1 to the last digits.",
        "Impute first, then scale: `make_pipeline(SimpleImputer(), StandardScaler(), model)`.",
    ),
    Code(
        ORDER,
        "fail",
        "Columns reach the model in another order than the one it was fitted with.",
        "By name where both sides have names: the same names in another order, given by position. "
        "By stored figures: a scaler's are those of train's columns in another order, to the last "
        "digits. By distribution: two columns or more of a split do not look like train's at "
        "their place and do look like train's at another, each matched once, where the values of "
        "those columns can be told apart.",
        "Select the columns by name in the order of `feature_names_in_` before they become an "
        "array.",
    ),
    Code(
        CONSTANT,
        "info",
        "A column has one value in all training rows: the model can learn nothing from it.",
        "Counted, over all rows that reach the model.",
        "Leave the column out, or find out what became of it.",
    ),
    Code(
        AS_TEXT,
        "warn",
        "A column of numbers is stored as text, so that it is taken for categories.",
        "Nine of ten values or more are numbers, many of them with decimals, and the column is "
        "text.",
        "Read the column as numbers, and the few other values as missing.",
    ),
    Code(
        FINITE,
        "warn",
        "Infinite numbers reach the model, or numbers too large for its precision.",
        "Counted: infinite values, values over 65,504 where the model computes in float16, over "
        "3.4 × 10³⁸ where in float32.",
        "Replace infinite values before scaling, and use a logarithm or clip what is too large.",
    ),
)
