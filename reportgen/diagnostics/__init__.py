"""The diagnostic suite. A module or package in this folder is a diagnostic; none is listed by hand.

A diagnostic module defines ``DIAGNOSTIC``, a :class:`~reportgen.diagnostic.Diagnostic`, and imports
nothing heavy at its top: ``list``, ``schema`` and ``validate`` import all of them.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from reportgen.diagnostic import Diagnostic


@cache
def suite() -> dict[str, Diagnostic]:
    """Every diagnostic of this folder by name, in the order of the report.

    Raises
    ------
    ValueError
        if a module's diagnostic does not have the module's name.
    """
    found = []
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        diagnostic = loaded.DIAGNOSTIC
        if diagnostic.name != module.name:
            raise ValueError(f"{module.name}.py defines the diagnostic {diagnostic.name!r}")
        found.append(diagnostic)
    return {d.name: d for d in sorted(found, key=lambda d: (d.position, d.name))}
