"""Where the templates are, and how they are filled: everything escaped, nothing undefined."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from reportgen.charts import fonts, numbers
from reportgen.diagnosis.words import first_sentence, spoken
from reportgen.errors import Problem, RenderError
from reportgen.render import themes
from reportgen.render.look import PLAIN, Look

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


@lru_cache(maxsize=8)
def environment(look: Look = PLAIN) -> jinja2.Environment:
    """A Jinja environment: autoescape on for every file, undefined names are errors.

    Partials of a job's own run in a sandbox. No filter says that text is safe as it is: what is
    HTML already comes as :class:`markupsafe.Markup`.
    """
    here = jinja2.FileSystemLoader(folder())
    own = {name: (text, file) for name, text, file in look.templates}

    def find(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        return (*own[name], lambda: True) if name in own else None

    kind = SandboxedEnvironment if own else jinja2.Environment
    made = kind(
        loader=jinja2.ChoiceLoader(
            [jinja2.FunctionLoader(find), here, jinja2.PrefixLoader({"default": here})]
        ),
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
        clause=clause,
        coded=coded,
        spoken=spoken,
        capital=capital,
        setting=setting,
        digest=digest,
        listed=numbers.listed,
    )
    for unsafe in ("safe", "urlize"):
        del made.filters[unsafe]
    made.globals.update(interval=numbers.interval, plural=numbers.plural)
    return made


def fill(template: str, look: Look = PLAIN, **values: Any) -> str:
    """A template's text; a mistake in a template is told as one.

    Raises
    ------
    RenderError
        with the template's file and line.
    """
    try:
        return environment(look).get_template(template).render(look=look, **values)
    except (
        jinja2.TemplateError,
        TypeError,
        ValueError,
        ArithmeticError,
        LookupError,
        AttributeError,
        RecursionError,
    ) as error:  # a template may call a filter with what it cannot take
        file, line = _place(error)
        told = str(error).partition("\n")[0]
        raise RenderError(
            Problem(f"this template cannot be filled: {told}", file=file or template, line=line)
        ) from error


def _place(error: BaseException) -> tuple[str | None, int | None]:
    """File and line of the template in which an error arose."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.filename or error.name, error.lineno
    place: tuple[str | None, int | None] = (None, None)
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.endswith(".html.j2"):
            place = (file, trace.tb_lineno)
        trace = trace.tb_next
    return place


def has(template: str, look: Look = PLAIN) -> bool:
    """Whether there is a template of this name."""
    return (folder() / template).is_file() or any(name == template for name, *_ in look.templates)


def capital(text: str) -> str:
    """The first letter large, the rest as it is; names of code stay as they are."""
    return numbers.capital(text)


_CODE = re.compile(r"`([^`]{1,200})`")


def clause(text: str) -> str:
    """What stands before the first semicolon, with a capital."""
    return capital(text.partition(";")[0].strip())


def coded(text: str) -> Markup:
    """What stands between backticks as code, everything escaped."""
    parts = _CODE.split(str(visible(text)))
    made = [escape(p) if k % 2 == 0 else Markup("<code>{}</code>").format(p)
            for k, p in enumerate(parts)]  # fmt: skip
    return Markup("").join(made)


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


def dark_variables(svgs: tuple[str, ...], look: Look = PLAIN) -> str:
    """Declarations that give a dark page's colours to the drawings."""
    own = look.dark
    return "".join(f"--k{c[1:]}:{own.get(c) or themes.dark(c)};" for c in themes.used(svgs))
