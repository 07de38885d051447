"""Files larger than memory: rows that are held are rows of the file, and all of it can be read."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from reportgen.data import large
from reportgen.data.load import load
from reportgen.diagnostics import suite
from reportgen.diagnostics.leakage import questions
from reportgen.errors import DataError
from reportgen.job.schema import Budget, ModelEntry
from reportgen.models.preprocess import Standardize
from reportgen.pipeline import load_case, section
from reportgen.restated import restate

N = 6000
GB = 0.0003  # a quarter of it holds 80 kB


@pytest.fixture
def files(tmp_path, make_job):
    """Train too large, test small: 40 of its 300 rows are copies, 10 of these of another label."""
    rng = np.random.default_rng(3)

    def rows(n, first):
        frame = pl.DataFrame(
            {
                "code": np.arange(first, first + n),
                "a": np.round(rng.normal(size=n), 4),
                "b": np.round(rng.gamma(2, 3, size=n), 3),
                "town": rng.choice(["Ulm", "Jena", None], n),
            }
        )
        kinds = np.array(["stay", "leave"])[(frame["a"].to_numpy() > 0.2).astype(int)]
        return frame.with_columns(kind=pl.Series(kinds))

    train, test = rows(N, 0), rows(300, N)
    taken = train[::150].with_columns(code=pl.int_range(N + 300, N + 340, dtype=pl.Int64))
    test = pl.concat([test[40:], taken])
    turned = pl.when(pl.int_range(300) >= 290).then(pl.lit("stay")).otherwise(pl.lit("leave"))
    turned = pl.when(pl.col("kind") == turned).then(pl.lit("leave")).otherwise(pl.lit("stay"))
    late = pl.int_range(300) >= 290
    test = test.with_columns(kind=pl.when(late).then(turned).otherwise(pl.col("kind")))
    scores = pl.DataFrame({"prediction": np.linspace(0.01, 0.99, 300)})

    def write(kind="parquet", memory=GB, **entry):
        for name, frame in (("train", train), ("test", test), ("p", scores)):
            path = tmp_path / f"{name}.{kind}"
            frame.write_csv(path) if kind == "csv" else frame.write_parquet(path)
        declared = {
            "task": "binary", "train": f"train.{kind}", "test": f"test.{kind}", "target": "kind",
            **entry,
        }  # fmt: skip
        job = make_job(**declared)
        stored = job.models["m"].model_copy(
            update={"model": type(job.models["m"].model)(predictions={"test": f"p.{kind}"})}
        )
        budget = Budget() if memory is None else Budget(memory_gb=memory)
        return job.model_copy(update={"budget": budget, "models": {"m": stored}})

    write.train, write.test = train, test
    return write


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_rows_that_are_held_stand_in_the_file_and_all_can_be_read(files, kind):
    data = load(files(kind), "d")
    split = data.splits["train"]
    assert split.whole.n == split.rows_of_all == N
    assert large.LEAST_HELD == split.n == len(np.unique(split.rows))
    held = files.train[split.rows]
    assert_frame_equal(split.X, held.drop("kind"), check_dtypes=False)
    assert [data.classes[c] for c in split.y] == held["kind"].to_list()
    read = list(split.whole.batches())
    assert_frame_equal(pl.concat([X for X, _ in read]), files.train.drop("kind"))
    codes = np.concatenate([y for _, y in read])
    assert [data.classes[c] for c in codes] == files.train["kind"].to_list()
    assert any("1,000 rows drawn at random stand for them" in note for note in data.notes)
    assert data.splits["test"].whole is None
    again = load(files(kind), "d").splits["train"].rows
    assert again.tolist() == split.rows.tolist()
    whole = load(files(kind, memory=None), "d").splits["train"]
    assert (whole.n, whole.whole) == (N, None)


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_copies_are_found_among_all_rows(files, kind):
    """As many as where all is held; those that only show without the counter among them."""
    found = {}
    for memory in (GB, None):
        case = load_case(files(kind, memory), "m")
        settings = suite()["leakage"].settings()
        looked = questions.questions()["copies"].look(case.view("leakage", settings), "test")
        found[memory] = {leak.code.partition(".")[2]: leak for leak in looked.leaks}
        shown = looked.tables[0]["rows"]
        for mine, theirs in zip(shown[::2], shown[1::2], strict=True):
            assert mine[0].startswith("test")
            assert theirs[0].startswith("train")
            assert mine[2:-1] == theirs[2:-1]
            at = int(theirs[0].split()[-1])
            assert files.train["a"][at] == pytest.approx(float(theirs[2]))
    for code in ("exact-duplicates", "conflicting-duplicates"):
        part, whole = found[GB][code], found[None][code]
        assert (part.severity, part.evidence["rows"]) == (whole.severity, whole.evidence["rows"])
    exact = found[GB]["exact-duplicates"].evidence
    assert (exact["rows"], exact["same_label"], exact["hidden_by"]) == (40, 30, "code")


def test_both_splits_may_be_larger_than_memory(files, monkeypatch):
    monkeypatch.setattr(large, "LEAST_HELD", 100)
    monkeypatch.setattr(large, "PARTS", 60)
    case = load_case(files(), "m")
    n = case.split("test").n
    assert n < 150
    assert case.split("test").whole.n == 300
    raw = case.predict("test").raw
    assert raw == pytest.approx(np.linspace(0.01, 0.99, 300)[case.split("test").rows])
    y, answers = case.of_all_rows("test")
    assert [case.classes[c] for c in y] == files.test["kind"].to_list()
    assert answers.scores == pytest.approx(np.linspace(0.01, 0.99, 300))
    settings = suite()["leakage"].settings()
    looked = questions.questions()["copies"].look(case.view("leakage", settings), "test")
    of_all = next(m for m in looked.metrics if m.name == "duplicate_share_of_all")
    assert of_all.value == pytest.approx(40 / 300)
    held = int((case.split("test").rows >= 260).sum())
    assert next(m for m in looked.metrics if m.name == "duplicate_share").value == held / n


def test_a_number_reported_of_a_split_in_part_is_computed_on_all_its_rows(files, monkeypatch):
    monkeypatch.setattr(large, "LEAST_HELD", 100)
    monkeypatch.setattr(large, "PARTS", 60)
    job = files()
    truth = files.test["kind"].to_numpy() == "stay"
    right = float(np.mean(truth == (np.linspace(0.01, 0.99, 300) > 0.5)))
    said = [{"metric": "accuracy", "value": value} for value in (f"{right:.4f}", "0.9876")]
    entry = ModelEntry.model_validate(
        {"dataset": "d", "model": {"predictions": {"test": "p.parquet"}}, "reported": said}
    )
    case = load_case(job.model_copy(update={"models": {"m": entry}}), "m")
    assert case.split("test").whole is not None
    first, other = restate(case)
    assert (first.agrees, other.agrees) == (True, False)
    assert other.recomputed == pytest.approx(right)
    monkeypatch.setattr(large, "ANSWERS", 2000)
    case = load_case(job.model_copy(update={"models": {"m": entry}}), "m")
    assert "larger than memory" in restate(case)[0].reason


def test_what_a_part_of_the_rows_does_not_tell_is_said(files):
    case = load_case(files(), "m")
    job = files()
    sections = {
        name: section(diagnostic, case, job.diagnostics.get(name) or diagnostic.settings())
        for name, diagnostic in suite().items()
        if name in ("leakage", "preprocessing")
    }
    told = {c.code: c for c in sections["leakage"].checks}
    assert told["leakage.exact-duplicates"].status == "raised"
    for code in ("near-duplicates", "group-overlap", "resampled-before-split"):
        assert "larger than memory" in told[f"leakage.{code}"].reason
    refit = next(c for c in sections["preprocessing"].checks if c.code.endswith("refit-per-split"))
    assert "larger than memory" in refit.reason


def test_standardising_by_train_reads_all_of_it(files):
    split = load(files(features=["a", "b"]), "d").splits["train"]
    scaled = Standardize(split.X, (X for X, _ in split.whole.batches()))
    values = files.train.select("a", "b").to_numpy()
    assert scaled.mean == pytest.approx(values.mean(axis=0), rel=1e-12)
    assert scaled.scale == pytest.approx(values.std(axis=0), rel=1e-12)


def test_a_rare_class_that_no_held_row_has_is_known(files, tmp_path, monkeypatch):
    monkeypatch.setattr(large, "BATCH", 500)
    job = files(task="multiclass")
    rare = files.train.with_columns(
        kind=pl.when(pl.int_range(N) == 17).then(pl.lit("return")).otherwise(pl.col("kind"))
    )
    rare.write_parquet(tmp_path / "train.parquet")
    assert load(job, "d").classes == ("leave", "return", "stay")


def test_a_part_of_a_file_that_is_not_held_whole_is_not_cut(files):
    for entry in ({"validation": {"from": "train", "fraction": 0.2}}, {"split": {"test": 0.2}}):
        more = {"test": None} if "split" in entry else {}
        with pytest.raises(DataError, match="larger than memory") as caught:
            load(files(**entry, **more), "d")
        assert "files of their own" in str(caught.value)


def test_a_type_that_changes_in_a_later_block_is_told(files, tmp_path, monkeypatch):
    from reportgen.data import delimited

    job = files("csv")
    monkeypatch.setattr(delimited, "_BLOCK", 4096)
    with (tmp_path / "train.csv").open("a") as file:
        file.write("12.5,0.25,1.5,Ulm,stay\n")
    split = load(job, "d").splits["train"]
    assert split.whole.n == N + 1
    assert split.X.schema["code"] == pl.Float64
    (last,) = [X[-1].rows() for X, _ in split.whole.batches()][-1]
    assert last == (12.5, 0.25, 1.5, "Ulm")
    with (tmp_path / "train.csv").open("a") as file:
        file.write("12,low,1.5,Ulm,stay\n")
    with pytest.raises(DataError, match="of another type"):
        load(job, "d")
