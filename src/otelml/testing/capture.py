"""OpenTelemetry providers that keep what they are given in memory."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry.sdk import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from otelml.testing.sources import points_from_sdk, spans_from_sdk

if TYPE_CHECKING:
    from collections.abc import Generator

    from otelml.testing.points import Point, Temporality
    from otelml.testing.records import SpanRecord

_DELTA_KINDS = (metrics.Counter, metrics.ObservableCounter, metrics.Histogram)


class Keeping(SpanProcessor):
    """Keeps sampled spans as they end.

    Not the SDK's simple processor and exporter: a signal handler that predicts while they hold their lock would wait
    for ever, and what it raises while they detach their context would be swallowed.
    """

    def __init__(self) -> None:
        self._spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        """Keep a span."""
        context = span.get_span_context()
        if context is not None and context.trace_flags.sampled:
            self._spans.append(span)

    def get_finished_spans(self) -> tuple[ReadableSpan, ...]:
        """Return the spans that have ended, as the SDK's in-memory exporter does."""
        return tuple(self._spans)

    def clear(self) -> None:
        """Forget them."""
        self._spans.clear()


@dataclass(frozen=True)
class Capture:
    """A meter provider and a tracer provider, and what they have received."""

    meter_provider: MeterProvider
    tracer_provider: TracerProvider
    reader: InMemoryMetricReader
    exporter: Keeping

    def points(self) -> list[Point]:
        """Collect now, and return the points of this collection."""
        return points_from_sdk(self.reader.get_metrics_data())

    def spans(self) -> list[SpanRecord]:
        """Return the spans that have ended so far."""
        return spans_from_sdk(self.exporter.get_finished_spans())


@contextmanager
def capture(temporality: Temporality = "cumulative") -> Generator[Capture]:
    """Offer in-memory providers until the block ends, and shut them down then.

    Parameters
    ----------
    temporality
        What the reader asks for: ``"delta"`` for counters and histograms, or ``"cumulative"``.

    Examples
    --------
    >>> with capture() as captured:
    ...     captured.meter_provider.get_meter("m").create_counter("rows").add(3)
    ...     [(point.name, point.value) for point in captured.points()]
    [('rows', 3)]
    """
    delta = dict.fromkeys(_DELTA_KINDS, AggregationTemporality.DELTA)
    reader = InMemoryMetricReader(preferred_temporality=delta if temporality == "delta" else None)
    exporter = Keeping()
    resource = Resource({"service.name": "captured"})
    meter_provider = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
    tracer_provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    tracer_provider.add_span_processor(exporter)
    try:
        yield Capture(meter_provider, tracer_provider, reader, exporter)
    finally:
        tracer_provider.shutdown()
        meter_provider.shutdown()
