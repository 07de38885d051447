"""Makes the data and the models of ``configs/demo.yaml``: ``python sample_data/make.py``.

Everything is generated from a seed or comes with scikit-learn; nothing is fetched. The files are
committed (about 1 MB), so that the demo starts at once. Models trained elsewhere may differ in
the last digits, and with them the numbers under ``reported``, which are printed at the end.
"""

from __future__ import annotations

import argparse
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn import metrics

sys.path.insert(0, str(Path(__file__).parent))
import tables

HERE = Path(__file__).parent
JOB_SEED = 20  # of configs/demo.yaml, whose {from: train} cut is repeated here


def write_tables(folder: Path) -> None:
    """All rows, without the models: seconds, and no TensorFlow."""
    for name in ("churn", "digits", "housing", "loans"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for split, table in zip(("train", "test"), tables.churn(), strict=True):
        table.write_parquet(folder / f"churn/{split}.parquet", compression="zstd")
    for split, arrays in zip(("train", "test"), tables.digits(), strict=True):
        np.savez_compressed(folder / f"digits/{split}.npz", **arrays)
    for split, table in zip(("train", "test"), tables.housing(), strict=True):
        table.write_csv(folder / f"housing/{split}.csv")
    train, test, vendor = tables.loans()
    train.write_csv(folder / "loans/train.csv")
    test.write_csv(folder / "loans/test.csv")
    vendor.write_csv(folder / "loans/vendor.csv")


def train_churn(folder: Path) -> dict[str, float]:
    """A small MLP behind a fitted ColumnTransformer, with early stopping on a random cut."""
    import keras
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    train, test = tables.churn()
    numeric = ["tenure_months", "monthly_fee", "data_gb", "support_calls"]
    columns = ColumnTransformer(
        [
            ("numeric", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numeric),
            (
                "categories",
                OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                ["plan", "region", "channel", "autopay"],
            ),
        ]
    )
    features = [c for c in train.columns if c in columns_of(columns)]
    y = (train["churned"] == "leave").to_numpy().astype(np.float32)
    kept, held_out = train_test_split(np.arange(len(train)), test_size=0.2, random_state=JOB_SEED)
    Z = columns.fit(train[kept].select(features)).transform(train.select(features))
    keras.utils.set_random_seed(42)
    model = keras.Sequential(
        [
            keras.Input((Z.shape[1],)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping("val_loss", patience=5, restore_best_weights=True)
    model.fit(
        Z[kept],
        y[kept],
        validation_data=(Z[held_out], y[held_out]),
        epochs=40,
        batch_size=32,
        callbacks=[stop],
        verbose=0,
    )
    model.save(folder / "churn/model.keras")
    dump(columns, folder / "churn/columns.skops")
    truth = (test["churned"] == "leave").to_numpy()
    scores = model.predict(columns.transform(test.select(features)), verbose=0)[:, 0]
    return {
        "accuracy": metrics.accuracy_score(truth, scores > 0.5),
        "roc_auc": metrics.roc_auc_score(truth, scores),
        "f1 of leave, which is right": metrics.f1_score(truth, scores > 0.5),
        "f1, weighted average, which the job says instead": metrics.f1_score(
            truth, scores > 0.5, average="weighted"
        ),
        "validation accuracy": float(
            np.mean((model.predict(Z[held_out], verbose=0)[:, 0] > 0.5) == y[held_out])
        ),
    }


def dump(fitted: Any, path: Path) -> None:
    skops.io.dump(fitted, path, compression=zipfile.ZIP_DEFLATED, compresslevel=9)


def columns_of(transformer: Any) -> set[str]:
    return {column for _, _, columns in transformer.transformers for column in columns}


def train_digits(folder: Path) -> dict[str, float]:
    """A small convolutional network that ends in logits; its report as scikit-learn prints it."""
    import keras

    train, test = tables.digits()
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(10),
        ]
    )
    model.compile(
        "adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    model.fit(train["X"] / 16.0, train["y"], epochs=25, batch_size=32, verbose=0)
    model.save(folder / "digits/model.keras")
    predicted = model.predict(test["X"] / 16.0, verbose=0).argmax(axis=1)
    (folder / "digits/report.txt").write_text(
        metrics.classification_report(test["y"], predicted), encoding="utf-8"
    )
    loss, accuracy = model.evaluate(test["X"] / 16.0, test["y"], verbose=0)
    return {"accuracy": accuracy, "loss": loss}


def train_housing(folder: Path) -> dict[str, float]:
    """Gradient boosting with a gamma loss, behind an encoder of the categories."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    train, test = tables.housing()
    features = [c for c in train.columns if c not in ("flat", "price")]
    encode = ColumnTransformer(
        [("categories", OrdinalEncoder(), ["district", "energy_class"])], remainder="passthrough"
    )
    boosting = HistGradientBoostingRegressor(
        loss="gamma", max_iter=100, learning_rate=0.1, max_leaf_nodes=8, random_state=0
    )
    pipeline = make_pipeline(encode, boosting)
    pipeline.fit(train.select(features), train["price"].to_numpy())
    dump(pipeline, folder / "housing/model.skops")
    y, predicted = test["price"].to_numpy(), pipeline.predict(test.select(features))
    return {
        "r2": metrics.r2_score(y, predicted),
        "rmse": metrics.root_mean_squared_error(y, predicted),
        "mae": metrics.mean_absolute_error(y, predicted),
        "r2 on train": pipeline.score(train.select(features), train["price"].to_numpy()),
    }


def score_loans(folder: Path) -> dict[str, float]:
    """The other firm's scores are a table; only the numbers it reports are computed."""
    _, test, vendor = tables.loans()
    joined = test.join(vendor, on="loan_id", how="left", maintain_order="left")
    truth = (joined["repaid"] == "yes").to_numpy()
    scores = joined["prediction"].to_numpy()
    return {
        "accuracy": metrics.accuracy_score(truth, scores > 0.5),
        "roc_auc": metrics.roc_auc_score(truth, scores),
        "log_loss": metrics.log_loss(truth, scores),
    }


TRAINED: dict[str, Callable[[Path], dict[str, float]]] = {
    "churn": train_churn,
    "digits": train_digits,
    "housing": train_housing,
    "loans": score_loans,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=tuple(TRAINED), action="append")
    parser.add_argument("--tables", action="store_true", help="the rows alone")
    given = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    write_tables(HERE)
    if given.tables:
        return
    for name in given.only or TRAINED:
        print(name)
        for metric, value in TRAINED[name](HERE).items():
            print(f"  {metric}: {value:.6f}")


if __name__ == "__main__":
    main()
