"""A figure of the report: the drawing and the words around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Chart:
    """A drawn figure and its words; title and subtitle are set by the template, not in the figure.

    ``name`` is unique in its diagnostic ([a-z0-9-]); ``title`` states what is seen; ``subtitle`` of
    what and how measured, with n; ``alt`` says the same to a reader who cannot see it;
    ``width`` is half (83 mm) or full (170 mm).
    """

    name: str
    title: str
    subtitle: str
    alt: str
    figure: Figure
    width: Literal["half", "full"] = "half"
