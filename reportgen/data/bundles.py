"""Data sets that come with scikit-learn."""

from __future__ import annotations

from typing import Any

from reportgen.data.raw import Raw, sha256_of_rows

#: Their outline, so that checking a job need not import scikit-learn: rows, features, classes.
_BREAST = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity",
    "concave points", "symmetry", "fractal dimension",
)  # fmt: skip
FEATURES: dict[str, tuple[str, ...]] = {
    "breast_cancer": (
        *(f"mean {name}" for name in _BREAST),
        *(f"{name} error" for name in _BREAST),
        *(f"worst {name}" for name in _BREAST),
    ),
    "iris": (
        "sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)",
    ),
    "wine": (
        "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols",
        "flavanoids", "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue",
        "od280/od315_of_diluted_wines", "proline",
    ),
    "digits": tuple(f"pixel_{row}_{column}" for row in range(8) for column in range(8)),
    "diabetes": ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"),
    "linnerud": ("Chins", "Situps", "Jumps"),
}  # fmt: skip
TARGETS: dict[str, tuple[str, ...]] = {"linnerud": ("Weight", "Waist", "Pulse")}
CLASS_NAMES: dict[str, tuple[str, ...]] = {
    "breast_cancer": ("malignant", "benign"),
    "iris": ("setosa", "versicolor", "virginica"),
    "wine": ("class_0", "class_1", "class_2"),
}
N_CLASSES = {"breast_cancer": 2, "iris": 3, "wine": 3, "digits": 10}
ROWS = {
    "breast_cancer": 569, "iris": 150, "wine": 178, "digits": 1797, "diabetes": 442, "linnerud": 20,
}  # fmt: skip


def targets(name: str) -> tuple[str, ...]:
    """Names of a bundle's target columns."""
    return TARGETS.get(name, ("target",))


def read_bundle(name: str) -> Raw:
    """A table with scikit-learn's feature names and the column ``target`` (linnerud has three)."""
    import numpy as np
    import polars as pl
    from sklearn import datasets

    bundle: Any = getattr(datasets, f"load_{name}")()
    X, y = np.asarray(bundle.data), np.asarray(bundle.target)
    columns = {column: X[:, i] for i, column in enumerate(FEATURES[name])}
    goals = targets(name)
    columns |= {goal: y if y.ndim == 1 else y[:, i] for i, goal in enumerate(goals)}
    frame = pl.DataFrame({k: np.ascontiguousarray(v) for k, v in columns.items()})
    return Raw(
        where=f"{{sklearn: {name}}}",
        sha256=sha256_of_rows(frame),
        n=frame.height,
        columns=frame,
        y_names=goals,
        labels=CLASS_NAMES.get(name, ()),
    )
