"""A column that differs between splits is shown by numbers that show the difference."""

import numpy as np

from reportgen.diagnostics.leakage.shift.columns import _apart


def test_what_differs_is_what_is_told():
    rng = np.random.default_rng(1)
    x = rng.normal(size=4000)
    assert _apart(x, x + 1) == (
        f"{x.mean():.4g}".replace("-", "\N{MINUS SIGN}"),
        f"{x.mean() + 1:.4g}",
    )
    centred = x - x.mean()
    here, there = _apart(centred, 2 * centred)
    assert (here[:3], there[:3]) == ("sd ", "sd ")
    assert abs(float(here[3:]) - x.std()) < 0.01
    assert abs(float(there[3:]) - 2 * x.std()) < 0.01
    skewed = rng.exponential(size=4000)
    alike = [(v - v.mean()) / v.std() for v in (x, skewed)]  # means and spreads are equal
    here, there = _apart(*alike)
    assert "up to" in here
    assert here.split(" up to ")[1] == there.split(" up to ")[1]
    at = float(here.split(" up to ")[1].replace("\N{MINUS SIGN}", "-"))
    for text, values in zip((here, there), alike, strict=True):
        assert abs(float(text.split("\u202f")[0]) / 100 - np.mean(values <= at)) < 0.002
    assert _apart(np.array([np.nan]), x)[0] == "no value"
