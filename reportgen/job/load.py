"""A job file becomes one frozen, validated Job, or a list of all its problems."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from reportgen.errors import JobError, Problem
from reportgen.job import complaints, rules
from reportgen.job.document import Document, read
from reportgen.job.json_schema import json_schema
from reportgen.job.keypath import KeyPath, key_path, meant, named, quoted
from reportgen.job.remains import Remains, remains
from reportgen.job.schema import INTERNAL, DatasetEntry, Job, ModelEntry, Settings

__all__ = ["FaultyJob", "json_schema", "load", "validated"]

_PASSWORD = re.compile(
    r"(\w://[^:/@\s]*:)[^@\s]*(@)|((?:password|passwd|pwd|token)=)[^&\s\"']*()", re.IGNORECASE
)


def load(path: Path | str, settings: Mapping[str, type[Settings]]) -> Job:
    """Reads and validates a job file.

    Parameters
    ----------
    path : the job file.
    settings : name of each diagnostic -> the model of its settings.

    Raises
    ------
    JobError
        with every problem of the file, in the order of its lines.
    """
    return validated(read(Path(path)), settings)


class FaultyJob(JobError):
    """A job file with problems; ``remains`` is what can be looked at further."""

    def __init__(self, *problems: Problem | str, remains: Remains) -> None:
        super().__init__(*problems)
        self.remains = remains


def validated(document: Document, settings: Mapping[str, type[Settings]]) -> Job:
    """The job that a document holds.

    Raises
    ------
    FaultyJob
        with every problem of the document, in the order of its lines.
    """
    problems = list(document.problems)
    faults: list[KeyPath] = []
    data = dict(document.data)
    diagnostics = _diagnostics(data.pop("diagnostics", None), settings, document, problems)
    job: Job | None = None
    for name in set(INTERNAL) & set(data):
        del data[name]
        problem = complaints.unknown_key((name,), complaints.keys_of(Job))
        problems.append(_placed(problem, (name,), document))
    try:
        job = Job.model_validate(
            data
            | {
                "diagnostics": diagnostics,
                "file": Path(document.file).absolute(),
                "sha256": document.sha256,
            }
        )
    except ValidationError as error:
        for path, problem in complaints.problems(error, document, Job):
            faults.append(path)
            problems.append(problem)
    datasets = dict(job.datasets) if job else _valid(data.get("datasets"), DatasetEntry)
    models = dict(job.models) if job else _valid(data.get("models"), ModelEntry)
    listed = data.get("datasets")
    names = [str(name) for name in listed] if isinstance(listed, dict) else []
    for path, problem in rules.problems(datasets, models, names):
        faults.append(path)
        problems.append(_placed(problem, path, document))
    if problems or job is None:
        in_order = sorted(problems, key=lambda p: p.line or 0)
        raise FaultyJob(*in_order, remains=remains(document, faults))
    lines = {key_path(path): line for path, line in document.lines.items() if path}
    return job.model_copy(update={"parts": _parts(job, document), "lines": lines})


def _placed(problem: Problem, path: KeyPath, document: Document) -> Problem:
    return problem.at(file=document.file, line=document.line(path), key=key_path(path))


def _valid(entries: Any, model: type[BaseModel]) -> dict[str, Any]:
    """The entries that are right by themselves, so that they can be checked further."""
    found = {}
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        try:
            found[name] = model.model_validate(entry)
        except ValidationError:
            continue
    return found


def _diagnostics(
    given: Any,
    settings: Mapping[str, type[Settings]],
    document: Document,
    problems: list[Problem],
) -> dict[str, Settings | None]:
    """Settings of every diagnostic; None for those that are switched off."""
    chosen: dict[str, Settings | None] = {name: model() for name, model in settings.items()}
    if given is None:
        return chosen
    if not isinstance(given, dict):
        problem = Problem(
            "'diagnostics' must be a mapping of names to settings",
            expected=f"keys of: {named(settings, 30)}",
            got=quoted(given),
        )
        problems.append(_placed(problem, ("diagnostics",), document))
        return chosen
    for name, value in given.items():
        path = ("diagnostics", name)
        if name not in settings:
            problem = Problem(
                f"there is no diagnostic {quoted(name)}",
                expected=f"one of: {named(settings, 30)}",
                advice=meant(name, settings) or "`reportgen list` names them all.",
            )
            problems.append(_placed(problem, path, document))
        elif value is False:
            chosen[name] = None
        elif isinstance(value, dict):
            try:
                chosen[name] = settings[name].model_validate(value)
            except ValidationError as error:
                found = complaints.problems(error, document, settings[name], path)
                problems += [problem for _, problem in found]
        elif value is not True and value is not None:
            problem = Problem(
                f"{quoted(name)} must be a mapping of settings, or false to switch it off",
                expected=f"keys of: {named(settings[name].model_fields, 30)}; or true or false",
                got=quoted(value),
            )
            problems.append(_placed(problem, path, document))
    return chosen


def _parts(job: Job, document: Document) -> dict[str, str]:
    """Name of a model -> its lines and those of its data set, without passwords."""
    parts = {}
    for name, entry in job.models.items():
        dataset = document.excerpt(("datasets", entry.dataset))
        text = f"datasets:\n{dataset}\nmodels:\n{document.excerpt(('models', name))}\n"
        parts[name] = _PASSWORD.sub(r"\1\3***\2\4", text)
    return parts
