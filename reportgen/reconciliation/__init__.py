"""Why a reported number is not the one that comes out: hypotheses, and their decision.

A :class:`~reportgen.reconciliation.world.World` is what an evaluation saw. A cause turns it into
another world, or reads a number as another quantity; :mod:`~reportgen.reconciliation.search` finds
the causes under which every number comes out to its last printed digit.
"""
