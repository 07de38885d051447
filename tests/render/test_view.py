import pytest

from reportgen.render import environment, themes
from reportgen.render.figures import Drawn, Figures
from reportgen.render.glossary import TERMS, terms
from reportgen.render.view import date_of, metric_table, page
from reportgen.results import Metric
from tests.render import reports


def test_templates_are_found_and_undefined_names_are_errors():
    from reportgen.errors import RenderError

    assert (environment.folder() / "section.html.j2").is_file()
    with pytest.raises(RenderError, match="page_one"):
        environment.fill("page_one.html.j2")


def test_a_run_names_its_day():
    assert date_of("2026-11-22T020000-2") == "22 November 2026"
    assert date_of("by hand") == ""


def test_one_split_needs_no_columns():
    table = metric_table([Metric(name="roc_auc", value=0.97, split="test", low=0.96, high=0.98)])
    assert table.splits == ()
    assert table.rows[0].label == "ROC-AUC"
    assert table.rows[0].values == ("0.970",)
    assert not table.judged


def test_the_judged_split_gives_interval_and_threshold():
    table = metric_table(
        [Metric(name="gap", value=0.1, split="train", low=0.05, high=0.15, threshold=0.2,
                bound="at most", verdict="pass"),
         Metric(name="gap", value=0.3, split="test")]
    )  # fmt: skip
    assert table.splits == ("train", "test")
    assert table.rows[0].interval == "0.050 to 0.150"
    assert table.rows[0].threshold == "at most 0.200"
    assert table.rows[0].verdict == "pass"


def test_a_digest_is_shown_by_its_ends():
    assert environment.digest("0123456789abcdef" * 4) == "01234567 89abcdef … 89abcdef"


def test_settings_are_told_in_words():
    told = [environment.setting(v) for v in (None, True, 0.05, 2000, 100.0, (1, 0.5), "bca", ())]
    assert told == ["none", "yes", "0.05", "2,000", "100", "1, 0.5", "bca", "none"]


def test_the_glossary_has_what_the_report_says():
    said = dict(terms(reports.churn()))
    assert {"95 % interval", "Accuracy", "ROC-AUC", "Log loss", "MCC"} <= set(said)
    assert "RMSE" not in said
    assert list(TERMS) == sorted(TERMS, key=str.casefold)


def test_tints_are_mixed_again_for_a_dark_page():
    assert themes.dark("#FFFFFF") == themes.DARK["#FFFFFF"]
    from matplotlib.colors import to_hex

    from reportgen.charts.marks import blend

    light = [themes.dark(to_hex(blend("#12355B", s))) for s in (0.1, 0.3, 0.56)]
    brightness = [int(c[1:3], 16) + int(c[3:5], 16) + int(c[5:7], 16) for c in light]
    assert brightness == sorted(brightness)
    assert themes.themed("fill: #1b2129; stroke: none") == (
        "fill: var(--k1b2129, #1b2129); stroke: none"
    )


def test_settings_stand_by_diagnostic_in_the_order_of_the_report(eleven):
    shown = page(reports.churn(), Figures(Drawn(), {})).settings
    assert [title for title, _ in shown] == ["Performance", "Calibration"]
    assert [s.name for s in shown[0][1]] == ["resamples", "segment_difference"]
