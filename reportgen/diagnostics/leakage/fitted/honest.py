"""Model inputs as preprocessing gives them that has seen nothing but what training may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reportgen.diagnostics.leakage.fitted.arrays import Standardised, again, table_of
from reportgen.diagnostics.leakage.found import Cure
from reportgen.errors import ReportgenError, in_words
from reportgen.evidence import Case
from reportgen.fitted.parts import Part
from reportgen.models.preprocess import Preprocess, SklearnTransform
from reportgen.models.tables import concatenate
from reportgen.retraining.added import trained_splits

#: Shift of the validation rows, in standard deviations of train, that early stopping may notice.
NOTICED = 0.1


def cure_of_parts(case: Case, guilty: Sequence[Part], judged: str) -> Cure:
    """How training is rid of parts that saw other rows."""
    keeps = tuple(dict.fromkeys(part.keeps for part in guilty if part.keeps))
    layers = [part for part in guilty if part.layer is not None]
    steps = {part.step for part in guilty if part.step >= 0}
    if keeps and not steps:
        return Cure(keeps=keeps)
    if any(part.kind != "Normalization" for part in layers):
        return Cure(untrainable="another vocabulary is another network")
    if layers and steps:
        return Cure(untrainable="steps before the network and layers in it saw the rows")
    try:
        inputs = _by_layers(case, layers, judged) if layers else _by_steps(case, guilty, judged)
    except (ReportgenError, ValueError, TypeError) as error:
        return Cure(untrainable=in_words(error).splitlines()[0][:160])
    return _checked(case, inputs, judged, keeps)


def cure_of_arrays(case: Case, found: Standardised, judged: str, *, raw: bool) -> Cure:
    """The arrays standardised again by train alone, before the preprocessing or behind it."""
    if "train" not in found.rows.splits:
        return Cure(untrainable=f"what its own figures took from {judged} is not in the data")
    own = {name: case.split(name).X if raw else case.inputs(name) for name in _needed(case, judged)}
    tables = {name: table_of(x) for name, x in own.items()}
    train = np.concatenate([t for n in trained_splits(case) if (t := tables[n]) is not None])
    inputs = {}
    for name, table in tables.items():
        assert table is not None
        changed = _like(own[name], again(found, table, train), found.columns)
        inputs[name] = case.preprocess(changed) if raw else changed
    return _checked(case, inputs, judged, ())


def _like(own: Any, table: np.ndarray, columns: Sequence[int]) -> Any:
    """The changed columns in the container that the rows came in."""
    if isinstance(own, np.ndarray):
        return table.astype(own.dtype)
    import polars as pl

    if isinstance(own, pl.DataFrame):
        return own.with_columns(pl.Series(own.columns[j], table[:, j]) for j in columns)
    changed = own.copy()
    for j in columns:
        changed[own.columns[j]] = table[:, j]
    return changed


def _needed(case: Case, judged: str) -> list[str]:
    more = [n for n in ("validation",) if n in case.dataset.splits]
    return list(dict.fromkeys([*trained_splits(case), judged, *more]))


def _by_steps(case: Case, guilty: Sequence[Part], judged: str) -> dict[str, Any]:
    """Every step from the first that saw other rows is fitted again; names stay as they were."""
    names = _needed(case, judged)
    rows = {name: case.split(name).X for name in names}
    trained = trained_splits(case)
    y = np.concatenate([np.asarray(case.split(name).y) for name in trained])
    first = min(part.step for part in guilty if part.step >= 0)
    for place, step in enumerate(case.preprocess.steps):
        if place >= first and isinstance(step, SklearnTransform):
            fixed = {
                f"{part.parameters}__{name}" if part.parameters else name: part.stored[f"{name}_"]
                for part in guilty
                for name in ("categories", "vocabulary")
                if part.step == place and f"{name}_" in part.stored
            }
            step = step.refitted(concatenate([rows[n] for n in trained]), y, **fixed)
        rows = {name: Preprocess((step,), ("",))(x) for name, x in rows.items()}
    return rows


def _by_layers(case: Case, layers: Sequence[Part], judged: str) -> dict[str, Any]:
    """Inputs that the layers, as they are, turn into what honest ones would give."""
    from reportgen.fitted.layers import through

    if len(layers) > 1 or not isinstance(case.inputs("train"), np.ndarray):
        raise ValueError("more than one input is normalised in the network")
    (part,) = layers
    train = concatenate([part.inputs[n] for n in trained_splits(case)])
    figures = part.refit(train, None)
    layer, _ = part.layer
    return {
        name: through(layer, part.inputs[name], figures["mean_"], figures["var_"])
        for name in _needed(case, judged)
    }


def _checked(case: Case, inputs: dict[str, Any], judged: str, keeps: tuple[str, ...]) -> Cure:
    """A cure by inputs, unless their shape, or early stopping, stands against it."""
    own = np.shape(case.inputs("train"))[1:]
    got = np.shape(inputs["train"])[1:]
    if own != got:
        return Cure(
            untrainable=f"fitted on train alone the preprocessing gives rows of shape {got}, "
            f"not {own}"
        )
    training = case.entry.training
    stop = None if training is None else training.early_stopping
    if stop is not None and stop.monitor.startswith("val_") and "validation" in inputs:
        before, after = table_of(case.inputs("validation")), table_of(inputs["validation"])
        train = table_of(case.inputs("train"))
        if before is not None and after is not None and train is not None:
            spread = np.nanstd(train, axis=0)
            moved = np.nanmean(np.abs(after - before), axis=0) / np.where(spread > 0, spread, 1.0)
            if float(moved.max(initial=0.0)) > NOTICED:
                return Cure(
                    untrainable="early stopping watches validation rows that honest preprocessing "
                    "moves too far"
                )
    wanted = {name: inputs[name] for name in dict.fromkeys([*trained_splits(case), judged])}
    return Cure(inputs=wanted, judged=judged, keeps=keeps)
