"""What the seed ensemble declares: its settings and its codes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reportgen.diagnostic import Code
from reportgen.job.schema import Settings

Share = Annotated[float, Field(gt=0, lt=1)]

UNSTABLE_PREDICTIONS = "seed-ensemble.unstable-predictions"
UNSTABLE_METRIC = "seed-ensemble.unstable-metric"
LUCKY = "seed-ensemble.lucky-seed"
NOT_REPRODUCED = "seed-ensemble.recipe-does-not-reproduce"
NOT_DETERMINISTIC = "seed-ensemble.not-deterministic"
COLLAPSES = "seed-ensemble.training-collapses"
NO_EFFECT = "seed-ensemble.seed-has-no-effect"
HELPS = "seed-ensemble.ensemble-helps"


class SeedEnsembleSettings(Settings):
    members: Annotated[int, Field(ge=3, le=1000)] = Field(
        10, description="Models trained again by the recipe, each from a seed of its own."
    )
    crossed: Annotated[int, Field(ge=0, le=20)] = Field(
        4,
        description="Seeds of initial weights that are crossed with as many of data order, to tell "
        "the two apart; below 3: not done.",
    )
    grow_to: Annotated[int, Field(ge=0, le=10_000)] = Field(
        199,
        description="Members that are trained before a fail, in steps of about three times as "
        "many, as long as the delivered model stands outside its recipe.",
    )
    suspect_alpha: Share = Field(
        0.05,
        description="Share of honest models, on either side, for which the ensemble is grown "
        "before anything is said; each further step asks for less, down to the verdict's share.",
    )
    lucky_alpha: Share = Field(
        0.01, description="Share of honest models for which lucky-seed may be said."
    )
    reproduce_alpha: Share = Field(
        0.001, description="The same of recipe-does-not-reproduce, below the recipe."
    )
    best_of: Annotated[int, Field(ge=2)] = Field(
        1000,
        description="Seeds somebody may have chosen from: a model above what the best of "
        "them reaches is not of this recipe.",
    )
    least_gap: Annotated[float, Field(ge=0)] = Field(
        0.002,
        description="A gap to the recipe's mean that is smaller, in the metric's range, is "
        "not worth a word.",
    )
    unstable_sd: Share = Field(
        0.02,
        description="Standard deviation of a metric over seeds, without the test rows' own "
        "noise and in the metric's range, that is a warning.",
    )
    churn_warn: Share = Field(
        0.05, description="Churn beyond what the margins announce, from which it is a warning."
    )
    churn_fail: Share = Field(0.15, description="The same for a fail: its whole interval is above.")
    value_step: Annotated[float, Field(gt=0)] = Field(
        0.2,
        description="Regression: predictions further apart than this many standard deviations "
        "of train's target differ.",
    )
    helps_least: Annotated[float, Field(ge=0)] = Field(
        0.002, description="Gain of the averaged members, in the metric's range, worth a word."
    )


CODES = (
    Code(
        UNSTABLE_PREDICTIONS,
        "fail",
        "Two models of the same recipe often answer differently, and do not say that they are "
        "unsure.",
        "Share of rows whose label differs between two members, less what the members' own "
        "probabilities announce: warn when the point is over churn_warn, fail when the whole "
        "95 % interval over members and rows is over churn_fail. Regression: share of rows whose "
        "two predictions differ by more than value_step standard deviations of y_train.",
        "Average several members, train longer at a lower learning rate, or regularise; do not "
        "explain single answers of this model as if another seed would give them too.",
        "Milani Fard et al. 2016; Cooper et al. 2024",
    ),
    Code(
        UNSTABLE_METRIC,
        "warn",
        "The recipe's score depends on the seed.",
        "Standard deviation over members without the noise of the test rows (Jordan 2023), over "
        "unstable_sd of the metric's range, and told from zero at 1 % (chi-squared). Members "
        "whose training collapsed are left out.",
        "Report the mean and spread over seeds, not one run; lower the learning rate, warm it up, "
        "or average members.",
        "Jordan 2023; Bouthillier et al. 2021",
    ),
    Code(
        LUCKY,
        "warn",
        "The delivered model scores above what its recipe gives: the seed was chosen, or lucky.",
        "The headline metric of the delivered model lies above that of all but the best few of N "
        "retrained members, so few that one more seed does so in at most lucky_alpha of all cases, "
        "however scores over seeds are distributed (all but one of 199), by at least least_gap and "
        "by more than one row makes. Fewer than 99 members, which the job brings along, have no "
        "such rank: above the prediction bound mean + t(N − 1)·s·√(1 + 1/N), nearer where scores "
        "are skewed to the worse side (Pearson III). Where the model lies above the bound at "
        "suspect_alpha, or above all members, the ensemble is grown first, in steps to grow_to "
        "members. With 10 members, grown to 27, to 73 and to 199, an honest model is called lucky "
        "in at most 1 of 100 cases, and where scores over seeds are normal a chosen seed is found "
        "with these chances: the best of 10: 9 %, the best of 100: 55 %, the best of 1,000: 97 %; "
        "ten members alone would find 8 %, 34 % and 67 %. Where few rows are wrong and scores "
        "have few values, it is less.",
        "Expect the recipe's mean, and report it; choose seeds on validation, never on test.",
        "Hahn and Meeker 1991",
    ),
    Code(
        NOT_REPRODUCED,
        "fail",
        "The recipe in the job does not give a model like the delivered one.",
        "The headline metric of the delivered model lies below the one-sided bound at "
        "reproduce_alpha and below every member, or above what the best of best_of seeds reaches "
        "(95 %), by at least least_gap and without the one row that says most for it: fail after "
        "growing the ensemble to grow_to members (99 at least), warn where it could not be grown. "
        "The bound below is further out where scores over seeds are skewed (Pearson III); an "
        "honest model lies below it in about 1 of 1,000 cases over simulated networks, and in no "
        "more than 1 of N + 1 whatever the distribution. Also, after growing, what the model "
        "learned: its loss on train, or the standard deviation of its log-odds over rows (of a "
        "value: of predictions), outside what one more seed has, by a tenth and beyond every "
        "member: warn, fail where the score is outside too. An honest model is outside in up to 3 "
        "of 1,000 cases over simulated networks, and in no more than 4 of N + 1 whatever "
        "the distribution. Then a few networks are "
        "trained with more (or fewer) epochs and at higher (or lower) learning rates, and those "
        "that come out like the delivered model are named. Members that the job brings along are "
        "compared with retrainings of its recipe: warn when their answers lie elsewhere or further "
        "apart (permutations, 0.2 %).",
        "Find what differs: epochs, learning rate, rows, preprocessing, class weights, library "
        "versions; then correct `training:` or the model.",
        "Beckman and Trussell 1974",
    ),
    Code(
        NOT_DETERMINISTIC,
        "warn",
        "The same seed twice gives two models, or the same model twice two answers.",
        "Two trainings from the declared seed (from one seed where none is declared), as far as "
        "the first step, in TensorFlow: initial weights, first batch, weights after it, compared "
        "bit by bit; and the delivered model asked twice, by predict() and by model(x). Warn when "
        "the job or the model's layers declare a seed, or when the delivered model answers "
        "differently; info otherwise.",
        "Call `keras.utils.set_random_seed(SEED)` before the model is built, and "
        "`tf.config.experimental.enable_op_determinism()` for the same bits.",
    ),
    Code(
        COLLAPSES,
        "fail",
        "Some seeds train to nothing: they end at chance level, or with a loss that is not a "
        "number.",
        "A member's 95 % interval of balanced accuracy (regression: R²) reaches down to chance and "
        "lies whole below that of the median of the members that are above chance (by an interval "
        "that allows for all of them being tried); or its loss is NaN. So does the delivered "
        "model's, and it answers every row alike or members collapse too. Ten members show one "
        "that collapses in 8 of 10 cases where one seed in seven does.",
        "Lower the learning rate or warm it up, clip gradients, look at the initialisation and "
        "for dead units; until then, start several seeds and keep by validation.",
    ),
    Code(
        NO_EFFECT,
        "warn",
        "The declared seed call leaves open what it should fix.",
        "The declared call with the declared seed, twice: the initial weights or the first batch "
        "differ all the same, and with keras.utils.set_random_seed they do not.",
        "Call `keras.utils.set_random_seed(SEED)` before the model is built: tf.random.set_seed "
        "and numpy.random.seed do not fix initialisers in Keras 3.",
    ),
    Code(
        HELPS,
        "info",
        "The members' mean answer scores better than a member.",
        "Paired difference of the headline metric, ensemble less the mean member: the whole 95 % "
        "interval is above 0 and the point above helps_least.",
        "Average members where the gain is worth their cost.",
        "Lakshminarayanan, Pritzel, Blundell 2017",
    ),
)
