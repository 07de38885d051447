"""Training rows that come back with small changes: noise, shifted pictures, respelt texts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import polars as pl
from scipy import ndimage
from sklearn import datasets

from benchmarks.faults.cases import CleanCase, FaultCase, case_from_arrays
from benchmarks.faults.leakage.copies import (
    UNTRAINED,
    Source,
    bundled,
    case,
    measured,
    mostly_empty,
    survey,
    wide_survey,
)
from reportgen.evidence import Case

NEAR = "leakage.near-duplicates"


def fine(rng: np.random.Generator, n: int = 2000, d: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Correlated measurements with all their digits."""
    X, y = measured(rng, n, d, digits=9)
    return X, y


def nearly(source: Source, share: float, noise: float) -> Callable[[np.random.Generator], Case]:
    """A share of the test rows are training rows, moved by ``noise`` of each column's spread."""

    def draw(rng: np.random.Generator) -> Case:
        X, y = source(rng)
        cut = round(0.7 * len(y))
        train, test = (X[:cut], y[:cut]), (X[cut:].copy(), y[cut:].copy())
        n = round(share * len(test[1]))
        into = rng.choice(len(test[1]), n, replace=False)
        taken = rng.choice(cut, n, replace=False)
        moved = noise * train[0].std(axis=0) * rng.normal(size=(n, X.shape[1]))
        test[0][into], test[1][into] = train[0][taken] + moved, train[1][taken]
        return case(train, test)

    return draw


def subjects(rng: np.random.Generator) -> Case:
    """Several recordings of each subject, no subject in both splits."""
    who = np.repeat(np.arange(300), 6)
    X = rng.normal(size=(300, 10))[who] + 0.01 * rng.normal(size=(1800, 10))
    y = (rng.random(300) < 0.5).astype(np.int64)[who]
    train = who < 200
    return case((X[train], y[train]), (X[~train], y[~train]))


def twice_in_train(rng: np.random.Generator) -> Case:
    """Train is augmented with noise after the split."""
    X, y = fine(rng)
    more = X[:1400] + 0.01 * X.std(axis=0) * rng.normal(size=(1400, X.shape[1]))
    return case(
        (np.vstack([X[:1400], more]), np.concatenate([y[:1400], y[:1400]])), (X[1400:], y[1400:])
    )


def one_latent(rng: np.random.Generator) -> Case:
    """Eight columns along one curve: neighbours are near by nature."""
    t = rng.random(2000) * 10
    X = np.stack([k * np.sin(t * k) for k in range(1, 9)], axis=1)
    y = (rng.random(2000) < 0.5).astype(np.int64)
    return case((X[:1400], y[:1400]), (X[1400:], y[1400:]))


def pictures(rng: np.random.Generator, share: float, shift: int = 0, gain: float = 1.0) -> Case:
    """Digits, some of the test's shifted or brightened training pictures; on a margin of 3 px."""
    X, y = datasets.load_digits(return_X_y=True)
    order = rng.permutation(len(y))
    X, y = X[order].reshape(-1, 8, 8).repeat(2, axis=1).repeat(2, axis=2) * 10, y[order]
    X = np.pad(X, ((0, 0), (3, 3), (3, 3))).astype(np.uint8)
    train, test = X[:1200], X[1200:].copy()
    n = round(share * len(test))
    into, taken = rng.choice(len(test), n, replace=False), rng.choice(1200, n, replace=False)
    moved = np.roll(train[taken], (shift, -shift), axis=(1, 2)).astype(float) * gain
    test[into] = np.clip(moved + rng.normal(0, 1, moved.shape), 0, 255).astype(np.uint8)
    labels = y[1200:].copy()
    labels[into] = y[taken]
    splits = {"train": (train, y[:1200]), "test": (test, labels)}
    scores = {"test": np.eye(10)[labels] * 0.5 + 0.05}
    return case_from_arrays("multiclass", splits, scores, settings=UNTRAINED)


def textures(rng: np.random.Generator, n: int, side: int = 32) -> np.ndarray:
    """Pictures in colour whose coarse parts are strong and whose fine ones are weak, as photos'."""
    f = np.fft.fftfreq(side)
    size = np.hypot(f[:, None], f[None, :])
    size[0, 0] = np.inf
    noise = np.fft.fft2(rng.standard_normal((n, 4, side, side)))
    scenes = np.real(np.fft.ifft2(noise * size**-1.3))
    colours = np.moveaxis(scenes[:, :1] + 0.3 * scenes[:, 1:], 1, 3)
    colours *= 50 / colours.std(axis=(1, 2, 3), keepdims=True)
    return np.clip(128 + colours, 0, 255).astype(np.uint8)


def coded(pictures: np.ndarray, quality: int) -> np.ndarray:
    """The pictures saved as JPEG, and read again."""
    from io import BytesIO

    from PIL import Image

    made = []
    for picture in pictures:
        file = BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=quality)
        made.append(np.asarray(Image.open(file)))
    return np.array(made)


def photos(rng: np.random.Generator, change: str) -> Case:
    """Photos, of which one in twenty of test is a training photo that was changed."""
    X = textures(rng, 1200)
    train, test = X[:800], X[800:].copy()
    if change:
        into, taken = rng.choice(400, 20, replace=False), rng.choice(800, 20, replace=False)
        again = train[taken]
        test[into] = {
            "mirrored": again[:, :, ::-1],
            "upside down": again[:, ::-1],
            "coded": coded(again, 60),
            "mirrored and coded": coded(again[:, :, ::-1], 60),
            "turned by a quarter": np.rot90(again, axes=(1, 2)),
            "turned by 8 degrees": ndimage.rotate(
                again, 8, axes=(1, 2), reshape=False, order=1, mode="reflect"
            ),
        }[change]
    y = rng.integers(0, 2, 1200)
    splits = {"train": (train, y[:800]), "test": (test, y[800:])}
    return case_from_arrays("binary", splits, {"test": rng.random(400)}, settings=UNTRAINED)


def contracts(rng: np.random.Generator) -> Case:
    """Customers of few plans, each with a rate; the first bill is the rate, later ones a sum."""
    n = 2500
    kinds = rng.integers(0, 2, (n, 6))
    months = np.where(rng.random(n) < 0.15, 1, rng.integers(1, 73, n))
    rate = 20 + 10 * kinds @ rng.choice([1, 2, 3], 6) + rng.integers(0, 40, n) * 0.05
    total = np.where(months == 1, rate, months * rate * rng.normal(1, 0.03, n)).round(2)
    y = (rng.random(n) < 1 / (1 + np.exp(0.05 * months))).astype(np.int64)
    X = np.column_stack([kinds, months, rate.round(2), total]).astype(float)
    return case((X[:1750], y[:1750]), (X[1750:], y[1750:]))


def texts(rng: np.random.Generator, share: float, edited: bool = False) -> Case:
    """Texts of 12 to 30 words, some of the test's respelt or slightly edited training texts."""
    vocabulary = np.array(["".join(rng.choice(list("aeioulnrstdk"), 6)) for _ in range(800)])
    weights = rng.dirichlet(1.0 / np.arange(1, 801) ** 0.7)
    made = [" ".join(rng.choice(vocabulary, rng.integers(12, 30), p=weights)) for _ in range(900)]
    train, test = made[:600], made[600:]
    n = round(share * 300)
    for i, k in zip(rng.choice(300, n, False), rng.choice(600, n, False), strict=True):
        words = train[k].split()
        if edited:
            words.insert(int(rng.integers(len(words))), "so")
            test[i] = " ".join(words)
        else:
            test[i] = ", ".join(words).capitalize() + "!"
    y = rng.integers(0, 2, 900)
    splits = {
        "train": (pl.DataFrame({"text": train}), y[:600]),
        "test": (pl.DataFrame({"text": test}), y[600:]),
    }
    made_case = case_from_arrays("binary", splits, {"test": rng.random(300)}, settings=UNTRAINED)
    object.__setattr__(made_case.dataset, "kind", "text")
    return made_case


SETS: dict[str, Source] = {
    "breast cancer": partial(bundled, "breast_cancer"),
    "digits as columns": partial(bundled, "digits"),
    "fine measurements": fine,
    "20 columns": partial(fine, d=20),
    "30 questions": wide_survey,
    "one decimal": partial(measured, d=12),
}
PLANTED = (
    FaultCase("one row in twenty, moved by 1 %", NEAR, nearly(fine, 0.05, 0.01), "fail"),
    FaultCase("digits shifted by 2 px", NEAR, partial(pictures, share=0.05, shift=2), "fail"),
)
MORE = (
    *(
        FaultCase(f"near copies of {share:.0%}, moved by {noise:.1%}, {name}", NEAR,
                  nearly(source, share, noise))
        for name, source in SETS.items()
        for share, noise in ((0.02, 0.001), (0.05, 0.01), (0.2, 0.001), (0.05, 0.03))
    ),
    FaultCase("digits brightened", NEAR, partial(pictures, share=0.05, gain=1.3)),
    FaultCase("digits moved and darkened", NEAR, partial(pictures, share=0.03, shift=1, gain=0.8)),
    *(FaultCase(f"photos, {change}", NEAR, partial(photos, change=change))
      for change in ("mirrored", "upside down", "coded", "mirrored and coded",
                     "turned by a quarter", "turned by 8 degrees")),
    FaultCase("texts with other case and punctuation", NEAR, partial(texts, share=0.05)),
    FaultCase("texts with a word more", NEAR, partial(texts, share=0.05, edited=True)),
)  # fmt: skip
CLEAN = (
    CleanCase("fine measurements", nearly(fine, 0.0, 0.0)),
    CleanCase("digits as columns", nearly(SETS["digits as columns"], 0.0, 0.0)),
    CleanCase("subjects apart", subjects),
    CleanCase("augmented after the split", twice_in_train),
    CleanCase("columns along a curve", one_latent),
    CleanCase("questions, few valued", nearly(survey, 0.0, 0.0)),
    CleanCase("mostly empty rows", nearly(mostly_empty, 0.0, 0.0)),
    CleanCase("digits as pictures", partial(pictures, share=0.0)),
    CleanCase("texts of their own", partial(texts, share=0.0)),
)
MORE_CLEAN = (
    CleanCase("photos of their own", partial(photos, change="")),
    CleanCase("contracts whose first bill is the rate", contracts),
)
