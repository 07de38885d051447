"""What is asked, in which order, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from reportgen.charts.numbers import listed, plural, score
from reportgen.diagnostic import NotApplicable, checks
from reportgen.diagnostics.preprocessing.answer import Answer
from reportgen.diagnostics.preprocessing.chain import Link, chain
from reportgen.diagnostics.preprocessing.compared import comparisons
from reportgen.diagnostics.preprocessing.declared import CODES, PreprocessingSettings
from reportgen.diagnostics.preprocessing.questions import (
    categories,
    imputed,
    missing,
    order,
    plain,
    refit,
    scale,
)
from reportgen.diagnostics.preprocessing.questions.pictures import sampled
from reportgen.diagnostics.preprocessing.received import Received, received
from reportgen.diagnostics.preprocessing.shown import series
from reportgen.diagnostics.preprocessing.undone import weighed
from reportgen.evidence import Case, settings_of
from reportgen.results import Finding, Findings, Metric
from reportgen.retraining.results import Trained
from reportgen.scores.page_one import covers

DIFFER = "leakage.splits-differ"
RANK = {"fail": 0, "warn": 1, "info": 2}


@dataclass(frozen=True)
class Prepared:
    """What is received at each place, the steps between, and the answers by question."""

    rows: Received
    chain: tuple[Link, ...]
    broken: str
    answers: tuple[Answer, ...]


def prepare(case: Case) -> Prepared:
    """All that is asked; none of it trains anything.

    Raises
    ------
    NotApplicable
        when there are no inputs to look at.
    """
    settings = settings_of(case, PreprocessingSettings)
    rows = received(case)
    if not any(p.columns or p.blocks for p in rows.places):
        raise NotApplicable("there are no inputs at hand to look at")
    links, broken = chain(case)
    in_order = weighed(case, rows, order.look(case, rows, links))
    own = refit.look(case, rows)
    otherwise = bool(own.found or in_order.found)
    answers = (
        _speaking(own),
        _speaking(weighed(case, rows, scale.look(case, rows, links, settings, otherwise))),
        missing.look(case, rows, settings),
        categories.look(case, rows, links, settings),
        imputed.look(case, rows, links),
        in_order,
        plain.constants(case, rows),
        plain.as_text(case, rows),
        plain.not_finite(case, rows),
    )
    return Prepared(rows, links, broken or rows.problem, answers)


def _speaking(answer: Answer) -> Answer:
    """A scale that is another makes the splits differ in these columns, which is no other fault."""
    found = []
    for one in answer.found:
        columns = one.evidence.get("columns") or [one.evidence.get("column")]
        names = [str(c) for c in columns if c is not None]
        more = covers(DIFFER, names) if names else {}
        found.append(one.model_copy(update={"evidence": {**one.evidence, **more}}))
    return replace(answer, found=tuple(found))


def examine(case: Case, prepared: Prepared, trained: Trained) -> Findings:
    """Findings of every question, worst first, and the words around them."""
    settings = settings_of(case, PreprocessingSettings)
    answers = prepared.answers
    found = sorted(
        (f for a in answers for f in a.found), key=lambda f: RANK[f.severity]
    )  # stable: questions keep their order
    flagged = [name for a in answers for name in a.flagged]
    shown = series(case, prepared.rows, prepared.chain, flagged, settings.columns_shown)
    shown["tables"] = [t for a in answers for t in a.tables][:6]
    apart = _apart(case, prepared.rows)
    return Findings(
        headline=_headline(case, prepared, found),
        findings=tuple(found),
        metrics=_metrics(case, prepared, apart),
        series=shown,
        checks=checks({a.code: (a.found, a.untold) for a in answers}),
        tried=_tried(case, prepared),
        result=_result(found, apart),
        detectable=_detectable(answers),
        method=_method(case, prepared),
    )


def _headline(case: Case, prepared: Prepared, found: list[Finding]) -> str:
    leading = sorted(
        (a for a in prepared.answers if a.headline and any(f.severity != "info" for f in a.found)),
        key=lambda a: min(RANK[f.severity] for f in a.found),
    )
    if leading:
        return leading[0].headline
    names = _others(case)
    if "train" not in case.dataset.splits:
        return "There is no train split to compare with; what is there has no fault of its own."
    if not names:
        return "There is no second split to compare with; train has no fault of its own."
    last = prepared.rows.last
    n = len(last.columns) + last.left_out or len(last.blocks)
    what = plural(n, "column")
    if not prepared.rows.last.columns:
        what = plural(n, "array of inputs", "arrays of inputs")
    small = max(case.split(o).n for o in names) < 10
    if small:
        return (
            f"Nothing found, but {names[0]} has {plural(case.split(names[0]).n, 'row')}: too few "
            "to tell more than figures to the last digits."
        )
    one = "reaches" if n == 1 else "reach"
    return (
        f"Yes. {what} {one} the model on one scale, in one order and filled alike in train and "
        f"{' and '.join(names)}."
    )


def _others(case: Case) -> list[str]:
    return [n for n in ("test", "validation") if n in case.dataset.splits and case.split(n).n]


def _apart(case: Case, rows: Received) -> tuple[str, float, str, int] | None:
    """The column furthest from train at the last place: name, distance, split, rows."""
    best: tuple[str, float, str, int] | None = None
    if "train" not in case.dataset.splits:
        return None
    for name in _others(case):
        columns, pairs = comparisons(case, rows.last, name)
        for p in pairs:
            if best is None or p.distance > best[1]:
                best = (columns[p.column].name, p.distance, name, len(p.b))
    return best


def _metrics(
    case: Case, prepared: Prepared, apart: tuple[str, float, str, int] | None
) -> tuple[Metric, ...]:
    place = prepared.rows.last
    found = _of_pictures(prepared.rows) if not place.columns else [
        Metric(name="columns", label="Columns that reach the model", unit="count",
               value=len(place.columns) + place.left_out),
        Metric(name="steps", label="Steps and layers on their way", unit="count",
               value=len(prepared.chain)),
    ]  # fmt: skip
    if apart is not None:
        found.append(
            Metric(name="furthest", label=f"Furthest column from train (KS): {apart[0]}",
                   value=apart[1], split=apart[2], n=apart[3])
        )  # fmt: skip
    for name in case.dataset.splits:
        gaps = [missing.missing(c, name) for c in place.columns if name in c.by]
        if gaps and case.split(name).n:
            value = float(sum(g.sum() for g in gaps) / sum(len(g) for g in gaps))
            found.append(
                Metric(name="missing", label="Missing values that reach the model",
                       unit="share", value=value, split=name, n=case.split(name).n)
            )  # fmt: skip
    return tuple(found)


def _of_pictures(rows: Received) -> list[Metric]:
    """Mean and standard deviation of images, or sequences, by split."""
    found = []
    for block in rows.last.blocks[:4]:
        for name, values in block.by.items():
            flat = sampled(values)
            flat = flat[np.isfinite(flat)]
            if len(flat):
                for key, word, value in (
                    ("mean", "Mean", flat.mean()),
                    ("sd", "Spread", flat.std()),
                ):
                    found.append(
                        Metric(name=f"{block.name}_{key}", label=f"{word} of {block.name}",
                               value=float(value), unit="target", split=name, n=len(values))
                    )  # fmt: skip
    return found


def _tried(case: Case, prepared: Prepared) -> str:
    place = prepared.rows.last
    n = len(place.columns) + place.left_out
    what = plural(n, "column") if n else plural(len(place.blocks), "array")
    return f"{what} on {listed(list(case.dataset.splits), 3)}; scale, order, gaps, categories"


def _result(found: list[Finding], apart: tuple[str, float, str, int] | None) -> str:
    grave = [f for f in found if f.severity != "info"]
    if grave:
        return f"{plural(len(grave), 'fault')}: {grave[0].subject}"
    if apart is None:
        return "nothing found"
    return f"alike; the furthest column {score(apart[1])} from train (KS)"


def _detectable(answers: tuple[Answer, ...]) -> str:
    told = [a.detectable for a in answers if a.detectable]
    return "; ".join(dict.fromkeys(told)) or "nothing: there is nothing to compare with"


def _method(case: Case, prepared: Prepared) -> str:
    places = listed([p.words for p in prepared.rows.places], 3)
    words = (
        f"Looked at were {places}, on every split. Distances of columns are Kolmogorov and "
        "Smirnov's. A scale of a split's own is told by how near its mean and spread come to 0 and "
        "1 beside what chance brings about; another unit by a factor that makes the splits alike "
        "when it is taken back; unseen categories by what a random cut of the same rows leaves "
        "unseen. Leakage asks whose rows a scaler's figures are, and whether the splits are of one "
        "population; a split that was scaled by itself may stand there too, for what it knew."
    )
    if case.predictor.framework == "predictions":
        words += " The model is a file of predictions: only the data are looked at."
    if prepared.broken:
        words += f" The way of the inputs could not be followed to its end: {prepared.broken}"
    left = prepared.rows.last.left_out
    if left:
        words += f" Of {left + len(prepared.rows.last.columns):,} columns 1,000 were looked at."
    assert CODES
    return words if words.endswith(".") else words + "."
