"""What pydantic objects to, said in the words of the job file.

An error's location is walked along the types: that tells its key path from the tags of unions,
and which keys were known at the place of an unknown one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from reportgen.errors import Problem
from reportgen.job import schema
from reportgen.job.document import Document
from reportgen.job.keypath import KeyPath, Placed, key_path, meant, named, quoted

#: Keys that tell alternatives apart, by the custom error type of their union.
_TELLING = {
    "source": ("sklearn", "images", "python", "sql", "from"),
    "model": ("keras", "savedmodel", "python", "sklearn", "predictions"),
    "preprocess": ("sklearn", "python", "standardize", "scale"),
    "reported": ("metric", "classification_report", "confusion_matrix", "keras_log"),
}
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "number": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an error points: its key path, the model that holds it, the type expected there."""

    path: KeyPath
    owner: type[BaseModel] | None
    kind: Any


def problems(
    error: ValidationError,
    document: Document,
    model: type[BaseModel],
    prefix: KeyPath = (),
) -> list[Placed]:
    """Each complaint about the part of a document at ``prefix``, read as ``model``."""
    found: list[Placed] = []
    details = error.errors(include_url=False)
    for detail in details:
        at = detail["loc"]
        if detail["type"] == "too_short" and any(
            other["loc"][: len(at)] == at and len(other["loc"]) > len(at) for other in details
        ):
            continue  # it has items, and they are what is wrong
        place = _place(model, detail["loc"])
        path = prefix + place.path
        problem = _worded(detail, place, path)
        known = {"file": document.file, "line": document.line(path), "key": key_path(path)}
        found.append((path, problem.at(**known)))
    return found


def unknown_key(path: KeyPath, known: Sequence[str]) -> Problem:
    """A key that does not exist, with those that do."""
    name = str(path[-1])
    where = f"under {key_path(path[:-1])}" if len(path) > 1 else "in a job"
    return Problem(
        f"unknown key {quoted(name)} {where}",
        expected=f"one of: {named(known, 30)}",
        advice=meant(name, known),
    )


def _worded(detail: ErrorDetails, place: _Place, path: KeyPath) -> Problem:
    kind, value = detail["type"], detail["input"]
    context: Mapping[str, Any] = detail.get("ctx") or {}
    name = _name(path)
    if kind == "extra_forbidden":
        return unknown_key(path, keys_of(place.owner) if place.owner is not None else ())
    if kind == "missing":
        return Problem(
            f"{name} is missing",
            expected=_description(place.owner, str(path[-1])),
            advice=f"Add `{path[-1]}:` here." if path else None,
        )
    if kind in _TELLING:
        return Problem(
            f"{name} is not understood",
            expected=detail["msg"],
            got=quoted(value),
            advice=_meant_key(value, _TELLING[kind]),
        )
    if kind == "literal_error":
        allowed = _literals(place.kind) or [str(context.get("expected", ""))]
        return Problem(
            f"{name} does not have one of its values",
            expected=f"one of: {named([quoted(a).strip(chr(39)) for a in allowed], 30)}",
            got=quoted(value),
            advice=meant(value, [str(a) for a in allowed]) if isinstance(value, str) else None,
        )
    if kind in _EXPECTED:
        return Problem(
            f"{name} has the wrong type",
            expected=_EXPECTED[kind],
            got=quoted(value),
            advice=_mistyped(kind, value),
        )
    if kind == "string_pattern_mismatch":
        return Problem(
            f"{name} does not name a Python object",
            expected="package.module:name",
            got=quoted(value),
        )
    if kind in ("too_short", "string_too_short"):
        return Problem(f"{name} is empty", expected=_description(place.owner, str(path[-1])))
    bounds = {"greater_than": ("more than", "gt"), "greater_than_equal": ("at least", "ge")}
    bounds |= {"less_than": ("less than", "lt"), "less_than_equal": ("at most", "le")}
    if kind in bounds:
        words, key = bounds[kind]
        return Problem(
            f"{name} is out of range", expected=f"{words} {context[key]:g}", got=quoted(value)
        )
    if kind == "value_error":
        return Problem(f"{name}: {context.get('error', detail['msg'])}", got=quoted(value))
    return Problem(f"{name}: {detail['msg']}", got=quoted(value))


def _name(path: KeyPath) -> str:
    """The last key, with the indices after it: ``'reported[2]'``."""
    start = max((i for i, part in enumerate(path) if isinstance(part, str)), default=0)
    return repr(key_path(path[start:])) if path else "the job"


def _mistyped(kind: str, value: Any) -> str | None:
    if kind == "string_type" and isinstance(value, (bool, int, float)):
        return f"Write it in quotes: '{getattr(value, 'text', None) or quoted(value)}'."
    if kind in ("tuple_type", "list_type") and isinstance(value, str):
        return f"Write a list: [{quoted(value).strip(chr(39))}]."
    return None


def _meant_key(value: Any, keys: tuple[str, ...]) -> str | None:
    if isinstance(value, Mapping):
        for key in value:
            advice = meant(str(key), keys)
            if advice is not None:
                return advice
    return None


def _place(model: type[BaseModel], location: tuple[str | int, ...]) -> _Place:
    path: list[str | int] = []
    owner: type[BaseModel] | None = None
    kind: Any = model
    key: Any = None
    for part in location:
        members = _members(kind)
        tagged = [m for m in members if _tag(m) is not None]
        if tagged:
            chosen = [m for m in tagged if _tag(m) == part]
            kind = _bare(chosen[0]) if chosen else None
            continue
        kind = _bare(members[0]) if members else None
        if part == "[key]":  # what was wrong is the key itself
            kind = key
            continue
        path.append(part)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            owner = kind
            field = next(
                (f for n, f in kind.model_fields.items() if part in (f.alias, n)),
                None,
            )
            kind = field.annotation if field is not None else None
        else:
            arguments = get_args(kind)
            key = next(iter(arguments), None)
            kind = arguments[-1] if get_origin(kind) is dict else key
    return _Place(tuple(path), owner, kind)


def _members(kind: Any) -> list[Any]:
    """What a type may be, None left out; annotations are kept on the members of a union."""
    inner = _bare(kind)
    if get_origin(inner) in (Union, UnionType):
        members = []
        for member in get_args(inner):
            if member is type(None):
                continue
            nested = _bare(member)
            union = get_origin(nested) in (Union, UnionType)
            members += _members(nested) if union and _tag(member) is None else [member]
        return members
    return [kind]


def _bare(kind: Any) -> Any:
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind


def _tag(kind: Any) -> str | None:
    if get_origin(kind) is not Annotated:
        return None
    tags = [m.tag for m in get_args(kind)[1:] if isinstance(m, Tag)]
    return tags[0] if tags else None


def _literals(kind: Any) -> list[Any]:
    found: list[Any] = []
    for member in _members(kind):
        if get_origin(_bare(member)) is Literal:
            found += get_args(_bare(member))
    return found


def keys_of(owner: type[BaseModel]) -> list[str]:
    """The keys that a mapping of a job file may have."""
    hidden = set(schema.INTERNAL) if owner is schema.Job else set()
    return [f.alias or n for n, f in owner.model_fields.items() if n not in hidden]


def _description(owner: type[BaseModel] | None, name: str) -> str | None:
    field = owner.model_fields.get(name) if owner is not None else None
    return field.description if field is not None else None
