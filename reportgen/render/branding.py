"""A job's ``templates:`` folder, read and checked before anything runs.

    brand.yaml            name, logo, colours
    page_one.html.j2      in place of the report's own part of that name; and others
    style.css             after the report's own style sheet

Partials run in Jinja's sandbox with everything escaped. ``{% extends "default/NAME" %}`` and
``{% include "default/NAME" %}`` have the report's own part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import jinja2
from jinja2 import meta, nodes
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reportgen.diagnostics import suite
from reportgen.errors import JobError, Problem, RenderError
from reportgen.job import complaints
from reportgen.job.document import Document, read
from reportgen.job.keypath import meant, named
from reportgen.render import environment, themes
from reportgen.render.logo import logo
from reportgen.render.look import COLOURS, Look

BRAND = "brand.yaml"
STYLE = "style.css"
MOST_BYTES = 200_000  # of a template or a style sheet
MOST_FILES = 500
_ENDING = ".html.j2"
#: The pages themselves: their head says what a browser may load, so they are nobody's to change.
_FRAMES = ("report.html.j2", "index.html.j2")
_IN_PAGES = {"page", "report", "medium", "sections", "look", "ui", "css", "dark", "own"}
_IN_SECTIONS = {"s", "report", "medium", "look", "ui"}
_IN_MACROS = {"medium", "look", "report", "page", "s", "caller", "varargs", "kwargs"}
_FETCHED = re.compile(r"url\(\s*['\"]?(?!data:|#)[^)]*|@import|expression\(|</", re.IGNORECASE)
_VERDICTS = ("pass", "warn", "fail")
_APART = 20.0  # CIE76 between two verdicts' colours


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Colours(_Strict):
    accent: str | None = None
    ink: str | None = None
    grey: str | None = None
    pass_: str | None = Field(None, alias="pass")
    warn: str | None = None
    fail: str | None = None


class _Brand(_Strict):
    """``brand.yaml``."""

    name: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    logo: Annotated[str, Field(min_length=1)] | None = None
    colours: _Colours = _Colours()


def load(folder: Path) -> Look:
    """The look that a folder holds.

    Raises
    ------
    RenderError
        with everything that is wrong with the folder: names that are no part of a report,
        templates that are not valid, colours that cannot be read, a logo that is no picture.
    """
    if not folder.is_dir():
        got = "a file" if folder.exists() else "nothing"
        raise RenderError(Problem("there is no such folder", file=str(folder), got=got))
    problems: list[Problem] = []
    brand = folder / BRAND
    values = _branding(brand, problems) if brand.is_file() else {}
    templates, css = [], ""
    for path in _files(folder, problems):
        name = path.relative_to(folder).as_posix()
        if name.endswith(_ENDING):
            text = _text(path, problems)
            problems += _wrong_template(name, text, path)
            templates.append((name, text, str(path)))
        elif name == STYLE:
            css = _text(path, problems)
            problems += _wrong_style(css, path)
        elif path.suffix in (".j2", ".html", ".jinja", ".css", ".yaml", ".yml") and name != BRAND:
            problems.append(_unknown(name, path))
    if problems:
        raise RenderError(*problems)
    return Look(css=css, templates=tuple(templates), **values)


def _files(folder: Path, problems: list[Problem]) -> list[Path]:
    """Files of the folder and of the folders in it, but no deeper: it may be anybody's."""
    found = []
    for number, path in enumerate(chain(folder.glob("*"), folder.glob(f"*/*{_ENDING}"))):
        if number == MOST_FILES:
            most = f"at most {MOST_FILES} files"
            problems.append(Problem("this is no folder of a look", file=str(folder), expected=most))
            return []
        if path.is_file():
            found.append(path)
    return sorted(found)


def of_job(folder: Path, line: int | None, job: Path) -> Look:
    """The look of a job's ``templates:`` folder, named on a line of the job's file.

    Raises
    ------
    JobError
        with everything that is wrong with the folder.
    """
    try:
        return load(folder)
    except RenderError as error:
        place = f"{job.name}:{line}" if line else job.name
        raise JobError(*(p.at(job=place, key="templates") for p in error.problems)) from error


def partials() -> tuple[str, ...]:
    """The parts of a report that a folder may replace."""
    own = environment.folder()
    names = {p.relative_to(own).as_posix() for p in own.rglob(f"*{_ENDING}")}
    names |= {f"diagnostics/{name}{_ENDING}" for name in suite()}
    return tuple(sorted(names - set(_FRAMES)))


def _text(path: Path, problems: list[Problem]) -> str:
    try:
        data = path.read_bytes()
        if len(data) > MOST_BYTES:
            most = f"at most {MOST_BYTES:,} bytes"
            problems.append(Problem("it is too large", file=str(path), expected=most))
            return ""
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        problems.append(Problem("it cannot be read", file=str(path), got=error.strerror))
    except UnicodeDecodeError:
        problems.append(Problem("it is not text in UTF-8", file=str(path)))
    return ""


def _unknown(name: str, path: Path) -> Problem:
    known = partials()
    if name in _FRAMES:
        return Problem(
            "this template is the page itself, which cannot be replaced",
            file=str(path),
            expected=named([n.removesuffix(_ENDING) for n in known], 30),
            advice="Replace brand, page_one, closing or another part, or add to style.css.",
        )
    return Problem(
        "it is no part of a report",
        file=str(path),
        expected=named([*known, BRAND, STYLE], 30),
        advice=meant(name, [*known, BRAND, STYLE]),
    )


def _wrong_template(name: str, text: str, path: Path) -> Iterator[Problem]:
    if name not in partials():
        yield _unknown(name, path)
        return
    jinja = environment.environment(Look(templates=((name, text, str(path)),)))
    try:
        tree = jinja.parse(text, name, str(path))
        jinja.compile(text, name, str(path))
    except jinja2.TemplateSyntaxError as error:
        advice = None
        if error.message and error.message.startswith("No filter named"):
            wanted = error.message.split("'")[1]
            advice = meant(wanted, jinja.filters)
            if wanted in ("safe", "urlize"):
                advice = "Names from data are always escaped: leave the filter out."
        yield Problem(
            f"this template is not valid: {error.message}",
            file=str(path),
            line=error.lineno,
            advice=advice,
        )
        return
    for node in tree.find_all((nodes.ScopedEvalContextModifier, nodes.EvalContextModifier)):
        yield Problem(
            "this template turns escaping off, which no template may",
            file=str(path),
            line=node.lineno,
            advice="Leave {% autoescape %} out.",
        )
    yield from _unknown_names(name, tree, jinja, path)


def _unknown_names(
    name: str, tree: nodes.Template, jinja: jinja2.Environment, path: Path
) -> Iterator[Problem]:
    known = _IN_PAGES
    if name.startswith("diagnostics/") or name == "section.html.j2":
        known = _IN_SECTIONS
    elif name == "macros.html.j2":
        known = _IN_MACROS
    lines = {n.name: n.lineno for n in reversed(list(tree.find_all(nodes.Name)))}
    unknown = meta.find_undeclared_variables(tree) - known - set(jinja.globals)
    for wrong in sorted(unknown, key=lambda w: lines.get(w, 0)):
        yield Problem(
            f"this template speaks of {wrong!r}, which is not there",
            file=str(path),
            line=lines.get(wrong),
            expected=named(sorted(known), 30),
            advice=meant(wrong, known),
        )
    for node in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
        wanted = getattr(getattr(node, "template", None), "value", None)
        if not isinstance(wanted, str) or wanted.removeprefix("default/") in partials():
            continue
        yield Problem(
            f"this template asks for {wanted!r}, which is not there",
            file=str(path),
            line=node.lineno,
            advice=meant(wanted, [*partials(), *(f"default/{n}" for n in partials())]),
        )


def _wrong_style(css: str, path: Path) -> Iterator[Problem]:
    for found in _FETCHED.finditer(css):
        yield Problem(
            "a report fetches nothing",
            file=str(path),
            line=css.count("\n", 0, found.start()) + 1,
            got=found[0][:80],
            expected="url(data:…) at most",
        )


def _branding(path: Path, problems: list[Problem]) -> dict[str, Any]:
    """Name, logo and colours for a Look."""
    try:
        document = read(path)
    except JobError as error:
        problems += error.problems
        return {}
    problems += document.problems
    try:
        brand = _Brand.model_validate(document.data)
    except ValidationError as error:
        problems += [problem for _, problem in complaints.problems(error, document, _Brand)]
        return {}
    colours = brand.colours.model_dump(by_alias=True, exclude_none=True)
    problems += _wrong_colours(colours, document)
    picture = ""
    if brand.logo:
        try:
            picture = logo(path.parent / brand.logo)
        except RenderError as error:
            line = document.line(("logo",))
            problems += [p.at(job=f"{document.file}:{line}", key="logo") for p in error.problems]
    return {"name": brand.name or "", "logo": picture, "colours": tuple(colours.items())}


def _wrong_colours(colours: dict[str, str], document: Document) -> Iterator[Problem]:
    def at(name: str, problem: Problem) -> Problem:
        line = document.line(("colours", name))
        return problem.at(file=document.file, line=line, key=f"colours.{name}")

    valid = {n: c for n, c in colours.items() if re.fullmatch(r"#[0-9a-fA-F]{6}", c)}
    for name, colour in colours.items():
        if name not in valid:
            wrong = Problem("it is not a colour", expected='"#rrggbb"', got=colour[:40])
            yield at(name, wrong)
            continue
        needed = 3.0 if name == "accent" else themes.TEXT_CONTRAST
        reached = themes.contrast(colour, "#ffffff")
        if reached < needed:
            wrong = Problem(
                "it is too pale to be read on white",
                expected=f"contrast of at least {needed:g}",
                got=f"{colour}, contrast {reached:.1f}",
                advice=f"Take a darker one, such as {themes.darkened(colour, needed)}.",
            )
            yield at(name, wrong)
    verdicts = {n: valid.get(n, COLOURS[n]) for n in _VERDICTS}
    for one, other in (("pass", "warn"), ("pass", "fail"), ("warn", "fail")):
        if {one, other} & set(valid) and themes.difference(verdicts[one], verdicts[other]) < _APART:
            wrong = Problem(
                f"the colours of {one} and {other} cannot be told apart",
                got=f"{verdicts[one]} and {verdicts[other]}",
            )
            yield at(one if one in valid else other, wrong)
