"""Images a little brighter, flatter, moved, blurred or compressed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.sensitivity.asking import Ints
from reportgen.diagnostics.sensitivity.resolution import resolution_of

LIGHT = ("brightness", "contrast")
OTHER = ("noise", "blur", "jpeg")
WAYS = (*LIGHT, "shift", *OTHER)
BRIGHTER, FLATTER = 0.10, 0.20
#: One pixel of a width of so many, and the width of the blur in the same measure.
WIDTH, BLUR = 28.0, 0.5
QUALITY, LEAST_JPEG = 75, 16
WORDS = {
    "brightness": "10 % brighter or darker",
    "contrast": "contrast 20 % higher or lower",
    "shift": "moved by 1/28 of the width",
    "noise": "noise of the pixels' resolution",
    "blur": "blurred by half a pixel of 28",
    "jpeg": "saved as JPEG of quality 75",
}


@dataclass(frozen=True)
class Picture:
    """Rows to be asked again, changed in one way."""

    rows: Ints
    way: str
    seed: int


@dataclass(frozen=True)
class Range:
    """Values that pixels may take: ``low`` to ``high``, whole numbers or not, and their noise."""

    low: float
    high: float
    whole: bool
    step: float


def range_of(X: NDArray[Any]) -> Range:
    """From the type and the values of images (n, h, w[, c])."""
    some = np.asarray(X[:: max(1, len(X) // 500)], dtype=np.float64)
    low, high = float(some.min()), float(some.max())
    whole = X.dtype.kind in "iu" or (high > 1 and bool((some == np.round(some)).all()))
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and whole and 100 < high <= 255:
        low, high = 0.0, 255.0
    found = resolution_of(some)
    return Range(low, high, whole, found.step or 0.01 * (high - low))


def ways_of(X: NDArray[Any]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The ways that apply, and why others do not."""
    height, width = X.shape[1:3]
    left_out = {}
    if min(height, width) < LEAST_JPEG:
        left_out["jpeg"] = f"images of {height} × {width} are smaller than JPEG's blocks"
    elif X.ndim == 4 and X.shape[3] not in (1, 3):
        left_out["jpeg"] = f"{X.shape[3]} channels are no colour image"
    return tuple(way for way in WAYS if way not in left_out), left_out


def copied(X: NDArray[Any], span: Range, asks: Sequence[Picture]) -> NDArray[Any]:
    """All rows of some questions, changed, in the type of ``X``."""
    parts = []
    for ask in asks:
        rows = X[ask.rows]
        if ask.way:
            changed = np.clip(_changed(rows, span, ask), span.low, span.high)
            rows = (np.round(changed) if span.whole else changed).astype(X.dtype)
        parts.append(rows)
    return np.concatenate(parts)


def _changed(rows: NDArray[Any], span: Range, ask: Picture) -> NDArray[np.float64]:
    rng = np.random.default_rng(ask.seed)
    values = rows.astype(np.float64)
    wide = (len(rows), *(1,) * (rows.ndim - 1))
    signs = rng.choice([-1.0, 1.0], size=wide)
    if ask.way == "brightness":
        return np.asarray(values + signs * BRIGHTER * (span.high - span.low))
    if ask.way == "contrast":
        axes = tuple(range(1, values.ndim))
        mean = values.mean(axis=axes, keepdims=True)
        return np.asarray(mean + (values - mean) * (1 + signs * FLATTER))
    if ask.way == "shift":
        return _shifted(values, rng)
    if ask.way == "noise":
        return np.asarray(values + rng.normal(0, span.step, values.shape))
    if ask.way == "blur":
        from scipy.ndimage import gaussian_filter

        sigma = [0.0] * values.ndim
        sigma[1], sigma[2] = (BLUR * size / WIDTH for size in values.shape[1:3])
        return np.asarray(gaussian_filter(values, sigma, mode="nearest"))
    return _compressed(values, span)


def _shifted(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Along one axis at random, either way; what comes in repeats the edge."""
    out = values.copy()
    axis_of = rng.integers(0, 2, size=len(values))
    sign_of = rng.choice([-1, 1], size=len(values))
    for axis in (0, 1):
        for sign in (-1, 1):
            mine = (axis_of == axis) & (sign_of == sign)
            if mine.any():
                by = distance(values.shape[1 + axis])
                out[mine] = moved(values[mine], 1 + axis, sign * by)
    return out


def distance(size: int) -> float:
    """Pixels that images of this width move by: whole ones from 28 on, as between them blurs."""
    by = size / WIDTH
    return float(round(by)) if by >= 1 else by


def moved(values: NDArray[np.float64], axis: int, by: float) -> NDArray[np.float64]:
    """Moved along an axis by a number of pixels, between which values are interpolated."""
    whole = int(np.floor(by))
    part = by - whole
    size = values.shape[axis]
    at = np.arange(size)

    def taken(steps: int) -> NDArray[np.float64]:
        return np.take(values, np.clip(at - steps, 0, size - 1), axis=axis)

    first = taken(whole)
    return first if part < 1e-9 else (1 - part) * first + part * taken(whole + 1)


def _compressed(values: NDArray[np.float64], span: Range) -> NDArray[np.float64]:
    from PIL import Image

    scale = 255.0 / (span.high - span.low)
    grey = values.ndim == 3 or values.shape[3] == 1
    bytes_ = np.clip(np.round((values - span.low) * scale), 0, 255).astype(np.uint8)
    out = np.empty(values.shape)
    for k, image in enumerate(bytes_):
        file = io.BytesIO()
        Image.fromarray(image.reshape(image.shape[:2]) if grey else image).save(
            file, "JPEG", quality=QUALITY
        )
        out[k] = np.asarray(Image.open(file), dtype=np.float64).reshape(image.shape)
    return out / scale + span.low
