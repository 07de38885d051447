"""What a new machine meets first: the lock, the set-up scripts, the examples."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from reportgen.diagnostics import suite
from reportgen.errors import RenderError
from reportgen.job.load import load
from reportgen.preflight import check
from reportgen.render import system
from reportgen.render.system import LIBRARIES
from sample_data import tables

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_data"
LOCK = (ROOT / "requirements.lock").read_text()


def test_the_lock_names_no_host():
    assert not re.search(r"https?:|file:|index-url|find-links", LOCK)


def test_every_locked_package_has_a_version_and_hashes():
    packages = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", LOCK, flags=re.M).strip())
    assert len(packages) > 50
    for package in packages:
        assert re.match(r"[\w.-]+==\S+", package), package
        assert "--hash=sha256:" in package, package


def test_every_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *(name for names in project["project"]["optional-dependencies"].values() for name in names),
    ]
    locked = {
        re.sub(r"[-_.]+", "-", name).lower() for name in re.findall(r"^([\w.-]+)==", LOCK, re.M)
    }
    for requirement in asked:
        name = re.match(r"[\w.-]+", requirement)[0]
        assert re.sub(r"[-_.]+", "-", name).lower() in locked, f"make lock: {name} is not there"


def test_the_shell_and_the_program_ask_for_the_same_libraries():
    script = (ROOT / "scripts/os-packages").read_text()
    asked = dict(re.findall(r"^  (lib\S+\.so\.\d+):(\S+)$", script, re.M))
    assert asked == {names[0]: package for names, package in LIBRARIES}


@pytest.mark.parametrize("script", [".ci/run", "scripts/setup", "scripts/os-packages"])
def test_scripts_can_be_run(script):
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", ROOT / script], check=True)


@pytest.mark.parametrize("job", sorted(p.name for p in (ROOT / "configs").glob("*.yaml")))
def test_example_jobs_are_valid(job):
    loaded = load(ROOT / "configs" / job, {name: d.settings for name, d in suite().items()})
    assert check(loaded) == []


def test_the_sample_tables_are_what_the_script_makes():
    for split, table in zip(("train", "test"), tables.churn(), strict=True):
        assert_frame_equal(pl.read_parquet(SAMPLES / f"churn/{split}.parquet"), table)
    for split, table in zip(("train", "test"), tables.housing(), strict=True):
        assert_frame_equal(pl.read_csv(SAMPLES / f"housing/{split}.csv"), table)
    for name, table in zip(("train", "test", "vendor"), tables.loans(), strict=True):
        assert_frame_equal(pl.read_csv(SAMPLES / f"loans/{name}.csv"), table)
    for split, arrays in zip(("train", "test"), tables.digits(), strict=True):
        with np.load(SAMPLES / f"digits/{split}.npz") as stored:
            assert sorted(stored) == sorted(arrays)
            for name in arrays:
                np.testing.assert_array_equal(stored[name], arrays[name])


def test_the_sample_data_are_small():
    assert sum(p.stat().st_size for p in SAMPLES.rglob("*") if p.is_file()) < 2_000_000


@pytest.mark.parametrize("user", ["0", "1000"])
def test_missing_os_packages_are_installed_by_root_and_told_to_others(user, tmp_path):
    there = [names[0] for names, _ in LIBRARIES if "harfbuzz" not in names[0]]
    programs = {
        "ldconfig": "\n".join(f"echo '\t{name} (libc6,x86-64) => /lib/{name}'" for name in there),
        "id": f"echo {user}",
        "apt-get": f'echo "$@" >> {tmp_path}/asked',
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        [ROOT / "scripts/os-packages", "make"], capture_output=True, text=True, check=False,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )  # fmt: skip
    packages = "libharfbuzz0b libharfbuzz-subset0 make"
    asked = tmp_path / "asked"
    if user == "0":
        assert done.returncode == 0, done.stderr
        update, install = asked.read_text().splitlines()
        assert update.startswith("update")
        assert install == f"install -y --no-install-recommends {packages} -q"
    else:
        assert done.returncode == 1
        assert not asked.exists()
        assert f"sudo apt-get install -y --no-install-recommends {packages}" in done.stderr


def test_a_library_that_is_missing_is_told_with_its_package(monkeypatch):
    monkeypatch.setattr(system, "opens", lambda names: "subset" not in names[0])
    with pytest.raises(RenderError) as caught:
        system.check()
    problem = caught.value.problems[0]
    assert problem.expected == "libharfbuzz-subset.so.0"
    assert "sudo apt-get install libharfbuzz-subset0;" in (problem.advice or "")
