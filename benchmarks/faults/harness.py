"""Runs planted faults and clean controls, and counts: found, right code, false alarms.

A module's ``MORE`` are planted cases that are run here alone, not by the contract tests, and its
``MORE_CLEAN`` clean ones; its ``summary(outcomes)`` is printed after the table.

``python -m benchmarks.faults [--seeds N] [--first-seed N] [--only DIAGNOSTIC] [--keep FILE]
[--minutes M]``; ``make bench-faults``. Seeds that nobody has looked at tell whether a repair holds.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import math
import pkgutil
import random
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

import benchmarks.faults
from benchmarks.faults.cases import CleanCase, FaultCase
from reportgen.diagnostic import NotApplicable
from reportgen.diagnostics import suite
from reportgen.results import SEVERITIES, Finding, Findings
from reportgen.retraining.plan import Budget
from reportgen.retraining.rounds import Rounds, joined
from reportgen.statistics.intervals import wilson

NOT_DIAGNOSTICS = ("cases", "harness", "__main__")
MISSES = 0.05  # of planted faults, stated
ALARMS = 0.01  # of clean cases, stated
Task = tuple[str, bool, int, int]  # diagnostic, planted or clean, index of the case, seed


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one case with one seed came to.

    ``alarms`` are the codes above info, ``codes`` all of them; ``right`` whether all expected codes
    are among them at the expected severity (planted cases). ``error`` is set when the diagnostic
    crashed, ``reason`` when it said that it does not apply. ``power`` is the case's, where stated.
    ``listed`` are the codes that a finding names as candidates without choosing.
    """

    diagnostic: str
    case: str
    seed: int
    planted: bool
    codes: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    right: bool = False
    reason: str | None = None
    error: str | None = None
    seconds: float = 0.0
    power: float | None = None
    listed: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        return self.right or bool(self.alarms)


def discovered() -> dict[str, tuple[tuple[FaultCase, ...], tuple[CleanCase, ...]]]:
    """The planted and clean cases of every file of this folder, by diagnostic."""
    found = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(benchmarks.faults.__path__)):
        if module in NOT_DIAGNOSTICS or module not in suite():
            continue
        loaded = importlib.import_module(f"benchmarks.faults.{module}")
        found[module] = (tuple(loaded.PLANTED), tuple(loaded.CLEAN))
    return found


def drawn_from(diagnostic: str) -> tuple[tuple[FaultCase, ...], tuple[CleanCase, ...]]:
    """The cases that a run draws: those discovered, and behind them ``MORE`` and ``MORE_CLEAN``."""
    planted, clean = discovered()[diagnostic]
    return (
        (*planted, *_of_module(diagnostic, "MORE", ())),
        (*clean, *_of_module(diagnostic, "MORE_CLEAN", ())),
    )


def summary(diagnostic: str, outcomes: Sequence[Outcome]) -> str:
    """What the module of a diagnostic says of its own outcomes, if anything."""
    told: str = _of_module(diagnostic, "summary", lambda outcomes: "")(outcomes)
    return told


def _of_module(diagnostic: str, name: str, default: Any) -> Any:
    modules = {m.name for m in pkgutil.iter_modules(benchmarks.faults.__path__)}
    if diagnostic not in modules:
        return default
    return getattr(importlib.import_module(f"benchmarks.faults.{diagnostic}"), name, default)


def generator(diagnostic: str, case: str, seed: int) -> np.random.Generator:
    """A random stream of its own for (diagnostic, case, seed): cases added later move no other."""
    digest = hashlib.sha256("\0".join((diagnostic, case, str(seed))).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def judge(diagnostic: str, case: FaultCase | CleanCase, seed: int) -> Findings:
    """What the diagnostic finds in a fresh draw of a case.

    Raises
    ------
    NotApplicable
        when the diagnostic says so; and whatever it crashes with.
    """
    rule = suite()[diagnostic]
    drawn = case.draw(generator(diagnostic, case.name, seed))
    settings = case.settings or drawn.settings or rule.settings()
    view = drawn.view(diagnostic, settings)
    prepared = rule.prepare(view)
    rounds = Rounds(view, Budget())
    members = rule.retrainings(view, prepared)
    trained = rounds.run({diagnostic: members})
    while members:
        more = rule.further(view, prepared, trained)
        members = [m for m in more if m not in trained.members]
        trained = joined(trained, rounds.run({diagnostic: members}))
    return rule.examine(view, prepared, trained)


def run_one(diagnostic: str, planted: bool, index: int, seed: int) -> Outcome:
    """One case with one seed. Picklable arguments: cases are found anew in each process."""
    cases = drawn_from(diagnostic)
    case: FaultCase | CleanCase = cases[0][index] if planted else cases[1][index]
    fault = case if isinstance(case, FaultCase) else None
    power = None if fault is None else fault.power
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = judge(diagnostic, case, seed)
    except NotApplicable as reason:
        return Outcome(diagnostic, case.name, seed, planted, reason=str(reason), power=power)
    except Exception:
        error = traceback.format_exc()
        return Outcome(diagnostic, case.name, seed, planted, error=error, power=power)
    alarms = _codes(f for f in found.findings if f.severity != "info")
    return Outcome(
        diagnostic,
        case.name,
        seed,
        planted,
        codes=_codes(found.findings),
        alarms=alarms,
        unexpected=tuple(c for c in alarms if fault and c not in (*fault.codes, *fault.also)),
        right=fault is not None and raises(found, fault),
        seconds=time.perf_counter() - start,
        power=power,
        listed=listed_codes(found.findings),
    )


def listed_codes(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Codes under ``evidence.candidates``, with the prefix of the finding."""
    codes = []
    for finding in findings:
        for one in finding.evidence.get("candidates", ()):
            told = one if isinstance(one, dict) else {}
            for code in (told.get("code", ""), *told.get("composed_with", ())):
                prefix = "" if "." in code else finding.code.partition(".")[0] + "."
                codes.append(prefix + code)
    return tuple(dict.fromkeys(codes))


def plausible(failures: int, draws: int, rate: float) -> bool:
    """Whether so many failures go with a stated rate: more of them by chance in over 1 in 1,000."""
    return bool(stats.binom.sf(failures - 1, draws, rate) > 0.001)


def raises(found: Findings, case: FaultCase) -> bool:
    """Whether every expected code is there, at least as severe as expected.

    A finding that lists candidates is as good where all of them are right.
    """
    least = SEVERITIES.index(case.at_least)
    severe = {f.code for f in found.findings if SEVERITIES.index(f.severity) >= least}
    if set(case.codes) <= severe or severe.intersection(case.equal):
        return True
    listed = set(listed_codes(found.findings))
    return bool(listed) and listed <= {*case.codes, *case.equal}


def _codes(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f.code for f in findings))


def run(
    seeds: int,
    only: Sequence[str] = (),
    workers: int = 2,
    first_seed: int = 0,
    keep: Path | None = None,
    minutes: float | None = None,
) -> list[Outcome]:
    """Every case of the chosen diagnostics with ``seeds`` seeds from ``first_seed`` on.

    ``keep``: a file of outcomes as JSON lines. Each is appended as it comes, and what stands in it
    is not asked again, so that a run that was stopped goes on. Seed by seed, in a fixed random
    order: what is there of an unfinished seed is a fair sample of it. After ``minutes`` nothing
    more is begun.
    """
    from joblib import Parallel, delayed

    known = _kept(keep)
    tasks: list[Task] = []
    for diagnostic in discovered():
        if only and diagnostic not in only:
            continue
        for seed in range(first_seed, first_seed + seeds):
            mine = [
                (diagnostic, planted, index, seed)
                for planted, cases in zip((True, False), drawn_from(diagnostic), strict=True)
                for index, case in enumerate(cases)
                if (diagnostic, case.name, seed, planted) not in known
            ]
            if keep is not None:
                random.Random(seed).shuffle(mine)
            tasks += mine
    with Parallel(n_jobs=workers, return_as="generator_unordered") as parallel:
        for outcome in parallel(delayed(run_one)(*task) for task in _until(minutes, tasks)):
            known[_key(outcome)] = outcome
            if keep is not None:
                with keep.open("a") as file:
                    file.write(json.dumps(asdict(outcome)) + "\n")
    order = {
        (diagnostic, case.name, planted): (place, not planted, index)
        for place, diagnostic in enumerate(discovered())
        for planted, cases in zip((True, False), drawn_from(diagnostic), strict=True)
        for index, case in enumerate(cases)
    }
    ours = [o for o in known.values() if (o.diagnostic, o.case, o.planted) in order]
    return sorted(ours, key=lambda o: (*order[o.diagnostic, o.case, o.planted], o.seed))


def _until(minutes: float | None, tasks: Sequence[Task]) -> Iterator[Task]:
    """The tasks, for as long as there is time to begin one."""
    end = math.inf if minutes is None else time.monotonic() + 60 * minutes
    for task in tasks:
        if time.monotonic() > end:
            return
        yield task


def _key(outcome: Outcome) -> tuple[str, str, int, bool]:
    return outcome.diagnostic, outcome.case, outcome.seed, outcome.planted


def _kept(file: Path | None) -> dict[tuple[str, str, int, bool], Outcome]:
    """Outcomes of an earlier run, by case and seed."""
    if file is None or not file.exists():
        return {}
    names = {f.name for f in fields(Outcome)}
    found = {}
    for line in file.read_text().splitlines():
        told = {k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(line).items()}
        outcome = Outcome(**{k: v for k, v in told.items() if k in names})
        found[_key(outcome)] = outcome
    return found


def _share(successes: int, n: int) -> str:
    if n == 0:
        return "none"
    interval = wilson(successes, n)
    return f"{successes}/{n} ({100 * interval.low:.1f} to {100 * interval.high:.1f} %)"


def table(outcomes: Sequence[Outcome]) -> str:
    """The counts a diagnostic and a code, misses and false alarms by name and seed."""
    columns = (
        "diagnostic", "planted", "found", "with the right code", "false alarms on clean",
        "faint: found, of what an oracle finds",
    )  # fmt: skip
    rows = [columns]
    details: list[str] = []
    for diagnostic in dict.fromkeys(o.diagnostic for o in outcomes):
        mine = [o for o in outcomes if o.diagnostic == diagnostic]
        planted = [o for o in mine if o.planted and o.power is None]
        faint = [o for o in mine if o.power is not None]
        known = sum(o.power for o in faint if o.power is not None)
        clean = [o for o in mine if not o.planted]
        rows.append(
            (
                diagnostic,
                str(len(planted)),
                _share(sum(o.found for o in planted), len(planted)),
                _share(sum(o.right for o in planted), len(planted)),
                _share(sum(bool(o.alarms) for o in clean), len(clean)),
                f"{sum(o.right for o in faint)} of {known:.0f}" if faint else "none",
            )
        )
        details += _details(diagnostic, mine)
    widths = [max(len(row[k]) for row in rows) for k in range(len(columns))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join(line.rstrip() for line in lines + details)


def _details(diagnostic: str, outcomes: Sequence[Outcome]) -> list[str]:
    lines = ["", diagnostic]
    for name in dict.fromkeys((o.case, o.planted) for o in outcomes):
        same = [o for o in outcomes if (o.case, o.planted) == name]
        good = sum(o.right if o.planted else not o.alarms for o in same)
        seconds = sum(o.seconds for o in same) / len(same)
        what = "found" if name[1] else "quiet"
        power = same[0].power
        bound = "" if power is None else f", faint: an oracle finds {power:.0%}"
        lines.append(f"  {what} {good}/{len(same)}  {name[0]}  ({seconds:.2f} s each{bound})")
        for label, seeds in _irregular(same).items():
            lines.append(f"      {label}: {'seed' if len(seeds) == 1 else 'seeds'} {_list(seeds)}")
    for o in outcomes:
        if o.error:
            lines.append(f"  crashed: {o.case}, seed {o.seed}\n{o.error.rstrip()}")
            break  # the first is enough to go on
    return lines


def _irregular(outcomes: Sequence[Outcome]) -> dict[str, list[int]]:
    """What is to be looked at -> the seeds it happened with."""
    seen: dict[str, list[int]] = {}
    for o in outcomes:
        if o.error:
            labels = ["crashed"]
        elif o.reason:
            labels = [f"said not applicable ({o.reason})"]
        elif not o.planted:
            labels = [f"FALSE ALARM {code}" for code in o.alarms]
        else:
            labels = [f"also raised {code}" for code in o.unexpected]
            if not o.right:
                labels.insert(0, "MISSED" if not o.found else "found under another code")
        for label in labels:
            seen.setdefault(label, []).append(o.seed)
    return seen


def _list(seeds: Sequence[int]) -> str:
    shown = ", ".join(str(s) for s in seeds[:20])
    return shown if len(seeds) <= 20 else f"{shown}, and {len(seeds) - 20} more"


def coverage(outcomes: Sequence[Outcome]) -> dict[str, Counter[str]]:
    """Diagnostic -> how often each of its codes was raised by planted cases, zeros included."""
    counts: dict[str, Counter[str]] = {}
    for diagnostic in dict.fromkeys(o.diagnostic for o in outcomes):
        codes: Counter[str] = Counter({c.code: 0 for c in suite()[diagnostic].codes})
        for o in outcomes:
            if o.diagnostic == diagnostic and o.planted:
                codes.update(o.codes)
        counts[diagnostic] = codes
    return counts
