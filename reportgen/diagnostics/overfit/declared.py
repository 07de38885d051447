"""What the overfit diagnostic declares: its settings and its codes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reportgen.diagnostic import Code
from reportgen.job.schema import Settings

Share = Annotated[float, Field(gt=0, lt=1)]

GAP = "overfit.train-test-gap"
DIVERGES = "overfit.validation-diverges"
MEMORISES = "overfit.memorises"
MORE_DATA = "overfit.more-data-helps"
EARLY = "overfit.early-stopping-helps"
REGULARISE = "overfit.regularisation-helps"
UNDERFITS = "overfit.underfits"


class OverfitSettings(Settings):
    gap: Share = Field(
        0.10, description="Score on train less score on test, in the metric's range, that is wide."
    )
    helps_least: Share = Field(
        0.02, description="Gain of a what-if, in the metric's range, that is worth a word."
    )
    what_if_members: Annotated[int, Field(ge=0, le=100)] = Field(
        5, description="Seeds with which each what-if is trained; below 3: nothing is trained."
    )
    sizes: tuple[Share, ...] = Field(
        (0.0625, 0.125, 0.25, 0.5),
        description="Shares of the training rows of the learning curve, beside all of them.",
    )
    memorised: Share = Field(
        0.8,
        description="Permuted labels that are fitted, over chance, for real ones that are: from "
        "here the model can memorise.",
    )
    diverges: Annotated[float, Field(gt=0)] = Field(
        0.05, description="Rise of the validation loss over its lowest, as a share, that is told."
    )


CODES = (
    Code(
        GAP,
        "fail",
        "The model does better on the rows it was trained on than on rows it has not seen.",
        "Score on train less score on the judged split, both predicted anew: info when the whole "
        "95 % interval is above 0, warn when it is above gap, fail when also a what-if that "
        "restrains the model improves the judged split with its whole interval, or the score there "
        "cannot be told from a constant answer's.",
        "Restrain the model as the what-ifs of this section show, or train on more rows.",
        "Hastie, Tibshirani, Friedman 2009, 7.4",
    ),
    Code(
        DIVERGES,
        "warn",
        "The validation loss rose again before training ended.",
        "Of the retrained members (else of the history file): the loss at the epoch that is "
        "delivered is above that at the best epoch by over the share diverges, with the whole "
        "interval over members above 0.",
        "Stop at the best epoch: early_stopping with restore_best, or fewer epochs.",
        "Prechelt 1998",
    ),
    Code(
        MEMORISES,
        "fail",
        "The model fits labels that mean nothing about as well as real ones, and little of what it "
        "learned holds on other rows.",
        "Trained on permuted labels by the same recipe, it fits memorised of what it fits of real "
        "ones (both over a constant answer); the gap is wider than gap with its whole interval; "
        "and more than half of its skill on train is gone on the judged split.",
        "Use a smaller or more restrained model, or far more rows.",
        "Zhang et al. 2017; Arpit et al. 2017",
    ),
    Code(
        MORE_DATA,
        "warn",
        "More training rows would make the model better.",
        "A forecast of the learning curve (pow3, pow4 and MMF averaged) at twice the rows, with an "
        "interval over judged rows, seeds and curves: told only when the same forecast from half "
        "of the rows covers what was measured at all of them. info when the whole interval of its "
        "gain is above 0, warn when the gain is helps_least or more and its whole interval above "
        "half of that.",
        "Label more rows before changing the model.",
        "Viering and Loog 2023",
    ),
    Code(
        EARLY,
        "warn",
        "Fewer epochs of the same recipe do better on rows it has not seen.",
        "Members trained for a quarter and half of the epochs beside the recipe's, paired by seed: "
        "the whole interval of the gain is above 0, at 95 % for all what-ifs together, and the "
        "point is helps_least or more.",
        "Stop early on validation: `keras.callbacks.EarlyStopping(patience=…, "
        "restore_best_weights=True)`.",
        "Prechelt 1998",
    ),
    Code(
        REGULARISE,
        "warn",
        "The same recipe, restrained, does better on rows it has not seen.",
        "Members with dropout, L2, smaller layers, augmentation (networks) or the estimator's own "
        "restraints beside the recipe's, paired by seed: the whole interval of the gain is above "
        "0, at 95 % for all what-ifs together, and the point is helps_least or more. The best is "
        "named.",
        "Adopt the restraint that is named, and tune its strength on validation.",
        "Srivastava et al. 2014 for dropout",
    ),
    Code(
        UNDERFITS,
        "warn",
        "The model could learn more from the rows it has.",
        "Members trained for twice the epochs, with larger layers, or with less restraint, beside "
        "the recipe's: the whole interval of the gain on the judged split is above 0, at 95 % for "
        "all what-ifs together, and the point is helps_least or more.",
        "Train longer or with more capacity, as the what-if that is named.",
    ),
)
