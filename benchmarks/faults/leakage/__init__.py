"""Leaks that somebody makes, planted in honest data, and data without any.

A module a theme; each has ``PLANTED``, ``MORE`` (drawn by ``make bench-faults`` alone) and
``CLEAN``.
"""

from __future__ import annotations

from benchmarks.faults.leakage import columns, copies, preprocessing, resampled

_MODULES = (
    copies,
    columns,
    preprocessing,
    resampled,
)
PLANTED = tuple(case for module in _MODULES for case in module.PLANTED)
MORE = tuple(case for module in _MODULES for case in module.MORE)
CLEAN = tuple(case for module in _MODULES for case in module.CLEAN)
