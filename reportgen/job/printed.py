"""Numbers as they were printed: ``0.950`` is not ``0.95``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_NUMBER = re.compile(r"^([+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?)\s*(%?)$")
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Printed:
    """A number with the digits that were printed.

    ``text`` is the number without a per cent sign, ``percent`` whether there was one.
    """

    text: str
    percent: bool = False

    @classmethod
    def parse(cls, value: Any) -> Printed:
        """From YAML text such as ``0.950``, ``91.3 %`` or ``1e-3``.

        Raises
        ------
        ValueError
            if it is not a number.
        """
        if isinstance(value, Printed):
            return value
        text = getattr(value, "text", None) or str(value)
        if len(text) > _LONGEST:
            raise ValueError(f"a number has at most {_LONGEST} digits")
        match = _NUMBER.match(text.strip().replace("\N{MINUS SIGN}", "-"))
        if match is None or isinstance(value, bool):
            raise ValueError(f"{text!r} is not a number")
        return cls(match[1].replace("_", ""), bool(match[2]))

    @property
    def decimal(self) -> Decimal:
        """The value as a fraction: a percentage is divided by 100."""
        number = Decimal(self.text)
        return number / 100 if self.percent else number

    @property
    def ulp(self) -> Decimal:
        """One unit of the last printed digit, as a fraction."""
        exponent = Decimal(self.text).as_tuple().exponent
        assert isinstance(exponent, int)
        unit = Decimal(1).scaleb(exponent)
        return unit / 100 if self.percent else unit

    def __float__(self) -> float:
        return float(self.decimal)

    def __str__(self) -> str:
        return f"{self.text} %" if self.percent else self.text

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": ["number", "string"], "description": "The number with its printed digits."}
