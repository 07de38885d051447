"""The libraries of the operating system that a PDF needs, checked before a run begins."""

from __future__ import annotations

import ctypes
import ctypes.util
import sys

from reportgen.errors import Problem, RenderError

# what WeasyPrint opens: names by which a library can be found, and Debian's package
LIBRARIES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("libgobject-2.0.so.0", "gobject-2.0-0", "gobject-2.0"), "libglib2.0-0"),
    (("libpango-1.0.so.0", "pango-1.0-0", "pango-1.0"), "libpango-1.0-0"),
    (("libpangoft2-1.0.so.0", "pangoft2-1.0-0", "pangoft2-1.0"), "libpangoft2-1.0-0"),
    (("libharfbuzz.so.0", "harfbuzz-0", "harfbuzz"), "libharfbuzz0b"),
    (("libharfbuzz-subset.so.0", "harfbuzz-subset-0", "harfbuzz-subset"), "libharfbuzz-subset0"),
    (("libfontconfig.so.1", "fontconfig-1", "fontconfig"), "libfontconfig1"),
)


def opens(names: tuple[str, ...]) -> bool:
    """Whether a library can be loaded under one of its names."""
    for name in names:
        for candidate in (name, ctypes.util.find_library(name.removeprefix("lib").split(".so")[0])):
            if candidate is None:
                continue
            try:
                ctypes.CDLL(candidate)
            except OSError:
                continue
            return True
    return False


def missing() -> list[tuple[str, str]]:
    """(library, Debian package) of those that cannot be loaded."""
    return [(names[0], package) for names, package in LIBRARIES if not opens(names)]


def check() -> None:
    """Raise a RenderError that names the packages to install, if a library is missing."""
    lacking = missing()
    if not lacking:
        return
    packages = " ".join(package for _, package in lacking)
    advice = f"On Debian or Ubuntu: sudo apt-get install {packages}"
    if sys.platform == "darwin":
        advice = "On macOS: brew install pango"
    raise RenderError(
        Problem(
            "PDF reports need libraries of the operating system that are not there",
            expected=", ".join(name for name, _ in lacking),
            got="they cannot be loaded",
            advice=f"{advice}; or leave pdf out of formats.",
        )
    )
