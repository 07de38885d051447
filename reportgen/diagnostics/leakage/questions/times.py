"""Whether what is judged comes after what was trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.answers import answers
from reportgen.charts.numbers import NONE, number, plural, share
from reportgen.diagnostics.leakage.alone import strength as of_columns
from reportgen.diagnostics.leakage.alone.strength import bins, goal, strength
from reportgen.diagnostics.leakage.alone.values import Column, rows
from reportgen.diagnostics.leakage.declared import CODES, LeakageSettings
from reportgen.diagnostics.leakage.declared.rows import TIME
from reportgen.diagnostics.leakage.found import Leak, Looked
from reportgen.diagnostics.leakage.keyed.dates import dates
from reportgen.diagnostics.leakage.keyed.folds import of_times
from reportgen.diagnostics.leakage.keyed.sources import Source, sources
from reportgen.diagnostics.leakage.questions.groups import weigh
from reportgen.evidence import Case, settings_of
from reportgen.results import Metric, Severity
from reportgen.retraining.added import trained_splits
from reportgen.scores.followed import followed
from reportgen.scores.headline import headline

ORDER = 31
ADVICE = {c.code: c.advice for c in CODES}
BLOCKS = 4
MIXED = (0.05, 0.95)  # share of pairs in the wrong order, between which splits share their range
CHANGES = 0.02  # share of the target's variation that goes with the date


def look(case: Case, judged: str) -> Looked:
    """Judged rows that lie before training rows; by the time column, or by a plain date."""
    if case.split("train").steps is not None:
        return Looked((TIME,), untold={TIME: "each label is a step of a sequence"})
    if case.split(judged).times is not None and all(
        case.split(name).times is not None for name in trained_splits(case)
    ):
        return _declared(case, judged)
    leaks = [
        leak for source in sources(case, judged) if (leak := _plain_date(case, judged, source))
    ]
    return Looked((TIME,), tuple(leaks[:1]), tried="dates among the columns")


def later(train: NDArray[Any], test: NDArray[Any]) -> float:
    """Share of pairs of a training and a judged row in which the training row is later."""
    order = np.sort(train)
    after = len(order) - np.searchsorted(order, test, side="right")
    return float(after.mean() / max(len(order), 1))


def _declared(case: Case, judged: str) -> Looked:
    def of(name: str) -> NDArray[Any]:
        times = np.asarray(case.split(name).times)
        return times.astype(np.int64) if times.dtype.kind == "M" else times

    test, first = of(judged), of("train")
    if test.dtype.kind not in "iuf" or first.dtype.kind not in "iuf":
        return Looked((TIME,), untold={TIME: "the times are in no format that is known"})
    train = np.concatenate([of(name) for name in trained_splits(case)])
    mixed = later(train, test)
    n = int((test < train.max()).sum())
    most = settings_of(case, LeakageSettings).time_share
    severity: Severity = "fail" if mixed > most else "warn"
    metric = Metric(
        name="later_share",
        label="Pairs in which the training row is later",
        value=mixed,
        unit="share",
        split=judged,
        n=len(test),
        threshold=most,
        bound="at most",
        verdict=severity if n else "pass",
    )
    tried = f"times of {plural(len(test), 'row')} of {judged} against train"
    if not n:
        return Looked((TIME,), metrics=(metric,), tried=tried)
    late = int((train > test.min()).sum())
    leak = Leak(
        TIME,
        severity,
        judged,
        f"{n:,} of {len(test):,} rows of {judged} ({share(n / len(test))}) lie before the last "
        f"training row, and {late:,} training rows after the first of {judged}: in "
        f"{share(mixed)} of all pairs the training row is the later one.",
        ADVICE[TIME],
        {"rows": n, "share": n / len(test), "later_share": mixed, "training_rows_later": late},
        of_times(case, of, judged),
        weigh,
    )
    return Looked((TIME,), (leak,), metrics=(metric,), tables=_by_time(case, judged, train, test),
                  tried=tried)  # fmt: skip


def _by_time(
    case: Case, judged: str, train: NDArray[Any], test: NDArray[Any]
) -> tuple[dict[str, Any], ...]:
    """The delivered model's score by quarter of the judged rows' time."""
    given = answers(case, judged)
    head = headline(case, given, followed(given))
    times = test[given.kept]
    edges = np.quantile(times, np.arange(1, BLOCKS) / BLOCKS, method="inverted_cdf")
    block = np.searchsorted(edges, times, side="left")
    body = []
    for k in range(BLOCKS):
        mine = block == k
        if mine.sum() < 10:
            continue
        value = head.of(given.part(mine)).value
        after = later(train, times[mine])
        said = number(value, head.unit) if np.isfinite(value) else NONE
        body.append([f"{k + 1} of {BLOCKS}", f"{int(mine.sum()):,}", said, share(after)])
    return (
        {
            "title": f"The score by time of {judged}",
            "head": [["Quarter", ""], ["Rows", "n"], [head.label, "n"],
                     ["Training rows that are later", "n"]],
            "rows": body,
            "note": "",
        },
    )  # fmt: skip


def _plain_date(case: Case, judged: str, source: Source) -> Leak | None:
    """A question where a column is plainly a date, and both splits share its range."""
    read = dates(source)
    if read is None:
        return None
    train, test = read
    mixed = later(train, test)
    if not MIXED[0] < mixed < MIXED[1]:
        return None
    at = rows(case, judged)
    aim = goal(case, judged)
    values = np.concatenate([train[at.train], test[at.judged]]).astype(np.float64)
    column = Column(source.name, len(at.train), values, None, np.zeros(len(values), dtype=bool))
    told = strength(source.name, *bins(column), aim)
    changes = told.least >= CHANGES and all(of_columns.significant([told], len(aim.parts), 1e-4))
    known = {"train": train, judged: test}
    usable = all(name in known for name in trained_splits(case))
    return Leak(
        TIME,
        "warn" if changes else "info",
        source.name,
        f"{source.named[:1].upper()}{source.named[1:]} is a date, and {judged} and train are of "
        f"the same time (in {share(mixed)} of all pairs the training row is the later one)"
        + (f", while the target changes with it (R² {told.least:.3f})" if changes else "")
        + ": will the model be asked about the future?",
        ADVICE[TIME] + " Declare it (`time:`), so that it is always asked.",
        {"later_share": mixed, "explained": told.least},
        of_times(case, known.__getitem__, judged) if usable and changes else None,
    )
