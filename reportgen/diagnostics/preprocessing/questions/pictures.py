"""Images and sequences: their range, and the order of their channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.charts.numbers import amount
from reportgen.diagnostics.preprocessing import change
from reportgen.diagnostics.preprocessing.answer import Answer
from reportgen.diagnostics.preprocessing.columns import thinned
from reportgen.diagnostics.preprocessing.declared import CODES, SCALE
from reportgen.diagnostics.preprocessing.received import Block, Place
from reportgen.results import Finding

Floats = NDArray[np.float64]
ADVICE = next(c.advice for c in CODES if c.code == SCALE)
ROWS = 1000
FOLD = 20.0  # ranges of images so far apart are no difference of light
NEGATIVE = 0.01  # share of negative values that makes a range signed
FEWEST = 3


def of_blocks(place: Place, name: str) -> Answer | None:
    """Images, or sequences, of a split on another scale than train's."""
    for block in place.blocks:
        own = [block.by[n] for n in ("train", name) if n in block.by]
        if len(own) < 2 or min(map(len, own)) < FEWEST:
            continue
        words = _images(block, name) if block.kind == "images" else _sequences(block, name)
        if words is not None:
            message, evidence = words
            finding = Finding(
                code=SCALE, severity="fail", subject=f"{name}, {block.name}", message=message,
                advice=ADVICE,
                evidence={"split": name, "place": place.key, **evidence},
            )  # fmt: skip
            return Answer(
                SCALE,
                (finding,),
                headline=f"No. {message}",
                undo=_undo if place.key == "data" and block.kind == "images" else None,
            )
    return None


def _undo(train: Mapping[str, Any], split: Mapping[str, Any]) -> dict[str, Any]:
    """Images brought to train's range."""
    out = {}
    for name, values in split.items():
        a, b = limits(sampled(train[name])), limits(sampled(values))
        width = b[1] - b[0] or 1.0
        out[name] = (np.asarray(values, np.float64) - b[0]) / width * (a[1] - a[0]) + a[0]
    return out


def sampled(values: NDArray[np.generic]) -> Floats:
    """Numbers of at most ``ROWS`` rows, flat, a row each."""
    some = thinned(values, ROWS)
    return np.asarray(some, np.float64).reshape(len(some), -1)


def limits(values: Floats) -> tuple[float, float]:
    """The range in which nearly all numbers lie."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 0.0
    low, high = np.percentile(known, [0.1, 99.9])
    return float(low), float(high)


def _images(block: Block, name: str) -> tuple[str, dict[str, object]] | None:
    train, split = (sampled(block.by[n]) for n in ("train", name))
    a, b = limits(train), limits(split)
    size = [max(abs(low), abs(high)) for low, high in (a, b)]
    if min(size) <= 0:
        return None
    words = (
        f"Images lie within {amount(a[0], 3)} to {amount(a[1], 3)} in train and within "
        f"{amount(b[0], 3)} to {amount(b[1], 3)} in {name}."
    )
    evidence: dict[str, object] = {"train_range": list(a), "split_range": list(b)}
    signed = [float((x < -0.02 * s).mean()) for x, s in zip((train, split), size, strict=True)]
    if max(size) / min(size) >= FOLD:
        return words, evidence
    if (signed[0] == 0) != (signed[1] == 0) and max(signed) >= NEGATIVE:
        return words, evidence
    return None


def _sequences(block: Block, name: str) -> tuple[str, dict[str, object]] | None:
    if block.by["train"].dtype.kind not in "f":
        return None
    columns = [
        [np.asarray(thinned(block.by[n], ROWS)[..., c], np.float64).reshape(-1)
         for c in range(min(block.by[n].shape[-1], 64))]
        for n in ("train", name)
    ]  # fmt: skip
    pairs = change.pairs(*columns)
    wide = change.gross(pairs) if len(pairs) > 1 else None
    if wide is not None:
        p = next(p for p in pairs if p.column == wide.columns[0])
        return (
            f"{len(wide.columns)} of {wide.compared} channels of the sequences are on another "
            f"scale in {name} than in train ({amount(p.ratio, 3)} times the spread).",
            {"channels": list(wide.columns), "ratio": p.ratio},
        )
    for one in change.changed(pairs, change.GROSS):
        if one.sure:
            return (
                f"Channel {one.column} of the sequences is {amount(one.factor, 3)} times in {name} "
                "what it is in train.",
                {"channels": [one.column], "ratio": one.factor},
            )
    return None


def channel_means(block: Block, name: str) -> Iterator[tuple[Floats, Floats]]:
    """Each channel's mean over each image, in train and in the split; for images with channels."""
    train, split = block.by["train"], block.by[name]
    if block.kind != "images" or train.ndim != 4 or not 1 < train.shape[-1] <= 4:
        return
    for c in range(train.shape[-1]):
        yield (
            np.asarray(thinned(train, 4000)[..., c], np.float64).mean(axis=(1, 2)),
            np.asarray(thinned(split, 4000)[..., c], np.float64).mean(axis=(1, 2)),
        )
