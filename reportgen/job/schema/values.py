"""What every entry of a job file is made of: the strict base, names, labels, unions by key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

SPLITS = ("train", "validation", "test")
SplitName = Literal["train", "validation", "test"]
Task = Literal["binary", "multiclass", "multilabel", "regression"]
Fraction = Annotated[float, Field(gt=0, lt=1)]
PythonName = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")]
Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(min_length=1)]
_WHOLE = re.compile(r"[+-]?\d{1,300}\.0*\Z")
TRUSTED = "Loading a pickle may run code: true says that this one may."


class Strict(BaseModel):
    """Frozen, and every unknown key is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False
    )

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Pydantic takes ``true`` for 1; nobody who writes ``epochs: true`` means one epoch."""
        if isinstance(value, bool) and info.field_name in cls.model_fields:
            kinds = set(_plain_types(cls.model_fields[info.field_name].annotation))
            if kinds & {int, float} and bool not in kinds:
                raise PydanticCustomError("number", "a number is expected")
        return value


def _plain_types(annotation: Any) -> Iterator[Any]:
    """The members of a union, without what is annotated to them."""
    if get_origin(annotation) is Annotated:
        yield from _plain_types(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from _plain_types(member)
    else:
        yield annotation


def canonical(text: str) -> str:
    """A label's text as ``data.labels.label_text`` has it: ``" 1.0"`` and ``"1"`` are one."""
    text = text.strip()
    if text.lower() in ("true", "false"):
        return text.lower()
    return str(int(text.partition(".")[0])) if _WHOLE.match(text) else text


def _label(value: Any) -> Any:
    """A class label as text: YAML's 1, true and 1.0 stand for what a data file would hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (int, float)):
        return str(float(value) if isinstance(value, float) else value)
    return canonical(value) if isinstance(value, str) else value


Label = Annotated[str, BeforeValidator(_label, json_schema_input_type=str | int | float | bool)]


def telling_key(value: Any, keys: tuple[str, ...]) -> str | None:
    """Which of ``keys`` a mapping, or an already validated model, has."""
    if isinstance(value, Mapping):
        return next((k for k in keys if k in value), None)
    return next((k for k in keys if hasattr(value, k)), None)


def one_of(*keys: str) -> Callable[[Any], str | None]:
    return lambda value: telling_key(value, keys)
