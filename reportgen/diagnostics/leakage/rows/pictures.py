"""Pictures as points that do not move with a shift, with brightness, or with contrast.

A picture that was mirrored is found by mirroring it again; one that was shifted so far that other
parts of the scene came in, by its spectrum, which says what is seen and not where.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.diagnostics.leakage.rows.space import Points

SIDE = 16  # rows and columns of means that a picture is reduced to
BLOCK = 2048
COARSE = 48  # pixels of a side that pictures are reduced to before they are turned a little
WAVES = 8  # a spectrum's lowest frequencies each way

Pictures = NDArray[Any]


@dataclass(frozen=True)
class View:
    """A way in which a judged picture may be a training picture again.

    ``words`` are of what was done to it, "" for no more than light and a shift; ``turned`` undoes
    that, and ``points`` places pictures. ``few``: there are so many such ways that only some
    pictures are looked at.
    """

    words: str
    turned: Callable[[Pictures], Pictures]
    points: Callable[[Pictures], Points]
    few: bool = False


def points(pictures: Pictures) -> Points:
    """Shape (n, side * side): grey, centred on what stands out, of mean 0 and length 1.

    Parameters
    ----------
    pictures : shape (n, h, w) or (n, h, w, c).
    """
    high, wide = min(SIDE, pictures.shape[1]), min(SIDE, pictures.shape[2])
    return _placed(pictures, lambda grey: _means(_centred(grey), high, wide))


def spectrum(pictures: Pictures) -> Points:
    """Shape (n, axes): how much there is of each low frequency, wherever; mean 0, length 1."""
    h, w = pictures.shape[1:3]
    window = np.outer(np.hanning(h + 2)[1:-1], np.hanning(w + 2)[1:-1]).astype(np.float32)
    high, wide = min(WAVES, (h + 1) // 2), min(WAVES, w // 2 + 1)
    down = np.r_[0:high, 1 - high : 0]

    def waves(grey: NDArray[np.float32]) -> NDArray[np.float32]:
        seen = np.abs(np.fft.rfft2((grey - _ground(grey)) * window))
        return np.sqrt(seen[:, down, :wide]).astype(np.float32)

    return _placed(pictures, waves)


def _placed(pictures: Pictures, of: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> Points:
    """What ``of`` makes of grey pictures, as points of mean 0 and length 1; 0 of empty ones."""
    made = []
    for a in range(0, len(pictures), BLOCK):
        part = np.asarray(pictures[a : a + BLOCK], dtype=np.float32)
        grey = part if part.ndim == 3 else part.mean(axis=3)
        found = of(grey).reshape(len(grey), -1)
        found = found - found.mean(axis=1, keepdims=True)
        length = np.linalg.norm(found, axis=1, keepdims=True)
        made.append(np.divide(found, length, out=np.zeros_like(found), where=length > 1e-6))
    return np.concatenate(made)


def _ground(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each picture's median, shape (n, 1, 1)."""
    middle = np.median(grey.reshape(len(grey), -1), axis=1)
    return np.asarray(middle[:, None, None], dtype=np.float32)


def _centred(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each picture rolled by whole pixels: what differs from its ground comes to the middle."""
    n, h, w = grey.shape
    weight = np.abs(grey - _ground(grey))
    total = np.maximum(weight.sum(axis=(1, 2)), 1e-9)
    down = (weight.sum(axis=2) @ np.arange(h) / total).round().astype(int) - h // 2
    right = (weight.sum(axis=1) @ np.arange(w) / total).round().astype(int) - w // 2
    rows = (np.arange(h)[None, :] + down[:, None]) % h
    columns = (np.arange(w)[None, :] + right[:, None]) % w
    at = np.arange(n)[:, None, None]
    return np.asarray(grey[at, rows[:, :, None], columns[:, None, :]])


def _means(grey: NDArray[np.float32], high: int, wide: int) -> NDArray[np.float32]:
    """Means over blocks of nearly equal size."""
    tops = np.linspace(0, grey.shape[1], high + 1).astype(int)[:-1]
    lefts = np.linspace(0, grey.shape[2], wide + 1).astype(int)[:-1]
    sums = np.add.reduceat(np.add.reduceat(grey, tops, axis=1), lefts, axis=2)
    ones = np.ones((1, *grey.shape[1:]), dtype=np.float32)
    sizes = np.add.reduceat(np.add.reduceat(ones, tops, axis=1), lefts, axis=2)
    return np.asarray(sums / sizes)


def _as_it_is(pictures: Pictures) -> Pictures:
    return pictures


def _mirrored(pictures: Pictures) -> Pictures:
    return pictures[:, :, ::-1]


def _quarter(pictures: Pictures, left: int) -> Pictures:
    """Turned by a quarter; pictures that are not square stay as they are."""
    if pictures.shape[1] != pictures.shape[2]:
        return pictures
    return np.rot90(pictures, left, axes=(1, 2))


def slanted(pictures: Pictures, degrees: float, zoom: float) -> Pictures:
    """Turned and zoomed a little around the middle, as grey pictures of at most ``COARSE`` px."""
    from scipy import ndimage

    part = np.asarray(pictures, dtype=np.float32)
    grey = part if part.ndim == 3 else part.mean(axis=3)
    grey = _means(grey, min(COARSE, grey.shape[1]), min(COARSE, grey.shape[2]))
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / zoom
    middle = (np.array(grey.shape[1:]) - 1) / 2
    offset = middle - turn @ middle
    made = [
        ndimage.affine_transform(one, turn, offset, order=1, mode="nearest", output=np.float32)
        for one in grey
    ]
    return np.array(made, dtype=np.float32).reshape(grey.shape)


def _slanted(degrees: float, zoom: float) -> View:
    return View(
        "turned or zoomed a little", lambda pictures: slanted(pictures, degrees, zoom), points, True
    )


VIEWS = (
    View("", _as_it_is, points),
    View("mirrored", _mirrored, points),
    View("upside down", lambda pictures: pictures[:, ::-1], points),
    View("turned by half", lambda pictures: pictures[:, ::-1, ::-1], points),
    View("turned by a quarter", lambda pictures: _quarter(pictures, 1), points),
    View("turned by a quarter", lambda pictures: _quarter(pictures, -1), points),
    View("shifted or coded anew", _as_it_is, spectrum),
    View("mirrored, and shifted or coded anew", _mirrored, spectrum),
    *(
        _slanted(degrees, zoom)
        for degrees in (-12, -6, 0, 6, 12)
        for zoom in (0.88, 1.0, 1.12)
        if (degrees, zoom) != (0, 1.0)
    ),
)
