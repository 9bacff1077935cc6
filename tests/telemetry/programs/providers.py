"""A process that sets its global providers before or after `instrument()`: `providers.py before|after|late`.

`late`: the first predictions come before any provider is there.  Prints what arrived, as JSON.
"""

from __future__ import annotations

import json
import sys

import numpy as np
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sklearn.linear_model import LogisticRegression

import otelml
from otelml.testing import points_from_sdk, total

X = np.array([[0.0], [1.0]])


class Providers:
    """The global providers, and what they received."""

    def __init__(self):
        self.reader, self.spans = InMemoryMetricReader(), InMemorySpanExporter()

    def set(self):
        """Make them the global ones."""
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.spans))
        trace.set_tracer_provider(provider)
        metrics.set_meter_provider(MeterProvider([self.reader], shutdown_on_exit=False))

    def points(self):
        """Collect."""
        return points_from_sdk(self.reader.get_metrics_data())


def main(order):
    """Predict two rows twice, with the providers set at some time."""
    model, providers = LogisticRegression().fit(X, [0, 1]), Providers()
    if order == "before":
        providers.set()
    otelml.instrument()
    if order == "after":
        providers.set()
    model.predict_proba(X)
    if order == "late":
        providers.set()
    model.predict_proba(X)
    points = providers.points() + providers.points()
    added = InMemoryMetricReader()
    metrics.get_meter_provider().add_metric_reader(added)
    model.predict_proba(X)
    later = [p for _ in range(2) for p in points_from_sdk(added.get_metrics_data())]
    otelml.uninstrument()
    model.predict_proba(X)
    points += providers.points()
    answer = {
        "rows": total(points, "ml.inference.rows"),
        "later": total(later, "ml.inference.rows"),
        "spans": len(providers.spans.get_finished_spans()),
    }
    print(json.dumps(answer))  # noqa: T201 -- for the test that started it


if __name__ == "__main__":
    main(*sys.argv[1:])
