"""Does the same seed give the same model, and the same model the same answer?"""

from __future__ import annotations

from reportgen.charts.numbers import amount, listed
from reportgen.diagnostic import Decided
from reportgen.diagnostics.seed_ensemble.asked import REPEATED
from reportgen.diagnostics.seed_ensemble.declared import NO_EFFECT, NOT_DETERMINISTIC
from reportgen.diagnostics.seed_ensemble.finding import finding
from reportgen.diagnostics.seed_ensemble.prepare import Prepared
from reportgen.models.determinism import Determinism, Untold
from reportgen.results import Finding

RIGHT = "keras.utils.set_random_seed"


def not_deterministic(prepared: Prepared) -> Decided:
    """Does the same seed twice give the same, and the delivered model the same answer twice?"""
    findings = [*_answers_differ(prepared)]
    seen = prepared.determinism
    if isinstance(seen, Untold):
        untold = seen.reason if prepared.asked is None else None
        return tuple(findings), None if findings else untold
    if seen.where is not None and not seen.seed_fails:
        declared = seen.seed is not None or bool(seen.in_model)
        findings.append(
            finding(
                NOT_DETERMINISTIC,
                "warn" if declared else "info",
                "training",
                f"{_trainings(seen)} differ from the {seen.where} on.",
                _fix(seen),
                **seen.evidence(),
            )
        )
    return tuple(findings), None


def _trainings(seen: Determinism) -> str:
    if seen.seed is not None:
        return f"Two trainings from seed {seen.seed}"
    if seen.in_model:
        seeds = listed([str(s) for s in seen.in_model], 3)
        return f"The model's layers declare seeds ({seeds}), the recipe none; two trainings"
    return "The recipe declares no seed; two trainings"


def _fix(seen: Determinism) -> str:
    """How the seed is fixed, from where the two start to differ."""
    if seen.where == "first step":
        return (
            "Weights and rows start alike: call "
            "`tf.config.experimental.enable_op_determinism()` for steps that are the same bits."
        )
    number = seen.seed if seen.seed is not None else "SEED"
    return f"Call {RIGHT}({number}) before the model is built, and once."


def _answers_differ(prepared: Prepared) -> list[Finding]:
    asked = prepared.asked
    if asked is None:
        return []
    layers = ""
    if asked.random:
        one = len(asked.random) == 1
        named = listed(list(asked.random), 3)
        layers = f"; its {'layer' if one else 'layers'} {named} {'draws' if one else 'draw'}"
        layers += " at random"
    if asked.apart > REPEATED * asked.scale:
        return [
            finding(
                NOT_DETERMINISTIC,
                "warn",
                "delivered model",
                "Asked twice, the delivered model's answers to the same rows differ by up to "
                f"{amount(asked.apart)}{layers}.",
                "Switch dropout and noise off where the model answers (training=False), and score "
                "it again: every number that was reported of it is one draw of many.",
                largest=asked.apart,
                layers=asked.random,
            )
        ]
    if asked.called is not None and asked.called > REPEATED * asked.scale:
        return [
            finding(
                NOT_DETERMINISTIC,
                "warn",
                "delivered model",
                "predict() repeats, but model(x), called twice on the same rows, gives answers up "
                f"to {amount(asked.called)} apart{layers}: a layer is built with training=True, "
                "which predict() and evaluate() switch off and a plain call does not.",
                "Build the layer without training=True, or call model(x, training=False).",
                largest=asked.called,
                layers=asked.random,
            )
        ]
    return []


def no_effect(prepared: Prepared) -> Decided:
    """Does the declared seed call fix what it should?"""
    seen = prepared.determinism
    if isinstance(seen, Untold):
        return (), seen.reason
    if seen.seed is None:
        return (), "the job declares no seed"
    if not seen.seed_fails:
        return (), None
    assert seen.where is not None
    why = (
        f"{seen.call} does not fix what Keras 3 draws, which has generators of its own"
        if seen.call.startswith(("tf.", "tensorflow.", "np.", "numpy.", "random."))
        else f"look into {seen.call}: what it is given does not reach Keras's generators"
    )
    return (
        finding(
            NO_EFFECT,
            "warn",
            seen.call,
            f"{seen.call}({seen.seed}), called twice, gives two trainings that differ from the "
            f"{seen.where} on; {RIGHT}({seen.seed}) fixes them.",
            f"Call {RIGHT}({seen.seed}) before the model is built: {why}.",
            **seen.evidence(),
        ),
    ), None


def repeats_words(prepared: Prepared) -> str:
    """What repeats, in a sentence, where it was asked."""
    seen = prepared.determinism
    if isinstance(seen, Untold):
        return f"Whether one seed gives one model is not told: {seen.reason}."
    started = f"Started twice {'from one' if seen.seed is not None else 'without a'} seed,"
    if seen.where is not None:
        return f"{started} training differs from the {seen.where} on."
    return (
        f"{started} training has the same initial weights, first batch and first step, bit by bit."
    )
