"""``python -m benchmarks.faults``: prints, a diagnostic: planted, found, false alarms."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks.faults import harness


def main() -> int:
    """0 whatever is found; 1 when a diagnostic crashed or a code has no planted case."""
    parser = argparse.ArgumentParser(prog="benchmarks.faults", description=harness.__doc__)
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="draws a case (20)")
    parser.add_argument("--first-seed", type=int, default=0, metavar="N", help="the first (0)")
    parser.add_argument("--only", action="append", default=[], metavar="DIAGNOSTIC")
    parser.add_argument("--workers", type=int, default=2, metavar="N")
    parser.add_argument(
        "--keep", type=Path, metavar="FILE",
        help="append each outcome to this file of JSON lines, and ask only what it has not",
    )  # fmt: skip
    parser.add_argument(
        "--minutes", type=float, metavar="M",
        help="begin nothing more after so long; with --keep, the next run goes on",
    )  # fmt: skip
    given = parser.parse_args()
    unknown = sorted(set(given.only) - set(harness.discovered()))
    if unknown:
        parser.error(f"no planted faults for {', '.join(unknown)}")
    start = time.perf_counter()
    outcomes = harness.run(
        given.seeds, given.only, given.workers, given.first_seed, given.keep, given.minutes
    )
    print(harness.table(outcomes))
    for diagnostic in dict.fromkeys(o.diagnostic for o in outcomes):
        told = harness.summary(diagnostic, outcomes)
        print(f"\n{told}" if told else "", end="")
    for counts in harness.coverage(outcomes).values():
        for code in sorted(code for code, n in counts.items() if n == 0):
            print(f"\nnever raised by a planted case: {code}")
    print(f"\n{given.seeds} seeds from {given.first_seed}, {time.perf_counter() - start:.0f} s")
    return 1 if any(o.error for o in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
