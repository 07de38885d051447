"""Folders of images, a folder a class."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.data.raw import Raw
from reportgen.errors import DataError, Problem

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

EXTENSIONS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
#: Formats that Pillow decodes itself; others (EPS) start programs.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
_MOST_PIXELS = 1 << 26
_GREY = ("L", "1", "LA")


def classes_of(folder: Path, where: str) -> tuple[str, ...]:
    """Names of the class folders, in order of code points, as Keras numbers them.

    Raises
    ------
    DataError
        when the folder is missing or has no folders in it.
    """
    try:
        names = sorted(
            entry.name
            for entry in folder.iterdir()
            if entry.is_dir() and not entry.name.startswith(".")
        )
    except (OSError, ValueError):
        raise DataError(
            Problem("the folder of images is not there", file=where, got=f"nothing at {folder}")
        ) from None
    if not names:
        raise DataError(
            Problem(
                "the folder holds no folders",
                file=where,
                expected="a folder for each class, with its images",
            )
        )
    return tuple(names)


def files_of(folder: Path, name: str) -> list[Path]:
    """The images of a class, sorted by their path; hidden files left out."""
    return sorted(
        path
        for path in (folder / name).rglob("*")
        if path.suffix.lower() in EXTENSIONS
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def read_images(folder: Path, where: str) -> Raw:
    """All images of a folder as one array.

    Images are ``uint8`` of shape (n, h, w, 1) when all are grey, else (n, h, w, 3); the column
    ``file`` has their paths, the target is the folder's name.

    Raises
    ------
    DataError
        when an image is damaged, too large, or of another size than the first.
    """
    import numpy as np
    import polars as pl

    labels = classes_of(folder, where)
    files = [(path, name) for name in labels for path in files_of(folder, name)]
    if not files:
        raise DataError(
            Problem(
                "the class folders hold no images",
                file=where,
                expected=f"files of kind {', '.join(EXTENSIONS)}",
            )
        )
    names = [path.relative_to(folder).as_posix() for path, _ in files]
    sizes: list[tuple[int, int]] = []
    grey = True
    for (path, _), name in zip(files, names, strict=True):
        with _open(path, f"{where}/{name}") as image:
            sizes.append(image.size)
            grey = grey and image.mode in _GREY
    _refuse_mixed_sizes(sizes, names, where)
    width, height = sizes[0]
    X = np.empty((len(files), height, width, 1 if grey else 3), dtype=np.uint8)
    digest = hashlib.sha256()
    for i, ((path, _), name) in enumerate(zip(files, names, strict=True)):
        X[i] = _pixels(path, f"{where}/{name}", "L" if grey else "RGB").reshape(X.shape[1:])
        digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return Raw(
        where=where,
        sha256=digest.hexdigest(),
        n=len(files),
        columns=pl.DataFrame({"file": names}),
        X=X,
        y=np.array([label for _, label in files]),
        labels=labels,
        is_images=True,
        notes=_left_out(folder, labels, len(files), where),
    )


def size_of(path: Path, where: str) -> tuple[int, int, int]:
    """Height, width and channels of one image, from its header."""
    with _open(path, f"{where}/{path.parent.name}/{path.name}") as image:
        return image.height, image.width, 1 if image.mode in _GREY else 3


def _open(path: Path, where: str) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(path, formats=_FORMATS)
    except Image.DecompressionBombError:
        raise _too_large(where, "over 170 million pixels") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise _damaged(where, error) from None
    if image.width * image.height > _MOST_PIXELS:
        pixels = f"{image.width} × {image.height} pixels"
        image.close()
        raise _too_large(where, pixels)
    return image


def _pixels(path: Path, where: str, mode: str) -> np.ndarray:
    import numpy as np

    with _open(path, where) as image:
        try:
            with warnings.catch_warnings(), _whole():
                warnings.simplefilter("ignore")
                return np.asarray(image.convert(mode), dtype=np.uint8)
        except (OSError, ValueError, SyntaxError) as error:
            raise _damaged(where, error) from None


@contextmanager
def _whole() -> Iterator[None]:
    """Images that are cut short are errors here; WeasyPrint lets them pass in the process."""
    from PIL import ImageFile

    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _damaged(where: str, error: Exception) -> DataError:
    return DataError(
        Problem(
            "the image cannot be read; it is damaged, cut short, or no image",
            file=where,
            got=str(error),
            expected=" ".join(_FORMATS),
        )
    )


def _too_large(where: str, got: str) -> DataError:
    return DataError(
        Problem(
            "the image is so large that opening it could fill the memory; it is refused",
            file=where,
            expected=f"at most {_MOST_PIXELS:,} pixels",
            got=got,
        )
    )


def _refuse_mixed_sizes(sizes: list[tuple[int, int]], names: list[str], where: str) -> None:
    counts = Counter(sizes)
    if len(counts) == 1:
        return
    usual = counts.most_common(1)[0][0]
    odd = next(i for i, size in enumerate(sizes) if size != usual)
    raise DataError(
        Problem(
            f"the images have {len(counts)} different sizes; "
            f"{len(sizes) - counts[usual]} of {len(sizes)} are not of the usual one",
            file=f"{where}/{names[odd]}",
            row=odd,
            expected=f"{usual[0]} × {usual[1]} pixels",
            got=f"{sizes[odd][0]} × {sizes[odd][1]} pixels",
            advice="Resize them to the size the model was trained on.",
        )
    )


def _left_out(folder: Path, labels: tuple[str, ...], taken: int, where: str) -> tuple[str, ...]:
    visible = sum(
        1
        for name in labels
        for path in (folder / name).rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if visible == taken:
        return ()
    return (f"{where}: {visible - taken} files that are no images were left out.",)
