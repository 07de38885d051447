"""What is left of a faulty job, so that its files can be looked at all the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from reportgen.job.document import Document
from reportgen.job.keypath import KeyPath, key_path
from reportgen.job.schema import DatasetEntry, Job, ModelEntry
from reportgen.job.schema.values import Strict

Entry = TypeVar("Entry", bound=Strict)

#: Keys that nothing else of an entry is read by: without them the rest means what it meant.
_APART = {
    "datasets": {"positive"},
    "models": {"checkpoints", "decision", "history", "members", "reported", "training"},
}


@dataclass(frozen=True, slots=True)
class Remains:
    """The entries that can still be read.

    ``job`` has only those, and defaults where the rest of the file is faulty. An entry in
    ``partial`` (``("datasets", "churn")``) is not what its author meant: what it names can be
    opened, but that its parts do not fit each other says nothing.
    """

    job: Job
    partial: frozenset[tuple[str, str]]


def remains(document: Document, faults: Iterable[KeyPath]) -> Remains:
    """The entries of a document that are right once its faulty keys are left out."""
    faulty: dict[tuple[str, str], set[str]] = {}
    for path in faults:
        if len(path) > 1 and path[0] in _APART:
            key = str(path[2]) if len(path) > 2 else ""
            faulty.setdefault((str(path[0]), str(path[1])), set()).add(key)
    partial = frozenset(at for at, keys in faulty.items() if keys - _APART[at[0]])
    datasets = _entries(document, "datasets", DatasetEntry, faulty)
    models = _entries(document, "models", ModelEntry, faulty)
    job = Job.model_construct(
        version=1,
        name=document.file,
        datasets=datasets,
        models=models,
        file=Path(document.file).absolute(),
        lines={key_path(path): line for path, line in document.lines.items() if path},
    )
    return Remains(job, partial)


def _entries(
    document: Document,
    kind: str,
    model: type[Entry],
    faulty: Mapping[tuple[str, str], set[str]],
) -> dict[str, Entry]:
    listed: Any = document.data.get(kind)
    found: dict[str, Entry] = {}
    for name, entry in listed.items() if isinstance(listed, dict) else ():
        for without in ((), faulty.get((kind, name), ())):
            try:
                kept = {key: value for key, value in dict(entry).items() if key not in without}
                found[name] = model.model_validate(kept)
                break
            except (ValidationError, TypeError, ValueError):
                continue
    return found
