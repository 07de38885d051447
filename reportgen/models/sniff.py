"""What a model file is, told by its bytes: extensions lie."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from reportgen.errors import ModelError, Problem
from reportgen.job.inputs import not_a_file

FileKind = Literal["keras-zip", "hdf5", "skops", "pickle", "compressed-pickle", "savedmodel"]

#: What each kind is called in messages.
NAMES: dict[FileKind, str] = {
    "keras-zip": "a Keras 3 .keras file",
    "hdf5": "an HDF5 file",
    "skops": "a skops file",
    "pickle": "a pickle",
    "compressed-pickle": "a compressed pickle",
    "savedmodel": "a TensorFlow SavedModel",
}

_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_COMPRESSED = (*_ZLIB, b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x5d\x00\x00", b"\x04\x22\x4d\x18")


def sniff(path: Path) -> FileKind:
    """The kind of a model file, from its first bytes and, for zips, its table of contents.

    Raises
    ------
    ModelError
        if it is missing, empty, truncated, unreadable, or no kind of model that is known.
    """
    if path.is_dir():
        if (path / "saved_model.pb").is_file() or (path / "saved_model.pbtxt").is_file():
            return "savedmodel"
        raise _refused(path, "the folder holds no saved_model.pb", "a TensorFlow SavedModel")
    special = not_a_file(path)
    if special is not None:
        raise _refused(path, f"this is {special}, which may never end")
    try:
        with path.open("rb") as stream:
            head = stream.read(512)
    except FileNotFoundError:
        raise _refused(path, "there is no such file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _refused(path, f"cannot be read: {reason}") from None
    if not head:
        raise _refused(path, "the file is empty", advice="Copy or save the model again.")
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        return "hdf5"
    if head.startswith(b"PK"):
        return _zip_kind(path)
    if head[0] == 0x80 and len(head) > 1 and head[1] <= 5:
        return "pickle"
    if head.startswith(_COMPRESSED):
        return "compressed-pickle"
    raise _foreign(path, head)


def _zip_kind(path: Path) -> FileKind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, EOFError):
        raise _refused(
            path,
            "a zip file that is cut short or damaged",
            advice="Copy or save the model again; compare the sizes.",
        ) from None
    if "schema.json" in names:
        return "skops"
    if "config.json" in names:
        return "keras-zip"
    if any(name.endswith("data.pkl") for name in names):
        raise _refused(path, "this is a PyTorch file", advice="Give its predictions instead.")
    if any(name.endswith(".npy") for name in names):
        raise _refused(path, "this is a numpy .npz file", advice="Is it data, or predictions?")
    if any(name.endswith("saved_model.pb") for name in names):
        raise _refused(path, "a zipped SavedModel", advice="Unpack it and name the folder.")
    raise _refused(path, "a zip file with neither Keras's config.json nor skops's schema.json")


def _foreign(path: Path, head: bytes) -> ModelError:
    if head.startswith(b"version https://git-lfs"):
        return _refused(
            path,
            "a Git LFS pointer, not the model itself",
            advice="Fetch the file with `git lfs pull`.",
        )
    if head.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return _refused(path, "a web page, not a model", advice="Download the raw file.")
    if head[4:8] == b"TFL3":
        return _refused(path, "a TensorFlow Lite model", advice="Give its predictions instead.")
    if head.lstrip().startswith(b"{"):
        return _refused(
            path,
            "JSON text, perhaps an architecture without weights",
            advice="Give {python: pkg.mod:build, weights: FILE}.",
        )
    if head[:1] in b"(c]}" and b"\n" in head:
        return _refused(path, "not a model file that is known, perhaps a pickle of protocol 0")
    return _refused(path, "not a model file that is known", got=f"first bytes {head[:8]!r}")


def _refused(
    path: Path,
    message: str,
    expected: str = "a .keras or HDF5 file, a SavedModel folder, a skops file, or a pickle",
    *,
    got: str | None = None,
    advice: str | None = None,
) -> ModelError:
    return ModelError(Problem(message, file=str(path), expected=expected, got=got, advice=advice))
