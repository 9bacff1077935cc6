"""One row through LogisticRegression: bare, with a bare span around it, and watched by otelml, in one run.

Asked: everything on, at most 1.25 times the call with a bare `start_as_current_span` around it; without tracing at
most 8 % over the bare call.  Run with `uv run python tests/benchmarks/one_row.py`.
"""

from __future__ import annotations

import functools
import itertools

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
    return functools.partial(lambda: getattr(model, operation)(row))


def spanned(operation: str):
    """The same with a bare span around it."""
    call, tracer = bare(operation), tracers().get_tracer("bench")

    def spanned_call():
        with tracer.start_as_current_span("predict bench", attributes=ATTRIBUTES):
            return call()

    return spanned_call


def watched(operation: str, *, traces: bool, ids: bool):
    """The same, watched by otelml."""
    otelml.instrument(tracer_provider=tracers(), meter_provider=MeterProvider([InMemoryMetricReader()]), traces=traces)
    call, numbers = bare(operation), itertools.count()

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
            "otelml, spans and metrics": functools.partial(watched, operation, traces=True, ids=False),
            "otelml, spans, metrics and ids": functools.partial(watched, operation, traces=True, ids=True),
            "otelml, metrics": functools.partial(watched, operation, traces=False, ids=False),
            "otelml, metrics and ids": functools.partial(watched, operation, traces=False, ids=True),
        }
        times = medians(ways, ROUNDS, CALLS)
        show(f"{operation}, one row of 30", times, "a bare span around it")
        show(f"{operation}, one row of 30", times, "bare")


if __name__ == "__main__":
    main()
