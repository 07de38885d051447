"""The job file's JSON Schema, for completion and checks in an editor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import (
    GenerateJsonSchema,
    JsonSchemaMode,
    models_json_schema,
)

from reportgen.job.schema import INTERNAL, Job, Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(settings: Mapping[str, type[Settings]]) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a job file.

    Parameters
    ----------
    settings : name of each diagnostic -> the model of its settings.
    """
    mode: JsonSchemaMode = "validation"
    wanted: list[tuple[type[Any], JsonSchemaMode]] = [(Job, mode)]
    wanted += [(model, mode) for model in settings.values()]
    references, shared = models_json_schema(
        wanted, by_alias=True, ref_template="#/$defs/{model}", schema_generator=_OnlyKeys
    )
    definitions: dict[str, Any] = shared["$defs"]
    job = definitions.pop(references[(Job, mode)]["$ref"].rsplit("/", 1)[1])
    for internal in INTERNAL:
        job["properties"].pop(internal, None)
    job["properties"]["diagnostics"] = {
        "type": ["object", "null"],
        "description": "Settings of diagnostics; false switches one off. Default: all of them.",
        "additionalProperties": False,
        "properties": {
            name: {"anyOf": [references[(model, mode)], {"type": ["boolean", "null"]}]}
            for name, model in settings.items()
        },
    }
    job["description"] = "A job of reportgen: which models to audit, on which data."
    return {
        "$schema": DIALECT,
        "title": "reportgen job",
        **{k: v for k, v in job.items() if k != "title"},
        "$defs": definitions,
    }


class _OnlyKeys(GenerateJsonSchema):
    """Leaves out the titles that only repeat a key."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False
