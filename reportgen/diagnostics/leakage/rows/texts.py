"""Texts that are nearly the same: equal words, or nearly equal sets of shingles."""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SHINGLE = 5  # characters
HASHES, BANDS = 96, 24  # of four rows each: nine pairs in ten of similarity 0.55 are looked at
PRIME = (1 << 61) - 1
WORD = re.compile(r"[^\w]+", re.UNICODE)


def plain(text: str) -> str:
    """Words alone: case, punctuation and spacing are gone."""
    return WORD.sub(" ", text.casefold()).strip()


def near_texts(
    here: Sequence[str], there: Sequence[str], most: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The nearest text of each one, and how far it is (1 − Jaccard), -1 and 1.0 where none is near.

    Parameters
    ----------
    most : distance above which nothing is told.

    References
    ----------
    Broder 1997 (MinHash); Indyk and Motwani 1998 (bands).
    """
    a, b = [_shingles(text) for text in here], [_shingles(text) for text in there]
    mine, theirs = _signatures(a), _signatures(b)
    found = np.full(len(here), -1, dtype=np.int64)
    apart = np.ones(len(here))
    width = HASHES // BANDS
    seen: list[set[int]] = [set() for _ in here]
    for band in range(BANDS):
        at = slice(band * width, (band + 1) * width)
        buckets: dict[bytes, list[int]] = defaultdict(list)
        for k, key in enumerate(theirs[:, at]):
            if len(b[k]):
                buckets[key.tobytes()].append(k)
        for i, key in enumerate(mine[:, at]):
            if len(a[i]):
                seen[i].update(buckets.get(key.tobytes(), ())[:50])
    for i, candidates in enumerate(seen):
        for k in candidates:
            common = len(np.intersect1d(a[i], b[k], assume_unique=True))
            distance = 1.0 - common / (len(a[i]) + len(b[k]) - common)
            if distance <= most and distance < apart[i]:
                found[i], apart[i] = k, distance
    return found, apart


def _shingles(text: str) -> NDArray[np.uint64]:
    words = plain(text).encode()
    parts = {zlib.crc32(words[k : k + SHINGLE]) for k in range(max(1, len(words) - SHINGLE + 1))}
    return np.array(sorted(parts) if words else [], dtype=np.uint64)


def _signatures(sets: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    rng = np.random.default_rng(0)
    factors = rng.integers(1, 1 << 31, HASHES, dtype=np.uint64) | np.uint64(1)
    offsets = rng.integers(0, 1 << 31, HASHES, dtype=np.uint64)
    out = np.zeros((len(sets), HASHES), dtype=np.uint64)
    for i, part in enumerate(sets):
        if len(part):
            mixed = (part[:, None] * factors + offsets) % np.uint64(PRIME)
            out[i] = mixed.min(axis=0)
    return out
