"""The metrics that somebody looks at: reported, named in the job, compiled into the model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reportgen.answers import Answers
from reportgen.diagnostics.metrics import references, regression
from reportgen.diagnostics.metrics.definition import Definition
from reportgen.diagnostics.metrics.known import Examined
from reportgen.diagnostics.metrics.rows import Rows
from reportgen.evidence import Case
from reportgen.job.schema import ReportedNumber

FAMILY = {"top_k_accuracy": "top_k"}


@dataclass(frozen=True)
class Watched:
    """``name`` as it is called where it stands, ``source`` reported or custom."""

    name: str
    definition: Definition
    source: str
    average_said: bool = True


def rows_of(answers: Answers, threshold: float) -> Rows:
    """The judged rows as metrics are asked about them; of a binary task 1 is the positive class."""
    if answers.task == "regression":
        assert answers.values is not None
        y, p = answers.y, answers.values
        if y.shape[1] == 1:
            y, p = y[:, 0], p[:, 0]
        return Rows("regression", y, p)
    given = answers.scores if answers.scores is not None else answers.labels
    assert given is not None
    y, p = answers.y, given.astype(float)
    if answers.task == "binary":
        y = (y == answers.positive).astype(int)
        if answers.scores is None:
            p = (given == answers.positive).astype(float)
    return Rows(answers.task, y.astype(int), p, threshold)


def watched(case: Case, rows: Rows, examined: Iterable[Examined]) -> list[Watched]:
    """Each definition once, custom ones first: those that are right, for what they are."""
    found = []
    for one in examined:
        if one.agrees is not None and one.meaning.family is not None:
            found.append(
                Watched(one.name, one.agrees.definition, "custom", bool(one.meaning.average))
            )
        elif one.is_also is not None:
            found.append(Watched(one.name, one.is_also, "custom"))
    for claim in case.entry.reported:
        if isinstance(claim, ReportedNumber) and claim.per_class is None:
            definition = _reported(claim, rows)
            if definition is not None:
                found.append(Watched(claim.metric, definition, "reported"))
    unique = {(w.definition.family, w.definition.words): w for w in reversed(found)}
    return list(reversed(unique.values()))


def _reported(claim: ReportedNumber, rows: Rows) -> Definition | None:
    family = FAMILY.get(claim.metric, claim.metric)
    if rows.task == "regression":
        definitions = regression.definitions(family)
    else:
        definitions = references.classification(family, rows.task, rows.k, claim.k)
    average = claim.average or ("binary" if rows.task == "binary" else "macro")
    return next(
        (d for d in definitions if d.average == average), definitions[0] if definitions else None
    )
