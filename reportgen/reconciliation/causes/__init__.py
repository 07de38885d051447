"""The causes. A module in this folder holds ``HYPOTHESES``; none is listed by hand."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from reportgen.reconciliation.hypothesis import Hypothesis


@cache
def causes() -> dict[str, Hypothesis]:
    """Every cause by name: cheap ones first, those without a parameter before those with one.

    Raises
    ------
    ValueError
        if two modules have a cause of one name.
    """
    found: list[Hypothesis] = []
    for module in pkgutil.iter_modules(__path__):
        found += importlib.import_module(f"{__name__}.{module.name}").HYPOTHESES
    names = [h.name for h in found]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ValueError(f"a cause stands twice in this folder: {', '.join(twice)}")
    return {h.name: h for h in sorted(found, key=lambda h: (h.cost, h.free, h.name))}
