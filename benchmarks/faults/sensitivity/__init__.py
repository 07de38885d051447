"""Planted faults of sensitivity: answers that follow what means nothing, and sound controls."""

from __future__ import annotations

from benchmarks.faults.sensitivity import brittle, dominated, networks, pictures, sound, words

PLANTED = (*brittle.PLANTED, *dominated.PLANTED, *pictures.PLANTED, *words.PLANTED)
CLEAN = (*sound.CLEAN, *dominated.CLEAN, *pictures.CLEAN, *words.CLEAN)
#: Networks take TensorFlow: they are drawn here, and not by the contract tests.
MORE = networks.PLANTED
MORE_CLEAN = (*sound.MORE, *networks.CLEAN)
