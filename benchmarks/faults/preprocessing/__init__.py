"""Planted faults of preprocessing, and honest preprocessing of many shapes."""

from __future__ import annotations

from benchmarks.faults.cases import CleanCase, FaultCase
from benchmarks.faults.preprocessing import honest, numbers, scales, values

PLANTED: tuple[FaultCase, ...] = (*scales.PLANTED, *values.PLANTED, *numbers.PLANTED)
MORE: tuple[FaultCase, ...] = (*scales.MORE, *values.MORE, *numbers.MORE)
CLEAN: tuple[CleanCase, ...] = honest.CLEAN
MORE_CLEAN: tuple[CleanCase, ...] = honest.MORE_CLEAN
