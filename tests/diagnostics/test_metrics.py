"""Definitions against scikit-learn, names, isolation, and what is said of single metrics."""

import time
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as sk

from benchmarks.faults.cases import case_from_arrays
from benchmarks.faults.metrics import answers, asked, case, one, with_metrics
from reportgen import pipeline
from reportgen.diagnostics import suite
from reportgen.diagnostics.metrics import compiled as in_keras
from reportgen.diagnostics.metrics.names import meaning, split
from reportgen.diagnostics.metrics.probes import judged, own
from reportgen.diagnostics.metrics.rows import Rows
from reportgen.models.custom_metrics.messages import Call
from reportgen.models.custom_metrics.process import CustomMetric, Limits

DIAGNOSTIC = suite()["metrics"]


def section(of, **settings):
    return pipeline.section(DIAGNOSTIC, of, DIAGNOSTIC.settings(**settings))


def found(of, **settings):
    return {f.code.partition(".")[2]: f for f in section(of, **settings).findings}


def rng(seed=0):
    return np.random.default_rng(seed)


def rows(task, seed=0, n=300):
    return Rows(task, *answers(task, rng(seed), n))


def value(name, of, **more):
    """What the name stands for first."""
    return meaning(name, of.task, of.k, **more).definitions[0].of(of)


# definitions


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
@pytest.mark.parametrize("name", ["precision", "recall", "f1", "jaccard"])
def test_averages_are_those_of_scikit_learn(task, name, average):
    of = rows(task)
    function = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score,
                "jaccard": sk.jaccard_score}[name]  # fmt: skip
    expected = function(of.y, of.labels(), average=average, zero_division=0)
    assert value(f"{name}_{average}", of) == pytest.approx(expected)


def test_metrics_of_two_classes_are_those_of_scikit_learn():
    of = rows("binary")
    y, given, p = of.y, of.labels(), of.p
    assert value("f1", of) == pytest.approx(sk.f1_score(y, given))
    assert value("f2", of) == pytest.approx(sk.fbeta_score(y, given, beta=2))
    assert value("specificity", of) == pytest.approx(sk.recall_score(y, given, pos_label=0))
    assert value("npv", of) == pytest.approx(sk.precision_score(y, given, pos_label=0))
    assert value("mcc", of) == pytest.approx(sk.matthews_corrcoef(y, given))
    assert value("kappa", of) == pytest.approx(sk.cohen_kappa_score(y, given))
    assert value("balanced_accuracy", of) == pytest.approx(sk.balanced_accuracy_score(y, given))
    assert value("auc", of) == pytest.approx(sk.roc_auc_score(y, p))
    assert value("average_precision", of) == pytest.approx(sk.average_precision_score(y, p))
    assert value("log_loss", of) == pytest.approx(sk.log_loss(y, p))
    assert value("brier", of) == pytest.approx(sk.brier_score_loss(y, p))
    precision, recall, _ = sk.precision_recall_curve(y, p)
    area = meaning("pr_auc", "binary", 2).definitions[1].of(of)
    assert area == pytest.approx(sk.auc(recall, precision))


def test_metrics_of_several_classes_are_those_of_scikit_learn():
    of = rows("multiclass")
    y, given, p = of.y, of.labels(), of.p
    assert value("mcc", of) == pytest.approx(sk.matthews_corrcoef(y, given))
    assert value("qwk", of) == pytest.approx(sk.cohen_kappa_score(y, given, weights="quadratic"))
    assert value("top_2_accuracy", of) == pytest.approx(sk.top_k_accuracy_score(y, p, k=2))
    assert value("cross_entropy", of) == pytest.approx(sk.log_loss(y, p))
    areas = {d.of(of) for d in meaning("auc", "multiclass", 4).definitions}
    for way in ("ovr", "ovo"):
        expected = sk.roc_auc_score(y, p, multi_class=way)
        assert any(a == pytest.approx(expected) for a in areas)


def test_metrics_of_numbers_are_those_of_scikit_learn():
    of = rows("regression")
    y, p = of.y, of.p
    get = lambda name: meaning(name, "regression", 0).definitions[0].of(of)  # noqa: E731
    assert get("rmse") == pytest.approx(sk.root_mean_squared_error(y, p))
    assert get("mae") == pytest.approx(sk.mean_absolute_error(y, p))
    assert get("mape") == pytest.approx(sk.mean_absolute_percentage_error(y, p))
    assert get("r2") == pytest.approx(sk.r2_score(y, p))
    assert get("explained_variance") == pytest.approx(sk.explained_variance_score(y, p))
    assert get("msle") == pytest.approx(sk.mean_squared_log_error(y, p))
    assert get("median_ae") == pytest.approx(sk.median_absolute_error(y, p))


def test_several_targets_have_their_mean_and_their_whole():
    y = rng().normal(size=(100, 2)) * [1, 10]
    of = Rows("regression", y, y + rng(1).normal(size=y.shape))
    values = [d.of(of) for d in meaning("r2", "regression", 0).definitions]
    for multioutput in ("uniform_average", "variance_weighted"):
        expected = sk.r2_score(of.y, of.p, multioutput=multioutput)
        assert any(v == pytest.approx(expected) for v in values)


# names


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("f1", "f1"), ("MyF1Score", "f1"), ("f1_m", "f1"), ("custom_auc", "roc_auc"),
        ("auc_pr", "average_precision"), ("balanced_acc", "balanced_accuracy"),
        ("dice_coef", "dice"), ("matthews_correlation", "mcc"), ("RMSE", "rmse"),
        ("r_square", "r2"), ("R²", "r2"), ("recall_m", "recall"), ("sensitivity", "recall"),
        ("mean_absolute_percentage_error", "mape"), ("top5_acc", "top_k"),
        ("binary_crossentropy", "log_loss"), ("profit", None), ("churn_score", None),
    ],
)  # fmt: skip
def test_a_name_says_which_metric_it_is(name, family):
    task = "regression" if family in ("rmse", "r2", "mape") else "multiclass"
    said = meaning(name, task, 8)
    assert said.family == family
    assert said.sure


@pytest.mark.parametrize(
    "name",
    ["accuracy_gap", "recall_at_precision_90", "auc_lift", "f1_delta", "precision_top_decile"],
)
def test_a_name_with_other_words_is_not_sure(name):
    assert not meaning(name, "binary", 2).sure


def test_a_name_may_speak_of_the_data_or_of_a_class():
    assert meaning("churn_f1", "binary", 2, known=("churn",)).sure
    of = rows("multiclass")
    classes = ("cat", "dog", "red fox", "hen")
    assert value("recall_red_fox", of, classes=classes) == pytest.approx(
        sk.recall_score(of.y, of.labels(), average=None)[2]
    )


def test_words_of_a_name():
    assert split("MyF1Score") == ["my", "f1", "score"]
    assert split("top5_acc") == ["top", "5", "acc"]


# probes


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression"])
def test_every_judged_probe_is_defined_for_every_usual_metric(task):
    of = own(rows(task), (0.5,), rng())
    names = ["rmse", "mae", "r2", "mape"] if task == "regression" else ["f1", "precision", "recall"]
    for probe in judged(of, rng(1)):
        for name in names:
            k = 0 if task == "regression" else of.k
            assert np.isfinite(meaning(name, task, k).definitions[0].of(probe.rows)), probe.name


def test_no_probe_has_a_score_on_the_threshold():
    of = own(rows("binary"), (0.5,), rng())
    assert all((np.abs(p.rows.p - 0.5) > 1e-6).all() for p in judged(of, rng(2)))


# isolation


def metric(tmp_path, text, name="metric", **limits):
    (tmp_path / "job_metrics.py").write_text(text)
    return CustomMetric(f"job_metrics:{name}", tmp_path, Limits(**limits) if limits else None)


CALL = Call(np.array([0, 1, 1]), np.array([0.2, 0.7, 0.4]))


def test_a_metric_that_hangs_is_ended_and_the_next_one_runs(tmp_path):
    text = (
        "import time\n"
        "def metric(y, p):\n    time.sleep(60)\n"
        "def fine(y, p):\n    return float((p > .5).mean())\n"
    )
    slow = metric(tmp_path, text, seconds=0.5)
    assert slow.load().error is None
    started = time.monotonic()
    assert slow([CALL])[0].error == "it takes more than 0.5 seconds"
    assert slow([CALL])[0].error == "it takes more than 0.5 seconds"
    assert time.monotonic() - started < 20
    fine = CustomMetric("job_metrics:fine", tmp_path)
    assert fine([CALL])[0].value == pytest.approx(1 / 3)


def test_a_metric_that_forks_gives_one_answer_and_leaves_nothing_behind(tmp_path):
    from pathlib import Path

    text = (
        "import os, pathlib, time\n"
        "here = pathlib.Path(__file__).parent\n"
        "def metric(y, p):\n    os.fork()\n    return 0.5\n"
        "def escapes(y, p):\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "        (here / str(os.getpid())).touch()\n"
        "        time.sleep(60)\n"
        "    return 0.5\n"
    )
    forks = metric(tmp_path, text)
    assert [r.value for r in forks([CALL] * 6)] == [0.5] * 6
    assert [r.value for r in forks([CALL])] == [0.5]
    escapes = CustomMetric("job_metrics:escapes", tmp_path)
    assert escapes([CALL])[0].value == 0.5
    end = time.monotonic() + 10
    while not (found := [f for f in tmp_path.iterdir() if f.name.isdigit()]):
        assert time.monotonic() < end
    stat = Path(f"/proc/{found[0].name}/stat")
    assert stat.exists()
    escapes._process.close()
    while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_metric_that_writes_where_the_audit_reads_is_ended(tmp_path):
    text = (
        "import os\n"
        "def metric(y, p):\n"
        "    for fd in range(3, 4096):\n"
        "        try:\n            os.write(fd, b'\\x00\\x00\\x00\\x02[]')\n"
        "        except OSError:\n            pass\n"
        "    return 0.5\n"
    )
    (reply,) = metric(tmp_path, text)([CALL])
    assert reply.error == "it writes into what the audit reads"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})()",
         "it raises E (job_metrics.py:2)"),
        ("raise ValueError('odd')", "it raises ValueError: odd (job_metrics.py:2)"),
        ("import sys; sys.exit(3)", "it ends the program (sys.exit, 3) (job_metrics.py:2)"),
        ("import os; os._exit(7)", "it ends its process (exit code 7)"),
        ("return float('nan')", "it gives NaN"),
        ("return None", "it gives nothing, and not a number"),
        ("return 'high'", "it gives a str ('high'), and not a number"),
        ("return y[:2]", "it gives an array of shape (2,), and not a number"),
        ("return {'f1': 1}", "it gives a dict, and not a number"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_told_in_words(tmp_path, body, error):
    asked = metric(tmp_path, f"def metric(y, p):\n    {body}\n")
    asked.load()
    assert asked([CALL])[0].error == error


def test_arguments_that_are_written_into_are_told_and_kept(tmp_path):
    reply = metric(tmp_path, "def metric(y, p):\n    p[:] = 0\n    print('x')\n    return 1.0\n")(
        [CALL]
    )[0]
    assert reply.changed
    assert reply.printed
    assert CALL.p[1] == 0.7


def test_memory_is_limited(tmp_path):
    text = "import time\ndef metric(y, p):\n    x = bytearray(900_000_000)\n    time.sleep(5)\n"
    greedy = metric(tmp_path, text, memory_gb=0.5, seconds=30)
    greedy.load()
    assert greedy([CALL])[0].error == "it takes more than 0.5 GB of memory"


def test_a_number_a_row_is_averaged_and_batches_as_keras_does(tmp_path):
    text = (
        "def metric(y, p):\n    return (y == (p > .5)).astype(float)\n"
        "def top(y, p):\n    return p.max()\n"
    )
    each = metric(tmp_path, text)
    assert each([CALL])[0].value == pytest.approx(2 / 3)
    top = CustomMetric("job_metrics:top", tmp_path)
    chunked = Call(CALL.y, CALL.p, chunk=2)
    assert top([chunked])[0].value == pytest.approx((0.7 + 0.4) / 2)


def test_a_module_that_cannot_be_imported_is_one_metric_less():
    of = asked({"f1": "right:f1_numpy"}, "binary")(rng())
    metrics = {"auc": "no_such_module:auc", **of.entry.metrics}
    of = replace(of, entry=of.entry.model_copy(update={"metrics": metrics}))
    told = section(of)
    assert told.status == "completed"
    verdicts = {m["name"]: m["verdict"] for m in told.series["metrics"]}
    assert verdicts == {"auc": "gives no number", "f1": "right"}


# verdicts


def test_the_founding_metric_lacks_its_threshold_though_its_rows_do_not_show_it():
    y, p = np.array([0, 1, 0, 1]), np.array([0.2, 0.8, 0.7, 0.1])
    of = with_metrics(case("binary", y, p), {"accuracy": "wrong:custom_metric"})
    finding = found(of)["missing-threshold"]
    assert finding.severity == "fail"
    assert finding.evidence["value"] == pytest.approx(0.5)
    assert finding.evidence["reference"] == pytest.approx(0.5)
    assert "by accident" in finding.message


def test_a_wrong_auc_is_shown_with_the_pair_that_it_ranks_wrongly():
    finding = found(one("auc", "wrong:auc_of_labels", "binary")(rng(3)))["disagrees-with-reference"]
    example = finding.evidence["example"]
    assert len(example["rows"]) == 2
    high = next(float(r["given"]) for r in example["rows"] if r["truth"] == "1")
    low = next(float(r["given"]) for r in example["rows"] if r["truth"] == "0")
    assert example["reference"] == pytest.approx(float(high > low))
    assert example["says"] != example["reference"]
    assert "labels in place of scores" in finding.message


def test_an_example_says_what_the_metric_says_of_its_rows():
    from benchmarks.faults.metrics import wrong

    finding = found(one("f1", "wrong:f1_arithmetic", "binary")(rng(5)))["disagrees-with-reference"]
    example = finding.evidence["example"]
    y = np.array([int(r["truth"]) for r in example["rows"]])
    p = np.array([float(r["given"]) for r in example["rows"]])
    assert wrong.f1_arithmetic(y, p) == pytest.approx(example["says"], rel=1e-4)
    assert sk.f1_score(y, p > 0.5) == pytest.approx(example["reference"], rel=1e-4)


def test_a_grid_of_thresholds_is_told_and_no_fault():
    told = found(one("auc", "right:auc_grid", "binary")(rng(1)))
    assert told["disagrees-with-reference"].severity == "info"


def test_a_function_on_batches_is_no_fault_unless_it_is_compiled():
    assert not found(one("f1", "right:f1_numpy", "binary")(rng()))


def test_a_name_that_may_be_another_thing_is_told_and_not_judged():
    finding = found(one("accuracy_gap", "right:accuracy_gap", "binary")(rng()))
    assert finding["disagrees-with-reference"].severity == "info"


def test_nothing_to_ask_is_not_applicable():
    y, p = answers("binary", rng(), 200)
    told = section(case("binary", y, p))
    assert told.status == "not_applicable"
    assert "`metrics:`" in told.reason


def test_weights_and_several_targets_are_no_trouble():
    y = rng().normal(size=(200, 2)) + 10
    p = y + rng(1).normal(size=y.shape)
    of = case_from_arrays("regression", {"test": (np.zeros((200, 1)), y)}, {"test": p},
                          target=("a", "b"))  # fmt: skip
    assert (
        section(with_metrics(of, {"rmse": "right:rmse", "r2": "right:r2_sklearn"})).verdict
        == "pass"
    )


# compiled metrics


def test_what_a_file_has_compiled_in_is_told_apart():
    arguments = {
        "metrics": [
            "accuracy",
            {"module": "keras.metrics", "class_name": "AUC", "registered_name": None,
             "config": {"name": "auc", "dtype": "float32"}},
            {"class_name": "function", "config": "my_f1", "registered_name": "my_f1"},
            {"module": "evil", "class_name": "AUC", "config": {}, "registered_name": "evil>AUC"},
        ]
    }  # fmt: skip
    told = in_keras.compiled(arguments, "binary", sparse=False)
    assert [kind for _, kind, _ in told.standard] == ["BinaryAccuracy", "AUC"]
    assert told.standard[1][2] == {"name": "auc"}
    assert told.foreign == ("my_f1", "AUC")


class Network:
    """Stored answers, with what they were compiled with."""

    def __init__(self, of, arguments):
        self._of, self.compiled, self.framework = of, arguments, "keras"

    def __getattr__(self, name):
        return getattr(self._of, name)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("node", "on_logits", "code"),
    [
        ("accuracy", True, "missing-threshold"),
        ({"module": "keras.metrics", "class_name": "F1Score", "config": {"name": "f1"},
          "registered_name": None}, False, "missing-threshold"),
        ({"module": "keras.metrics", "class_name": "MeanIoU", "config": {"num_classes": 2},
          "registered_name": None}, False, "missing-threshold"),
        ("accuracy", False, None),
        ({"module": "keras.metrics", "class_name": "F1Score", "config": {"threshold": 0.5},
          "registered_name": None}, False, None),
        ({"module": "keras.metrics", "class_name": "AUC", "config": {}, "registered_name": None},
         False, None),
        ({"module": "keras.metrics", "class_name": "AUC", "config": {"curve": "PR"},
          "registered_name": None}, False, None),
    ],
)  # fmt: skip
def test_keras_own_metrics_as_they_are_compiled(node, on_logits, code):
    y, p = answers("binary", rng(), 500)
    raw = np.log(p / (1 - p)) if on_logits else p
    of = case("binary", y, raw, output="logit" if on_logits else None)
    told = found(replace(of, predictor=Network(of.predictor, {"metrics": [node]})))
    assert {c for c, f in told.items() if f.severity != "info"} == ({code} if code else set())


def node(kind, **config):
    return {"module": "keras.metrics", "class_name": kind, "config": config,
            "registered_name": None}  # fmt: skip


@pytest.mark.tensorflow
@pytest.mark.parametrize("loss", ["categorical_crossentropy", "sparse_categorical_crossentropy"])
def test_two_columns_of_a_binary_task_are_two_classes_to_keras(loss):
    y, p = answers("binary", rng(), 500)
    of = case("binary", y, np.column_stack([1 - p, p]))
    named = ["accuracy"]
    if not loss.startswith("sparse"):
        named += [node("AUC", name="auc"), node("Precision", name="precision"),
                  node("F1Score", name="f1", average="macro")]  # fmt: skip
    arguments = {"metrics": named, "loss": loss}
    told = section(replace(of, predictor=Network(of.predictor, arguments)))
    rows = {m["name"]: m for m in told.series["metrics"]}
    assert set(rows) == {f"{n['config']['name'] if isinstance(n, dict) else n}, compiled in"
                         for n in named}  # fmt: skip
    assert {m["verdict"].partition(",")[0] for m in rows.values()} == {"right"}
    assert rows["accuracy, compiled in"]["value"] == pytest.approx(((p > 0.5) == y).mean())
    wrong = node("MeanIoU", num_classes=2, sparse_y_pred=True, sparse_y_true=False, name="iou")
    told = found(replace(of, predictor=Network(of.predictor, arguments | {"metrics": [wrong]})))
    assert all(f.code != "metrics.batch-dependent" for f in told.values())


@pytest.mark.tensorflow
@pytest.mark.parametrize("form", ["mapping", "list"])
def test_metrics_of_several_outputs_are_held_to_their_own_targets(form):
    import keras

    from reportgen.models.keras_read import of_live_model

    r = rng()
    X = r.normal(size=(400, 3)).astype(np.float32)
    given = keras.Input((3,))
    churn = keras.layers.Dense(1, activation="sigmoid", name="churn")(given)
    spend = keras.layers.Dense(1, name="spend")(given)
    model = keras.Model(given, [churn, spend])
    metrics = {"churn": ["accuracy", keras.metrics.F1Score(name="f1")], "spend": ["mae"]}
    losses = {"churn": "binary_crossentropy", "spend": "mse"}
    if form == "list":
        metrics, losses = list(metrics.values()), list(losses.values())
    model.compile("adam", losses, metrics=metrics)
    y, z = (X[:, 0] > 0).astype(int), X[:, 1] + r.normal(size=400)
    of = case_from_arrays("binary", {"test": (X, y)}, of_live_model(model, "binary", head="churn"))
    other = case_from_arrays("regression", {"test": (X, z)}, of_live_model(
        model, "regression", head="spend"))  # fmt: skip
    heads = {"spend": replace(other.dataset, head="spend")}
    of = replace(of, dataset=replace(of.dataset, head="churn", heads=heads))
    told = section(of)
    rows = {m["name"]: m for m in told.series["metrics"]}
    assert rows["accuracy of churn, compiled in"]["verdict"] == "right"
    assert rows["mae of spend, compiled in"]["verdict"] == "right"
    raw = model.predict(X, verbose=0)
    assert rows["mae of spend, compiled in"]["value"] == pytest.approx(
        np.abs(raw[1][:, 0] - z).mean(), rel=1e-4
    )
    assert [f.subject for f in told.findings if f.severity == "fail"] == [
        "f1 of churn, compiled in"
    ]


# where nothing is wrong, and something is not defined


def quiet(of):
    told = section(of)
    assert told.status == "completed"
    return {f.code for f in told.findings if f.severity != "info"} == set()


def test_areas_of_one_class_are_not_defined_and_no_fault():
    of = case("binary", np.ones(50, int), rng().random(50))
    assert quiet(with_metrics(of, {"auc": "right:auc_sklearn", "specificity": "right:specificity"}))


def test_a_target_that_does_not_vary_is_not_held_against_r2():
    of = case("regression", np.full(100, 3.0), 3 + rng().normal(size=100))
    assert quiet(with_metrics(of, {"r2": "right:r2_sklearn", "rmse": "right:rmse"}))


def test_targets_far_from_zero_are_not_held_against_float32():
    y = rng().normal(size=400) + 1e6
    of = case("regression", y, y + 0.5 * rng(1).normal(size=400))
    assert quiet(with_metrics(of, {"r2": "keras_right:r2", "rmse": "keras_right:rmse"}))


def test_certain_answers_are_cut_alike():
    y, p = answers("binary", rng(), 400)
    of = case("binary", y, (p > 0.4).astype(float))
    assert quiet(with_metrics(of, {"log_loss": "right:log_loss_numpy", "auc": "right:auc_ranks"}))


def test_targets_and_answers_of_zero_are_left_out_of_percentages():
    y = np.round(rng().gamma(1, 2, 500))
    of = case("regression", y, np.maximum(y + rng(1).normal(size=500), 0))
    assert quiet(with_metrics(of, {"smape": "right:smape"}))


def test_few_rows_and_a_class_that_is_never_given():
    y, p = answers("binary", rng(), 6)
    named = {"f1": "right:f1_numpy", "auc": "right:auc_sklearn", "mcc": "right:mcc_numpy"}
    assert quiet(with_metrics(case("binary", y, p), named))
    y, p = answers("binary", rng(), 300, share=0.1)
    assert quiet(with_metrics(case("binary", y, p * 0.3), named))
