"""What is asked of the diagnostic: numbers with a known cause, honest ones, and ones without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from benchmarks.faults.cases import FaultCase

#: ``planted``: one cause; ``pair``: one that is easily taken for another; ``two``: two causes at
#: once; ``unanswerable``: numbers that no cause gives.
Kind = Literal["planted", "pair", "two", "unanswerable"]
PREFIX = "reconciliation."
UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Question(FaultCase):
    """A fault whose cause is known, or is known to be none.

    ``equal`` are causes that arithmetic cannot tell from the right one, for any data or for these.
    In ``two`` either cause alone is wrong.
    """

    kind: Kind = "planted"


def named(name: str, code: str | tuple[str, ...], draw: object, **more: object) -> Question:
    """A question; codes without their prefix. ``running-epoch-mean`` and the like are info."""
    codes = (code,) if isinstance(code, str) else code
    whole = tuple(PREFIX + c for c in codes)
    equal = tuple(PREFIX + c for c in more.pop("equal", ()))  # type: ignore[attr-defined]
    return Question(
        name,
        whole[0] if len(whole) == 1 else whole,
        draw,  # type: ignore[arg-type]
        equal=equal,
        also=equal,
        **more,  # type: ignore[arg-type]
    )
