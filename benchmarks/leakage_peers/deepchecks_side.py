"""Runs in deepchecks' own environment: which conditions fail, a case; one JSON line each.

``python deepchecks_side.py FOLDER``, where FOLDER has a folder a case (see ``cases.py``).
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
    from deepchecks.tabular import Dataset
    from deepchecks.tabular.suites import data_integrity, train_test_validation

    about = json.loads((folder / "about.json").read_text())
    roles = {k: about[k] for k in ("cat_features", "index_name", "datetime_name") if about.get(k)}
    label_type = {"binary": "binary", "multiclass": "multiclass"}.get(about["task"], "regression")
    train, test = (
        Dataset(pd.read_parquet(folder / f"{n}.parquet"), label="y", label_type=label_type, **roles)
        for n in ("train", "test")
    )
    found = []
    for suite, given in ((train_test_validation(), (train, test)), (data_integrity(), (train,))):
        result = suite.run(*given)
        found += [type(r.check).__name__ for r in result.get_not_passed_checks()]
    return sorted(set(found))


for case in sorted(p for p in Path(sys.argv[1]).iterdir() if p.is_dir()):
    start = time.perf_counter()
    try:
        said, error = failing(case), ""
    except Exception as problem:
        said, error = [], f"{type(problem).__name__}: {problem}"[:200]
    seconds = time.perf_counter() - start
    print(json.dumps({"case": case.name, "said": said, "error": error, "seconds": seconds}))
    sys.stdout.flush()
