from reportgen.charts.lettering import fitted, fitted_apart, width_mm


def test_names_that_would_be_cut_alike_are_cut_apart():
    names = [f"Species number {k:02d} of the genus Passeriformes" for k in range(40)]
    cut = fitted_apart(names, 22)
    assert len(set(cut)) == 40
    assert all(width_mm(text) <= 22 for text in cut)
    assert all(f"{k:02d}" in text for k, text in enumerate(cut))
    assert all(text.startswith("Species") for text in cut)


def test_names_that_are_cut_apart_already_stay_so_and_equal_ones_stay_equal():
    names = [f"customer_behaviour_feature_with_a_long_name_{k:03d}" for k in range(5)]
    assert fitted_apart(names, 22) == [fitted(name, 22) for name in names]
    assert fitted_apart(["short", "short"], 22) == ["short", "short"]
    assert fitted_apart([], 22) == []
    one_letter = fitted_apart(["x" * 60 + "a" + "y" * 60, "x" * 60 + "b" + "y" * 60], 12)
    assert len(set(one_letter)) == 2
    assert all(width_mm(text) <= 12 for text in one_letter)
