"""Planted faults and clean controls, one file a diagnostic.

``<diagnostic>.py`` defines ``PLANTED``, a sequence of
:class:`~benchmarks.faults.cases.FaultCase`, and ``CLEAN``, one of
:class:`~benchmarks.faults.cases.CleanCase`. A case draws its data anew from the generator that it
is given, so that another seed is another instance of the same fault. ``harness`` runs them.
"""
