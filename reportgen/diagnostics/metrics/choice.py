"""Metrics that are right and hide what they were chosen to show; measured, not guessed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reportgen.charts.numbers import amount, plural, score, share
from reportgen.diagnostics.metrics.declared import MetricsSettings
from reportgen.diagnostics.metrics.definition import Definition
from reportgen.diagnostics.metrics.rows import Rows
from reportgen.diagnostics.metrics.watched import Watched

#: Where more is better and a constant answer may score high.
FREE = ("f1", "f2", "f05", "precision", "jaccard", "dice", "average_precision", "accuracy")
RESAMPLES = 400
ENOUGH = 100  # rows from which 1 % of them is spoken of
LEVERED = 0.3  # of R² that 1 % of the rows make
HALF = 0.5


@dataclass(frozen=True)
class Choice:
    """``why`` is a word for evidence; ``message`` a sentence with its numbers."""

    name: str
    why: str
    message: str
    numbers: dict[str, float]


def choices(
    rows: Rows, seen: Sequence[Watched], spread: float | None, settings: MetricsSettings,
    rng: np.random.Generator,
) -> list[Choice]:  # fmt: skip
    """Every watched metric that misleads on these rows; ``spread`` is the sd of train's target."""
    found = []
    for one in seen:
        found += list(_of(one, rows, spread, settings, rng))
    return found


def _of(
    one: Watched, rows: Rows, spread: float | None, settings: MetricsSettings,
    rng: np.random.Generator,
) -> Iterator[Choice]:  # fmt: skip
    definition = one.definition
    if rows.task == "regression":
        if definition.family == "r2":
            yield from _r2(one, rows, spread)
        if definition.family == "mape":
            yield from _mape(one, rows)
        return
    if definition.same_as == "accuracy" and not one.average_said:
        value = definition.of(rows)
        yield Choice(
            one.name, "micro",
            f"“{one.name}” is {definition.words}: with one label a row that is accuracy, "
            f"{score(value)}, under another name, and no class can pull it down.",
            {"value": value},
        )  # fmt: skip
        return
    if definition.family in FREE and (definition.family != "accuracy" or rows.task == "multilabel"):
        yield from _free(one, rows, settings, rng)


def constants(rows: Rows) -> Iterator[tuple[str, Rows]]:
    """Answers that are the same for every row, and what they are called."""
    if rows.task == "binary":
        yield "calling every row positive", replace(rows, p=np.full(rows.n, 1.0))
        yield "calling no row positive", replace(rows, p=np.zeros(rows.n))
    elif rows.task == "multilabel":
        usual = (rows.y.mean(axis=0) > HALF).astype(float)
        yield (
            "giving every row its most frequent labels",
            replace(rows, p=np.tile(usual, (rows.n, 1))),
        )
    else:
        frequent = int(np.bincount(rows.y, minlength=rows.k).argmax())
        p = np.zeros((rows.n, rows.k))
        p[:, frequent] = 1.0
        yield (
            "giving every row the most frequent class",
            replace(rows, p=p if rows.p.ndim == 2 else np.full(rows.n, float(frequent))),
        )


def _free(
    one: Watched, rows: Rows, settings: MetricsSettings, rng: np.random.Generator
) -> Iterator[Choice]:
    with np.errstate(all="ignore"):
        value = one.definition.of(rows)
        scored = [(one.definition.of(c), words, c) for words, c in constants(rows)]
    known = [s for s in scored if np.isfinite(s[0])]
    if not known or not np.isfinite(value):
        return
    free, words, constant = max(known, key=lambda s: s[0])
    if free < settings.free_score or free > 1 - 1e-9 or value < settings.free_score:
        return
    skill = (value - free) / (1 - free)
    if skill >= settings.least_skill:
        return
    high = _upper(one.definition, rows, constant, rng)
    if not high < HALF:
        return
    yield Choice(
        one.name, "constant",
        f"“{one.name}” ({one.definition.words}) is {score(value)}, and {words} gives "
        f"{score(free)}: the model goes {share(max(skill, 0.0))} of the way from there to 1 "
        f"(at most {share(max(high, 0.0))}).",
        {"value": value, "constant": free, "skill": skill, "skill_high": high},
    )  # fmt: skip


def _upper(definition: Definition, rows: Rows, constant: Rows, rng: np.random.Generator) -> float:
    """Upper end of the 95 % bootstrap interval of the skill."""
    few = min(rows.n, 4000)
    found = []
    for _ in range(RESAMPLES):
        at = rng.integers(0, rows.n, few)
        with np.errstate(all="ignore"):
            value, free = definition.of(rows.take(at)), definition.of(constant.take(at))
        if np.isfinite(value) and np.isfinite(free) and free < 1:
            found.append((value - free) / (1 - free))
    return float(np.quantile(found, 0.975)) if len(found) > RESAMPLES / 2 else float("inf")


def _r2(one: Watched, rows: Rows, spread: float | None) -> Iterator[Choice]:
    if rows.y.ndim != 1:
        return
    value = one.definition.of(rows)
    order = np.argsort(np.abs(rows.y - np.median(rows.y)))
    if rows.n >= ENOUGH:
        few = max(1, rows.n // 100)
        rest = one.definition.of(rows.take(np.sort(order[:-few])))
        if value >= HALF and value - rest > LEVERED:
            yield Choice(
                one.name, "few-rows",
                f"R² is {score(value)} on all rows and {score(rest)} without the "
                f"{plural(few, 'row')} farthest from the middle of the target: these make it.",
                {"value": value, "without": rest, "rows": float(few)},
            )  # fmt: skip
    own = float(np.std(rows.y))
    if spread is None or own <= 0 or spread <= 0:
        return
    rmse = float(np.sqrt(np.mean((rows.y - rows.p) ** 2)))
    against = 1 - (rmse / spread) ** 2
    if value < LEVERED and own < HALF * spread and against > 0.7:
        yield Choice(
            one.name, "no-spread",
            f"R² is {score(value)} because the judged targets hardly vary: their standard "
            f"deviation is {amount(own, 3)}, train's is {amount(spread, 3)}, and the root mean "
            f"squared error is {amount(rmse, 3)}.",
            {"value": value, "sd": own, "train_sd": spread, "rmse": rmse},
        )  # fmt: skip


def _mape(one: Watched, rows: Rows) -> Iterator[Choice]:
    if rows.n < ENOUGH or rows.y.ndim != 1:
        return
    size = np.maximum(np.abs(rows.y), 1e-7)
    parts = np.abs(rows.y - rows.p) / size
    few = max(1, rows.n // 100)
    near = np.argsort(size)[:few]
    held = float(parts[near].sum() / parts.sum()) if parts.sum() > 0 else 0.0
    if held >= HALF:
        without = float(np.delete(parts, near).mean())
        yield Choice(
            one.name, "near-zero",
            f"{share(held)} of “{one.name}” come from the {plural(few, 'row')} whose target is "
            f"nearest to zero (at most {amount(float(size[near].max()), 2)}); without them it is "
            f"{share(without)} and not {share(float(parts.mean()))}.",
            {"share": held, "without": without, "value": float(parts.mean())},
        )  # fmt: skip
