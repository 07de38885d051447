"""Preprocessing that was fitted on rows that the model is judged on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from reportgen.charts.numbers import amount, listed, plural
from reportgen.diagnostics.leakage.declared import CODES
from reportgen.diagnostics.leakage.declared.preprocessing import SAW
from reportgen.diagnostics.leakage.fitted import arrays
from reportgen.diagnostics.leakage.fitted.honest import cure_of_arrays, cure_of_parts
from reportgen.diagnostics.leakage.fitted.whose import RowSet, Told, row_sets, told
from reportgen.diagnostics.leakage.found import Effect, Leak, Looked
from reportgen.errors import ReportgenError
from reportgen.evidence import Case
from reportgen.fitted.parts import parts
from reportgen.models.preprocess import PythonTransform
from reportgen.results import Severity
from reportgen.scores.page_one import OWN_FIGURES, fault

ORDER = 60
ADVICE = {c.code: c.advice for c in CODES}
METHOD = (
    "The figures that preprocessing stored are compared with those of train, and of train with the "
    "judged rows, to the precision of float32."
)
#: Share of the score that a leak without an effect may be worth at most.
NIL = 0.05
FIGURES = {
    "mean_": "mean", "center_": "median", "data_min_": "minimum", "data_max_": "maximum",
    "max_abs_": "largest size", "statistics_": "fill-in value", "scale_": "scale",
    "var_": "variance", "data_range_": "range", "min_": "offset", "idf_": "document frequency",
    "lambdas_": "exponent", "scores_": "score",
}  # fmt: skip


def look(case: Case, judged: str) -> Looked:
    """Fitted figures, or standardised arrays, that are those of rows with the judged ones."""
    try:
        found = parts(case)
    except (ReportgenError, ValueError, TypeError, AttributeError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:160]
        return Looked((SAW,), untold={SAW: f"the preprocessing cannot be followed: {said}"})
    sets = row_sets(case, judged)
    ones = [told(case, part, sets) for part in found]
    guilty = [one for one in ones if one.guilty]
    tables = tuple(_table(guilty)) if guilty else ()
    own = _own(ones)
    if guilty:
        return Looked((SAW,), (_leak(case, judged, guilty),), tables=tables, tried=own[0],
                      method=METHOD)  # fmt: skip
    stood = _standardised(case, judged, sets)
    if stood is not None:
        leak, table = stood
        return Looked((SAW,), (leak,), tables=(table,), tried=own[0], method=METHOD)
    untold = {} if ones or _plain(case) else {SAW: "no figures of its preprocessing are at hand"}
    return Looked((SAW,), untold=untold, tried=own[0], detectable=own[1], method=METHOD)


def _plain(case: Case) -> bool:
    return arrays.table_of(case.split("train").X) is not None


def _own(ones: Sequence[Told]) -> tuple[str, str]:
    """What was tried, and the least that would have been seen."""
    if not ones:
        return "", ""
    matched = [one for one in ones if one.rows is not None]
    tried = f"{plural(len(ones), 'fitted step')} of the preprocessing"
    if len(matched) == len(ones):
        return tried, "one judged row among those that the preprocessing was fitted on"
    return f"{tried}, {len(ones) - len(matched)} of them fitted on rows that are not here", ""


def _leak(case: Case, judged: str, guilty: Sequence[Told]) -> Leak:
    first = max(guilty, key=lambda one: (not one.by_count, bool(one.examples)))
    assert first.rows is not None
    part = first.part
    more = f" So are those of {plural(len(guilty) - 1, 'other part')}." if guilty[1:] else ""
    if first.by_count:
        count = int(np.max(np.atleast_1d(part.stored["n_samples_seen_"])))
        message = (
            f"{part.kind} ({part.path}) was fitted on {count:,} rows, as many as "
            f"{first.rows.words} have."
        )
    elif first.examples:
        figure, column, stored, _, train = first.examples[0]
        message = (
            f"The figures of {part.kind} ({part.path}) are those of {first.rows.words}: "
            f"{FIGURES.get(figure, figure.rstrip('_'))} of {column} is "
            f"{amount(stored, 7)}, that of train alone {amount(train, 7)}.{more}"
        )
    elif first.unseen:
        message = (
            f"{part.kind} ({part.path}) knows {listed([f'“{n}”' for n in first.unseen], 3)}, which "
            f"no row of train has and {first.rows.words} have.{more}"
        )
    else:
        message = f"The figures of {part.kind} ({part.path}) are those of {first.rows.words}.{more}"
    only_names = all(not one.examples and one.unseen for one in guilty)
    counted = all(one.by_count for one in guilty)
    mild = only_names or counted
    return Leak(
        SAW,
        "warn" if mild else "fail",
        part.path,
        message,
        ADVICE[SAW],
        {
            "fitted_on": list(first.rows.splits),
            "parts": [one.part.path for one in guilty],
            "figures": [
                {"figure": f, "column": c, "stored": s, "matching": m, "train": t}
                for f, c, s, m, t in first.examples
            ],
            "unseen": list(first.unseen),
        },
        None if counted else cure_of_parts(case, [one.part for one in guilty], judged),
        None if mild else partial(weigh, case.split(judged).n),
    )


def weigh(n: int, leak: Leak, effect: Effect | None) -> tuple[Severity, str]:
    """A leak that is shown to make no difference, or nearly none, is a warning.

    Of n judged rows that all stay what they were, up to 3 / n may yet change among others.
    """
    if effect is None:
        return "fail", leak.message
    nil = effect.lost.low <= 0 and effect.lost.high <= NIL * abs(effect.with_leak)
    return ("warn" if nil and 3 / n <= NIL else "fail"), leak.message


def _table(guilty: Sequence[Told]) -> list[dict[str, Any]]:
    rows = [
        [one.part.path, FIGURES.get(f, f.rstrip("_")), c, amount(s, 7), amount(m, 7), amount(t, 7)]
        for one in guilty
        for f, c, s, m, t in one.examples
    ][:12]
    if not rows:
        return []
    words = guilty[0].rows.words if guilty[0].rows is not None else ""
    return [
        {
            "title": "What the preprocessing has learnt, and from whom",
            "head": [["Part", "q"], ["Figure", ""], ["Column", "q"], ["Stored", "n"],
                     [f"Of {words}"[:40], "n"], ["Of train", "n"]],
            "rows": rows,
            "note": "",
        }
    ]  # fmt: skip


def _standardised(
    case: Case, judged: str, sets: Sequence[RowSet]
) -> tuple[Leak, dict[str, Any]] | None:
    """Arrays that came standardised by rows with the judged ones."""
    raw = {name: split.X for name, split in case.dataset.splits.items()}
    places = [(True, raw)]
    if any(isinstance(step, PythonTransform) for step in case.preprocess.steps):
        places.append((False, {name: case.inputs(name) for name in raw}))
    for is_raw, rows in places:
        made = {name: arrays.table_of(x) for name, x in rows.items()}
        tables = {name: t for name, t in made.items() if t is not None}
        if len(tables) != len(made):
            continue
        found = arrays.standardised(case, tables, list(sets))
        if found is None:
            continue
        return _of_arrays(case, judged, found, raw=is_raw)
    return None


def _of_arrays(
    case: Case, judged: str, found: arrays.Standardised, *, raw: bool
) -> tuple[Leak, dict[str, Any]]:
    names = list(case.dataset.features) if raw else []
    columns = [names[j] if j < len(names) else f"column {j}" for j in found.columns]
    what = plural(len(columns), "column")
    if found.each:
        message = (
            f"{what} of {judged} are standardised by the {found.way} of {judged} itself, not by "
            "those of train."
        )
    else:
        message = (
            f"{what} are standardised by the {found.way} of {found.rows.words}, to the last "
            "digits; train's own are others."
        )
    label = {"minimum and maximum": ("Minimum", "Maximum"), "median and quartiles": (
        "Median", "Quartiles apart")}.get(found.way, ("Mean", "Standard deviation"))  # fmt: skip
    words = found.rows.words
    table = {
        "title": "Columns that came standardised, and by whom",
        "head": [["Column", "q"], [f"{label[0]} of {words}"[:40], "n"],
                 [f"{label[1]}"[:40], "n"], [f"{label[0]} of train", "n"],
                 [f"{label[1]} of train", "n"]],
        "rows": [[names[j] if j < len(names) else f"column {j}",
                  *(amount(v, 6) for v in figures)] for j, *figures in found.examples],
        "note": "",
    }  # fmt: skip
    leak = Leak(
        SAW, "fail", f"{what} of the data", message, ADVICE[SAW],
        {"fitted_on": list(found.rows.splits), "way": found.way, "columns": columns[:50],
         "columns_total": len(columns), **(fault(OWN_FIGURES, judged) if found.each else {})},
        cure_of_arrays(case, found, judged, raw=raw),
        partial(weigh, case.split(judged).n),
    )  # fmt: skip
    return leak, table
