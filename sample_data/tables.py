"""The rows of the sample data: generated from a seed, or scikit-learn's own digits.

Nothing here needs TensorFlow. The same numpy gives the same rows; a test holds the committed files
against them.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


def churn() -> tuple[pl.DataFrame, pl.DataFrame]:
    """5,000 customers who stay or leave; the last third of the year is test.

    The partner channel opened after the train rows were taken, and its customers leave far more
    often: the model has never seen one.
    """
    rng = np.random.default_rng(20)
    n_households = 4000
    sizes = rng.choice([1, 2, 3], size=n_households, p=[0.72, 0.22, 0.06])
    household = np.repeat(np.arange(n_households), sizes)[:5000]
    n = len(household)
    day = np.sort(rng.integers(0, 365, n_households))[household]
    late = day >= 250
    plan = rng.choice(["basic", "plus", "family"], size=n, p=[0.5, 0.32, 0.18])
    region = rng.choice(["Aarau", "Basel", "Genève", "Luzern", "Zürich"], size=n)
    channel = np.where(
        late & (rng.random(n) < 0.2),
        "partner",
        rng.choice(["shop", "web"], size=n, p=[0.4, 0.6]),
    )
    tenure = rng.integers(1, 72, n)
    fee = np.round(
        np.select([plan == "basic", plan == "plus"], [25.0, 42.0], 68.0) + rng.normal(0, 4, n), 2
    )
    gigabytes = rng.gamma(2.0, 6.0, n)
    calls = rng.poisson(np.where(tenure < 12, 2.0, 1.0))
    autopay = rng.random(n) < 0.55
    logit = (
        -1.35
        - 0.045 * (tenure - 30)
        + 0.75 * (calls - 1.2)
        + 0.03 * (fee - 38)
        - 0.10 * (gigabytes - 12)
        - 0.8 * (autopay - 0.5)
        + 0.5 * (plan == "basic") * (gigabytes > 20)
        + 3.0 * (channel == "partner")
    )
    left = rng.random(n) < sigmoid(1.3 * logit)
    table = pl.DataFrame(
        {
            "customer_id": [f"C-{k:05d}" for k in rng.permutation(n) + 10000],
            "household": household.astype(np.int64),
            "signup_date": [dt.date(2025, 1, 31) + dt.timedelta(days=int(d)) for d in day],
            "plan": plan,
            "region": region,
            "channel": channel,
            "tenure_months": tenure.astype(np.int64),
            "monthly_fee": fee,
            "data_gb": pl.Series(np.round(gigabytes, 1)).set(pl.Series(rng.random(n) < 0.04), None),
            "support_calls": calls.astype(np.int64),
            "autopay": autopay,
            "churned": np.where(left, "leave", "stay"),
        }
    )
    cut = dt.date(2025, 1, 31) + dt.timedelta(days=250)
    return table.filter(pl.col("signup_date") < cut), table.filter(pl.col("signup_date") >= cut)


def digits() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """scikit-learn's 1,797 handwritten digits, 8 × 8 pixels of 0 to 16; a third is test."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    images = bunch.images.astype(np.uint8)[..., None]
    X_train, X_test, y_train, y_test = train_test_split(
        images, bunch.target, test_size=1 / 3, random_state=20, stratify=bunch.target
    )
    return {"X": X_train, "y": y_train}, {"X": X_test, "y": y_test}


def housing() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Prices of 2,000 flats in thousands; every fourth is test."""
    rng = np.random.default_rng(21)
    n = 2000
    district = rng.choice(["harbour", "mill", "north", "old town", "station", "west"], size=n)
    level = {
        "harbour": 0.25,
        "mill": -0.05,
        "north": -0.2,
        "old town": 0.3,
        "station": 0.0,
        "west": -0.1,
    }
    area = np.round(np.clip(rng.lognormal(4.3, 0.35, n), 22, 260), 0)
    rooms = np.clip(np.round(area / 27 + rng.normal(0, 0.6, n)), 1, 9)
    year = rng.integers(1890, 2025, n)
    energy = rng.choice(list("ABCDEFG"), size=n, p=[0.05, 0.12, 0.22, 0.25, 0.18, 0.12, 0.06])
    distance = np.round(rng.gamma(2.0, 1.6, n), 1)
    log_price = (
        1.6
        + 0.92 * np.log(area)
        + np.array([level[d] for d in district])
        - 0.035 * distance
        + 0.0012 * np.maximum(year - 1960, 0)
        - 0.03 * np.array(["ABCDEFG".index(e) for e in energy])
        + rng.normal(0, 0.12, n)
    )
    table = pl.DataFrame(
        {
            "flat": [f"F{k:04d}" for k in range(n)],
            "district": district,
            "area_m2": area,
            "rooms": rooms.astype(np.int64),
            "year_built": year.astype(np.int64),
            "energy_class": energy,
            "station_km": distance,
            "price": np.round(np.exp(log_price), 1),
        }
    )
    test = rng.permutation(n) < n // 4
    return table.filter(~test), table.filter(test)


def loans() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Loans repaid or not, and another firm's scores of the test rows in an order of their own.

    The scores rank well and are overconfident: their logits are 2.4 times what they should be.
    """
    rng = np.random.default_rng(22)
    n = 3000
    income = np.round(rng.lognormal(3.6, 0.45, n), 1)
    amount = np.round(rng.lognormal(2.6, 0.6, n), 1)
    years = rng.integers(0, 31, n)
    arrears = rng.poisson(0.4, n)
    purpose = rng.choice(["car", "furniture", "studies", "other"], size=n, p=[0.4, 0.25, 0.15, 0.2])
    logit = (
        1.1
        + 1.1 * (np.log(income) - 3.6)
        - 0.9 * (np.log(amount) - 2.6)
        + 0.05 * (years - 12)
        - 1.1 * arrears
        + 0.5 * (purpose == "studies")
    )
    repaid = rng.random(n) < sigmoid(logit)
    table = pl.DataFrame(
        {
            "loan_id": rng.permutation(n) + 700_000,
            "income": income,
            "amount": amount,
            "years_in_job": years.astype(np.int64),
            "arrears": arrears.astype(np.int64),
            "purpose": purpose,
            "repaid": np.where(repaid, "yes", "no"),
        }
    )
    test = np.arange(n) >= 1800
    scores = sigmoid(2.4 * (logit + rng.normal(0, 0.45, n)))
    vendor = pl.DataFrame(
        {"loan_id": table["loan_id"], "prediction": np.round(np.clip(scores, 1e-4, 1 - 1e-4), 4)}
    ).filter(test)
    return table.filter(~test), table.filter(test), vendor[rng.permutation(test.sum())]
