"""How often the one cause is named, is among those listed, or a false one is named alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from benchmarks.faults.harness import Outcome
from benchmarks.faults.reconciliation.questions import PREFIX, Question
from reportgen.statistics.intervals import wilson

NO_CAUSES = frozenset(PREFIX + c for c in ("reproduced", "ambiguous", "unexplained"))
#: Said of every log of ``fit`` beside what else there is.
ALWAYS = PREFIX + "running-epoch-mean"
#: What a verdict comes to, in the order of the table.
ALONE, LISTED, FALSE, OTHERS, NONE, QUIET, CRASHED = (
    "right alone", "right listed", "false alone", "others listed", "unexplained", "quiet",
    "crashed",
)  # fmt: skip
GOALS = {
    "right cause alone": 0.90,
    "right cause alone or listed": 0.98,
    "false cause named alone": 0.0,
    "controls clean": 1.0,
    "unanswerable called so": 0.98,
}


def verdict(outcome: Outcome, question: Question) -> str:
    """What an answer to a question of known story comes to."""
    if outcome.error or outcome.reason:
        return CRASHED
    wanted = {*question.codes, *question.equal}
    named = {c for c in outcome.codes if c not in NO_CAUSES and (c != ALWAYS or c in wanted)}
    if question.kind == "unanswerable":
        return _of_none(outcome, named)
    pair = question.kind == "two"
    if named - wanted:
        return FALSE
    if named and (not pair or set(question.codes) <= named):
        return ALONE
    listed = set(outcome.listed)
    if pair and set(question.codes) <= listed | named:
        return LISTED
    if not pair and listed & wanted:
        return ALONE if listed <= wanted else LISTED
    if named:  # one of two mistakes as if it were the only one
        return FALSE if PREFIX + "unexplained" not in outcome.codes else NONE
    if listed:
        return OTHERS
    return NONE if PREFIX + "unexplained" in outcome.codes else QUIET


def _of_none(outcome: Outcome, named: set[str]) -> str:
    if named:
        return FALSE
    if PREFIX + "unexplained" in outcome.codes:
        return NONE
    return OTHERS if outcome.listed else QUIET


def summary(outcomes: Sequence[Outcome], questions: Mapping[str, Question]) -> str:
    """The table, its goals, and every answer that is not the wanted one."""
    mine = [o for o in outcomes if o.diagnostic == "reconciliation"]
    asked = [(o, questions[o.case]) for o in mine if o.planted]
    judged = [(o, q, verdict(o, q)) for o, q in asked]
    clean = [o for o in mine if not o.planted]
    columns = (ALONE, LISTED, FALSE, OTHERS, NONE, QUIET, CRASHED)
    rows = [("kind", "drawn", *columns)]
    for kind in ("planted", "pair", "two", "unanswerable"):
        seen = Counter(v for _, q, v in judged if q.kind == kind)
        rows.append((kind, str(seen.total()), *(str(seen[c]) for c in columns)))
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    with_cause = [v for _, q, v in judged if q.kind != "unanswerable"]
    without = [v for _, q, v in judged if q.kind == "unanswerable"]
    found = {
        "right cause alone": (with_cause.count(ALONE), len(with_cause)),
        "right cause alone or listed": (
            sum(v in (ALONE, LISTED) for v in with_cause), len(with_cause),
        ),
        "false cause named alone": (sum(v == FALSE for *_, v in judged), len(judged)),
        "controls clean": (
            sum(not o.alarms and not o.error and not o.reason for o in clean), len(clean),
        ),
        "unanswerable called so": (sum(v in (NONE, OTHERS) for v in without), len(without)),
    }  # fmt: skip
    lines.append("")
    for name, (n, total) in found.items():
        lines.append(f"{name:28} {_share(n, total):34} goal {GOALS[name]:.0%}")
    strict = without.count(NONE)
    lines.append(f"  of these unexplained, not ambiguous: {_share(strict, len(without))}")
    alone = [o for o, q, v in judged if q.kind != "unanswerable" and v == ALONE]
    sole = sum(not o.listed for o in alone)
    pairs = {o.case for o, q, _ in judged if q.kind == "two"}
    equals = sum(len(o.listed) > (2 if o.case in pairs else 1) for o in alone)
    lines += [
        f"  of those alone, named: {_share(sole, len(with_cause))}",
        "  the one candidate, which an accident could have met as well: "
        f"{_share(len(alone) - sole - equals, len(with_cause))}",
        f"  one of equals: {_share(equals, len(with_cause))}",
    ]
    carried = [v for o, q, v in judged if q.kind != "unanswerable" and o.power is None]
    lines.append(
        "  right cause alone, where the digits carry it (no power stated): "
        f"{_share(carried.count(ALONE), len(carried))}"
    )
    lines += _wrong(judged)
    return "\n".join(lines)


def _share(n: int, total: int) -> str:
    if total == 0:
        return "none"
    interval = wilson(n, total)
    return f"{n}/{total} ({100 * interval.low:.1f} to {100 * interval.high:.1f} %)"


def _wrong(judged: Sequence[tuple[Outcome, Question, str]]) -> list[str]:
    lines = []
    for outcome, question, found in judged:
        fine = (NONE, OTHERS) if question.kind == "unanswerable" else (ALONE,)
        if found in fine:
            continue
        said = [c.removeprefix(PREFIX) for c in outcome.codes]
        said += ["listing " + ", ".join(c.removeprefix(PREFIX) for c in outcome.listed)] * bool(
            outcome.listed
        )
        wanted = " + ".join(c.removeprefix(PREFIX) for c in question.codes)
        lines.append(
            f"  {found}: {outcome.case}, seed {outcome.seed}: {wanted}; said {', '.join(said)}"
        )
    return ["", *sorted(lines)] if lines else []
