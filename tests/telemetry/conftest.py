"""What the tests of the way into the SDK share: a pipeline of their own, and readers that keep everything."""

from __future__ import annotations

import sys

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, MetricReader
from opentelemetry.sdk.resources import Resource
from streams import COUNTED, Streams

from otelml.telemetry.pipeline import Pipeline
from otelml.testing import points_from_sdk

DELTA = dict.fromkeys(COUNTED, AggregationTemporality.DELTA)


class Keeper(MetricReader):
    """A reader that keeps every collection, and does not care how many threads ask for one."""

    def __init__(self, temporality="cumulative"):
        super().__init__(preferred_temporality=DELTA if temporality == "delta" else None)
        self.collections = []

    def _receive_metrics(self, metrics_data, timeout_millis=10_000, **_):
        del timeout_millis
        self.collections.append(metrics_data)

    def shutdown(self, timeout_millis=30_000, **_):
        """Hold nothing that has to be let go of."""

    def points(self):
        """Collect now, and return the points of this collection alone."""
        before = len(self.collections)
        self.collect()
        return [point for data in self.collections[before:] for point in points_from_sdk(data)]

    def everything(self):
        """Return the points of all collections so far."""
        return [point for data in self.collections for point in points_from_sdk(data)]


@pytest.fixture
def pipeline():
    """Give the test a way into the SDK that ends with it."""
    made = Pipeline()
    yield made
    made.remove()


@pytest.fixture
def provide():
    """Make providers of the SDK, shut down at the end."""
    made = []

    def make(*readers, **settings):
        settings = {"resource": Resource({"service.name": "shop"}), "shutdown_on_exit": False} | settings
        made.append(MeterProvider(readers, **settings))
        return made[-1]

    yield make
    for provider in made:
        if not provider._shutdown:
            provider.shutdown()


@pytest.fixture
def keeper():
    """Make readers that keep what they collect."""
    return Keeper


@pytest.fixture
def streams(pipeline):
    """One stream of each kind."""
    return Streams(pipeline.meter("shop", "1"))


@pytest.fixture
def eager_threads():
    """Have threads take turns after each few instructions, so that what is not locked shows."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture(params=["cumulative", "delta"])
def temporality(request):
    """Run the test in each temporality."""
    return request.param
