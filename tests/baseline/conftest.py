"""Models and the rows they were not trained on, fitted once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
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
