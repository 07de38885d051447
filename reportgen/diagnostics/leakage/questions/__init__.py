"""The questions asked about leaks, a module each; found by looking in this folder.

A module has ``ORDER`` (its place among them) and ``look(case, judged) -> Looked``, where ``judged``
is the split whose score is believed. ``case.settings`` are the whole diagnostic's.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def questions() -> dict[str, ModuleType]:
    """Name -> module, in their order."""
    names = [m.name for m in pkgutil.iter_modules(__path__)]
    found = {name: importlib.import_module(f"{__name__}.{name}") for name in names}
    return dict(sorted(found.items(), key=lambda item: (item[1].ORDER, item[0])))
