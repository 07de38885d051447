"""Whether each split was scaled by figures of its own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from reportgen.charts.numbers import amount, listed, plural
from reportgen.diagnostics.preprocessing import exact
from reportgen.diagnostics.preprocessing.answer import Answer, table
from reportgen.diagnostics.preprocessing.declared import CODES, REFIT
from reportgen.diagnostics.preprocessing.received import Block, Place, Received
from reportgen.evidence import Case
from reportgen.results import Finding
from reportgen.scores.page_one import OWN_FIGURES, fault

ADVICE = next(c.advice for c in CODES if c.code == REFIT)
LABELS = {
    exact.MOMENTS: ("Mean", "Standard deviation"),
    exact.QUARTILES: ("Median", "Quartiles apart"),
    exact.LIMITS: ("Minimum", "Maximum"),
}


def look(case: Case, rows: Received) -> Answer:
    """The first place at which a split's columns are scaled by themselves."""
    others = [n for n in ("test", "validation") if n in case.dataset.splits and case.split(n).n]
    if "train" not in case.dataset.splits or not others:
        return Answer(REFIT, untold="there is no second split to compare with train")
    if not any(p.numbers or p.blocks for p in rows.places):
        return Answer(REFIT, untold="no column is a number")
    part = [n for n in ("train", *others) if case.split(n).whole is not None]
    if part:
        return Answer(
            REFIT,
            untold=f"{listed(part)} is larger than memory: some of its rows do not tell what all "
            "of them were scaled by",
        )
    for place in rows.places:
        for name in others:
            found = _of_columns(case, place, name) or _of_blocks(place, name)
            if found is not None:
                return found
    return Answer(REFIT, detectable=_detectable(rows, others))


def _of_columns(case: Case, place: Place, name: str) -> Answer | None:
    columns = [c for c in place.numbers if {"train", name} <= set(c.by)]
    if not columns:
        return None
    train, split = (np.column_stack([c.by[n] for c in columns]) for n in ("train", name))
    found = exact.refit(train, split) or _with_validation(columns, name, split)
    if found is None:
        return _of_array(place, name, train, split)
    if any(exact.by_groups(codes, split[:, list(found.columns)])
           for codes in _groupings(case, name)):  # fmt: skip
        return None
    names = [columns[j].name for j in found.columns]
    return _answer(place, name, names, found)


def _with_validation(columns: list, name: str, split: NDArray) -> exact.Refit | None:  # type: ignore[type-arg]
    """Train and validation scaled together, and then cut; test by itself."""
    if name != "test" or not all("validation" in c.by for c in columns):
        return None
    both = np.column_stack([np.concatenate([c.by["train"], c.by["validation"]]) for c in columns])
    return exact.refit(both, split)


def _groupings(case: Case, name: str) -> Iterator[NDArray[np.int64]]:
    """Ways in which the rows of a split fall into groups: its roles, and columns of few values."""
    split = case.split(name)
    for role in (split.groups, split.times, split.ids):
        if role is not None and len(role) == split.n:
            yield np.unique(np.asarray(role).astype(str), return_inverse=True)[1].astype(np.int64)
    tried = 0
    frames = [f for f in (split.X, split.unused) if hasattr(f, "get_columns")]
    for frame in frames:
        for column in frame.get_columns():  # type: ignore[union-attr]
            few = column.n_unique() if tried < 40 and not column.dtype.is_float() else 0
            if 1 < few <= len(column) / 2:
                tried += 1
                yield (
                    column.cast(str, strict=False)
                    .fill_null("")
                    .rank("dense")
                    .to_numpy()
                    .astype(np.int64)
                )


def _of_array(place: Place, name: str, train: NDArray, split: NDArray) -> Answer | None:  # type: ignore[type-arg]
    """Many columns of one kind (pixels in a row), scaled as one."""
    if train.shape[1] < 16 or not (np.isfinite(train).all() and np.isfinite(split).all()):
        return None
    chance = exact.whole_array(train, split)
    if chance is None or chance > exact.CHANCE:
        return None
    return _whole(place, name, f"all {train.shape[1]} columns as one array", train, split, chance)


def _of_blocks(place: Place, name: str) -> Answer | None:
    for block in place.blocks:
        if not {"train", name} <= set(block.by) or block.by["train"].dtype.kind != "f":
            continue
        for words, train, split in _views(block, name):
            if not (np.isfinite(train).all() and np.isfinite(split).all()):
                continue
            chance = exact.whole_array(train, split)
            if chance is not None and chance <= exact.CHANCE:
                return _whole(place, name, words, train, split, chance)
    return None


def _views(block: Block, name: str) -> Iterator[tuple[str, NDArray, NDArray]]:  # type: ignore[type-arg]
    train, split = block.by["train"], block.by[name]
    flat = [np.asarray(x, np.float64).reshape(len(x), -1) for x in (train, split)]
    yield f"the {block.kind}", flat[0], flat[1]
    channels = train.shape[-1]
    if (block.kind == "images" and train.ndim == 4 and 1 < channels <= 4) or (
        block.kind == "sequences" and channels <= 64
    ):
        for c in range(channels):
            own = [np.asarray(x[..., c], np.float64).reshape(len(x), -1) for x in (train, split)]
            yield f"channel {c} of the {block.kind}", own[0], own[1]


def _whole(
    place: Place, name: str, words: str, train: NDArray, split: NDArray, chance: float  # type: ignore[type-arg]
) -> Answer:  # fmt: skip
    figures = [float(v) for v in (train.mean(), train.std(), split.mean(), split.std())]
    message = (
        f"Over {words}, {name} has mean {amount(figures[2], 2)} and standard deviation "
        f"{amount(figures[3], 7)}, and train has both as exactly: each split was scaled by its "
        f"own figures."
    )
    finding = Finding(
        code=REFIT, severity="fail", subject=f"{name}, {words}", message=message, advice=ADVICE,
        evidence={"split": name, "place": place.key, "way": exact.MOMENTS, "what": words,
                  "chance": chance, "figures": figures, **fault(OWN_FIGURES, name)},
    )  # fmt: skip
    return Answer(REFIT, (finding,), headline=f"No. {name.capitalize()} was scaled by its own "
                  "figures, not by those of train.")  # fmt: skip


def _answer(place: Place, name: str, names: list[str], found: exact.Refit) -> Answer:
    what = plural(len(names), "column")
    first = found.figures[0]
    label = [w.lower() for w in LABELS[found.way]]
    seen = " and ".join(
        f"{w} {amount(v, 7) if abs(v) > 1e-9 else '0'}"
        for w, v in zip(label, first[2:], strict=True)
    )
    message = (
        f"{what} of {name} {'has' if len(names) == 1 else 'have'} their own {found.way} taken out "
        f"to the last digits ({names[0]}: {seen}), and so have train's. A raw value is one "
        f"number in train and another in {name}."
    ).replace("their own", "its own" if len(names) == 1 else "their own", 1)
    finding = Finding(
        code=REFIT,
        severity="fail",
        subject=f"{name}, {what}",
        message=message,
        advice=ADVICE,
        evidence={
            "split": name, "place": place.key, "way": found.way, "columns": names[:50],
            "columns_total": len(names), "chance": found.chance,
            "figures": [list(f) for f in found.figures[:12]], **fault(OWN_FIGURES, name),
        },
    )  # fmt: skip
    head = [("Column", "q"), *((f"{w} in {s}", "n") for w in LABELS[found.way]
                               for s in ("train", name))]  # fmt: skip
    rows = [[c, *(_figure(f[i]) for i in (0, 2, 1, 3))]
            for c, f in zip(names[:8], found.figures, strict=False)]  # fmt: skip
    note = f"And {listed(names[8:], 4)}." if names[8:] else ""
    return Answer(
        REFIT,
        (finding,),
        tables=(table("Columns that each split scaled by itself", head, rows, note),),
        headline=f"No. {name.capitalize()} was scaled by its own {found.way}, not by train's.",
        flagged=tuple(names[:50]),
    )


def _figure(value: float) -> str:
    return "0" if abs(value) < 1e-9 else amount(value, 7)


def _detectable(rows: Received, others: list[str]) -> str:
    n = max((len(c.by[o]) for p in rows.places for c in p.numbers for o in others if o in c.by),
            default=0)  # fmt: skip
    return "one column scaled by itself" if n >= 2 else ""
