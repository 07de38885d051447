"""``python -m benchmarks.speed``: every limit, measured in one run."""

from __future__ import annotations

import argparse
import importlib
import sys
import warnings

from benchmarks.speed.measure import Measured, table

PARTS = ("start_up", "rendering", "metrics", "evidence", "reconciliation", "sensitivity")


def main() -> int:
    """0 when every limit is kept, else 1."""
    parser = argparse.ArgumentParser(prog="benchmarks.speed", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=(*PARTS, "loading", "what_ifs"), default=[]
    )
    parser.add_argument(
        "--large", action="store_true", help="also load 10 million rows (8 GB of memory, 2 of disk)"
    )
    given = parser.parse_args()
    parts = given.only or [*PARTS, *(["loading"] if given.large else [])]
    warnings.simplefilter("ignore")
    rows: list[Measured] = []
    for part in parts:
        print(f"measuring {part} ...", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"benchmarks.speed.{part}").measured()
    print(table(rows))
    return 1 if any(row.kept is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
