import math
import subprocess
import sys

import pytest

from reportgen.charts import numbers
from reportgen.charts.numbers import (
    amount,
    begun,
    count,
    interval,
    listed,
    loss,
    score,
    share,
    shorten,
    words,
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (score(0.9384), "0.938"),
        (score(-0.0144, signed=True), "−0.014"),
        (score(0.0144, signed=True), "+0.014"),
        (score(-0.0001), "0.000"),
        (score(None), "–"),
        (score(math.nan), "–"),
        (loss(0.1832), "0.1832"),
        (loss(12345.678), "12,346"),
        (share(0.6047), "60.5\u202f%"),
        (share(0.0), "0.0\u202f%"),
        (share(0.0004), "0.040\u202f%"),
        (count(3000), "3,000"),
        (amount(53218.4), "53,218"),
        (amount(0.0513), "0.05130"),
        (amount(1.2e-7), "1.2\u202f×\u202f10⁻⁷"),
        (amount(0), "0"),
        (interval(0.929, 0.9461), "0.929 to 0.946"),
        (interval(None, 0.9), "–"),
        (interval(0.008, 0.019, "share"), "0.8\u202f% to 1.9\u202f%"),
        (numbers.estimate(0.938, 0.929, 0.946), "0.938 (0.929 to 0.946)"),
        (numbers.plural(1, "row"), "1 row"),
        (numbers.plural(1809, "row"), "1,809 rows"),
        (listed(["a", "b", "c"]), "a, b and c"),
        (listed([str(i) for i in range(9)]), "0, 1, 2, 3, 4 and 4 more"),
    ],
)
def test_a_number_is_written_in_one_way(written, expected):
    assert written == expected


def test_a_long_name_keeps_its_ends():
    text = shorten("customer_" + "x" * 300 + "_end", 30)
    assert len(text) <= 30
    assert text.startswith("customer_")
    assert text.endswith("_end")
    assert "…" in text


def test_numbers_load_no_drawing_library():
    code = "import sys, reportgen.charts.numbers; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_number_is_not_parted_from_its_unit() -> None:
    said = f"  about\t{share(0.187)}\n of rows "
    assert words(said) == ["about", share(0.187), "of", "rows"]
    assert shorten(said, 80) == f"about {share(0.187)} of rows"
    assert words(" \n") == []


@pytest.mark.parametrize(
    ("text", "most", "told"),
    [
        ("Nothing is wrong.", 20, "Nothing is wrong."),
        ("One fault, of two found here.", 12, "One fault …"),
        ("x" * 30, 10, "xxxxxxxxx …"),
    ],
)
def test_a_sentence_is_cut_after_a_word(text, most, told):
    assert begun(text, most) == told
