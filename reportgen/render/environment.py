"""Where the templates are, and how they are filled: everything escaped, nothing undefined."""

from __future__ import annotations

import base64
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from reportgen.charts import fonts, numbers
from reportgen.diagnosis import first_sentence, spoken
from reportgen.errors import Problem, RenderError
from reportgen.render import themes

Medium = str  # "html" or "pdf"


def folder() -> Path:
    """``templates/`` of a checkout, or ``reportgen/_templates`` of an installed wheel."""
    package = Path(str(files("reportgen")))
    for place in (package / "_templates", package.parent / "templates"):
        if (place / "report.html.j2").is_file():
            return place
    raise RenderError(
        Problem(
            "the report's templates are not there",
            file=str(package / "_templates"),
            advice="Install reportgen again.",
        )
    )


@cache
def environment() -> jinja2.Environment:
    """The one Jinja environment: autoescape on for every file, undefined names are errors."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        number=numbers.number,
        score=numbers.score,
        loss=numbers.loss,
        share=numbers.share,
        count=numbers.count,
        amount=numbers.amount,
        fixed=numbers.fixed,
        shorten=numbers.shorten,
        begun=numbers.begun,
        first_sentence=first_sentence,
        spoken=spoken,
        capital=numbers.capital,
        setting=setting,
        digest=digest,
    )
    made.globals.update(interval=numbers.interval, plural=numbers.plural)
    return made


def fill(template: str, **values: Any) -> str:
    """A template's text; a mistake in a template is told as one.

    Raises
    ------
    RenderError
        with the template's name and line.
    """
    try:
        return environment().get_template(template).render(**values)
    except (
        jinja2.TemplateError,
        TypeError,
        ValueError,
        ArithmeticError,
        LookupError,
        AttributeError,
    ) as error:  # a template may call a filter with what it cannot take
        line = getattr(error, "lineno", None)
        raise RenderError(
            Problem(f"template {template} cannot be filled: {error}", file=template, line=line)
        ) from error


def has(template: str) -> bool:
    """Whether there is a template of this name."""
    return (folder() / template).is_file()


# what turns the direction of all that follows, and what is not a character of a page at all
_UNSEEN: dict[int, str | None] = dict.fromkeys(
    (*range(0x00, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F, *range(0x80, 0xA0),
     0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF, 0xFFFE, 0xFFFF)
)  # fmt: skip
_UNSEEN |= dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")  # half characters


def visible(value: Any) -> Any:
    """Text from data without control characters and marks that turn the page's direction."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return value.translate(_UNSEEN)
    return value


def digest(text: str) -> str:
    """A hash's first and last groups: ``9f2c41d8 77b0e6a3 … 5ae10c94``."""
    return text if len(text) < 32 else f"{text[:8]} {text[8:16]} … {text[-8:]}"


def setting(value: Any) -> str:
    """A setting's value in words."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return numbers.amount(value, 6).rstrip("0").rstrip(".") if value else "0"
    if isinstance(value, int):
        return numbers.count(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(setting(v) for v in value) or "none"
    return str(value)


@cache
def stylesheet(medium: Medium) -> str:
    """``report.css`` with the font files in it: woff2 for a page, OpenType for a PDF."""
    beside = ("report.css", "screen.css") if medium == "html" else ("elements.css", "report.css")
    return _styled(medium, beside)


@cache
def index_stylesheet() -> str:
    """``index.css`` with the font files in it."""
    return _styled("html", ("index.css",))


def _styled(medium: Medium, sheets: tuple[str, ...]) -> str:
    suffix = "woff2" if medium == "html" else "otf"
    kind = "woff2" if medium == "html" else "opentype"
    faces = [_face(fonts.SANS, w, fonts.sans(w, suffix), kind) for w in fonts.WEIGHTS]
    mono = "woff2" if medium == "html" else "ttf"
    faces.append(
        _face(fonts.MONO, 400, fonts.mono(mono), "woff2" if mono == "woff2" else "truetype")
    )
    return "\n".join([*faces, *((folder() / name).read_text("utf-8") for name in sheets)])


def _face(family: str, weight: int, path: Path, kind: str) -> str:
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return (
        f'@font-face{{font-family:"{family}";font-weight:{weight};font-style:normal;'
        f'src:url(data:font/{path.suffix[1:]};base64,{data}) format("{kind}")}}'
    )


def dark_variables(svgs: tuple[str, ...]) -> str:
    """Declarations that give a dark page's colours to the drawings."""
    return "".join(f"--k{c[1:]}:{themes.dark(c)};" for c in themes.used(svgs))
