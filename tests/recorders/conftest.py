"""Real models on real data, watched at a simulated time, and what was told of them."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fresh import forget_models
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import otelml
from otelml.telemetry.pipeline import PIPELINE
from otelml.testing import capture, select, simulated_clock

if TYPE_CHECKING:
    from otelml.testing import Point

DAY = 86_400.0
START = 20_000 * DAY
_names = map("recorded{}".format, itertools.count())


class Service:
    """A service at a simulated time, and all that it has told so far, in deltas."""

    def __init__(self, clock, captured):
        self.clock, self.captured = clock, captured
        self.told: list[Point] = []
        self.name = next(_names)

    @property
    def allowance(self):
        """How many series there are, and may be."""
        return PIPELINE.allowance

    def points(self, metric, /, **attributes):
        """Collect, and return the points of a metric of this model, those of earlier collections too."""
        self.told += self.captured.points()
        wanted = {f"ml.{key.replace('_', '.')}": value for key, value in attributes.items()}
        return select(self.told, metric, {"ml.model.name": self.name, **wanted})

    def sum(self, metric, /, **attributes):
        """Add up a sum."""
        return sum(point.value for point in self.points(metric, **attributes))

    def by(self, metric, /, *keys, **attributes):
        """Add up a sum by values of attributes."""
        totals: Counter = Counter()
        for point in self.points(metric, **attributes):
            key = tuple(point.attributes.get(f"ml.{one}") for one in keys)
            totals[key] += point.value
        return totals

    def counts(self, metric, /, **attributes):
        """Add up a histogram's buckets; returns (bounds, counts)."""
        points = self.points(metric, **attributes)
        (bounds,) = {point.bounds for point in points}
        return np.array(bounds), np.sum([point.counts for point in points], axis=0)

    def gauge(self, metric, /, **attributes):
        """Collect, and return the latest value of a gauge; None where it was left out this time."""
        points = self.captured.points()
        self.told += points
        wanted = {f"ml.{key.replace('_', '.')}": value for key, value in attributes.items()}
        found = select(points, metric, {"ml.model.name": self.name, **wanted})
        return found[-1].value if found else None


@pytest.fixture
def service():
    """Watch with an hour's horizon."""
    with simulated_clock(START) as clock, capture("delta") as captured:
        # No budget: on a slow machine rows would be left out.
        watched = {"outcome_horizon": "1h", "gauges": "all", "budget": 1e6}
        otelml.instrument(captured.tracer_provider, captured.meter_provider, **watched)
        try:
            yield Service(clock, captured)
        finally:
            otelml.uninstrument()
            forget_models()


@pytest.fixture(scope="session")
def cancer():
    """Fit two classes; returns the model, rows that it has not seen, and their labels."""
    X, y = load_breast_cancer(return_X_y=True)
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X[:200, :4], y[:200]), X[200:, :4], y[200:]


@pytest.fixture(scope="session")
def digits():
    """Fit ten classes."""
    X, y = load_digits(return_X_y=True)
    return LogisticRegression(max_iter=2000, tol=1e-2).fit(X[:900], y[:900]), X[900:], y[900:]


@pytest.fixture(scope="session")
def diabetes():
    """Fit a number."""
    X, y = load_diabetes(return_X_y=True)
    return GradientBoostingRegressor(n_estimators=30, random_state=0).fit(X[:250], y[:250]), X[250:], y[250:]
