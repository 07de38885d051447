"""Whole files or none, and folder names that no model's name can escape from."""

from __future__ import annotations

import errno
import os
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import OutputError
from reportgen.runs.writing import clean_name, clean_names, write_atomic

ALLOWED = set(string.ascii_letters + string.digits + "._-")


@given(st.text(max_size=400))
def test_any_name_becomes_one_safe_path_component(name: str) -> None:
    cleaned = clean_name(name)
    assert 0 < len(cleaned) <= 81
    assert set(cleaned) <= ALLOWED
    assert not cleaned.startswith(".")
    assert Path("/reports", cleaned).resolve().parent == Path("/reports")


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("churn-mlp", "churn-mlp"),
        ("../../etc/passwd", "-..-etc-passwd"),
        ("<script>alert(1)</script>", "-script-alert-1-script-"),
        ("\ufb01ne model", "fine-model"),  # NFKC: the ligature fi
        ("🙂", "-"),
        ("..", "-"),
        ("latest", "latest-"),
        ("n" * 300, "n" * 80),
    ],
)
def test_known_names(name: str, folder: str) -> None:
    assert clean_name(name) == folder


@given(st.lists(st.text(alphabet="aA/. ", min_size=1, max_size=90), unique=True, max_size=12))
def test_folders_never_clash_even_where_case_is_ignored(names: list[str]) -> None:
    folders = list(clean_names(names).values())
    assert len({f.lower() for f in folders}) == len(names)
    assert all(len(f) <= 81 for f in folders)


def test_a_clash_gets_a_number() -> None:
    assert clean_names(["a/b", "a b", "a-b"]) == {"a/b": "a-b", "a b": "a-b-2", "a-b": "a-b-3"}


def test_a_failed_write_leaves_the_old_file_and_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.json"
    write_atomic(path, "old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="disk is full"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]
