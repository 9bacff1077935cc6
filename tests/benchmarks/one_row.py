"""One row through LogisticRegression: bare, with a bare span around it, and watched by otelml, in one run.

Asked: a span recorded, scores, columns and ids on, at most 1.25 times the call with a bare `start_as_current_span`
around it; metrics only, at most 8 % over the bare call.  The model has a baseline, so columns are binned and compared.
Run with `uv run python tests/benchmarks/one_row.py`.
"""

from __future__ import annotations

import functools
import itertools
import logging

import numpy as np
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from paired import medians, show
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

import otelml

ROUNDS, CALLS = 150, 200
ATTRIBUTES = {
    "ml.model.name": "bench",
    "ml.model.version": "1",
    "ml.system.name": "scikit_learn",
    "ml.operation.name": "predict",
    "ml.task": "binary",
}


class Discard(SpanExporter):
    """Where spans go: recorded and batched as ever, and thrown away by the exporter's thread."""

    def export(self, spans):  # noqa: ARG002 -- the exporter's own signature
        """Throw them away."""
        return SpanExportResult.SUCCESS


def tracers() -> TracerProvider:
    """Make a provider as a service has it, but for the wire."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Discard()))
    return provider


def bare(operation: str):
    """Nothing but the model."""
    rows, labels = make_classification(2_000, 30, random_state=0)
    model = LogisticRegression().fit(rows, labels)
    row = np.ascontiguousarray(rows[:1])

    def call():
        return getattr(model, operation)(row)

    call.model = model
    return call


def spanned(operation: str):
    """The same with a bare span around it."""
    call, tracer = bare(operation), tracers().get_tracer("bench")

    def spanned_call():
        with tracer.start_as_current_span("predict bench", attributes=ATTRIBUTES):
            return call()

    return spanned_call


def watched(operation: str, *, traces: bool, ids: bool, columns: bool = True):
    """The same, watched by otelml."""
    logging.getLogger("otelml").setLevel(logging.ERROR)
    meters = MeterProvider([InMemoryMetricReader()])
    otelml.instrument(tracer_provider=tracers(), meter_provider=meters, traces=traces, columns=columns)
    call, numbers = bare(operation), itertools.count()
    rows, labels = make_classification(2_000, 30, random_state=0)
    otelml.identify(call.model, name="bench", baseline=otelml.Baseline.fit(call.model, rows, labels))

    def call_with_id():
        with otelml.predictions(ids=(next(numbers),)):
            return call()

    return call_with_id if ids else call


def main() -> None:
    """Print the tables."""
    for operation in ("predict", "predict_proba"):
        ways = {
            "bare": functools.partial(bare, operation),
            "a bare span around it": functools.partial(spanned, operation),
            "otelml, spans, scores and columns": functools.partial(watched, operation, traces=True, ids=False),
            "otelml, spans, scores, columns and ids": functools.partial(watched, operation, traces=True, ids=True),
            "otelml, metrics": functools.partial(watched, operation, traces=False, ids=False),
            "otelml, metrics without columns": functools.partial(
                watched, operation, traces=False, ids=False, columns=False
            ),
            "otelml, metrics and ids": functools.partial(watched, operation, traces=False, ids=True),
        }
        times = medians(ways, ROUNDS, CALLS)
        show(f"{operation}, one row of 30", times, "a bare span around it")
        show(f"{operation}, one row of 30", times, "bare")


if __name__ == "__main__":
    main()
