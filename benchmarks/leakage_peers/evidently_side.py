"""Runs in evidently's own environment: which tests fail, a case; one JSON line each.

``python evidently_side.py FOLDER``, where FOLDER has a folder a case (see ``cases.py``).
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

import pandas as pd

warnings.simplefilter("ignore")


def failing(folder: Path) -> list[str]:
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset, DataSummaryPreset

    about = json.loads((folder / "about.json").read_text())
    cat = [*(about.get("cat_features") or []), *(["y"] if about["task"] != "regression" else [])]
    frames = {n: pd.read_parquet(folder / f"{n}.parquet") for n in ("train", "test")}
    roles = {about.get("index_name"), about.get("datetime_name")}
    numbers = [c for c in frames["train"].columns if c not in {*cat, *roles}]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=cat)
    train, test = (
        Dataset.from_pandas(frames[n][[*numbers, *cat]], data_definition=definition)
        for n in ("train", "test")
    )
    report = Report([DataDriftPreset(), DataSummaryPreset()], include_tests=True)
    tests = json.loads(report.run(test, train).json())["tests"]
    return sorted({t["name"].split(":")[0][:60] for t in tests if t["status"] == "FAIL"})


for case in sorted(p for p in Path(sys.argv[1]).iterdir() if p.is_dir()):
    start = time.perf_counter()
    try:
        said, error = failing(case), ""
    except Exception as problem:
        said, error = [], f"{type(problem).__name__}: {problem}"[:200]
    seconds = time.perf_counter() - start
    print(json.dumps({"case": case.name, "said": said, "error": error, "seconds": seconds}))
    sys.stdout.flush()
