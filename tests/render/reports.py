"""Audit reports such as a night brings, made by hand, and diagnostics that draw for them."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

from reportgen.charts.figure import Chart
from reportgen.results import (
    AuditReport,
    Cause,
    Check,
    Finding,
    Findings,
    HonestScore,
    Metric,
    Provenance,
    Restated,
    Section,
    Setting,
    Step,
    Subject,
)

QUESTIONS = {
    "performance": ("Performance", "How good is it, and good compared with what?"),
    "seed_ensemble": ("Seed ensemble", "Would the same recipe give the same model again?"),
    "imbalance": ("Imbalance", "Does the score hide the small classes?"),
    "leakage": ("Leakage", "Did the test know the answers?"),
    "overfit": ("Overfit", "Has it learned, or memorised?"),
    "reconciliation": (
        "Reconciliation",
        "Does the reported number come out of this model, and if not, why?",
    ),
    "sensitivity": ("Sensitivity", "Do small, meaningless changes flip the answer?"),
    "preprocessing": ("Preprocessing", "Do training and scoring see the same numbers?"),
    "calibration": ("Calibration", "Is its confidence worth anything?"),
    "metrics": ("Metrics", "Are the metrics themselves right?"),
    "change": ("Change", "What moved since the last run?"),
}
LONG = "customer-churn-with-a-very-long-name-" * 8 + "end"
NASTY = '<script>alert("x")</script>&{{ 7*7 }} 😀 $x$ \u202eمرحبا %s'


def suite() -> dict[str, Any]:
    """Eleven diagnostics that draw what a real one would."""
    return {
        name: SimpleNamespace(name=name, title=title, question=question, plots=_plots(name))
        for name, (title, question) in QUESTIONS.items()
    }


def _plots(name: str) -> Any:
    def plots(found: Findings) -> list[Chart]:
        if found.series.get("broken"):
            raise ValueError(f"no axis for {NASTY}")
        made = []
        if "roc" in found.series:
            made.append(_roc(found))
        if "matrix" in found.series:
            made.append(_matrix(found))
        if "rows" in found.series:
            made.append(_rows(found))
        return made

    return plots


def _roc(found: Findings) -> Chart:
    from reportgen.charts.canvas import add_axes, finish, new_figure
    from reportgen.charts.lettering import label_point
    from reportgen.charts.marks import curve, dot, reference

    data = found.series["roc"]
    figure = new_figure("half", 62)
    axes = add_axes(figure, right=3)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    reference(axes, line=((0, 0), (1, 1)), label="chance")
    curve(axes, data["fpr"], data["tpr"], band=(data["low"], data["high"]))
    dot(axes, data["fpr"][8], data["tpr"][8])
    label_point(axes, data["fpr"][8], data["tpr"][8], "at 0.5")
    finish(axes, x="False positive rate", y="True positive rate")
    return Chart(
        "roc",
        "The model ranks leavers above stayers",
        "ROC-AUC 0.971 on 3,000 test rows; band: 95 % by bootstrap",
        "ROC curve rising steeply to 0.85 at a false positive rate of 0.05.",
        figure,
    )


def _matrix(found: Findings) -> Chart:
    from reportgen.charts.matrix import confusion_matrix, width_for

    data = found.series["matrix"]
    return Chart(
        "matrix",
        "Most errors take one class for its neighbour",
        "Confusion matrix on test",
        f"Confusion matrix of {len(data['classes'])} classes.",
        confusion_matrix(data["counts"], data["classes"]),
        width_for(len(data["classes"])),
    )


def _rows(found: Findings) -> Chart:
    from reportgen.charts.rows import Mark, Row, forest

    rows = [
        Row(r["name"], (Mark(r["value"], r["low"], r["high"]),), n=r["n"])
        for r in found.series["rows"]
    ]
    return Chart(
        "rows",
        "The model is above every baseline",
        "Accuracy on the 3,000 test rows, with 95 % interval",
        "; ".join(f"{r['name']} {r['value']}" for r in found.series["rows"]),
        forest(rows, x="Accuracy on test, with 95 % interval"),
    )


def roc_series() -> dict[str, list[float]]:
    fpr = [i / 40 for i in range(41)]
    tpr = [x**0.18 for x in fpr]
    width = [0.04 * math.sin(math.pi * x) for x in fpr]
    return {
        "fpr": fpr,
        "tpr": tpr,
        "low": [max(t - w, 0) for t, w in zip(tpr, width, strict=True)],
        "high": [min(t + w, 1) for t, w in zip(tpr, width, strict=True)],
    }


def rows_series() -> list[dict[str, Any]]:
    return [
        {"name": "Model", "value": 0.938, "low": 0.929, "high": 0.946, "n": 3000},
        {"name": "Gradient-boosted tree", "value": 0.931, "low": 0.921, "high": 0.939, "n": 3000},
        {"name": "Logistic regression", "value": 0.902, "low": 0.891, "high": 0.912, "n": 3000},
        {"name": "Always stay", "value": 0.79, "low": 0.775, "high": 0.804, "n": 3000},
    ]


def findings(name: str, severity: str = "pass", **series: Any) -> Findings:
    """A section's content with one finding of ``severity`` unless it passes."""
    prefix = name.replace("_", "-")
    found: tuple[Finding, ...] = ()
    if severity != "pass":
        found = (
            Finding(
                code=f"{prefix}.weak-segment",
                severity=severity,  # type: ignore[arg-type]
                subject="test rows with tenure under 6",
                message="412 of the 3,000 test rows score 0.713, the rest 0.961; the difference "
                "of 0.248 has an interval of 0.204 to 0.292.",
                advice="Collect more rows of this kind, or tell users where the model is weak.",
            ),
            Finding(
                code=f"{prefix}.simple-model-as-good",
                severity="info",
                subject="gradient-boosted tree",
                message="A tree of default settings scores 0.931 where the model scores 0.938.",
            ),
        )
    metrics = [
        Metric(name="accuracy", value=0.938, low=0.929, high=0.946, split="test", n=3000,
               label="Accuracy", threshold=0.79, bound="at least", verdict="pass"),
        Metric(name="accuracy", value=0.987, low=0.984, high=0.989, split="train", n=9600,
               label="Accuracy"),
        Metric(name="accuracy", value=0.941, low=0.931, high=0.95, split="validation", n=2400,
               label="Accuracy"),
        Metric(name="roc_auc", value=0.9707, low=0.964, high=0.976, split="test", n=3000,
               label="ROC-AUC"),
        Metric(name="log_loss", value=0.18324, unit="loss", low=0.17, high=0.197, split="test",
               label="Log loss"),
        Metric(name="rows", value=1814, unit="count", label="Rows of the weakest class"),
        Metric(name="share", value=0.6047, unit="share", label="Rows equal to a train row",
               threshold=0.01, bound="at most", verdict="fail" if severity == "fail" else "pass"),
        Metric(name="mcc", value=None, label="MCC", split="test", reason="only one class occurs"),
    ]  # fmt: skip
    return Findings(
        headline="Accuracy is 0.938 on test, 0.148 above always answering “stay”.",
        findings=found,
        metrics=tuple(metrics),
        series=series,
        checks=(
            Check(code=f"{prefix}.weak-segment", status="clear" if not found else "raised"),
            Check(code=f"{prefix}.below-baseline", status="clear"),
            Check(code=f"{prefix}.class-never-predicted", status="clear"),
        ),
        tried="Three baselines, two simple models",
        result="0.148 above the majority",
        detectable="A rival ahead by 0.009",
        method="Predictions are made once, in inference mode. Intervals of proportions are "
        "Wilson's, of ROC-AUC DeLong's on the logit; all others resample rows 2,000 times.",
    )


def provenance(job: str = "") -> Provenance:
    return Provenance(
        model_sha256="9f2c41d877b0e6a3" * 4,
        data_sha256={"train": "c07d5b123e9af840" * 4, "test": "41aa90fed2c6173b" * 4},
        versions={"reportgen": "0.1.0", "Python": "3.11.7", "Keras": "3.15.1", "NumPy": "2.4.6"},
        job_sha256="e61b3d0794fc28a1" * 4,
        files={"model": "models/churn.keras", "train": "data/train.parquet", "test": "t.parquet"},
        hardware="16 cores, x86-64, no GPU",
        seed=20,
        command="reportgen run nightly-churn.yaml --only churn-mlp",
        job=job
        or "models:\n  churn-mlp:\n    dataset: churn\n    model: {keras: models/c.keras}\n",
    )


def settings() -> tuple[Setting, ...]:
    return (
        Setting(diagnostic="performance", name="resamples", default=2000, used=2000,
                meaning="How often rows are drawn again for an interval."),
        Setting(diagnostic="performance", name="segment_difference", default=0.1, used=0.05,
                meaning="A segment worse by more than this, with its whole interval, is weak."),
        Setting(diagnostic="calibration", name="near_tie", default=None, used=None,
                meaning="Rows whose top two classes are closer than this are near ties."),
    )  # fmt: skip


def churn(**changes: Any) -> AuditReport:
    """A failing binary model with eleven diagnostics and the whole walk."""
    severities = {
        "performance": "pass", "seed_ensemble": "warn", "imbalance": "warn", "leakage": "fail",
        "overfit": "warn", "reconciliation": "fail",
    }  # fmt: skip
    sections = []
    for name in QUESTIONS:
        if name == "change":
            sections.append(
                Section(diagnostic=name, status="not_applicable", reason="No earlier run.")
            )
            continue
        series: dict[str, Any] = {"roc": roc_series(), "rows": rows_series()}
        if name == "performance":
            series["matrix"] = {"counts": [[2252, 118], [68, 562]], "classes": ["stay", "leave"]}
        found = findings(name, severities.get(name, "pass"), **series)
        sections.append(Section.completed(name, found))
    values: dict[str, Any] = {
        "job": "nightly-churn",
        "run_id": "2026-11-22T020000",
        "model": "churn-mlp",
        "dataset": "churn",
        "task": "binary",
        "outcome": "fail",
        "headline": "Reported accuracy 0.953 is 0.889 once training has not seen the test rows. "
        "From a new seed, expect balanced accuracy 0.791.",
        "subject": Subject(
            model="Keras network, 18 inputs, two hidden layers, 3,329 weights.",
            data="9,600 train, 2,400 validation, 3,000 test rows; 21.0\u202f% leave.",
            output="Probability, read from the last layer (sigmoid).",
            rows={"train": 9600, "validation": 2400, "test": 3000},
            notes=("The file was written by Keras 3.3; this audit ran 3.15.",),
        ),
        "honest_score": HonestScore(
            steps=(
                Step(step="reported", metric="accuracy", value=0.953, printed="0.953",
                     why="Test accuracy as given in the job file."),
                Step(step="recomputed", metric="accuracy", value=0.938, low=0.929, high=0.946,
                     change=-0.015, told=True,
                     why="At the declared threshold of 0.5, 45 fewer rows are right."),
                Step(step="without_leaks", metric="accuracy", value=0.889, low=0.877, high=0.9,
                     change=-0.049, change_low=-0.058, change_high=-0.04, told=True,
                     why="Trained again without the rows that test repeats."),
                Step(step="imbalance_aware", metric="balanced_accuracy", value=0.805, low=0.786,
                     high=0.824, why="Each class counts half: a new unit, not a loss."),
                Step(step="mean_over_seeds", metric="balanced_accuracy", value=0.791, low=0.77,
                     high=0.812, change=-0.014, change_low=-0.026, change_high=-0.002, told=True,
                     why="What the recipe gives when its seed changes."),
            ),
            chance=0.79,
            chance_label="always “stay”",
        ),
        "diagnosis": (
            Cause(code="leakage.exact-duplicates", severity="fail", metric="accuracy",
                  effect=0.049, low=0.040, high=0.058,
                  sentence="1,814 of the 3,000 test rows stand in train word for word.",
                  advice="Drop duplicates on the 18 features before splitting, and train again."),
            Cause(code="reconciliation.threshold-on-logits", severity="fail", metric="accuracy",
                  effect=0.015,
                  sentence="0.5 was applied to the logit, so “leave” needed 0.622.",
                  advice="Compare logits with 0, or end in a sigmoid; report 0.938."),
            Cause(code="seed-ensemble.lucky-seed", severity="warn", effect=0.014,
                  metric="balanced_accuracy",
                  low=0.002, high=0.026, sentence="Seed 42 beats the mean of ten.",
                  advice="Quote the mean over seeds, or average five members."),
            Cause(code="overfit.early-stopping-helps", severity="warn", effect=None,
                  sentence="Validation loss turns at epoch 9 of 20.",
                  advice="Stop early on val_loss, patience 5, and restore the best epoch."),
        ),
        "reported": (
            Restated(metric="accuracy", split="test", reported="0.953", recomputed=0.938,
                     agrees=False),
            Restated(metric="precision, leave", split="test", reported="0.918",
                     recomputed=0.8264705, agrees=False),
            Restated(metric="roc_auc", split="test", reported="0.9707", recomputed=0.97068,
                     agrees=True),
            Restated(metric="loss", split="validation", reported="0.1832", recomputed=None,
                     reason="the loss the model was compiled with is not stored"),
        ),
        "plan": {"members": 10, "way": "stacked", "cut": []},
        "sections": tuple(sections),
        "settings": settings(),
        "not_covered": ("Fairness between groups of people.", "Serving code."),
        "provenance": provenance(),
    }  # fmt: skip
    values.update(changes)
    return AuditReport(**values)


def clean() -> AuditReport:
    sections = tuple(
        Section(diagnostic=name, status="not_applicable", reason="No earlier run of this model.")
        if name == "change"
        else Section.completed(name, findings(name, roc=roc_series(), rows=rows_series()))
        for name in QUESTIONS
    )
    score = HonestScore(
        steps=(
            Step(step="reported", metric="accuracy", value=0.857, printed="0.857",
                 why="As given in the job file."),
            Step(step="recomputed", metric="accuracy", value=0.857, low=0.85, high=0.864,
                 why="8,372 of 9,769 rows right."),
        ),
        chance=0.761,
        chance_label="always “≤50K”",
    )  # fmt: skip
    return churn(
        model="income-mlp",
        dataset="adult",
        outcome="pass",
        headline="Nothing is wrong. Reported accuracy 0.857 comes out to the digit.",
        honest_score=score,
        diagnosis=(),
        reported=(
            Restated(metric="accuracy", split="test", reported="85.7 %", recomputed=0.857,
                     agrees=True),
        ),
        sections=sections,
    )  # fmt: skip


def regression() -> AuditReport:
    found = findings("performance", "warn", rows=rows_series()).model_copy(
        update={
            "headline": "R² is 0.793 on test; half of the rows are off by less than 31,400.",
            "metrics": (
                Metric(name="r2", value=0.793, low=0.773, high=0.808, split="test", label="R²"),
                Metric(name="rmse", value=53218.4, unit="target", low=51000.2, high=55641.9,
                       split="test", label="RMSE"),
                Metric(name="mae", value=0.0000123, unit="target", split="test", label="MAE"),
            ),
        }
    )  # fmt: skip
    return churn(
        model="housing-gbm",
        dataset="housing",
        task="regression",
        outcome="warn",
        headline="R² is 0.793, 95 % interval 0.773 to 0.808.",
        honest_score=HonestScore(
            steps=(Step(step="recomputed", metric="r2", value=0.793, low=0.773, high=0.808,
                        why="Computed from fresh predictions on 4,128 rows."),)
        ),
        diagnosis=(
            Cause(code="performance.weak-segment", severity="warn",
                  sentence="412 of the 3,000 test rows are worse by 0.248.",
                  advice="Collect more rows of this kind."),
        ),
        reported=(),
        sections=(Section.completed("performance", found),
                  Section(diagnostic="calibration", status="not_applicable",
                          reason="A regression has no probabilities.")),
    )  # fmt: skip


def multiclass() -> AuditReport:
    k = 40
    counts = [[(60 + i if i == j else (i * 7 + j * 3) % 4) for j in range(k)] for i in range(k)]
    classes = [f"species {i:02d}" for i in range(k)]
    found = findings("performance", "fail", matrix={"counts": counts, "classes": classes})
    many = tuple(
        Metric(name="recall", value=0.5 + i / 100, label=f"Recall, {c}", split=split, n=60,
               low=0.4 + i / 100, high=0.6 + i / 100)
        for i, c in enumerate(classes)
        for split in ("train", "test")
    )  # fmt: skip
    found = found.model_copy(update={"metrics": (*found.metrics, *many)})
    ten = {"counts": [row[:10] for row in counts[:10]], "classes": classes[:10]}
    return churn(
        model="species-cnn",
        task="multiclass",
        sections=(
            Section.completed("performance", found),
            Section.completed("calibration", findings("calibration", "warn", matrix=ten)),
        ),
    )


def all_failed() -> AuditReport:
    reason = "ValueError: the layer “embedding” lacks its weights\n  in file models/r.keras"
    return churn(
        model="reviews-cnn",
        outcome="incomplete",
        headline="The audit could not be completed: the embedding lacks its weights.",
        error=f"models/r.keras: {reason}",
        honest_score=HonestScore(),
        diagnosis=(),
        reported=(),
        subject=Subject(),
        provenance=Provenance(),
        settings=(),
        not_covered=(),
        plan={},
        task=None,
        sections=tuple(
            Section(diagnostic=name, status="failed", reason=reason) for name in QUESTIONS
        ),
    )


def nasty() -> AuditReport:
    """Names that break pages: 300 characters, markup, emoji, right to left."""
    bad = Finding(
        code="performance.weak-segment", severity="fail", subject=NASTY + LONG,
        message=f"Rows of {NASTY} and {LONG} are worse.", advice=f"Look at {LONG}.",
    )  # fmt: skip
    rows = [
        {"name": NASTY, "value": 0.9, "low": 0.8, "high": 0.95, "n": 10},
        {"name": LONG, "value": 0.7, "low": 0.6, "high": 0.75, "n": 10},
    ]
    matrix = {"counts": [[5, 1, 0], [2, 9, 1], [0, 0, 4]], "classes": [NASTY, LONG, "日本語"]}
    found = findings("performance", rows=rows, matrix=matrix).model_copy(
        update={"findings": (bad,), "headline": f"{NASTY} is {LONG}"}
    )
    broken = findings("calibration", "warn", broken=True)
    return churn(
        model=NASTY + LONG,
        dataset=LONG,
        job=NASTY,
        headline=f"{NASTY}: {LONG}",
        reported=(
            Restated(metric=f"precision, {NASTY}", split="test", reported="0.9", recomputed=0.91,
                     agrees=False, reason=LONG),
        ),
        provenance=provenance(job=f"models:\n  {NASTY}: {LONG}\n"),
        sections=(Section.completed("performance", found),
                  Section.completed("calibration", broken),
                  Section(diagnostic="change", status="not_applicable", reason=NASTY)),
    )  # fmt: skip


def predictions_only() -> AuditReport:
    """Two diagnostics, as they are today, of a model that is only its predictions."""
    found = findings("performance", roc=roc_series(), rows=rows_series())
    test_only = tuple(m for m in found.metrics if m.split in ("test", None))
    found = found.model_copy(update={"metrics": test_only})
    return churn(
        model="partner-model",
        outcome="pass",
        headline="Nothing is wrong. Accuracy is 0.938, 95 % interval 0.929 to 0.946.",
        subject=Subject(model="Stored predictions.", data="3,000 test rows.", rows={"test": 3000}),
        honest_score=HonestScore(
            steps=(Step(step="recomputed", metric="accuracy", value=0.938, low=0.929, high=0.946,
                        why="Computed from fresh predictions on 3,000 rows."),)
        ),
        diagnosis=(),
        reported=(),
        sections=(
            Section.completed("performance", found),
            Section(diagnostic="calibration", status="not_applicable",
                    reason="The predictions are labels: there is no confidence to judge."),
        ),
    )  # fmt: skip


ALL = {
    "churn": churn,
    "clean": clean,
    "regression": regression,
    "multiclass": multiclass,
    "all_failed": all_failed,
    "nasty": nasty,
    "predictions_only": predictions_only,
}
