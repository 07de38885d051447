"""How reports look beside the default: partials of a job's own, a logo, colours."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from functools import cached_property

from reportgen.charts import style
from reportgen.render import themes

#: Colours that may be changed, with the default of each. Those of splits may not: navy is test.
COLOURS = {
    "accent": style.INK,  # the rule under a title
    "ink": style.INK,
    "grey": style.GREY,
    "pass": style.PASS,
    "warn": style.WARN,
    "fail": style.FAIL,
}


@dataclass(frozen=True)
class Look:
    """A job's own look; the default one has nothing in it.

    ``templates`` are (name, text, file) of partials, ``colours`` (name, ``#rrggbb``), ``logo``
    an address with the picture in it, ``notice`` a sentence that stands on the report.
    """

    name: str = ""
    logo: str = ""
    colours: tuple[tuple[str, str], ...] = ()
    css: str = ""
    templates: tuple[tuple[str, str, str], ...] = ()
    notice: str = field(default="", compare=False)

    @cached_property
    def digest(self) -> str:
        """Of all that shows; "" for the default look."""
        shown = (self.name, self.logo, self.colours, self.css, self.templates)
        return hashlib.sha256(repr(shown).encode()).hexdigest() if any(shown) else ""

    def plain(self, notice: str) -> Look:
        """The same logo and colours with the default partials, and why."""
        return replace(self, templates=(), css="", notice=notice)

    @cached_property
    def stylesheet(self) -> str:
        """What stands after the report's own style sheet."""
        if not self.colours and not self.css:
            return ""
        light = "".join(f"--{name}:{colour};" for name, colour in self.colours)
        dark = "".join(f"--{name}:{themes.lightened(colour)};" for name, colour in self.colours)
        rules = f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
        return f"{rules if self.colours else ''}\n{self.css}"

    def recoloured(self, svg: str) -> str:
        """A drawing in this look's colours."""
        if not self._drawn:
            return svg
        pattern = "|".join(map(re.escape, self._drawn))
        return re.sub(
            f"(?:{pattern})(?![0-9a-fA-F])", lambda m: self._drawn[m[0].lower()], svg, flags=re.I
        )

    @cached_property
    def dark(self) -> dict[str, str]:
        """A colour of a recoloured drawing -> what takes its place on a dark page."""
        return {colour.lower(): themes.lightened(colour) for colour in self._drawn.values()}

    @cached_property
    def _drawn(self) -> dict[str, str]:
        chosen = dict(self.colours)
        return {
            COLOURS[name].lower(): chosen[name].lower()
            for name in COLOURS
            if name != "accent" and name in chosen
        }


PLAIN = Look()
