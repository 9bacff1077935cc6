"""Models and the rows they were not trained on, fitted once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_classification
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


@dataclass(frozen=True)
class Case:
    """A fitted model and rows that it has not seen."""

    model: Any
    X: Any
    y: Any


@pytest.fixture(scope="session")
def cancer() -> Case:
    """Two classes, data frames with names."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[:250], y[:250])
    return Case(model, X[250:], y[250:])


@pytest.fixture(scope="session")
def digits() -> Case:
    """Ten classes."""
    X, y = load_digits(return_X_y=True)
    model = LogisticRegression(max_iter=2000, tol=1e-2).fit(X[:900], y[:900])
    return Case(model, X[900:], y[900:])


@pytest.fixture(scope="session")
def diabetes() -> Case:
    """Numbers to predict."""
    X, y = load_diabetes(return_X_y=True)
    model = GradientBoostingRegressor(n_estimators=30, random_state=0).fit(X[:250], y[:250])
    return Case(model, X[250:], y[250:])


@pytest.fixture(scope="session")
def churn() -> Case:
    """Two classes as texts, overlapping, 3,000 rows, a third of them positive."""
    X, y = make_classification(6000, 8, flip_y=0.2, weights=[0.7], class_sep=0.7, random_state=0)
    labels = np.where(y == 1, "left", "stays")
    model = LogisticRegression().fit(X[:3000], labels[:3000])
    return Case(model, X[3000:], labels[3000:])


@pytest.fixture(scope="session")
def orders() -> pd.DataFrame:
    """Rows with columns of every kind, of which some values are missing: 3,000 rows, one each hour."""
    rng = np.random.default_rng(5)
    rows, at = 3_000, np.arange(3_000)
    price = np.where(rng.random(rows) < 0.1, -999.0, rng.lognormal(3.0, 1.0, rows).round(2))
    city = rng.zipf(1.6, rows) % 90
    when = pd.Series(pd.Timestamp("2024-01-01 00:30") + pd.to_timedelta(at, unit="h"))
    return pd.DataFrame(
        {
            "price": np.where(at % 50 == 7, np.nan, price),
            "pieces": rng.integers(0, 4, rows),
            "channel": pd.Series(
                np.where(at % 20 == 3, None, rng.choice(["web", "shop", "phone"], rows)), dtype=object
            ),
            "city": pd.Series([f"city {number}" for number in city], dtype=object),
            "gift": rng.random(rows) < 0.3,
            "when": when.dt.tz_localize("Europe/Vienna", ambiguous=True, nonexistent="shift_forward"),
            "due": when.dt.normalize() + pd.to_timedelta(rng.integers(1, 9, rows), unit="D"),
            "comment": pd.Series([f"no. {row}" + "!" * (row % 40) for row in range(rows)], dtype=object),
            "vector": pd.Series(list(rng.normal(1.0, [3.0, 2.0, 1.0, 0.1], (rows, 4)).tolist()), dtype=object),
            "delay": pd.to_timedelta(rng.integers(0, 90, rows), unit="m"),
        }
    )
