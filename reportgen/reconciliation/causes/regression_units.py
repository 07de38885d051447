"""Causes of regression: roots, squares, signs and scales of errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from reportgen.reconciliation.evidence import Evaluation, Evidence
from reportgen.reconciliation.hypothesis import (
    Candidate,
    Hypothesis,
    declared,
    instead,
    read_as,
    under,
)
from reportgen.reconciliation.row_losses import changed

_ERRORS = ("mse", "rmse", "mae", "loss")


def _root(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    (claim,) = evaluation.claims
    other = {"mse": "rmse", "rmse": "mse"}.get(claim.metric)
    if other is not None:
        yield read_as(evidence, evaluation, {claim: replace(claim, metric=other)}, **{"is": other})
    elif claim.metric in ("brier", "loss", "mae"):
        value = declared(evidence, claim)
        if value is not None and value >= 0:
            changed_to = {claim: float(np.sqrt(value))}
            yield instead(evidence, evaluation, changed_to, **{"is": f"√{claim.metric}"})


def _sign(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    (claim,) = evaluation.claims
    value = declared(evidence, claim)
    if value is not None and claim.metric in (*_ERRORS, "log_loss", "brier"):
        yield instead(evidence, evaluation, {claim: -value}, **{"is": f"-{claim.metric}"})


def _scaled(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """Errors of a target that was scaled, and not scaled back."""
    world = evidence.world(evaluation.split)
    if world.values is None or not any(c.metric in _ERRORS for c in evaluation.claims):
        return
    values = np.asarray(world.values, dtype=np.float64).reshape(np.shape(world.truth))
    for name, (shift, scale) in _scales(evidence, evaluation.split).items():
        if scale > 0 and np.isfinite(scale):
            other = changed(
                world, truth=(world.truth - shift) / scale, values=(values - shift) / scale
            )
            yield under(other, evaluation.claims, target=name)
    if world.truth.min() > -1 and values.min() > -1:
        logs = changed(world, truth=np.log1p(world.truth), values=np.log1p(values))
        yield under(logs, evaluation.claims, target="log(1 + y)")
    if world.truth.min() > 0 and values.min() > 0:
        logs = changed(world, truth=np.log(world.truth), values=np.log(values))
        yield under(logs, evaluation.claims, target="log(y)")


def _scales(evidence: Evidence, split: str) -> dict[str, tuple[float, float]]:
    scales: dict[str, tuple[float, float]] = {}
    for name in ("train", split):
        if name not in evidence.splits:
            continue
        y = np.asarray(evidence.world(name).truth, dtype=np.float64)
        if y.ndim == 1 and len(y) > 1:
            scales[f"standardised on {name}"] = (float(y.mean()), float(y.std()))
            scales[f"standardised on {name}, n - 1"] = (float(y.mean()), float(y.std(ddof=1)))
            scales[f"scaled to 0 … 1 on {name}"] = (float(y.min()), float(np.ptp(y)))
            scales[f"divided by the largest of {name}"] = (0.0, float(np.abs(y).max()))
    scales["divided by 1,000"] = (0.0, 1000.0)
    scales["times 1,000"] = (0.0, 0.001)
    scales["divided by 100"] = (0.0, 100.0)
    scales["times 100"] = (0.0, 0.01)
    return scales


def _relative(evidence: Evidence, evaluation: Evaluation) -> Iterator[Candidate]:
    """R² by other definitions that are in use."""
    (claim,) = evaluation.claims
    world = evidence.world(evaluation.split)
    if claim.metric != "r2" or world.values is None or world.truth.ndim != 1 or world.n < 3:
        return
    truth = np.asarray(world.truth, dtype=np.float64)
    given = np.asarray(world.values, dtype=np.float64).reshape(truth.shape)
    if truth.std() == 0 or given.std() == 0:
        return
    a, b = truth - truth.mean(), given - given.mean()
    aa, bb, ab = float(a @ a), float(b @ b), float(a @ b)
    left = float(((a - b) ** 2).sum())
    # Sums of squares and products about the means, so that a reader can compute it again.
    for name, value, formula in (
        ("squared correlation", ab**2 / (aa * bb), f"({ab!r})**2 / ({aa!r} * {bb!r})"),
        ("correlation", ab / np.sqrt(aa * bb), f"{ab!r} / sqrt({aa!r} * {bb!r})"),
        ("explained variance", 1 - left / aa, f"1 - {left!r} / {aa!r}"),
    ):
        candidate = instead(evidence, evaluation, {claim: float(value)}, **{"is": name})
        yield replace(candidate, expressions={claim: formula})


HYPOTHESES = [
    Hypothesis(
        "root-or-square",
        "The root of the mean squared error was told as the mean squared error, or the square as "
        "the root.",
        "rmse = √mse",
        "Say which of the two it is; Keras's `mse` has no root.",
        _root,
        wrong="mean_squared_error(y_true, y_pred)   # told as RMSE, or the other way round",
        right="root_mean_squared_error(y_true, y_pred)",
        source="scikit-learn, mean_squared_error: squared was removed in 1.6",
        scope="number",
    ),
    Hypothesis(
        "scorer-sign",
        "The number is a scorer's, which is negative where smaller is better.",
        "-value",
        "Turn the sign of `neg_…` scorers before the number is told.",
        _sign,
        wrong="cross_val_score(model, X, y, scoring='neg_mean_squared_error').mean()",
        right="-cross_val_score(model, X, y, scoring='neg_mean_squared_error').mean()",
        source="scikit-learn, model evaluation: greater is better for every scorer",
        scope="number",
    ),
    Hypothesis(
        "target-scale",
        "The errors are those of a scaled target that was not scaled back.",
        "errors of (y - a) / b: mse / b², rmse / b, mae / b; r² is the same",
        "Invert the scaling of the target before errors are computed, or say the unit.",
        _scaled,
        wrong="mean_absolute_error(y_scaled, model.predict(X))",
        right="mean_absolute_error(y, scaler.inverse_transform(model.predict(X)))",
        tasks=("regression",),
    ),
    Hypothesis(
        "r2-definition",
        "R² was computed by another definition.",
        "the squared correlation, or the explained variance: both forgive a constant offset",
        "Use 1 - residual / total sum of squares, as `r2_score` does.",
        _relative,
        wrong="np.corrcoef(y_true, y_pred)[0, 1] ** 2",
        right="r2_score(y_true, y_pred)",
        source="Kvålseth 1985",
        scope="number",
        tasks=("regression",),
    ),
]
