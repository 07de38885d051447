"""How often a cause is named for numbers that have none: other models', invented, edited ones.

``python -m benchmarks.faults.reconciliation.falsehoods [--draws N] [--first-seed N]``: small models
of scikit-learn on drawn rows, without TensorFlow, a few draws a second.
"""

from __future__ import annotations

import argparse
import re
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import metrics
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from benchmarks.faults.reconciliation.rows import Rng, pick
from benchmarks.faults.reconciliation.works import NAMES, Work, stored
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics.reconciliation.measure import measured
from reportgen.job.claims import Claim, of_number, of_report
from reportgen.reconciliation.verdict import Verdict
from reportgen.statistics.intervals import wilson

SIZES = (50, 120, 1_000, 10_000)
TASKS = ("binary", "multiclass", "multilabel", "regression")
DIGITS = (2, 3, 4)


@dataclass(frozen=True)
class Audited:
    """A delivered model, and one that was never delivered, on the same rows."""

    work: Work
    other: Any

    def answers(self, model: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """Labels or values, and scores where there are any, on the test rows."""
        X = self.work.X()
        if self.work.task == "regression":
            return model.predict(X), None
        given = model.predict_proba(X)
        if isinstance(given, list):
            given = np.column_stack([p[:, 1] for p in given])
        if self.work.task == "multilabel":
            return (given > 0.5).astype(int), given
        return given.argmax(1), given


def audited(rng: Rng, task: str, n: int) -> Audited:
    """Rows with a linear truth and noise; ``n`` of them in test."""
    total, columns, k = 3 * n + 120, 8, int(rng.integers(3, 6))
    X = rng.normal(size=(total, columns))
    width = {"binary": 2, "regression": 1}.get(task, k)
    signal = X @ rng.normal(size=(columns, width)) + rng.normal(0, 1.5, (total, width))
    signal += rng.normal(0, 0.7, width)
    if task == "regression":
        y: np.ndarray = 10 + 3 * signal[:, 0]
    elif task == "multilabel":
        y = (signal > 0.5).astype(int)
    else:
        y = signal.argmax(1)
        y[: 20 * width] = np.tile(np.arange(width), 20)  # train knows every class
    cuts = {"train": slice(0, total - n - n // 2), "validation": slice(total - n - n // 2, -n),
            "test": slice(total - n, total)}  # fmt: skip
    splits = {name: (X[part], y[part]) for name, part in cuts.items()}
    kept = rng.permutation(columns)[: int(rng.integers(5, columns + 1))]
    mask = np.isin(np.arange(columns), kept)
    train_X, train_y = splits["train"]
    model, other = _models(rng, task)
    model.fit(train_X, train_y)
    other.fit(train_X * mask, train_y)
    work = Work(task, splits, model, () if task == "regression" else NAMES[:width])
    if rng.random() < 0.5 and task != "regression":
        work = stored(work)
    return Audited(work, other)


def _models(rng: Rng, task: str) -> tuple[Any, Any]:
    leaf = int(rng.integers(3, 12))
    if task == "regression":
        return pick(rng, ((Ridge(), DecisionTreeRegressor(min_samples_leaf=leaf, random_state=0)), (
            DecisionTreeRegressor(min_samples_leaf=leaf, random_state=0), Ridge(5.0))))  # fmt: skip
    linear: Callable[[float], Any] = lambda c: LogisticRegression(C=c, max_iter=300)  # noqa: E731
    if task == "multilabel":
        return OneVsRestClassifier(linear(1.0)), OneVsRestClassifier(linear(0.01))
    tree = DecisionTreeClassifier(min_samples_leaf=leaf, random_state=0)
    return pick(rng, ((linear(1.0), linear(0.003)), (linear(1.0), tree), (tree, linear(1.0))))


# --- what is said ----------------------------------------------------------------------------


def _values(task: str, y: Any, given: Any, scores: Any) -> dict[str, float]:
    """All that people print, by metric."""
    if task == "regression":
        return {
            "mse": metrics.mean_squared_error(y, given),
            "rmse": metrics.root_mean_squared_error(y, given),
            "mae": metrics.mean_absolute_error(y, given),
            "r2": metrics.r2_score(y, given),
        }
    average = "binary" if task == "binary" else "macro"
    of = {"average": average, "zero_division": 0}
    found = {
        "accuracy": metrics.accuracy_score(y, given),
        "precision": metrics.precision_score(y, given, **of),
        "recall": metrics.recall_score(y, given, **of),
        "f1": metrics.f1_score(y, given, **of),
    }
    if task == "multilabel":
        return found
    found["mcc"] = metrics.matthews_corrcoef(y, given)
    found["balanced_accuracy"] = metrics.balanced_accuracy_score(y, given)
    found["log_loss"] = metrics.log_loss(y, scores, labels=range(scores.shape[1]))
    if task == "binary":
        found["roc_auc"] = metrics.roc_auc_score(y, scores[:, 1])
        found["brier"] = metrics.brier_score_loss(y, scores[:, 1])
    return found


def _some(rng: Rng, values: dict[str, float]) -> dict[str, float]:
    names = rng.permutation(list(values))[: int(rng.integers(1, min(5, len(values)) + 1))]
    return {str(name): values[str(name)] for name in names}


def _printed(rng: Rng, work: Work, given: Any, scores: Any) -> dict[str, str] | str:
    """Single numbers by metric, or the text of a report."""
    digits = pick(rng, DIGITS)
    if work.task != "regression" and rng.random() < 0.5:
        return str(
            metrics.classification_report(
                work.y(), given, digits=digits, zero_division=0, labels=range(len(work.classes)),
                target_names=work.classes,
            )
        )  # fmt: skip
    values = _some(rng, _values(work.task, work.y(), given, scores))
    return {name: f"{value:.{digits}f}" for name, value in values.items()}


def _claims(work: Work, printed: dict[str, str] | str) -> tuple[Claim, ...]:
    if isinstance(printed, str):
        return of_report(printed, classes=work.classes, file="report.txt")
    return tuple(of_number(name, text, task=work.task) for name, text in printed.items())


def other_model(rng: Rng, drawn: Audited) -> tuple[Claim, ...]:
    """What a model says that was never delivered."""
    return _claims(drawn.work, _printed(rng, drawn.work, *drawn.answers(drawn.other)))


def invented(rng: Rng, drawn: Audited) -> tuple[Claim, ...]:
    """Plausible numbers about those of the model."""
    work = drawn.work
    values = _some(rng, _values(work.task, work.y(), *drawn.answers(work.estimator)))
    digits = pick(rng, DIGITS)
    spread = pick(rng, (0.01, 0.03, 0.1))
    made = {m: v + rng.normal(0, spread) * max(1.0, abs(v)) for m, v in values.items()}
    limit = {m: np.inf if m in ("mse", "rmse", "mae", "log_loss") else 1.0 for m in made}
    return _claims(work, {m: f"{min(abs(v), limit[m]):.{digits}f}" for m, v in made.items()})


_FRACTION = re.compile(r"\d+\.\d+")


def _moved(rng: Rng, text: str) -> str:
    """One to three units of the last digit away."""
    unit = 10.0 ** -len(text.partition(".")[2])
    moved = float(text) + unit * int(pick(rng, (-3, -2, -1, 1, 2, 3)))
    return f"{abs(moved):.{len(text.partition('.')[2])}f}"


def last_digit(rng: Rng, drawn: Audited) -> tuple[Claim, ...]:
    """Honest numbers, of which one to three are changed in their last digit."""
    work = drawn.work
    printed = _printed(rng, work, *drawn.answers(work.estimator))
    if isinstance(printed, str):
        found = list(_FRACTION.finditer(printed))
        for match in [found[i] for i in rng.permutation(len(found))[: int(rng.integers(1, 4))]]:
            start, end = match.span()
            moved = _moved(rng, match[0])
            if len(moved) == end - start:
                printed = printed[:start] + moved + printed[end:]
        return _claims(work, printed)
    for name in rng.permutation(list(printed))[: int(rng.integers(1, 4))]:
        printed[str(name)] = _moved(rng, printed[str(name)])
    return _claims(work, printed)


def edited(rng: Rng, drawn: Audited) -> tuple[Claim, ...]:
    """Some rows called right that were wrong, and the report printed again: cells moved by hand."""
    work = drawn.work
    given, scores = drawn.answers(work.estimator)
    if work.task == "regression":
        given = given + rng.normal(0, 0.2, len(given))
    else:
        wrong = np.flatnonzero(given != work.y()) if given.ndim == 1 else np.flatnonzero(
            (given != work.y()).any(1))  # fmt: skip
        rows = rng.permutation(wrong)[: max(1, len(wrong) // int(rng.integers(2, 12)))]
        given = given.copy()
        given[rows] = work.y()[rows]
    return _claims(work, _printed(rng, work, given, scores))


KINDS: dict[str, Callable[[Rng, Audited], tuple[Claim, ...]]] = {
    "another model": other_model,
    "invented": invented,
    "last digits": last_digit,
    "rows made right": edited,
}


def judged(rng: Rng, kind: str, task: str, n: int) -> tuple[str, str]:
    """What is said of numbers without a cause, and of which cause."""
    drawn = audited(rng, task, n)
    claims = KINDS[kind](rng, drawn)
    try:
        verdict = measured(drawn.work.case(*claims)).verdict
    except NotApplicable:
        return "not applicable", ""
    return _told(verdict)


def _told(verdict: Verdict) -> tuple[str, str]:
    kinds = {a.kind for a in verdict.answers}
    named = [a for a in verdict.answers if a.kind == "named"]
    if named:
        which = [
            f"{' with '.join(h.name for h in a.explanations[0].causes)} "
            f"({a.explanations[0].accident:.1g})"
            for a in named
        ]
        whole = kinds == {"named"}
        return ("named" if whole else "named in part"), ", ".join(which)
    if not kinds:
        return "reproduced", ""
    return ("unexplained" if "unexplained" in kinds else "ambiguous"), ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="falsehoods", description=__doc__)
    parser.add_argument("--draws", type=int, default=400, metavar="N")
    parser.add_argument("--first-seed", type=int, default=0, metavar="N")
    given = parser.parse_args()
    settings = [(k, t, n) for n in SIZES for k in KINDS for t in TASKS]
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for draw in range(given.draws):
        kind, task, n = settings[draw % len(settings)]
        rng = np.random.default_rng([given.first_seed, draw, 77])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found, which = judged(rng, kind, task, n)
        counts[kind][found] += 1
        if found.startswith("named"):
            print(f"  {found}: {kind}, {task}, {n} rows, draw {draw}: {which}", flush=True)
    columns = ("named", "named in part", "ambiguous", "unexplained", "reproduced")
    print("  ".join(f"{c:>16}" for c in ("", *columns)))
    for kind, seen in counts.items():
        print("  ".join(f"{c!s:>16}" for c in (kind, *(seen[c] for c in columns))))
    told = sum((c for c in counts.values()), Counter[str]())
    false = told["named"] + told["named in part"]
    total = told.total() - told["reproduced"] - told["not applicable"]
    high = wilson(false, total).high
    print(f"named falsely: {false} of {total} (at most {100 * high:.1f} %)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
