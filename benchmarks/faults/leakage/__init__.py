"""Leaks that somebody makes, planted in honest data, and data without any.

A module a theme; each has ``PLANTED`` and ``CLEAN``, and ``MORE`` and ``MORE_CLEAN`` that are drawn
by ``make bench-faults`` alone.
"""

from __future__ import annotations

from benchmarks.faults.leakage import (
    columns,
    copies,
    near_copies,
    preprocessing,
    resampled,
    rows,
    splits,
)

_MODULES = (
    copies,
    near_copies,
    columns,
    preprocessing,
    resampled,
    rows,
    splits,
)
PLANTED = tuple(case for module in _MODULES for case in module.PLANTED)
MORE = tuple(case for module in _MODULES for case in module.MORE)
CLEAN = tuple(case for module in _MODULES for case in module.CLEAN)
MORE_CLEAN = tuple(case for module in _MODULES for case in getattr(module, "MORE_CLEAN", ()))
