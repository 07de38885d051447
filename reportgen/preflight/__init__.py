"""What can be seen to be wrong with a job's files before anything runs.

Headers of data and of models are opened, and target columns are read; no model is loaded, no
Python of the job is run, no database is asked, and TensorFlow is not imported.
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from reportgen.errors import Problem, RenderError
from reportgen.job.schema import Job
from reportgen.preflight import data, model

__all__ = ["check"]


def check(job: Job, partial: Container[tuple[str, str]] = ()) -> list[Problem]:
    """All problems of a job's files, each with the key that names the file or column, and its
    line in the job.

    Of the entries in ``partial`` (see :mod:`reportgen.job.remains`), and of models without a
    data set, only what is wrong with a file by itself.
    """
    problems = _templates(job)
    outlines: dict[str, data.Outline] = {}
    for name, entry in job.datasets.items():
        if ("datasets", name) in partial:
            problems += data.check_alone(job, name, entry)
        else:
            outlines[name], found = data.check(job, name, entry)
            problems += found
    for name, audited in job.models.items():
        outline = None if ("models", name) in partial else outlines.get(audited.dataset)
        problems += model.check(job, name, audited, outline)
    return list(dict.fromkeys(_with_line(problem, job) for problem in problems))


def _templates(job: Job) -> list[Problem]:
    if job.templates is None:
        return []
    from reportgen.render import branding

    try:
        branding.load(job.locate(job.templates))
    except RenderError as error:
        return [p.at(key="templates") for p in error.problems]
    return []


def _with_line(problem: Problem, job: Job) -> Problem:
    line = job.line(problem.key) if problem.key is not None else None
    try:
        name = str(job.file.relative_to(Path.cwd()))
    except ValueError:
        name = str(job.file)
    if problem.file is None:
        return problem.at(file=name, line=line)
    return problem if line is None else problem.at(job=f"{name}:{line}")
