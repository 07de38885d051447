"""YAML is read as text written by a person: lines, digits, bounds, never a traceback."""

from __future__ import annotations

import pickle
import re
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.errors import JobError
from reportgen.job.document import MAX_BYTES, Float, parse, read
from reportgen.job.keypath import key_path, nearest, quoted


def problem(raw: bytes | str) -> str:
    with pytest.raises(JobError) as caught:
        parse(raw if isinstance(raw, bytes) else raw.encode())
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].file == "job.yaml"
    return str(caught.value)


def test_plain_values_of_yaml_1_2() -> None:
    text = (
        "a: 0.950\nb: 1e-3\nc: no\nd: yes\ne: true\nf: ~\ng: 007\nh: '1'\ni: 91.3 %\n"
        "j: 2026-01-02\nk: 0x1F\nl: 1:30\nm: .nan\nn: +1\no: !!str 5\np: |\n  two\n  lines\n"
    )
    data = parse(text.encode()).data
    assert data == {
        "a": 0.95, "b": 0.001, "c": "no", "d": "yes", "e": True, "f": None, "g": 7, "h": "1",
        "i": "91.3 %", "j": "2026-01-02", "k": "0x1F", "l": "1:30", "m": ".nan", "n": 1, "o": "5",
        "p": "two\nlines\n",
    }  # fmt: skip
    assert isinstance(data["a"], Float)
    assert (data["a"].text, data["b"].text) == ("0.950", "1e-3")
    assert pickle.loads(pickle.dumps(data["a"])).text == "0.950"


def test_lines_and_excerpts() -> None:
    text = "\ufeffa:\n  b: 1\n\n  # why\n  c:\n    - 1\n    - {x: 2,\n       y: 3}\nd: 'e\n\n  f'\n"
    document = parse(text.encode())
    assert document.line(("a",)) == 1
    assert document.line(("a", "b")) == 2
    assert document.line(("a", "c", 1)) == 7
    assert document.line(("a", "c", 1, "y")) == 8
    assert document.line(("a", "gone", "deeper")) == 1
    assert document.line(("gone",)) == 1
    assert document.excerpt(("a", "c")) == "  c:\n    - 1\n    - {x: 2,\n       y: 3}"
    assert document.excerpt(("d",)) == "d: 'e\n\n  f'"
    assert document.excerpt(("gone",)) == ""


def test_aliases_and_merges() -> None:
    text = "base: &b {x: 1, y: [1, 2]}\none:\n  <<: *b\n  x: 3\ntwo: {<<: [{z: 0}, *b], w: *b}\n"
    document = parse(text.encode())
    assert document.data["one"] == {"x": 3, "y": [1, 2]}
    assert document.data["two"] == {"z": 0, "x": 1, "y": [1, 2], "w": {"x": 1, "y": [1, 2]}}
    assert document.line(("one", "x")) == 4
    assert document.problems == ()


def test_a_key_given_twice_is_told_with_both_lines() -> None:
    document = parse(b"a:\n  x: 1\n  y: 2\n  x: 3\nb: 1\n'b': 2\n")
    assert document.data == {"a": {"x": 1, "y": 2}, "b": 1}
    first, second = document.problems
    assert (first.line, first.key, first.got) == (4, "a.x", "lines 2 and 4")
    assert (second.line, second.key, second.got) == (6, "b", "lines 5 and 6")


@pytest.mark.parametrize(
    ("raw", "line", "words"),
    [
        (b"a: [1\nb: 2\n", 2, "not valid YAML"),
        (b"a:\n\t- b\n", 2, "indent with spaces"),
        (b"a: b: c\n", 1, "quotes"),
        (b"a: *b\n", 1, "anchor"),
        (b"a: &a [*a]\n", 1, "contains itself"),
        (b"a: 1\n---\nb: 2\n", 2, "more than one"),
        (b"a: '1\n", 2, "not valid YAML"),
        (b"x: 1\na: \xe9\n", 2, "UTF-8"),
        ("a: 1".encode("utf-16"), 1, "UTF-16"),
        (b"a: 1\nb: \x00\n", 2, "not valid YAML"),
        (b"", None, "empty"),
        (b" \n\n", None, "empty"),
        (b"# nothing\n", None, "comments"),
        (b"- a\n- b\n", 1, "mapping"),
        (b"just words\n", 1, "mapping"),
        (b"[" * 9000, 1, "deep"),
        (b"a: {" * 60, 1, "deep"),
        (b"%YAML 3.0\n---\na: 1\n", 1, "YAML"),
    ],
)
def test_what_is_no_job(raw: bytes, line: int | None, words: str) -> None:
    with pytest.raises(JobError) as caught:
        parse(raw)
    assert words in str(caught.value)
    assert caught.value.problems[0].line == line


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system [ls]",
        "a: !ruby/object {}",
        "a: !!binary aGk=",
        "a: !!timestamp 2026-01-01",
    ],
)
def test_tags_are_refused(text: str) -> None:
    document = parse(text.encode())
    assert "is not allowed" in document.problems[0].message
    assert document.problems[0].line == 1


@pytest.mark.parametrize("key", ["[1]: a", "{b: c}: a", "? [1, 2]\n: a"])
def test_keys_are_text(key: str) -> None:
    assert "list or a mapping" in parse(key.encode()).problems[0].message


def test_alias_bombs_cost_nothing() -> None:
    rows = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    rows += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    merges = ["m0: &m0 {k: 1}"]
    merges += [f"m{i}: &m{i} {{<<: [{','.join([f'*m{i - 1}'] * 10)}]}}" for i in range(1, 30)]
    chain = ["c0: &c0 [x]"] + [f"c{i}: &c{i} [*c{i - 1}]" for i in range(1, 3000)]
    start = time.process_time()
    assert "too many values" in problem("\n".join(rows))
    assert "too many values" in problem("\n".join(merges))
    assert "deep" in problem("\n".join(chain))
    assert time.process_time() - start < 5


def test_files(tmp_path: Path) -> None:
    for name, words in (("gone.yaml", "no such"), (".", "cannot be read"), ("a\0b", "be read")):
        with pytest.raises(JobError, match=words):
            read(tmp_path / name)
    (tmp_path / "huge.yaml").write_bytes(b"a: 1\n" * (MAX_BYTES // 4))
    with pytest.raises(JobError, match="too large"):
        read(tmp_path / "huge.yaml")
    (tmp_path / "ok.yaml").write_bytes(b"a: 1\r\nb: 2\r\n")
    assert read(tmp_path / "ok.yaml").data == {"a": 1, "b": 2}


def test_key_paths() -> None:
    assert key_path(("models", "churn-mlp", "reported", 2, "value")) == (
        "models.churn-mlp.reported[2].value"
    )
    assert key_path(("models", "v1.2", "model")) == "models['v1.2'].model"
    assert len(key_path(("x" * 300,))) < 100
    assert "\n" not in key_path(("a\nb",))


def test_nearest_names() -> None:
    assert nearest("treshold", ["threshold", "argmax"]) == "threshold"
    assert nearest("Early-Stopping", ["early_stopping"]) == "early_stopping"
    assert nearest("zzz", ["threshold"]) is None
    assert quoted("x" * 500).endswith("…'")


PIECES = st.sampled_from(
    [
        "a", "b:", " ", "\n", "  ", "- ", ": ", "[", "]", "{", "}", ",", "&x ", "*x", "!!str ", "!",
        "|", ">", "'", '"', "#", "%", "@", "`", "<<: ", "---\n", "...\n", "\t", "0.950", "1e9",
        "~", "true", "?", "\\", "\0", "\x85", "\u2028", "é", "🙂", "\r", "null: ", "!!python/x ",
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_fuzzed_text_is_read_or_refused(text: str) -> None:
    _read_or_refused(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_fuzzed_bytes_are_read_or_refused(raw: bytes) -> None:
    _read_or_refused(raw)


def _read_or_refused(raw: bytes) -> None:
    try:
        document = parse(raw)
    except JobError as error:
        refused = error
    else:
        last = len(re.split("\r\n|[\n\r\x85\u2028\u2029]", document.text))
        assert all(1 <= line <= last for line in document.lines.values())
        for path in document.lines:
            document.excerpt(path)
            key_path(path)
        return
    assert all(p.message and p.file for p in refused.problems)


# PyYAML writes "1e5" without quotes, since to YAML 1.1 it is text: no digits in texts here.
TEXT = st.text(st.characters(exclude_categories=("Nd", "Cs")), max_size=8)
SCALARS = st.one_of(
    st.integers(), st.booleans(), st.none(), TEXT,
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip
TREES = st.dictionaries(
    TEXT,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=5,
)


@settings(max_examples=200, deadline=None)
@given(TREES.filter(lambda tree: bool(tree)))
def test_what_pyyaml_writes_comes_back(tree: dict[str, object]) -> None:
    written = yaml.safe_dump(tree, sort_keys=False)
    document = parse(written.encode("utf-8", "surrogatepass"))
    assert document.problems == ()
    assert document.data == tree
