"""Forks while a thread collects: `forking.py FORKS`; prints how many children did not end, and the rows of each."""

from __future__ import annotations

import json
import os
import sys
import threading
import time

import numpy as np
from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    InMemoryMetricReader,
    MetricExporter,
    MetricExportResult,
    PeriodicExportingMetricReader,
)
from sklearn.linear_model import LogisticRegression

import otelml
from otelml.testing import points_from_sdk, total

LIMIT_S = 10.0


class Locked(MetricExporter):
    """An exporter that holds a lock of its own for most of the time."""

    def __init__(self):
        super().__init__()
        self._own, self.points = threading.Lock(), []

    def export(self, metrics_data, timeout_millis=10_000, **_):
        """Keep the points."""
        del timeout_millis
        with self._own:
            self.points = points_from_sdk(metrics_data)
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis=10_000):
        """Hold nothing back."""
        return bool(timeout_millis)

    def shutdown(self, timeout_millis=30_000, **_):
        """Hold nothing that has to be let go of."""


def main(forks):
    """Fork again and again, each child predicts seven rows, flushes, and says what it was told."""
    exporter = Locked()
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    provider = MeterProvider([reader, InMemoryMetricReader()], shutdown_on_exit=False)
    host = provider.get_meter("host")
    host.create_observable_gauge("cpu", [lambda _: [Observation(i, {"core": i}) for i in range(300)]])
    histogram = host.create_histogram("sizes")
    otelml.instrument(None, provider)
    X = np.random.default_rng(0).normal(size=(50, 3))
    model = LogisticRegression().fit(X, X[:, 0] > 0)
    model.predict(X[:1])
    ended = threading.Event()

    def collect():
        while not ended.is_set():
            histogram.record(1, {"shard": time.time_ns() % 100})
            reader.collect()

    threading.Thread(target=collect, daemon=True).start()
    hung, wrong, slowest = 0, 0, 0.0
    for _ in range(forks):
        time.sleep(0.003)
        started = time.monotonic()
        child = os.fork()
        if child == 0:
            model.predict_proba(X[:7])
            flushed = otelml.force_flush(5_000)
            rows = total(exporter.points, "ml.inference.rows").last
            os._exit(0 if flushed and rows == 7 else 1)
        slowest = max(slowest, time.monotonic() - started)
        status = waited(child)
        hung += status is None
        wrong += status not in (0, None)
    ended.set()
    print(json.dumps({"hung": hung, "wrong": wrong, "slowest": slowest}))  # noqa: T201 -- for the test that started it
    sys.stdout.flush()
    os._exit(0)


def waited(child):
    """Wait for a child, and return its status; None where it does not end."""
    limit = time.monotonic() + LIMIT_S
    while time.monotonic() < limit:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return None


if __name__ == "__main__":
    main(int(sys.argv[1]))
